"""Reads back what `write_findings` wrote, also from among other resources, in bundles, reordered and added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from suwen.finding import Evidence, Finding, Maker
from suwen.formats.document import Place, finish
from suwen.formats.fhir.findings.addresses import TRANSLATION, Codes, Extensions, Identifiers
from suwen.formats.fhir.findings.claims import VERDICTS, Claim, FindingReport, ReviewSaid
from suwen.formats.fhir.findings.elements import (
    concept_of,
    extension_of,
    extensions_of,
    instant_of,
    number_of,
    percent_of,
    set_code_of,
    text_of,
)
from suwen.formats.fhir.findings.evidence import chance_of, evidence_of, region_of
from suwen.formats.fhir.findings.makers import maker_of, person_of
from suwen.formats.fhir.findings.references import Known
from suwen.formats.fhir.nouns import Json
from suwen.subject import Code, Kind, Reference

__all__ = ["read_findings"]

_CLAIM = "FHIR report of findings"
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {one.value: one for one in Kind}
_NOBODY = Maker("")


def read_findings(resources: Sequence[Json]) -> FindingReport:
    """Read the one report of findings among these resources, each of which may be a bundle.

    Raises:
        FormatError: there is no such report or more than one, or it cannot be read; with every problem and its path.

    """
    top = Place({}, "", [])
    known = Known(resources, top.problems)
    reports = [one for one in known.places if _is_report(one)]
    if len(reports) != 1:
        top.report("", f"{len(reports)} reports of findings where one is expected", "give one DiagnosticReport of them")
        finish(top, _CLAIM)
    report = _report(reports[0], known)
    finish(top, _CLAIM)
    return report


def _is_report(place: Place) -> bool:
    if place.get("resourceType") != "DiagnosticReport":
        return False
    code = place.inner("code")
    codings = code.entries("coding") if code is not None else []
    return any((one.get("system"), one.get("code")) == (Codes.DOCUMENT.value, "finding-report") for one in codings)


def _report(place: Place, known: Known) -> FindingReport:
    subject = place.inner("subject")
    patient = subject.text("reference") if subject is not None else ""
    at = instant_of(place, "issued")
    if not patient or at is None:
        place.report("", "a report of findings needs a subject and the instant it was issued")
    readers = [_Reader(one, known) for one in _claims(place, known)]
    readers.sort(key=lambda one: one.rank)
    claims = [one.read() for one in readers]  # for each that cannot be read a problem is reported: none is passed over
    return FindingReport(patient, at or _1970, tuple(one for one in claims if one is not None), _title(place))


def _claims(place: Place, known: Known) -> list[Place]:
    found = []
    for one in extensions_of(place, Extensions.FINDING):
        claim = known.find(one.inner("valueReference"), place)
        if claim is not None:
            found.append(claim)
    return found


def _title(place: Place) -> dict[str, str]:
    code = place.inner("code")
    english = code.text("text") if code is not None else ""
    if code is None or not english:
        return {}
    beside = code.inner("_text")
    tags = [extension_of(one, "lang") for one in extensions_of(beside, TRANSLATION)]
    langs = [one.text("valueCode") for one in [*tags, *extensions_of(beside, Extensions.UNSAID)] if one is not None]
    return {"en": english, **{lang: text_of(code, "text", lang) for lang in langs if lang != "en"}}


@dataclass(slots=True)
class _Reader:
    """One claim: the resource it stands in, and the extension that says it is a claim."""

    place: Place
    known: Known
    held: Place | None = field(init=False)

    def __post_init__(self) -> None:
        self.held = extension_of(self.place, Extensions.CLAIM)

    @property
    def rank(self) -> int:
        """Where the claim stands among the others."""
        part = extension_of(self.held, "rank")
        return (number_of(part, "valuePositiveInt") if part is not None else None) or 0

    def read(self) -> Claim | None:
        """Read the claim in every language; None, with the problems reported, where it cannot be read."""
        before = len(self.place.problems)
        if self.held is None:
            self.place.report("extension", "a finding of the report does not say that it is a claim")
            return None
        finding = self._finding("")
        langs = [one.text("valueCode") for one in extensions_of(self.held, "language")]
        if finding is None or len(self.place.problems) > before:
            if len(self.place.problems) == before:
                self.place.report("", "a finding cannot be read")
            return None
        words = {lang: worded for lang in langs if lang and (worded := self._finding(lang)) is not None}
        claim = self._claim(finding, words)
        return claim if len(self.place.problems) == before else None

    def _claim(self, finding: Finding, words: dict[str, Finding]) -> Claim:
        ids = [one for one in self.place.entries("identifier") if one.get("system") == Identifiers.CLAIM.value]
        urgency, at = self._part("urgency"), self._part("at")
        return Claim(
            id=(ids[0].text("value") if ids else "") or self.place.text("id"),
            finding=finding,
            words=words,
            verdict=self._verdict(self.held) if self._part("verdict") is not None else "",
            reviews=tuple(self._review(one) for one in extensions_of(self.place, Extensions.REVIEW)),
            urgency=(number_of(urgency, "valueInteger") if urgency is not None else None) or 0,
            area=self._text("area"),
            standing=self._standing(),
            at=instant_of(at, "valueInstant") if at is not None else None,
        )

    def _part(self, name: str) -> Place | None:
        return extension_of(self.held, name)

    def _text(self, name: str) -> str:
        part = self._part(name)
        return part.text("valueString") if part is not None else ""

    def _standing(self) -> bool:
        part = self._part("standing")
        return part.flag("valueBoolean") if part is not None else True

    def _finding(self, lang: str) -> Finding | None:
        code, known = self._outcome(lang)
        chance = chance_of(self.place, known, lang)
        evidence = self._evidence(lang)
        region = extension_of(self.place, Extensions.REGION)
        reviewed = self._part("reviewedBy")
        if code is None or chance is None or not evidence:
            self.place.report("", "a finding needs a known code, a chance that can be one, and evidence")
            return None
        return Finding(
            subject=self._subject(),
            code=code,
            chance=chance,
            evidence=evidence,
            maker=self._maker(self._part("maker")),
            region=region_of(region) if region is not None else None,
            reviewed_by=self._maker(reviewed) if reviewed is not None else None,
        )

    def _outcome(self, lang: str) -> tuple[Code | None, float | None]:
        """The code and, of a RiskAssessment, the value of the chance."""
        if self.place.get("resourceType") != "RiskAssessment":
            return concept_of(self.place.inner("code"), lang), None
        for prediction in self.place.entries("prediction"):  # others may have added theirs: ours holds our coding
            code = concept_of(prediction.inner("outcome"), lang)
            if code is not None:
                return code, percent_of(prediction, "probabilityDecimal")
        return None, None

    def _evidence(self, lang: str) -> tuple[Evidence, ...]:
        found = [evidence_of(one, lang) for one in extensions_of(self.place, Extensions.EVIDENCE)]
        return tuple(one for one in found if one is not None)

    def _subject(self) -> Reference:
        kind = _KINDS.get(set_code_of(self._part("subjectKind"), Codes.SUBJECT))
        if kind is None:
            self.place.report("extension", "a claim does not say what kind of subject it is about")
        return Reference(kind or Kind.PATIENT, self._text("subjectId"))

    def _maker(self, part: Place | None) -> Maker:
        found = self._agent(part)
        return maker_of(found) if found is not None else _NOBODY

    def _agent(self, part: Place | None) -> Place | None:
        if part is None:
            self.place.report("extension", "it does not say by whom it is")
            return None
        return self.known.find(part.inner("valueReference"), self.place)

    def _verdict(self, held: Place | None) -> str:
        verdict = set_code_of(extension_of(held, "verdict"), Codes.VERDICT)
        if verdict not in VERDICTS:
            self.place.report("extension", "a verdict that is not known here")
        return verdict

    def _review(self, place: Place) -> ReviewSaid:
        by, when, reason = (extension_of(place, name) for name in ("by", "at", "reason"))
        person = self._agent(by)
        at = instant_of(when, "valueInstant") if when is not None else None
        if at is None:
            place.report("", "a review needs the instant it was given")
        name, account = person_of(person) if person is not None else ("", "")
        said = reason.text("valueString") if reason is not None else ""
        return ReviewSaid(self._verdict(place), said, name, account, at or _1970)
