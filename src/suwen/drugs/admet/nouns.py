"""Nouns of the learned endpoints: what one is, and what is predicted of a molecule with how sure that is and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from suwen.subject import Saying

__all__ = ["AtomShares", "Endpoint", "Forecast", "Level", "Neighbour"]


@dataclass(frozen=True, slots=True)
class Level:
    """A limit of an endpoint that chemists use: `at` in its unit, what a value at or above and one below it means."""

    at: float
    above: Saying
    below: Saying
    source: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A measured property. `kind` "chance": the value is the chance (0..1) that a molecule is of the kind `name` says;
    "amount": a number in `unit`. `wanted` tells which direction a medicine should have ("neither": it depends).
    """

    key: str
    group: Literal["absorption", "distribution", "metabolism", "excretion", "toxicity"]
    name: Saying
    kind: Literal["chance", "amount"]
    unit: str
    meaning: Saying
    wanted: Literal["low", "high", "neither"]
    levels: tuple[Level, ...]
    source: str
    log: bool = False  # learned on the logarithm (base 10) of the amount


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A molecule learned from that is like the one asked about: Tanimoto of ECFP4 0..1, and what was measured."""

    smiles: str
    similarity: float
    measured: float


@dataclass(frozen=True, slots=True)
class AtomShares:
    """What each atom adds to the value, in the order of the atoms of `smiles`, and what stands for the whole molecule.

    `atoms` + `whole` + `base` is what the explained trees say: of a chance in log-odds, of an amount in its unit (its
    logarithm where the endpoint is learned so). `explained` is the share of the forecast that these trees make up.
    """

    smiles: str
    atoms: tuple[float, ...]
    whole: float
    base: float
    columns: tuple[tuple[str, float], ...]  # the strongest properties of the whole molecule and their shares
    explained: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is predicted of one endpoint. `low` and `high` hold the truth with the chance `coverage` (a chance has none;
    `classes` then are the answers, False or True, that cannot be excluded at that level).

    `familiar` 0..1 is the share of measured molecules that lie farther from the others than this one; `inside` tells
    whether the molecule lies in the domain where the interval was measured. `percentile` 0..100 is its place among the
    approved medicines of the list at hand, None without one.
    """

    endpoint: Endpoint
    value: float
    low: float | None
    high: float | None
    classes: tuple[bool, ...]
    coverage: float
    inside: bool
    familiar: float
    nearest: tuple[Neighbour, ...]
    percentile: float | None
