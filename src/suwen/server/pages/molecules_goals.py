"""Goals of a screening from a form: fields for what is usual, or a text in TOML for all there is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.alerts import ALERT_SETS
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES
from suwen.drugs.screening.reading import goals_of
from suwen.drugs.units import unit_text
from suwen.errors import FormatError, InputError
from suwen.server.pages.heart_forms import Fields

__all__ = ["ALERTS", "MODELS", "RANGES", "choices_of", "goals_tree_of"]

_PLACE = re.compile(r"line (\d+), column (\d+)")  # where tomllib stumbled
RANGES = ("weight", "logp", "tpsa", "donors", "acceptors", "rotatable_bonds", "synthetic_access", "qed")
MODELS = ("herg", "ames", "dili", "cyp3a4_veith", "cyp2d6_veith", "pgp_broccatelli")
ALERTS = ("pains_a", "pains_b", "pains_c", "brenk", "nih")
_USUAL = {"weight": ("", "500"), "logp": ("", "5"), "tpsa": ("", "140")}
_RANK = (
    {"key": "qed", "want": "high", "low": 0.3, "high": 0.9},
    {"key": "synthetic_access", "want": "low", "low": 2.0, "high": 5.0},
)
_MOST_LIKE, _MOST_KEPT = 50, 1000


def choices_of(lang: str) -> dict[str, Any]:
    """What the form offers, each with its name in a language."""
    return {
        "ranges": [
            (key, _named(QUANTITIES[key].name.said(lang), unit_text(QUANTITIES[key].unit)), *_USUAL.get(key, ("", "")))
            for key in RANGES
        ],
        "rules": [(key, one.name.said(lang), key in {"lipinski", "veber"}) for key, one in RULES.items()],
        "alert_sets": [(key, one.name.said(lang), key.startswith("pains")) for key, one in ALERT_SETS.items()],
        "endpoints": [(key, ENDPOINTS[key].name.said(lang)) for key in MODELS],
    }


def _named(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def goals_tree_of(fields: Fields) -> dict[str, Any]:
    """The tree of goals that a form states, checked whole. Raises FormatError, InputError with all that is wrong."""
    text = _one(fields, "toml")
    tree = _parsed(text) if text else _from_fields(fields)
    _require_no_files(tree)
    goals_of(tree)
    return tree


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        where = f"（第 {place[1]} 行第 {place[2]} 列）" if place else ""
        raise FormatError(f"the goals are not TOML: {error}", zh=f"目标不是有效的 TOML{where}") from None


def _require_no_files(tree: Mapping[str, Any]) -> None:
    """Threat: goals that name files would have the server tell which there are, and read models from anywhere."""
    models = tree.get("models", ())
    named = isinstance(models, list) and any(isinstance(one, Mapping) and "file" in one for one in models)
    if "docking" in tree or named:
        raise InputError(
            "docking and model files are not taken here; use `suwen screen` for them",
            zh="此处不接受对接及模型文件；请使用 `suwen screen`",
        )


def _from_fields(fields: Fields) -> dict[str, Any]:
    filters: dict[str, Any] = {
        "quantities": {key: bounds for key in RANGES if (bounds := _bounds(fields, key))},
        "rules": [key for key in fields.get("rule", ()) if key],
        "without_alerts": [key for key in fields.get("alert", ()) if key],
    }
    tree: dict[str, Any] = {"filters": filters}
    like = [line.split()[0] for line in _one(fields, "like").splitlines() if line.strip()][:_MOST_LIKE]
    if like:
        least = _number(fields, "like_at_least")
        tree["likeness"] = {"like": like, **({} if least is None else {"at_least": least})}
    limits = {key: _number(fields, f"model.{key}") for key in MODELS}
    tree["models"] = [{"endpoint": key, "at_most": most} for key, most in limits.items() if most is not None]
    count, keep = _number(fields, "pick"), _number(fields, "keep")
    if count is not None:
        tree["pick"] = {"method": "maxmin", "count": int(count)}
    tree["rank"] = {"keep": int(min(keep or _MOST_KEPT, _MOST_KEPT)), "parts": [dict(one) for one in _RANK]}
    return tree


def _bounds(fields: Fields, key: str) -> dict[str, float]:
    ends = {"at_least": _number(fields, f"{key}.low"), "at_most": _number(fields, f"{key}.high")}
    return {name: one for name, one in ends.items() if one is not None}


def _number(fields: Fields, name: str) -> float | None:
    text = _one(fields, name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{name}: write a number, or leave it out", zh=f"{name}：请填写数字，或留空") from None


def _one(fields: Fields, name: str) -> str:
    return (fields.get(name) or ("",))[0].strip()
