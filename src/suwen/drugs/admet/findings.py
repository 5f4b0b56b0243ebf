"""What forecasts warn of, as findings: each endpoint on the wrong side of its limit, with atoms and neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from suwen.drugs.admet.levels import concern
from suwen.drugs.admet.nouns import AtomShares, Forecast, Level
from suwen.drugs.admet.words import (
    atoms_text,
    domain_text,
    interval_text,
    level_texts,
    nearest_texts,
    strongest_atoms,
    value_text,
)
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Atoms, Code, Kind, Measurement, Reference

__all__ = ["forecast_findings"]

_MAKER = Maker("suwen.drugs/admet")
_UCUM: Mapping[str, str] = MappingProxyType({"": "1", "%": "%", "L/kg": "L/kg", "h": "h", "mL/min/g": "mL/min/g",
                                             "uL/min/10^6 cells": "uL/min/10*6"})  # fmt: skip


def forecast_findings(
    molecule: str, forecasts: Iterable[Forecast], shares: Mapping[str, AtomShares], lang: str
) -> tuple[Finding, ...]:
    """A finding for each forecast on the unwanted side of its endpoint's most serious limit, worded in `lang`.

    `molecule` is the key of the molecule, `shares` the atoms' shares by key of endpoint, where they were worked out.
    The chance is that of the unwanted answer; of an amount it is unknown. The evidence is the value, the atoms that
    drive it most, and the nearest measured molecules. The weight of atoms is their share in log-odds / ln 10; all
    else, and amounts, weigh 0, as no likelihood ratio of them has been measured.
    """
    subject = Reference(Kind.MOLECULE, molecule)
    found = ((one, concern(one)) for one in forecasts)
    return tuple(_finding(one, level, shares.get(one.endpoint.key), subject, lang) for one, level in found if level)


def _finding(forecast: Forecast, level: Level, shares: AtomShares | None, subject: Reference, lang: str) -> Finding:
    is_low = forecast.endpoint.wanted == "low"
    label = f"{forecast.endpoint.name.said(lang)}: {(level.above if is_low else level.below).said(lang)}"
    code = Code(f"suwen:admet/{forecast.endpoint.key}", label)
    chance = None
    if forecast.endpoint.kind == "chance":
        chance = forecast.value if is_low else 1.0 - forecast.value
    evidence = [_of_value(forecast, level, lang)]
    if shares is not None:
        evidence.extend(_of_atoms(forecast, shares, lang))
    evidence.extend(_of_neighbours(forecast, lang))
    return Finding(subject, code, Chance(chance), tuple(evidence), _MAKER)


def _of_value(forecast: Forecast, level: Level, lang: str) -> Evidence:
    endpoint = forecast.endpoint
    seen = Measurement(
        Code(f"suwen:admet/{endpoint.key}", endpoint.name.said(lang)), forecast.value, _UCUM.get(endpoint.unit, "1")
    )
    words = (
        f"{value_text(forecast)}, {interval_text(forecast, lang)}",
        level_texts(forecast, lang)[endpoint.levels.index(level)],
        domain_text(forecast, lang),
    )
    return Evidence(Bearing.NEUTRAL, seen, 0.0, "; ".join(words), f"{endpoint.source}; {level.source}")


def _of_atoms(forecast: Forecast, shares: AtomShares, lang: str) -> Iterator[Evidence]:
    sign = 1.0 if forecast.endpoint.wanted == "low" else -1.0
    atoms = strongest_atoms(shares, sign=sign)
    if not atoms:
        return
    pushed = sign * sum(shares.atoms[at] for at in atoms) / math.log(10.0)
    weight = pushed if forecast.endpoint.kind == "chance" else 0.0
    bearing = Bearing.SUPPORTS if weight > 0.0 else Bearing.NEUTRAL
    sentence = atoms_text(forecast, shares, atoms, lang)
    yield Evidence(bearing, Atoms(shares.smiles, atoms), weight, sentence, "suwen.drugs/admet, exact Shapley values")


def _of_neighbours(forecast: Forecast, lang: str) -> Iterator[Evidence]:
    for one, sentence in zip(forecast.nearest, nearest_texts(forecast, lang), strict=True):
        yield Evidence(Bearing.NEUTRAL, Atoms(one.smiles, ()), 0.0, sentence, forecast.endpoint.source)
