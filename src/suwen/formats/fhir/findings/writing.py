"""Writes findings as FHIR R4 resources that `read_findings` gives back unchanged, and that others can show.

What a finding becomes stands in `KINDS`. Its status tells where it stands, not whether it was right:

- `final`: the claim as made. It stays so when a clinician rejects it: the record of what the software said is still
  true, and the rejection stands beside it. `entered-in-error` would say that the software never said it.
- `amended`: a clinician put it right; the resource holds it as amended.
- `cancelled`: the software no longer makes the claim.

An Observation carries no value, and says so (`dataAbsentReason` as-text): a chance has not been observed, and a system
that knows no extension must not take it for a measurement or for a feature that is present.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from suwen.finding import Evidence
from suwen.formats.fhir.findings.addresses import Codes, Extensions, Identifiers
from suwen.formats.fhir.findings.claims import Claim, FindingReport, ReviewSaid, require_writable
from suwen.formats.fhir.findings.elements import concept_to, instant_to, nested, percent_to, text_to, value
from suwen.formats.fhir.findings.evidence import chance_to, evidence_to, region_to
from suwen.formats.fhir.findings.makers import Agent, agents_of, agents_to, fhir_id, maker_agent, reviewer_agent
from suwen.formats.fhir.findings.telling import require_language, tell_agent, tell_claim, tell_provenance, tell_report
from suwen.formats.fhir.nouns import Json
from suwen.subject import Code, Region, Span

__all__ = ["KINDS", "kind_of", "write_findings"]

# Which resource a finding becomes, by its whole code or else the prefix of it; every other is an Observation.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("OMIM", "ORPHA", "MONDO", "DECIPHER", "ICD10", "ICD10CM", "ICD11"), "RiskAssessment"),
        "suwen:none-of-these": "RiskAssessment",  # the chance that it is none of the diseases weighed
        "suwen-issue": "DetectedIssue",  # something in the record itself: a contradiction, a danger, a gap
    }
)
_SEVERITIES = ("low", "moderate", "high", "high")  # of a DetectedIssue, by urgency
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_POINTED = (  # what a source or document may be, when it looks like a reference: "GeneReviews/NBK1335" is none
    *("AllergyIntolerance", "Condition", "DiagnosticReport", "DocumentReference", "Encounter", "FamilyMemberHistory"),
    *("ImagingStudy", "Immunization", "Media", "MedicationAdministration", "MedicationRequest", "MedicationStatement"),
    *("Observation", "Patient", "Procedure", "QuestionnaireResponse", "ServiceRequest"),
)
_REFERENCE = re.compile(rf"(?:{'|'.join(_POINTED)})/[A-Za-z0-9.-]{{1,64}}", re.ASCII)
_DERIVED = ("DocumentReference/", "ImagingStudy/", "Media/", "Observation/", "QuestionnaireResponse/")


def kind_of(code: Code) -> str:
    """The type of resource that a finding with this code becomes."""
    return KINDS.get(code.value) or KINDS.get(code.system, "Observation")


def write_findings(report: FindingReport, *, lang: str = "en") -> list[Json]:
    """The resources of a report, those that others refer to first; `lang` is the language of their narratives.

    The same claim always has the same id, so that a server that is sent it again updates it.

    Raises:
        InputError: something that FHIR cannot hold or could not give back unchanged, with every problem and its path;
            or a language that narratives are not written in.

    """
    require_language(lang)
    require_writable(report)
    makers, reviewers = agents_of(report.findings)
    people = agents_to((*makers, *reviewers), {one: tell_agent(one, lang) for one in (*makers, *reviewers)})
    claims = [_claim(report, rank, lang) for rank in range(len(report.findings))]
    gathered = _report(report, claims, lang)
    provenance = [_provenance(report, [*claims, gathered], lang)] if claims else []
    return [*people, *claims, gathered, *provenance]


def _claim(report: FindingReport, rank: int, lang: str) -> Json:
    claim = report.findings[rank]
    kind = kind_of(claim.finding.code)
    made = {
        "resourceType": kind,
        "id": fhir_id(claim.id),
        "text": tell_claim(claim, lang),
        "extension": _extensions(claim, rank, valued=kind != "RiskAssessment"),
        "identifier": [{"system": Identifiers.CLAIM.value, "value": claim.id}],
        "status": _status(claim),
    }
    return made | _WRITERS[kind](claim, _reference(report.patient_reference))


def _status(claim: Claim) -> str:
    if not claim.standing:
        return "cancelled"
    return "amended" if claim.verdict == "amended" else "final"


def _extensions(claim: Claim, rank: int, *, valued: bool) -> list[Json]:
    several = claim.by_language
    evidence = [
        evidence_to({lang: one.evidence[index] for lang, one in several.items()})
        for index in range(len(claim.finding.evidence))
    ]
    region = claim.finding.region
    return [
        _claim_extension(claim, rank),
        *chance_to({lang: one.chance for lang, one in several.items()}, valued=valued),
        *([region_to(region)] if region is not None else []),
        *evidence,
        *(_review(one) for one in claim.reviews),
    ]


def _claim_extension(claim: Claim, rank: int) -> Json:
    finding = claim.finding
    parts = [
        value("rank", valuePositiveInt=rank + 1),
        value("subjectKind", valueCoding={"system": Codes.SUBJECT.value, "code": finding.subject.kind.value}),
        value("maker", valueReference=_reference(maker_agent(claim).reference)),
        value("urgency", valueInteger=claim.urgency),
        value("standing", valueBoolean=claim.standing),
        *(value("language", valueCode=lang) for lang in claim.words),
    ]
    parts += [value("subjectId", valueString=finding.subject.id)] if finding.subject.id else []
    parts += [value("area", valueString=claim.area)] if claim.area else []
    parts += [value("verdict", valueCoding=_verdict(claim.verdict))] if claim.verdict else []
    parts += [value("at", valueInstant=instant_to(claim.at))] if claim.at is not None else []
    if finding.reviewed_by is not None:
        parts.append(value("reviewedBy", valueReference=_reference(reviewer_agent(finding.reviewed_by).reference)))
    return nested(Extensions.CLAIM, *parts)


def _review(said: ReviewSaid) -> Json:
    parts = [
        value("verdict", valueCoding=_verdict(said.verdict)),
        value("by", valueReference=_reference(reviewer_agent(said).reference)),
        value("at", valueInstant=instant_to(said.at)),
    ]
    return nested(Extensions.REVIEW, *parts, *([value("reason", valueString=said.reason)] if said.reason else []))


def _verdict(verdict: str) -> Json:
    return {"system": Codes.VERDICT.value, "code": verdict}


def _reference(reference: str) -> Json:
    return {"reference": reference}


# Each type of resource has its own names for the same things


def _risk(claim: Claim, patient: Json) -> Json:
    outcome: Json = {"outcome": concept_to(_codes(claim))}
    chance = claim.finding.chance.value
    if chance is not None:
        outcome["probabilityDecimal"] = percent_to(chance)  # of 100: constraint ras-2
    made: Json = {"subject": patient, "performer": _reference(maker_agent(claim).reference)}
    made |= {"occurrenceDateTime": instant_to(claim.at)} if claim.at is not None else {}
    grounds = _grounds(claim)
    made |= {"basis": grounds} if grounds else {}
    return made | {"prediction": [outcome | text_to("rationale", _sentences(claim))]}


def _observation(claim: Claim, patient: Json) -> Json:
    agent = maker_agent(claim)
    maker = _reference(agent.reference)
    made: Json = {"code": concept_to(_codes(claim)), "subject": patient}
    made |= {"issued": instant_to(claim.at)} if claim.at is not None else {}
    made |= {"performer": [maker]} if agent.person else {"device": maker}
    made["dataAbsentReason"] = {"coding": [{"system": _ABSENT, "code": "as-text"}]}
    made["note"] = [text_to("text", _sentences(claim))]
    derived = [one for one in _grounds(claim) if one["reference"].startswith(_DERIVED)]
    return made | ({"derivedFrom": derived} if derived else {})


def _issue(claim: Claim, patient: Json) -> Json:
    made: Json = {"code": concept_to(_codes(claim)), "severity": _SEVERITIES[claim.urgency], "patient": patient}
    made |= {"identifiedDateTime": instant_to(claim.at)} if claim.at is not None else {}
    made["author"] = _reference(maker_agent(claim).reference)
    grounds = _grounds(claim)
    made |= {"evidence": [{"detail": grounds}]} if grounds else {}
    return made | text_to("detail", _sentences(claim))


_WRITERS = MappingProxyType({"RiskAssessment": _risk, "Observation": _observation, "DetectedIssue": _issue})


def _codes(claim: Claim) -> dict[str, Code]:
    return {lang: one.code for lang, one in claim.by_language.items()}


def _sentences(claim: Claim) -> dict[str, str]:
    """The strongest reason, by language."""
    return {lang: max(one.evidence, key=_strength).sentence for lang, one in claim.by_language.items()}


def _strength(evidence: Evidence) -> float:
    return abs(evidence.weight)


def _grounds(claim: Claim) -> list[Json]:
    """The resources that the evidence points at, or gives as its source."""
    named = [name for one in claim.finding.evidence for name in (_pointed(one.seen), *one.source.split(", "))]
    return [_reference(one) for one in dict.fromkeys(named) if _REFERENCE.fullmatch(one)]


def _pointed(seen: object) -> str:
    match seen:
        case Span():
            return seen.document
        case Region():
            return seen.image
    return ""


# The report and where it comes from


def _report(report: FindingReport, claims: list[Json], lang: str) -> Json:
    told = [_reference(f"{one['resourceType']}/{one['id']}") for one in claims]
    results = [one for one in told if one["reference"].startswith("Observation/")]
    kind = {"coding": [{"system": Codes.DOCUMENT.value, "code": "finding-report"}]}
    titles = {"": report.title.get("en", ""), **{lang: text for lang, text in report.title.items() if lang != "en"}}
    named = sha256("\x1f".join((report.patient_reference, instant_to(report.at))).encode()).hexdigest()
    made: Json = {"resourceType": "DiagnosticReport", "id": named[:32], "text": tell_report(report, lang)}
    made |= {"extension": [value(Extensions.FINDING, valueReference=one) for one in told]} if told else {}
    made |= {"status": "final", "code": kind | text_to("text", titles, every=True)}
    made |= {"subject": _reference(report.patient_reference), "issued": instant_to(report.at)}
    return made | ({"result": results} if results else {})


def _provenance(report: FindingReport, targets: list[Json], lang: str) -> Json:
    makers, reviewers = agents_of(report.findings)
    digests = dict.fromkeys(one.maker.data_digest for one in (*makers, *reviewers) if one.maker.data_digest)
    sources = [{"identifier": {"system": Identifiers.DATA_DIGEST.value, "value": one}} for one in digests]
    agents = [_agent(one, "author") for one in makers] + [_agent(one, "verifier") for one in reviewers]
    made: Json = {
        "resourceType": "Provenance",
        "id": f"{targets[-1]['id']}-provenance",
        "text": tell_provenance(lang),
        "target": [_reference(f"{one['resourceType']}/{one['id']}") for one in targets],
        "recorded": instant_to(report.at),
        "agent": agents,
    }
    return made | ({"entity": [{"role": "source", "what": one} for one in sources]} if sources else {})


def _agent(agent: Agent, role: str) -> Json:
    return {"type": {"coding": [{"system": _PARTICIPATION, "code": role}]}, "who": _reference(agent.reference)}
