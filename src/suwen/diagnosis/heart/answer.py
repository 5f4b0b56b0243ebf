"""All that is answered of one person: what was read, the risk by every equation asked, and what if values change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.derived import with_changes
from suwen.diagnosis.heart.estimate import Change, NotFor, estimate_all, refusals, what_if
from suwen.diagnosis.heart.nouns import Equation, Risk, Value
from suwen.diagnosis.heart.person import Inputs

__all__ = ["Answer", "answer_of"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read, the answer of every equation, and the risks before and after `changed`."""

    read: Inputs
    answers: tuple[Risk | NotFor, ...]
    changes: tuple[Change, ...] = ()
    changed: Mapping[str, Value] | None = None

    @property
    def risks(self) -> tuple[Risk, ...]:
        """Of the equations that apply."""
        return tuple(one for one in self.answers if isinstance(one, Risk))

    @property
    def refused(self) -> tuple[NotFor, ...]:
        """The equations that do not apply, with their reasons."""
        return tuple(one for one in self.answers if isinstance(one, NotFor))


def answer_of(read: Inputs, equations: Iterable[Equation], changes: Mapping[str, Value] | None = None) -> Answer:
    """The answer of `equations` for a person as read; with `changes` (by key, canonical units) each risk also after.

    An equation that does not apply after the changes has no change.
    """
    answers = estimate_all(read.person, equations)
    if not changes:
        return Answer(read, answers)
    after = with_changes(read.person, changes)[0]
    applied = [EQUATIONS[one.equation] for one in answers if isinstance(one, Risk)]
    moved = tuple(what_if(one, read.person, changes) for one in applied if not refusals(one, after))
    return Answer(read, answers, moved, dict(changes))
