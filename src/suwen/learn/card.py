"""The card of a model: what it is for, how it was made, how good it is, where it ends; written by the run itself.

Format 1: one JSON object with exactly the fields below. A changed meaning gets a new number and keeps this reader.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from suwen.errors import FormatError, Problem
from suwen.learn.nouns import Task
from suwen.subject import Saying

__all__ = ["FORMAT", "Card", "Figure", "Provenance"]

FORMAT = 1
_NAME = re.compile(r"\w[\w.-]{0,63}")
_WRONG = Saying("is of the wrong kind", "类型有误")
_WORDS = {
    "name": Saying(
        "is of the wrong kind: letters, digits, dots, dashes and underscores, at most 64, are a name",
        "类型有误：名称由字母、数字、点、连字符和下划线组成，最多 64 个",
    )
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure with its 95 % interval, on `n` examples of `part`."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    part: str = "validation"


@dataclass(frozen=True, slots=True)
class Provenance:
    """A data set that a model saw: where from, under which licence, which bytes, how many examples, for what."""

    name: str
    source: str
    licence: str
    digest: str
    n: int
    part: str = "training"


@dataclass(frozen=True, slots=True)
class Card:
    """A model in words and numbers.

    `network` holds `kind`, `settings` and `members` for the catalogue; `prepare` the steps before it; `calibration` the
    kind and its numbers; `threshold` the probability of the last class above which it is called; `flips` the axes
    mirrored copies are answered along; `purpose` and `limits` are given in both languages under `en` and `zh`;
    `training` the plan, seeds, device, seconds and packages; `checks` what else was tested (heat maps, for example);
    `cohort` the digest of the manifest when it was trained on a site's own patients.
    """

    name: str
    version: str
    purpose: Mapping[str, str]
    task: str
    classes: tuple[str, ...]
    network: Mapping[str, Any]
    prepare: Mapping[str, Any]
    data: tuple[Provenance, ...]
    figures: Mapping[str, Figure]
    limits: Mapping[str, tuple[str, ...]]
    licence: str
    weights_sha256: str = ""
    calibration: Mapping[str, Any] = field(default_factory=dict)
    threshold: float | None = None
    flips: tuple[int, ...] = ()
    training: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Any] = field(default_factory=dict)
    cohort: str = ""

    def to_json(self) -> str:
        """The card as JSON, always the same text for the same card."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Card:
        """Read a card back; every field is checked, an unknown one is an error.

        Raises:
            FormatError: the text is no card of this format; all problems are listed.

        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(
                "a model card must be JSON, and this is not", zh="模型卡须为 JSON，而此文件不是"
            ) from error
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise FormatError(f"this is no model card of format {FORMAT}", zh=f"这不是格式 {FORMAT} 的模型卡")
        del values["format"]
        problems = list(_problems(values))
        if problems:
            raise FormatError("the model card cannot be used", problems, zh="无法使用该模型卡")
        return cls(**{name: _READERS[name](value) for name, value in values.items()})


def _problems(values: Mapping[str, Any]) -> list[Problem]:
    known = {one.name for one in fields(Card)}
    needed = known - {"calibration", "threshold", "flips", "training", "checks", "cohort", "weights_sha256"}
    found = [Problem(name, "is missing", zh_what="缺失") for name in sorted(needed - set(values))]
    found += [
        Problem(name, "is no field of a card", zh_what="不是模型卡的字段") for name in sorted(set(values) - known)
    ]
    for name in sorted(known & set(values)):
        try:
            _READERS[name](values[name])
        except (TypeError, ValueError, KeyError, AttributeError):
            said = _WORDS.get(name, _WRONG)
            found.append(Problem(name, said.en, zh_what=said.zh))
    return found


def _name(value: Any) -> str:
    """A name that is also that of a file. The threat: "../x" would be written and read somewhere else."""
    if not _NAME.fullmatch(_text(value)):
        raise ValueError("name")
    return str(value)


def _task(value: Any) -> str:
    return Task(value).value


def _figure(values: Any) -> Figure:
    """A figure whose numbers are finite; an interval may be unknown."""
    figure = Figure(**_mapping(values))
    numbers = [one for one in (figure.value, figure.low, figure.high) if one is not None]
    if any(isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one) for one in numbers):
        raise TypeError("numbers")
    _text(figure.part)
    return replace(figure, n=_whole(figure.n))


def _provenance(values: Any) -> Provenance:
    one = Provenance(**_mapping(values))
    for text in (one.name, one.source, one.licence, one.digest, one.part):
        _text(text)
    return replace(one, n=_whole(one.n))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("count")
    return value


def _axis(value: Any) -> int:
    if _whole(value) > 2:
        raise ValueError("axis")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(value))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("list")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("object")
    return value


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise TypeError("share")
    return float(value)


_READERS: Mapping[str, Any] = {
    **dict.fromkeys(("version", "licence", "weights_sha256", "cohort"), _text),
    "name": _name,
    "task": _task,
    **dict.fromkeys(("network", "prepare", "calibration", "training", "checks"), _mapping),
    "purpose": lambda value: {name: _text(text) for name, text in _mapping(value).items()},
    "limits": lambda value: {name: _texts(texts) for name, texts in _mapping(value).items()},
    "classes": _texts,
    "data": lambda value: tuple(_provenance(one) for one in _list(value)),
    "figures": lambda value: {name: _figure(one) for name, one in _mapping(value).items()},
    "threshold": _number,
    "flips": lambda value: tuple(_axis(one) for one in _list(value)),
}
