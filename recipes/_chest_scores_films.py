"""The radiographs that the learned scores learn from: read, laid by their lungs, and divided by patient."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture
from torch import Tensor

from suwen.imaging.chest.scores_input import lay_lungs
from suwen.learn.splits import folds, split

__all__ = ["FOLDS", "OPACITIES", "SEEDS", "Films", "divided", "held_out", "read", "weights_of"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

OPACITIES = ("Infiltration", "Consolidation", "Edema", "Effusion", "Atelectasis")
FOLDS = 5
SEEDS = 3  # networks a fold
HELD_OUT = {True: 0.40, False: 0.12}  # share of the patients, by whether the RSNA read them too
SAME_YEARS = (1280, 3970)  # numbers of the patients among whom all radiographs without finding lie
SAME_DETECTOR = {(2048, 2500), (2500, 2048)}


@dataclass(frozen=True)
class Films:
    """The radiographs as read: one row each, in the order of labels.csv."""

    names: list[str]
    patients: list[str]
    labels: NDArray[np.float32]  # (n, 6): pneumonia and OPACITIES
    ap: NDArray[np.bool_]
    rsna: NDArray[np.bool_]
    matched: NDArray[np.bool_]
    sex: list[str]
    age: NDArray[np.int64]
    ranks: Tensor  # (n, SIDE, SIDE)
    lungs: Tensor  # (n, 2, SIDE, SIDE), right and left

    @property
    def pneumonia(self) -> NDArray[np.int64]:
        """NIH's label, 0 or 1."""
        return self.labels[:, 0].astype(np.int64)

    @property
    def opacity(self) -> NDArray[np.int64]:
        """Whether NIH names one of OPACITIES: what stands for an opacity where the RSNA's reading may not be used."""
        return np.asarray(self.labels[:, 1:].any(1), np.int64)


def read(folder: Path) -> Films:
    """All radiographs, laid by their lungs."""
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    named = [set(row["Finding Labels"].split("|")) for row in rows]
    names = [row["Image Index"].removesuffix(".png") for row in rows]
    laid = [lay_lungs(np.asarray(Picture.open(folder / "images" / f"{name}.jpg").convert("L"))) for name in names]
    patients = [row["Patient ID"] for row in rows]
    sizes = [(int(row["OriginalImage[Width"]), int(row["Height]"])) for row in rows]
    same = [
        SAME_YEARS[0] <= int(who) <= SAME_YEARS[1] and size in SAME_DETECTOR
        for who, size in zip(patients, sizes, strict=True)
    ]
    return Films(
        names,
        patients,
        np.array([[one in found for one in ("Pneumonia", *OPACITIES)] for found in named], np.float32),
        np.array([row["View Position"] == "AP" for row in rows]),
        np.array([bool(row["rsna_patientId"]) for row in rows]),
        np.array(same),
        [row["Patient Gender"] for row in rows],
        np.array([int(row["Patient Age"]) for row in rows]),
        torch.from_numpy(np.stack([one.rank for one in laid])),
        torch.from_numpy(np.stack([np.stack([one.right, one.left]) for one in laid])),
    )


def held_out(films: Films) -> NDArray[np.bool_]:
    """Which rows are the test part: whole patients, see HELD_OUT."""
    read_too = {who for who, yes in zip(films.patients, films.rsna, strict=True) if yes}
    chosen = np.zeros(len(films.names), bool)
    for matched, share in HELD_OUT.items():
        rows = np.flatnonzero([(who in read_too) == matched for who in films.patients])
        sick, ap = films.pneumonia[rows], films.ap[rows].astype(int)
        balance = np.stack([sick, 1 - sick, sick * ap, (1 - sick) * ap], 1)
        people = [films.patients[row] for row in rows]
        parts = split(people, balance, parts={"train": 1 - share, "test": share}, salt="chest test part")
        chosen[rows[parts["test"]]] = True
    return chosen


def divided(films: Films, rows: Rows) -> list[tuple[Rows, Rows]]:
    """Five folds by patient: rows to learn from and rows left out, balanced by label and view."""
    sick, ap = films.pneumonia[rows], films.ap[rows].astype(int)
    balance = np.stack([sick * ap, sick * (1 - ap), (1 - sick) * ap, (1 - sick) * (1 - ap)], 1)
    people = [films.patients[row] for row in rows]
    return [(rows[a], rows[b]) for a, b in folds(people, balance, k=FOLDS, salt="chest folds")]


def weights_of(films: Films, rows: Rows) -> Floats:
    """Sick and well of each view weigh the same, so that neither view nor share tells the label."""
    weight = np.zeros(len(rows))
    for view in (False, True):
        for label in (0, 1):
            cell = (films.ap[rows] == view) & (films.pneumonia[rows] == label)
            weight[cell] = len(rows) / 4 / max(int(cell.sum()), 1)
    return weight
