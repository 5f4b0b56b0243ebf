"""QIDO-RS (PS3.18 10.6): studies, series and instances found among what a caller reaches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import QueryParams

from suwen.consult.imaging import Held
from suwen.consult.imaging_index import INSTANCE, SERIES, STUDY
from suwen.server.dicomweb.attributes import matches, tag_of, value_of, words_of

__all__ = ["Asked", "asked_of", "instances", "series", "studies"]

Json = dict[str, Any]

_MODALITIES, _ONLINE, _RETRIEVE, _SYNTAXES = "00080061", "00080056", "00081190", "00083002"
_MOST = 5_000  # answers of one request
# What is answered beside what was asked for and `includefield` (the required attributes of the tables)
_STUDY_ALWAYS = tuple(one for one in STUDY if one not in {"00100021"})
_SERIES_ALWAYS = ("00080060", "0008103E", "0020000E", "00200011", "00400244", "00400245", "00400275", "00080021")
_INSTANCE_ALWAYS = ("00080016", "00080018", "00200013", "00280010", "00280011", "00280100", "00280008")
# What a search may ask for and is not done here, with what the standard has said then (PS3.18 8.3.4.2, .5 and .6)
_NOT_DONE = {
    "fuzzymatching": "Only literal matching has been performed.",
    "emptyvaluematching": "Empty Value Matching has not been performed.",
    "multiplevaluematching": "Multiple Value Matching has not been performed.",
}
_WHOLE = re.compile(r"-?[0-9]{1,12}")
_OPTIONS = frozenset({"limit", "offset", "includefield", "accept", *_NOT_DONE})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks: matches by tag, more attributes to be told, how many and from where.

    `warnings`: what of it is not done, in the words of the standard.
    """

    matching: Mapping[str, str] = field(repr=False)
    fields: frozenset[str] = frozenset()
    everything: bool = False
    limit: int = _MOST
    offset: int = 0
    warnings: tuple[str, ...] = ()

    def holds(self, *levels: Mapping[str, Any]) -> bool:
        """Whether attributes, of the upper levels first, match."""
        return all(
            matches(next((one for one in reversed(levels) if tag in one), {}), tag, value)
            for tag, value in self.matching.items()
        )

    def page(self, answers: Sequence[Json]) -> list[Json]:
        """The part of the answers that was asked for."""
        return list(answers[self.offset : self.offset + min(self.limit, _MOST)])

    def told(self, attributes: Mapping[str, Any], always: Iterable[str], more: Iterable[str]) -> Json:
        """The attributes of one answer: those always told, those asked for, those matched."""
        wanted = {*always, *self.fields, *self.matching, *(more if self.everything else ())}
        return {tag: attributes[tag] for tag in sorted(wanted) if tag in attributes}


def asked_of(query: QueryParams) -> Asked:
    """Read the parameters. Raises HTTPException 400 for one that is not understood; values are not quoted."""
    matching, fields = {}, []
    for name, value in query.multi_items():
        if name == "includefield":
            fields += [one.strip() for one in value.split(",")]
        elif name not in _OPTIONS:
            tag = tag_of(name)
            if tag not in _MATCHED:
                raise HTTPException(
                    400, "a search matches attributes of the tables 10.6.3-3 to 10.6.3-5 of PS3.18 only"
                )
            matching[tag] = value.strip()
    limit, offset = (_number(query.get(name, ""), usual) for name, usual in (("limit", _MOST), ("offset", 0)))
    tags = frozenset(tag_of(one) for one in fields if one != "all") - {""}
    not_done = [name for name in _NOT_DONE if query.get(name, "").lower() == "true"]
    warnings = tuple(f"The {name} parameter is not supported. {_NOT_DONE[name]}" for name in not_done)
    return Asked(matching, tags, "all" in fields, limit, offset, warnings)


_MATCHED = frozenset({*STUDY, *SERIES, *INSTANCE, _MODALITIES})


def _number(text: str, usual: int) -> int:
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise HTTPException(400, "limit and offset are whole numbers from 0")
    return int(text)


def studies(found: Iterable[Held], asked: Asked, base: str) -> list[Json]:
    """The studies that match, the newest first."""
    answers = []
    for uid, members in _grouped(found, "study").items():
        known = {**_study(members), _RETRIEVE: _text("UR", f"{base}/studies/{uid}")}
        if _any(members, known, asked):
            more = ("00201206", "00201208", _MODALITIES, _ONLINE, _RETRIEVE)
            answers.append(asked.told(known, (*_STUDY_ALWAYS, *more), STUDY))
    return asked.page(sorted(answers, key=_when, reverse=True))


def series(found: Iterable[Held], asked: Asked, base: str, *, whole: bool) -> list[Json]:
    """The series that match; `whole`: of all studies, so that each is told with its study."""
    answers = []
    for uid, members in _grouped(found, "series").items():
        first = members[0]
        address = f"{base}/studies/{first.study}/series/{uid}"
        own = {**_of(members, SERIES), "00201209": _whole(len(members)), _RETRIEVE: _text("UR", address)}
        known = {**_study(members), **own}
        if _any(members, known, asked):
            always = (*_SERIES_ALWAYS, "00201209", _RETRIEVE, "0020000D", *(_STUDY_ALWAYS if whole else ()))
            answers.append(asked.told(known, always, (*STUDY, *SERIES)))
    return asked.page(sorted(answers, key=lambda one: _order(one, "00200011")))


def instances(found: Iterable[Held], asked: Asked, base: str, *, whole: bool) -> list[Json]:
    """The instances that match; `whole`: not of one series, so that each is told with its series and study."""
    answers = []
    for one in found:
        address = f"{base}/studies/{one.study}/series/{one.series}/instances/{one.instance}"
        known = {
            **one.attributes,
            _ONLINE: _text("CS", "ONLINE"),
            _SYNTAXES: _text("UI", one.syntax),
            _RETRIEVE: _text("UR", address),
        }
        if asked.holds({**known, _MODALITIES: known.get("00080060", {})}):
            always = (*_INSTANCE_ALWAYS, _ONLINE, _SYNTAXES, _RETRIEVE, "0020000D", "0020000E")
            above = (*_STUDY_ALWAYS, *_SERIES_ALWAYS) if whole else ()
            answers.append(asked.told(known, (*always, *above), (*STUDY, *SERIES, *INSTANCE)))
    return asked.page(sorted(answers, key=lambda one: _order(one, "00200013")))


def _grouped(found: Iterable[Held], level: str) -> dict[str, list[Held]]:
    groups: dict[str, list[Held]] = {}
    for one in found:
        groups.setdefault(getattr(one, level), []).append(one)
    return groups


def _of(members: Sequence[Held], tags: Sequence[str]) -> Json:
    first = members[0].attributes
    return {tag: first[tag] for tag in tags if tag in first}


def _study(members: Sequence[Held]) -> Json:
    kinds = sorted({value_of(one.attributes, "00080060") for one in members} - {""})
    return {
        **_of(members, STUDY),
        _MODALITIES: {"vr": "CS", "Value": kinds},
        _ONLINE: _text("CS", "ONLINE"),
        "00201206": _whole(len({one.series for one in members})),
        "00201208": _whole(len(members)),
    }


def _any(members: Sequence[Held], known: Json, asked: Asked) -> bool:
    """Whether one of the objects matches, together with what is known of all of them."""
    return any(asked.holds({**one.attributes, **known}) for one in members)


def _text(vr: str, value: str) -> Json:
    return {"vr": vr, "Value": [value]}


def _whole(value: int) -> Json:
    return {"vr": "IS", "Value": [value]}


def _when(one: Json) -> tuple[str, str]:
    return value_of(one, "00080020"), value_of(one, "00080030")


def _order(one: Json, tag: str) -> tuple[int, str]:
    words = words_of(one, tag)
    number = int(words[0]) if words and _WHOLE.fullmatch(words[0]) else 2**31
    return number, value_of(one, "00080018") or value_of(one, "0020000E")
