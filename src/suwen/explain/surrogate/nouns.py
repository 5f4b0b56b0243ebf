"""A surrogate: a small tree that answers nearly as a network does, how nearly, and the least it must reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from suwen.errors import InputError
from suwen.explain.tables.columns import Column
from suwen.explain.tables.trees import Tree

__all__ = ["Fidelity", "Floor", "Surrogate", "require_faithful", "unfaithful"]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How nearly a tree imitates a network on `n` rows it was not made from.

    `agreement`: share of rows with the same decision, with its 95 % Wilson interval. `r2`: share of the variance of the
    network's probability that the tree's probability explains, with its 95 % bootstrap interval. `measured_on` says
    which rows these were.
    """

    agreement: float
    agreement_low: float
    agreement_high: float
    r2: float
    r2_low: float
    r2_high: float
    n: int
    measured_on: str


@dataclass(frozen=True, slots=True)
class Floor:
    """The least agreement and R² at which a surrogate may explain its network."""

    agreement: float = 0.90
    r2: float = 0.70

    def __post_init__(self) -> None:
        if not (0 <= self.agreement <= 1 and self.r2 <= 1):
            raise InputError(f"a floor is an agreement in 0..1 and an R² up to 1, not {self.agreement} and {self.r2}")


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A tree that imitates a network, its columns, and its fidelity.

    Nodes hold the network's mean probability as `value`, `count` training rows and how many of them the network calls
    positive. `positive` and `negative` name the two answers as (English, Chinese). `by_depth` is the fidelity of the
    trees of each depth, cross-fitted alike. `threshold` is the network's decision. `chosen` tells how it was made.
    """

    tree: Tree
    columns: tuple[Column, ...]
    fidelity: Fidelity
    by_depth: tuple[tuple[int, Fidelity], ...]
    floor: Floor = Floor()
    threshold: float = 0.5
    positive: tuple[str, str] = ("positive", "阳性")
    negative: tuple[str, str] = ("negative", "阴性")
    source: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise InputError(f"a decision threshold lies between 0 and 1, not {self.threshold}")
        widest = max(node.feature for node in self.tree.nodes)
        if widest >= len(self.columns):
            raise InputError(f"the tree asks for column {widest}, but {len(self.columns)} columns are described")

    def name(self, chance: float, lang: str) -> str:
        """What the decision at a probability is called in `lang`."""
        names = self.positive if chance >= self.threshold else self.negative
        return names[1] if lang == "zh" else names[0]


class _Measured(Protocol):
    """Anything with a fidelity and a floor: a tree or a rule list."""

    @property
    def fidelity(self) -> Fidelity: ...

    @property
    def floor(self) -> Floor: ...


def unfaithful(surrogate: _Measured) -> str | None:
    """Why this tree or rule list may not explain its network, in one sentence, or None where it may."""
    said, floor = surrogate.fidelity, surrogate.floor
    if said.agreement >= floor.agreement and said.r2 >= floor.r2:
        return None
    return (
        f"this surrogate does not explain the network: on {said.n} held-out rows they agree on {said.agreement:.3f} "
        f"(at least {floor.agreement:.3f} is needed) and R² is {said.r2:.3f} (at least {floor.r2:.3f})"
    )


def require_faithful(surrogate: _Measured) -> None:
    """Raise InputError, with both figures, where a tree or rule list is less faithful than its floor."""
    reason = unfaithful(surrogate)
    if reason is not None:
        raise InputError(f"{reason}; allow more depth or rules, or explain single rows by attributions")
