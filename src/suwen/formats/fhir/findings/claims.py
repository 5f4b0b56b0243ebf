"""The nouns of findings that go out as FHIR: a report of claims, each with what people said of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from suwen.errors import InputError, Problem
from suwen.finding import Finding
from suwen.formats.document import MAX_TEXT, is_clean
from suwen.subject import Atoms, Code, Region

__all__ = ["VERDICTS", "Claim", "FindingReport", "ReviewSaid", "require_writable"]

VERDICTS = ("confirmed", "amended", "rejected")

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_INTEGER = range(-(2**31), 2**31)  # FHIR's integer
_Path = str


@dataclass(frozen=True, slots=True)
class ReviewSaid:
    """A person's verdict on a claim, one of `VERDICTS`: `by_id` is the account, `at` aware and in UTC."""

    verdict: str
    reason: str = field(repr=False)
    by_name: str
    by_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding on its way out.

    `id` names it for good, so that the same claim sent again is the same resource. `words` holds the finding in other
    languages than English ("zh"); they differ from it in labels, sentences, sources and calibration only. `verdict` is
    one of `VERDICTS` or "" for none. `urgency`: 3 at once, 2 today, 1 soon, 0 for consideration. `area` made it, ""
    where it was filed by hand. `standing` is False when the area no longer makes the claim. `at`: when it was made.
    """

    id: str
    finding: Finding
    words: Mapping[str, Finding] = field(default_factory=dict)
    verdict: str = ""
    reviews: tuple[ReviewSaid, ...] = ()
    urgency: int = 0
    area: str = ""
    standing: bool = True
    at: datetime | None = None

    @property
    def by_language(self) -> dict[str, Finding]:
        """The finding as it is under "", and in each other language under its tag."""
        return {"": self.finding, **self.words}

    def worded(self, lang: str) -> Finding:
        """The finding in a language; in English where it was not worded in that one."""
        return self.words.get(lang, self.finding)


@dataclass(frozen=True, slots=True)
class FindingReport:
    """Claims about one patient in the order of what matters most.

    `patient_reference` is a FHIR reference (`Patient/7f3a` or the address in a bundle), `at` when the report was made,
    aware and in UTC. `title` holds a heading by language; where there is one, there is one in English ("en").
    """

    patient_reference: str
    at: datetime
    findings: tuple[Claim, ...]
    title: Mapping[str, str] = field(default_factory=dict)


def require_writable(report: FindingReport) -> None:
    """Raise InputError, with every problem and its path, for what FHIR cannot hold or could not give back unchanged."""
    problems = [*_unfit(report, ""), *_unfit_report(report)]
    for index, claim in enumerate(report.findings):
        problems += _unfit_claim(claim, f"findings[{index}]")
    if problems:
        raise InputError("the findings cannot be written as FHIR", problems)


def _unfit_report(report: FindingReport) -> Iterator[Problem]:
    if not report.patient_reference or re.search(r"\s", report.patient_reference):
        yield Problem("patient_reference", "not a FHIR reference", "write it like Patient/7f3a")
    if report.title and not report.title.get("en"):
        yield Problem("title", "a title needs its English form", 'give it under "en"')
    ids = [claim.id for claim in report.findings]
    if len(set(ids)) < len(ids):
        yield Problem("findings", "two claims have the same id")


def _unfit_claim(claim: Claim, path: _Path) -> Iterator[Problem]:
    if not claim.id:
        yield Problem(f"{path}.id", "a claim needs an id")
    if claim.urgency not in range(4):
        yield Problem(f"{path}.urgency", "not 0, 1, 2 or 3")
    verdicts = [claim.verdict or VERDICTS[0], *(one.verdict for one in claim.reviews)]
    if not set(verdicts) <= set(VERDICTS):
        yield Problem(path, "a verdict is not one that is known", f"use {', '.join(VERDICTS)}")
    for lang, finding in claim.words.items():
        if _wordless(finding) != _wordless(claim.finding):
            yield Problem(f"{path}.words.{lang}", "differs from the finding in more than its words")


def _wordless(finding: Finding) -> Finding:
    """Without what may differ by language; labels do not count, since codes compare without them."""
    evidence = tuple(replace(one, sentence="-", source="-") for one in finding.evidence)
    return replace(finding, chance=replace(finding.chance, calibration=""), evidence=evidence)


def _unfit(value: Any, path: _Path) -> Iterator[Problem]:
    """Every text, number and time in a tree of nouns that FHIR's JSON has no place for."""
    if isinstance(value, str | float | int | datetime):
        what = _unfit_leaf(value)
        if what:
            yield Problem(path, what)
    for name, inner in _members(value):
        yield from _unfit(inner, f"{path}{name}".lstrip("."))
    if isinstance(value, Code | Region | Atoms) and value in (Code(""), Region("", (), ()), Atoms("", ())):
        yield Problem(path, "there is nothing in it", "say which code, image or molecule it is")
    if isinstance(value, Mapping) and not all(map(_LANGUAGE.fullmatch, value)):
        yield Problem(path, "a key is not a language tag", 'use one like "zh"')


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """What a noun, a tuple or a mapping holds, each with its step in the path."""
    if isinstance(value, tuple):
        yield from ((f"[{index}]", one) for index, one in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((f".{name}", one) for name, one in value.items())
    elif is_dataclass(value):
        yield from ((f".{one.name}", getattr(value, one.name)) for one in fields(value))


def _unfit_leaf(value: str | float | datetime) -> str:
    match value:
        case str():
            return _unfit_text(value)
        case float():
            return "" if math.isfinite(value) else "not a finite number"
        case int():
            return "" if value in _INTEGER else "a whole number of more than 32 bits"
        case _:
            return "" if value.utcoffset() == timedelta(0) else "a time that does not say that it is UTC"


def _unfit_text(text: str) -> str:
    if not is_clean(text):
        return "text contains control characters or half of a surrogate pair"
    if len(text) > MAX_TEXT:
        return f"text of {len(text)} characters; at most {MAX_TEXT} are accepted"
    # FHIR: text is absent or has something to read; receivers may trim the rest away, with it what it meant.
    return "text of blanks only" if text and not text.strip().strip("\ufeff") else ""
