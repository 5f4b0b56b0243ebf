"""The risk of a person written out line by line, so that a reader can compute it again."""

from __future__ import annotations

from suwen.diagnosis.heart.equations.written import row, shown
from suwen.diagnosis.heart.estimate import estimate, inputs_of, refusals
from suwen.diagnosis.heart.nouns import Equation, Formula, Person
from suwen.subject import Saying

__all__ = ["formula_of"]

_POINTS = Saying("{}", "{}")


def formula_of(equation: Equation, person: Person) -> Formula | None:
    """The formula of `equation` with the numbers of `person`; None where it does not apply or an input is missing.

    A score has a line for each factor with its points; the table of its paper gives the risk.
    """
    if refusals(equation, person) or any(key not in person.values for key in equation.uses):
        return None
    values = inputs_of(equation, person)
    if equation.formula is not None:
        return equation.formula(values)
    risk = estimate(equation, person)
    rows = tuple(row((key,), _POINTS, 1.0, points) for key, points in equation.terms(values).items())
    points, value = shown(risk.points or 0.0), risk.value or 0.0
    steps = (
        Saying(f"points = {points}", f"总分 = {points}"),
        Saying(
            f"by the table of the source, {points} points: {value:.1%}", f"按来源文献的表，{points} 分：{value:.1%}"
        ),
    )
    return Formula(rows, steps, value)
