"""Forecasts of all learned endpoints for molecules, with intervals, domain, neighbours and medicines beside them."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen import datasets
from suwen.drugs.admet.atoms import atom_shares
from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.model import Model, Ruler, shipped_card, shipped_model
from suwen.drugs.admet.neighbours import EDGE, Measured, gather, nearest_by_endpoint
from suwen.drugs.admet.nouns import AtomShares, Forecast, Neighbour
from suwen.drugs.similarity.fingerprints import fingerprints
from suwen.errors import InputError, NotFoundError
from suwen.formats.molecules.nouns import Molecule

__all__ = ["COVERAGE", "TABLES", "explain", "forecast_answers", "forecasts", "known_hashes", "unknown_to"]

COVERAGE = 0.9
TABLES = "drugs/admet"
"""Where the tables that were learned from lie in the reference data; neighbours are named where they are there."""
_TOGETHER = 256

Floats = NDArray[np.float64]


def forecasts(molecules: Sequence[Molecule]) -> list[tuple[Forecast, ...]]:
    """All endpoints, in the order of ENDPOINTS, of each standardised molecule.

    The nearest molecules learned from are named with what was measured where the tables are at hand (`suwen data`);
    how near they are is told in any case, by Forecast.familiar. Raises InputError where RDKit cannot read a SMILES,
    MissingExtraError without RDKit, scipy or PyTorch.
    """
    found: list[tuple[Forecast, ...]] = []
    for begin in range(0, len(molecules), _TOGETHER):
        found += _forecasts([one.smiles for one in molecules[begin : begin + _TOGETHER]])
    return found


def explain(molecule: Molecule, key: str) -> AtomShares:
    """What drives an endpoint: exact Shapley shares of its trees, brought to the atoms. Raises as `forecasts` does."""
    if key not in ENDPOINTS:
        raise InputError(
            f"there is no endpoint {key!r}; there are {', '.join(ENDPOINTS)}",
            zh=f"没有终点 {key!r}；有 {'、'.join(ENDPOINTS)}",
        )
    columns, shares, base, weight = _shares(molecule.smiles, key)
    return atom_shares(molecule.smiles, columns, shares.tolist(), base, explained=weight)


@lru_cache(maxsize=64)
def _shares(smiles: str, key: str) -> tuple[Sequence[str], Floats, float, float]:
    return shipped_model().shares(smiles, key)


def _forecasts(smiles: list[str]) -> list[tuple[Forecast, ...]]:
    model = shipped_model()
    answers = model.answers(smiles).members
    near = nearest_by_endpoint(_measured(str(_folder())), fingerprints(smiles))
    columns = {key: _column(ruler, answers[key], [one[key] for one in near]) for key, ruler in model.rulers.items()}
    return [tuple(columns[key][at] for key in ENDPOINTS) for at in range(len(smiles))]


def _column(ruler: Ruler, answers: Floats, near: Sequence[tuple[Neighbour, ...]]) -> list[Forecast]:
    """One endpoint of all molecules."""
    values = ruler.joined(answers)
    similarity = np.array([one[0].similarity if one else 0.0 for one in near])
    familiar = np.searchsorted(ruler.reference, similarity, side="right") / len(ruler.reference)
    inside = similarity >= np.quantile(ruler.reference, EDGE)
    place = np.searchsorted(ruler.medicines, values, side="right") / len(ruler.medicines) * 100
    width = np.zeros(len(values)) if ruler.classes else ruler.width(answers, similarity)
    known = [tuple(each for each in one if each.smiles and np.isfinite(each.measured)) for one in near]
    return [
        Forecast(
            ENDPOINTS[ruler.key],
            *_said(ruler, float(values[at]), float(width[at])),
            COVERAGE,
            bool(inside[at]),
            float(familiar[at]),
            known[at],
            float(min(place[at], 100.0)),
        )
        for at in range(len(values))
    ]


def _said(ruler: Ruler, value: float, width: float) -> tuple[float, float | None, float | None, tuple[bool, ...]]:
    """Value, ends of the interval (of amounts) and answers that remain (of chances)."""
    if ruler.classes:
        # The likelier answer always stays: that it is rarer than the limit of its class allows would only confuse.
        left = tuple(
            answer
            for answer, wrong in ((False, value), (True, 1 - value))
            if wrong <= max(ruler.limits[int(answer)], 0.5)
        )
        return value, None, None, left
    low, high = ruler.bounds
    ends = [min(max(one, low), high) for one in (value, value - width, value + width)]
    return (*(10**one if ruler.log else one for one in ends), ())  # type: ignore[return-value]  # three numbers


@cache
def _measured(folder: str) -> Measured:
    """The molecules learned from; without their tables they have a place and a likeness, but no name and no number."""
    model = shipped_model()
    names = [""] * len(model.words)
    tables = {}
    digests = {one.name: one.digest for one in shipped_card().data}
    for key in model.rulers:
        places = model.places[key]
        values = np.full(len(places), np.nan)
        for at, (smiles, number) in enumerate(_named(model, key, Path(folder) / f"{key}.csv", digests[key])):
            names[places[at]], values[at] = smiles, number
        tables[key] = (places.tolist(), values.tolist())
    return gather(names, model.words, tables)


def _named(model: Model, key: str, file: Path, digest: str) -> list[tuple[str, float]]:
    """Structure and number of each molecule learned from; nothing where the table is not the one learned from."""
    if not file.is_file():
        return []
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        return []
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    lines = model.rows[key].tolist()
    return [(rows[line - 1]["smiles"], float(rows[line - 1]["y"])) for line in lines]


def _folder() -> Path:
    try:
        return datasets.folder() / TABLES
    except NotFoundError:
        return Path()


def known_hashes(smiles: Sequence[str]) -> NDArray[np.uint64]:
    """The first eight bytes of SHA-256 of each SMILES, by which the model knows what it learned from."""
    digests = [hashlib.sha256(one.encode()).digest()[:8] for one in smiles]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def unknown_to(model: Model, key: str, smiles: Sequence[str]) -> NDArray[np.bool_]:
    """Of each molecule whether the endpoint was learned without it."""
    return ~np.isin(known_hashes(smiles), model.hashes[model.places[key]])


def forecast_answers(key: str, smiles: Sequence[str], measured: Floats) -> tuple[Floats, float]:
    """Values (n,) of one endpoint, and the share of `measured` (n,) within the interval or among the answers."""
    values, covered = [], []
    for begin in range(0, len(smiles), _TOGETHER):
        lot = _forecasts(list(smiles[begin : begin + _TOGETHER]))
        for each, truth in zip(lot, measured[begin : begin + _TOGETHER].tolist(), strict=True):
            one = next(forecast for forecast in each if forecast.endpoint.key == key)
            values.append(one.value)
            held = bool(truth) in one.classes if one.low is None else one.low <= truth <= (one.high or one.low)
            covered.append(held)
    return np.array(values), float(np.mean(covered))
