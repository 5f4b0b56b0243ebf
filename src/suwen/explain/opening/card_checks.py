"""The checks of heat maps on a card: `checks.heat_maps` names each method and what its sanity checks measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from suwen.errors import FormatError
from suwen.explain.maps import Verdict
from suwen.learn.card import Card

__all__ = ["CHECKED", "for_card", "verdicts_on"]

CHECKED = "heat_maps"


def for_card(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """What a recipe puts into `Card.checks`: verdicts by method, as plain values."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in verdicts:
        plain = {**asdict(one), "figures": dict(one.figures)}
        found.setdefault(str(plain.pop("method")), []).append(plain)
    return {CHECKED: found}


def verdicts_on(card: Card, method: str) -> tuple[Verdict, ...]:
    """What the card says of a method's maps; none where it says nothing. Raises FormatError for a damaged card."""
    told = card.checks.get(CHECKED, {})
    rows = told.get(method, []) if isinstance(told, Mapping) else []
    try:
        return tuple(_verdict(row, method) for row in rows)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise FormatError(f"the card of {card.name} does not say properly how its heat maps were checked") from None


def _verdict(row: Mapping[str, Any], method: str) -> Verdict:
    passes = row["passes"]
    if passes not in (True, False, None):
        raise ValueError("passes")
    figures = {str(name): float(value) for name, value in row.get("figures", {}).items()}
    if passes is not None:
        figures["spearman"] = float(figures["spearman"])
    threshold, reason = float(row.get("threshold", 0.0)), str(row.get("reason", ""))
    return Verdict(str(row["check"]), method, passes, figures, threshold, reason)
