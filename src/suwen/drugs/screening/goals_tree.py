"""Goals as the tree of tables they would be read from: to check those made in Python, and to know them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suwen.drugs.screening.goals import Goals, ModelGoal, RankPart, Substructure
from suwen.drugs.screening.reading import goals_of

__all__ = ["check_goals", "goals_digest", "goals_tree"]


def check_goals(goals: Goals, *, endpoints: Mapping[str, str] | None = None) -> Goals:
    """The goals, if a file could state them. Raises InputError with everything that is wrong with them."""
    return goals_of(goals_tree(goals), endpoints=endpoints)


def goals_digest(goals: Goals) -> str:
    """SHA-256 of what is asked, with the bytes of the files that are named: two goals of one digest ask the same."""
    made = hashlib.sha256(json.dumps(goals_tree(goals), sort_keys=True).encode())
    docking = goals.docking
    named = [one.file for one in goals.models] + ([docking.receptor, docking.around] if docking is not None else [])
    for file in named:
        if file is not None and file.is_file():
            made.update(file.read_bytes())
    return made.hexdigest()


def goals_tree(goals: Goals) -> dict[str, Any]:
    """The tree of tables, ready for JSON; what is not asked for is left out."""
    made: dict[str, Any] = {"standardised": goals.standardised, "seed": goals.seed, "filters": _filters(goals)}
    if goals.title:
        made["title"] = goals.title
    for key, part in (("likeness", goals.likeness), ("pick", goals.pick), ("docking", goals.docking)):
        if part is not None:
            made[key] = _stated({name: getattr(part, name) for name in part.__slots__})
    if goals.pick is not None and goals.pick.method == "maxmin":
        made["pick"].pop("alike")
    if goals.likeness is not None and not goals.likeness.overlay:
        made["likeness"].pop("overlay")
    made["models"] = [_model(one) for one in goals.models]
    rank = goals.rank
    made["rank"] = _stated({"method": rank.method, "keep": rank.keep, "apart": rank.apart})
    made["rank"]["parts"] = [_part(one) for one in rank.parts]
    return made


def _filters(goals: Goals) -> dict[str, Any]:
    part = goals.filters
    return {
        "quantities": {one.key: _stated({"at_least": one.at_least, "at_most": one.at_most}) for one in part.quantities},
        "rules": list(part.rules),
        "without_alerts": list(part.without_alerts),
        "required": [_substructure(one) for one in part.required],
        "forbidden": [_substructure(one) for one in part.forbidden],
        "elements": list(part.elements),
        "drop_duplicates": part.drop_duplicates,
    }


def _substructure(one: Substructure) -> dict[str, str]:
    return {"smarts": one.smarts, "name": one.name} if one.name else {"smarts": one.smarts}


def _model(one: ModelGoal) -> dict[str, Any]:
    made = _stated({name: getattr(one, name) for name in one.__slots__ if name != "key"})
    made = {key: value for key, value in made.items() if value != ""}
    return made | {"name": one.key}


def _part(one: RankPart) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _stated(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in parts.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value.resolve())
    return list(value) if isinstance(value, tuple) else value
