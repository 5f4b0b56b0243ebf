"""Reads criteria, format 1, from JSON or YAML: parsed and checked as a whole, no code, all problems at once.

    format: 1
    name: diabetes in adults
    index: {first: {condition: {code: "SNOMEDCT:44054006"}}}    # or last, or date; default: the day of the selection
    all:                                                        # and any, none; each holds conditions or such groups
      - age: {from: 18}
      - observation: {code: "LOINC:4548-4", is: ">=", value: 6.5, unit: "%", within_days: 365}
    features: [sex, age_band, {name: hba1c, last: {code: "LOINC:4548-4", unit: "%"}}]    # quasi: true at any of these
    label: {finding: {code: "OMIM:154700"}}
    texts: {code: "LOINC:34133-9"}
    k: 5

To change what something means, raise the number and keep this reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from suwen.cohort.asked import WINDOW, Asked
from suwen.cohort.columns import Age, AgeBand, Column, Count, IndexDay, Last, Present, SexColumn, Since
from suwen.cohort.criteria import Criteria, Group, IndexRule
from suwen.cohort.leaves import (
    COMPARED,
    AgeIs,
    Consented,
    Dated,
    HasCoded,
    HasDocument,
    HasFinding,
    HasResult,
    Leaf,
    NewerThan,
    SexIs,
)
from suwen.errors import FormatError, InputError
from suwen.formats.decode import decode, parse_json, parse_yaml

__all__ = ["parse_criteria", "read_criteria"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = frozenset({"id", "name", "label", "labels", "class", "target", "group", "patient", "split", "fold", "set"})
# Age; age reported; age at the time of a study: LOINC codes whose value is an age.
_AGES = frozenset({"LOINC:30525-0", "LOINC:21612-7", "LOINC:29553-5", "LOINC:63900-5", "LOINC:21611-9"})
_DEEPEST = 20
_MOST = 500  # conditions and columns
_GROUP = ("all", "any", "none")


def read_criteria(data: bytes) -> Criteria:
    """Criteria from the bytes of a file. Raises FormatError (neither JSON nor YAML), InputError with every problem."""
    text = decode(data).lstrip("\ufeff")
    if text.lstrip().startswith("{"):
        return parse_criteria(parse_json(text))
    documents = parse_yaml(text)
    if len(documents) != 1:
        raise FormatError("the criteria are one YAML document; this file holds none or several")
    return parse_criteria(documents[0])


def parse_criteria(document: Any) -> Criteria:
    """Criteria from a parsed document (objects, lists, texts, numbers). Raises InputError with every problem."""
    asked = Asked(document, "", [])
    known = ("format", "name", "index", *_GROUP, "features", "label", "texts", "k")
    if not asked.only(*known, needed=("format", "features")):
        raise InputError("criteria are an object with format, all, any, none and features")
    if "format" in asked.members and str(asked.members["format"]) != "1":
        asked.inner("format").report("is not 1", "a newer format needs a newer Suwen")
    columns = _columns(asked)
    criteria = Criteria(
        written=asked.members,
        fits=_group(asked, 0),
        index=_index(asked.inner("index")),
        columns=columns,
        label=None if asked.inner("label").value is None else Present("label", _leaf(asked.inner("label"), 0)),
        texts=_texts(asked.inner("texts")),
        least=asked.whole("k", 1, 1000, default=1),
        wanted=tuple(asked.wanted),
    )
    asked.text("name")
    if criteria.index.event is None and any(isinstance(one, IndexDay) for one in columns):
        # The day is the same for all and known, so beside it the shifted one would tell by how much it was shifted.
        asked.inner("features").report("index_date needs an index that is an event", "index: {first: ...}, or leave it")
    asked.finish("the criteria cannot be used:")
    return criteria


# Conditions


def _group(asked: Asked, depth: int) -> Group:
    if depth > _DEEPEST:
        asked.report(f"groups are nested deeper than {_DEEPEST}")
        return Group()
    found = {name: [_leaf(one, depth + 1) for one in asked.entries(name)] for name in _GROUP}
    if sum(map(len, found.values())) > _MOST:
        asked.report(f"holds more than {_MOST} conditions")
    return Group(*(tuple(found[name]) for name in _GROUP))


def _leaf(asked: Asked, depth: int) -> Leaf:
    """One condition, an object with one member; or a group. What is unusable is reported, and something stands in."""
    if isinstance(asked.value, str):  # `consent` needs no more words
        asked = Asked({asked.value: {}}, asked.path, asked.problems, asked.wanted)
    names = list(asked.members)
    if names and set(names) <= set(_GROUP):
        return _group(asked, depth)
    if len(names) != 1 or names[0] not in LEAVES:
        known = ", ".join((*LEAVES, *_GROUP))
        asked.report("is no condition", f"an object with one of {known}")
        return Group()
    return LEAVES[names[0]](asked.inner(names[0]))


def _sex(asked: Asked) -> Leaf:
    said = asked.value if isinstance(asked.value, list) else [asked.value]
    known = {"female", "male", "other", "unknown"}
    if not said or any(not isinstance(one, str) or one not in known for one in said):
        asked.report("is no sex", f"known are {', '.join(sorted(known))}")
        return SexIs(frozenset())
    return SexIs(frozenset(said))


def _age(asked: Asked) -> Leaf:
    asked.only("from", "to")
    low, high = asked.whole("from", 0, 150, default=0), asked.whole("to", 0, 150, default=150)
    asked.require("from lies above to", holds=low <= high)
    return AgeIs(low, high)


def _coded(what: str) -> Callable[[Asked], Leaf]:
    def read(asked: Asked) -> Leaf:
        if not asked.only("code", "prefix", "narrower", *WINDOW):
            return Group()
        return HasCoded(what, asked.code(), asked.window())

    return read


def _result(asked: Asked) -> HasResult:
    if not asked.only("code", "prefix", "narrower", "is", "value", "unit", *WINDOW):
        return HasResult(asked.code())
    wanted, window, unit = asked.code(), asked.window(), asked.unit("unit")
    if "is" not in asked.members and "value" not in asked.members:
        return HasResult(wanted, unit=unit, window=window)
    compare, value = asked.choice("is", *COMPARED), asked.number("value")
    if "unit" not in asked.members:
        asked.inner("unit").report("is missing", 'a value has a unit (UCUM); "1" where it has none')
    return HasResult(wanted, compare, value, unit, window)


def _document(asked: Asked) -> HasDocument:
    if not asked.only("code", "prefix", "narrower", *WINDOW):
        return HasDocument()
    coded = "code" in asked.members or "prefix" in asked.members
    return HasDocument(asked.code() if coded else None, asked.window())


def _finding(asked: Asked) -> Leaf:
    if not asked.only("code", "prefix", "narrower", "holds", *WINDOW):
        return Group()
    return HasFinding(asked.code(), asked.flag("holds", default=True), asked.window())


def _newer(asked: Asked) -> Leaf:
    asked.only("than", needed=("than",))
    day = asked.day("than")
    return NewerThan(day) if day else Group()


def _consent(asked: Asked) -> Leaf:
    asked.require("takes no members; write consent: {}", holds=not asked.members and asked.value in ({}, None, True))
    return Consented()


LEAVES: MappingProxyType[str, Callable[[Asked], Leaf]] = MappingProxyType(
    {
        "sex": _sex,
        "age": _age,
        "condition": _coded("condition"),
        "procedure": _coded("procedure"),
        "medication": _coded("medication"),
        "immunisation": _coded("immunisation"),
        "allergy": _coded("allergy"),
        "observation": _result,
        "document": _document,
        "finding": _finding,
        "newer": _newer,
        "consent": _consent,
    }
)
_DATED = ("condition", "procedure", "medication", "immunisation", "allergy", "observation", "document")


def _dated(asked: Asked) -> Dated | None:
    """A condition about something that happened on days."""
    names = list(asked.members)
    if len(names) != 1 or names[0] not in _DATED:
        asked.report("is nothing that happens on a day", f"an object with one of {', '.join(_DATED)}")
        return None
    leaf = LEAVES[names[0]](asked.inner(names[0]))
    return leaf if isinstance(leaf, HasCoded | HasResult | HasDocument) else None


def _index(asked: Asked) -> IndexRule:
    if asked.value is None:
        return IndexRule()
    asked.only("first", "last", "date")
    if len(asked.members) != 1:
        asked.report("names one of first, last and date")
        return IndexRule()
    if "date" in asked.members:
        return IndexRule(day=asked.day("date"))
    name = "first" if "first" in asked.members else "last"
    event = _dated(asked.inner(name))
    if event is not None and event.window.within is not None:
        asked.inner(name).report("within_days counts from the index date, and cannot decide it")
    return IndexRule(event=event, is_first=name == "first")


def _texts(asked: Asked) -> HasDocument | None:
    return None if asked.value is None else _document(asked)


# Columns


def _columns(asked: Asked) -> tuple[Column, ...]:
    found = [one for each in asked.entries("features") if (one := _column(each)) is not None]
    names = [one.name for one in found]
    for name in sorted({one for one in names if names.count(one) > 1}):
        asked.inner("features").report(f"two columns are called {name}", "give each a name of its own")
    if not asked.members.get("features", [0]) or len(found) > _MOST:
        asked.inner("features").report(f"names no column, or more than {_MOST}")
    return tuple(found)


def _column(asked: Asked) -> Column | None:
    plain: dict[str, Column] = {"sex": SexColumn(), "age": Age(), "age_band": AgeBand(), "index_date": IndexDay()}
    if isinstance(asked.value, str):
        if asked.value not in plain:
            asked.report("is no column", f"one of {', '.join(plain)}, or an object with one of {', '.join(_WORKED)}")
        return plain.get(asked.value)
    if list(asked.members) == ["age_band"]:
        return AgeBand(asked.whole("age_band", 1, 50, default=5))
    kinds = [one for one in asked.members if one in _WORKED]
    if not asked.only("name", "quasi", *_WORKED, needed=("name",)) or len(kinds) != 1:
        asked.report("is no column", f"a name, and one of {', '.join(_WORKED)}")
        return None
    name = asked.text("name")
    if not _NAME.fullmatch(name) or name in _TAKEN:
        asked.inner("name").report(
            "cannot name a column", "small letters, digits and _, and not id, label, patient ..."
        )
    is_quasi = asked.flag("quasi", default=False)
    return _WORKED[kinds[0]](name, is_quasi, asked.inner(kinds[0]))


def _last(name: str, is_quasi: bool, asked: Asked) -> Column:
    found = _result(asked)
    if not found.unit:
        asked.inner("unit").report("is missing", "say in which unit (UCUM) the values go out")
    if found.wanted.prefix or found.wanted.code in _AGES:  # an age over 89 must not go out as a result
        asked.report("is an age, or may be one of several results", "name one result, or the columns age, age_band")
    return Last(name, found, is_quasi)


def _counted(name: str, is_quasi: bool, asked: Asked) -> Column | None:
    event = _dated(asked)
    return None if event is None else Count(name, event, is_quasi)


def _since(name: str, is_quasi: bool, asked: Asked) -> Column | None:
    event = _dated(asked)
    return None if event is None else Since(name, event, is_quasi)


_WORKED: MappingProxyType[str, Callable[[str, bool, Asked], Column | None]] = MappingProxyType(
    {
        "present": lambda name, is_quasi, asked: Present(name, _leaf(asked, 0), is_quasi),
        "last": _last,
        "count": _counted,
        "since": _since,
    }
)
