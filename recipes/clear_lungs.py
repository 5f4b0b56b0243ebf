"""Learns what clear lungs look like and how well shadows and signs are found; writes clear.json and reliability.json.

Data in: imaging/chest of SUWEN_DATA (NIH ChestX-ray14 at 320 pixels; Wang et al., CVPR 2017), labels mined from
reports, and the shipped network of shadows (`make recipe-chest_shadows` first). Patients are split in three, see
`Case.part`: radiographs without finding of those that the network learned from fill the tables, those of the second
part give the thresholds and the limits of whole-lung measures, those of the last, the test part of recipes/chest.py,
say how well it works. Out: src/suwen/imaging/chest/clear.json and reliability.json. A few minutes on one core. Run:
`python recipes/clear_lungs.py`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _chest_scores_films import Films, held_out

from suwen import datasets
from suwen.errors import InputError
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy import anatomy
from suwen.imaging.chest.clear import Clear, as_json, fit_clear
from suwen.imaging.chest.nouns import Anatomy
from suwen.imaging.chest.plane import Plane, lay
from suwen.imaging.chest.pleural_line import pleural_line
from suwen.imaging.chest.proportions import proportions
from suwen.imaging.chest.reading import read_shadows
from suwen.imaging.chest.shadow_nouns import Judged
from suwen.imaging.chest.shadows import NODULE, OPACITY, look
from suwen.subject import Grid, Scale

ROOM = Path(__file__).parent.parent / "src/suwen/imaging/chest"
SOURCE = "NIH ChestX-ray14 (Wang et al., CVPR 2017:2097-2106), label No Finding, 320 px"
# Which labels a sign should answer to. Labels were mined from reports: they miss and err, so these are lower bounds.
LABELS = {
    "opacity": ("Pneumonia", "Infiltration", "Consolidation", "Edema", "Mass"),
    "effusion": ("Effusion",),
    "pneumothorax": ("Pneumothorax",),
    "cardiomegaly": ("Cardiomegaly",),
    "nodule": ("Nodule",),
    "mass": ("Mass",),
}
OPAQUE = {"Consolidation", "Infiltration", "Edema", "Pneumonia"}
THRESHOLDS = 0.2  # of the patients that are not in the test part
LEAST = 8  # radiographs with a sign, below which its sensitivity is not stated


@dataclass(frozen=True)
class Case:
    """One radiograph with its labels and anatomy."""

    patient: str
    labels: tuple[str, ...]
    image: Image
    anatomy: Anatomy

    @property
    def clear(self) -> bool:
        """Whether nothing was reported."""
        return self.labels == ("No Finding",)

    @property
    def part(self) -> str:
        """Of the patients: "training" of the network and the tables, "thresholds", or "test"."""
        if self.patient in tested_patients():
            return "test"
        share = int(sha256(f"shadows {self.patient}".encode()).hexdigest(), 16) % 1000 / 1000
        return "thresholds" if share < THRESHOLDS else "training"

    @property
    def learned(self) -> bool:
        """Whether this radiograph was learned from: it is clear, or its opacity was carried to another."""
        return self.part == "training" and (self.clear or bool(OPAQUE & set(self.labels)))

    @property
    def plane(self) -> Plane:
        """The plane over its lungs."""
        return lay(self.image.float_values(), self.image.grid, self.anatomy)


@cache
def tested_patients() -> frozenset[str]:
    """Patients of the test part of recipes/chest.py."""
    with (datasets.folder() / "imaging/chest/labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sick = np.array([["Pneumonia" in row["Finding Labels"].split("|")] for row in rows], np.float32)
    names, patients = ([row[name] for row in rows] for name in ("Image Index", "Patient ID"))
    ap = np.array([row["View Position"] == "AP" for row in rows])
    rsna = np.array([bool(row["rsna_patientId"]) for row in rows])
    none = torch.zeros(0)
    films = Films(names, patients, sick, ap, rsna, ap, [], np.zeros(0, np.int64), none, none)
    return frozenset(patients[row] for row in np.flatnonzero(held_out(films)))


def read() -> Iterator[Case]:
    """Every radiograph in which an anatomy is found."""
    from PIL import Image as Picture  # noqa: PLC0415

    folder = datasets.folder() / "imaging/chest"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        name = row["Image Index"].replace(".png", ".jpg")
        values = np.asarray(Picture.open(folder / "images" / name).convert("L"), np.float32)
        spacing = tuple(
            float(row[mm]) * float(row[whole]) / pixels
            for mm, whole, pixels in (
                ("y]", "Height]", values.shape[0]),
                ("OriginalImagePixelSpacing[x", "OriginalImage[Width", values.shape[1]),
            )
        )
        grid = Grid(values.shape, spacing, Scale.DETECTOR)
        image = Image(name, values, grid, modality="DX", view=View(row["View Position"]))
        try:
            yield Case(row["Patient ID"], tuple(row["Finding Labels"].split("|")), image, anatomy(image))
        except InputError:
            continue


def learn(cases: Sequence[Case]) -> Clear:
    """Tables from the patients learned from, thresholds and limits from those set aside for them."""
    clear = [one for one in cases if one.clear]
    tables = fit_clear([one.plane for one in clear if one.part == "training"], source=SOURCE)
    answers: dict[str, list[float]] = {}
    figures: dict[str, list[float]] = {}
    for case in (one for one in clear if one.part == "thresholds"):
        plane = case.plane
        for search in (look(plane, tables, learned=False), look(plane, tables)):
            for kind, maps in ((OPACITY, search.opacity), (NODULE, search.nodule)):
                answers.setdefault(search.answer(kind), []).append(max(float(np.nanmax(one)) for one in maps.values()))
        measured = proportions(plane, search)
        for kind, word in (("effusion", "fluid"), ("pneumothorax", "air")):
            most = max(value for name, value in measured.items() if name.startswith(f"{word} "))
            answers.setdefault(f"learned {kind}", []).append(most)
        for name, value in measured.items():
            figures.setdefault(name, []).append(value)
        lines = [pleural_line(plane, lung, search.above[lung.side]).score for lung in plane.lungs]
        figures.setdefault("pleural line", []).append(max(lines))
    return replace(
        tables,
        answers={name: np.sort(values) for name, values in answers.items()},
        figures={name: _limits(values) for name, values in figures.items()},
    )


def _limits(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
    return float(low), float(middle), float(high)


def test(cases: Sequence[Case], clear: Clear) -> dict[str, Any]:
    """How often each sign is found where its label stands, and where nothing was reported, of people not learned from.

    Radiographs of those set aside for thresholds count where something was reported: no threshold was chosen on these.
    """
    known = {one.patient for one in cases if one.learned}
    held = [one for one in cases if one.patient not in known and (not one.clear or one.part == "test")]
    states = [{sign.name: _state(sign.name, shown) for sign in shown} for shown in (_signs(one, clear) for one in held)]
    signs = {}
    for name, labels in LABELS.items():
        judged = [(case, state[name]) for case, state in zip(held, states, strict=True) if state[name] is not None]
        found = [bool(state) for case, state in judged if set(labels) & set(case.labels)]
        silent = [not state for case, state in judged if case.clear]
        if len(found) >= LEAST and len(silent) >= LEAST:
            signs[name] = {
                "sensitivity": round(float(np.mean(found)), 3),
                "specificity": round(float(np.mean(silent)), 3),
                "with_sign": len(found),
                "without": len(silent),
                "data": f"NIH ChestX-ray14, labels {', '.join(labels)} against No Finding",
            }
    return {"format": 1, "signs": signs}


def _signs(case: Case, clear: Clear) -> tuple[Any, ...]:
    return read_shadows(case.image, case.anatomy, clear=clear).signs


def _state(name: str, signs: Sequence[Any]) -> bool | None:
    """True where present, None where not judged."""
    mine = [one.state for one in signs if one.name == name]
    if Judged.PRESENT in mine:
        return True
    return None if Judged.NOT_JUDGED in mine else False


def main() -> None:
    """Read, learn, test, write."""
    cases = list(read())
    clear = learn(cases)
    _write("clear.json", as_json(clear))
    _write("reliability.json", test(cases, clear))


def _write(name: str, tree: dict[str, Any]) -> None:
    (ROOM / name).write_text(json.dumps(tree, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
