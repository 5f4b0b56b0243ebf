"""Cards of CDS Hooks 2.0: built so that every rule of the published model holds, texts made safe for Markdown."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from suwen.subject import Saying

__all__ = ["LONGEST", "REASONS", "Card", "Source", "Suggestion", "escaped", "shortened"]

LONGEST = 139  # characters: "One-sentence, <140-character summary message"
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~])")
INDICATORS = ("info", "warning", "critical")
REASONS: Mapping[str, Saying] = MappingProxyType(
    {
        "known": Saying("Already known and considered", "已知并已考虑"),
        "wrong-data": Saying("The data behind it are wrong or out of date", "所依据的数据有误或已过时"),
        "not-applicable": Saying("Does not apply to this patient", "不适用于该患者"),
        "benefit": Saying("The benefit outweighs it", "利大于弊"),
        "disagree": Saying("I do not share this assessment", "不认同该判断"),
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where what a card says comes from: a short name, and an address where somebody can read about it."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something the person may do with one click: remove a draft order ("ServiceRequest/1")."""

    label: str
    removes: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self) -> dict[str, Any]:
        """As CDS Hooks 2.0 writes it; every action has its description, and a deletion names what it deletes."""
        action = {"type": "delete", "description": self.label, "resourceId": self.removes}
        return {"label": self.label, "uuid": self.uuid, "actions": [action]}


@dataclass(frozen=True, slots=True)
class Card:
    """One card: `summary` is shortened where it is too long, then the whole of it begins the detail (Markdown).

    `link`: name and address of a page here about it, nothing where there is none. `topic`: the area of medicine.
    `about`: what feedback on it is filed with: the record of a finding and its version, or the kind of the check.
    """

    summary: str
    indicator: str
    source: Source
    detail: str = ""
    topic: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    link: tuple[str, str] | None = None
    about: str = ""
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def to_json(self, lang: str) -> dict[str, Any]:
        """As CDS Hooks 2.0 writes it: what has no value is left out, nothing is null or empty."""
        short = shortened(self.summary)
        detail = self.detail if short == self.summary else f"**{escaped(self.summary)}**\n\n{self.detail}"
        said: dict[str, Any] = {"uuid": self.uuid, "summary": short, "indicator": self.indicator}
        if detail.strip():
            said["detail"] = detail.strip()
        said["source"] = {"label": self.source.label, **({"url": self.source.url} if self.source.url else {})}
        if self.topic:
            said["source"]["topic"] = {"code": self.topic}
        if self.suggestions:
            said["suggestions"] = [one.to_json() for one in self.suggestions]
            said["selectionBehavior"] = "at-most-one"
        said["overrideReasons"] = [{"code": code, "display": one.said(lang)} for code, one in REASONS.items()]
        if self.link:
            said["links"] = [{"label": self.link[0], "url": self.link[1], "type": "absolute"}]
        return said


def shortened(text: str) -> str:
    """A text of at most 139 characters, cut between words where it has any."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    cut = text[: LONGEST - 1]
    space = cut.rfind(" ")
    return f"{cut[:space] if space > LONGEST // 2 else cut}…"


def escaped(text: str) -> str:
    """A text of a record so that Markdown shows it as it is.

    Threat: a name in a record that is an image or link of Markdown would have the calling system load it.
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
