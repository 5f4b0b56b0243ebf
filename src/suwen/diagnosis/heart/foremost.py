"""Which of the published equations are shown first: of several models of one family, the one that uses most."""

from __future__ import annotations

from collections.abc import Iterable

from suwen.diagnosis.heart.estimate import refusals
from suwen.diagnosis.heart.nouns import Equation, Person

__all__ = ["family", "foremost"]

_SHOWN_OF_PREVENT = ("cvd", "ascvd", "hf")  # what its paper reports first
_PREVENT = "prevent"


def foremost(equations: Iterable[Equation], person: Person) -> tuple[Equation, ...]:
    """One model of PREVENT for each outcome, the one that uses most of what is known; and everything else."""
    best: dict[str, Equation] = {}
    kept: list[Equation] = []
    for one in equations:
        name = family(one)
        if name == one.key:
            kept.append(one)
            continue
        if name.split("-")[1] not in _SHOWN_OF_PREVENT:
            continue
        held = best.get(name)
        if held is None:
            kept.append(one)
            best[name] = one
        elif not refusals(one, person) and len(one.needs) > len(held.needs):
            kept[kept.index(held)] = one
            best[name] = one
    return tuple(kept)


def family(equation: Equation) -> str:
    """The key without the model, the same for all models that answer one question ("prevent-cvd-10")."""
    name, _, rest = equation.key.partition("-")
    return f"{name}-{rest.partition('-')[2]}" if name == _PREVENT else equation.key
