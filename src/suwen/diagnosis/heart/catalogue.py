"""Every equation of the heart by its key, in the order in which they are shown."""

from __future__ import annotations

from suwen.diagnosis.heart.equations import (
    acute,
    china_par,
    framingham,
    mesa,
    pooled_cohort,
    prevent,
    qrisk3,
    rhythm_scores,
    score2,
    stable_pain,
)
from suwen.diagnosis.heart.nouns import Equation
from suwen.errors import NotFoundError

__all__ = ["EQUATIONS", "equation"]

_FILES = (china_par, prevent, pooled_cohort, framingham, score2, qrisk3, mesa, rhythm_scores, acute, stable_pain)

EQUATIONS: dict[str, Equation] = {one.key: one for file in _FILES for one in file.EQUATIONS}


def equation(key: str) -> Equation:
    """The equation of `key`. Raises NotFoundError, which names the nearest keys."""
    import difflib  # noqa: PLC0415 - only where a key is wrong

    found = EQUATIONS.get(key)
    if found is None:
        near = difflib.get_close_matches(key, EQUATIONS, 3, 0.4)
        raise NotFoundError(
            f"there is no equation {key!r}" + (f"; nearest: {', '.join(near)}" if near else ""), zh=f"没有方程 {key!r}"
        )
    return found
