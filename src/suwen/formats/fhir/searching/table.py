"""The search parameters of FHIR R4 that are answered here: name, kind and elements, for each type of resource.

Taken from R4's own definitions (https://hl7.org/fhir/R4/searchparameter-registry.html). Left out: `phonetic` of Patient
(no published algorithm), and SampledData as a value of quantities (R4 does not say how a curve compares with a
number). A choice of types stands as the elements it may be (`onsetAge|onsetRange`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType

__all__ = ["TYPES", "Kind", "Parameter", "parameters"]


class Kind(Enum):
    """How a parameter's values are written and compared (https://hl7.org/fhir/R4/search.html#ptypes)."""

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    TOKEN = "token"  # noqa: S105  the name R4 gives it; nothing secret
    REFERENCE = "reference"
    QUANTITY = "quantity"
    URI = "uri"
    COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: `paths` are element names from the resource down.

    `telecom[system=phone]` keeps only entries with that value, `deceased?` asks whether the choice is there and not
    false. `target` is the one type that a reference must point at, "" for any. A composite's `parts` are looked for in
    the same element of `paths`, where `.` is the resource itself.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    target: str = ""
    parts: tuple[Parameter, ...] = ()


# Entries: name, kind, elements separated by |, and > before the one type a reference must point at; for a composite,
# kind and elements of each part.
_EVERY = """
_id token id; _lastUpdated date meta.lastUpdated; _profile uri meta.profile; _security token meta.security
_source uri meta.source; _tag token meta.tag
"""
_TABLE = {
    "Patient": """
active token active; address string address; address-city string address.city
address-country string address.country; address-postalcode string address.postalCode
address-state string address.state; address-use token address.use; birthdate date birthDate
death-date date deceasedDateTime; deceased token deceased?; email token telecom[system=email]
family string name.family; gender token gender; general-practitioner reference generalPractitioner
given string name.given; identifier token identifier; language token communication.language
link reference link.other; name string name; organization reference managingOrganization
phone token telecom[system=phone]; telecom token telecom
""",
    "Encounter": """
account reference account; appointment reference appointment; based-on reference basedOn; class token class
date date period; diagnosis reference diagnosis.condition; episode-of-care reference episodeOfCare
identifier token identifier; length quantity length; location reference location.location
location-period date location.period; part-of reference partOf; participant reference participant.individual
participant-type token participant.type; patient reference subject >Patient
practitioner reference participant.individual >Practitioner; reason-code token reasonCode
reason-reference reference reasonReference; service-provider reference serviceProvider
special-arrangement token hospitalization.specialArrangement; status token status; subject reference subject
type token type
""",
    "Condition": """
abatement-age quantity abatementAge|abatementRange; abatement-date date abatementDateTime|abatementPeriod
abatement-string string abatementString; asserter reference asserter; body-site token bodySite
category token category; clinical-status token clinicalStatus; code token code; encounter reference encounter
evidence token evidence.code; evidence-detail reference evidence.detail; identifier token identifier
onset-age quantity onsetAge|onsetRange; onset-date date onsetDateTime|onsetPeriod; onset-info string onsetString
patient reference subject >Patient; recorded-date date recordedDate; severity token severity
stage token stage.summary; subject reference subject; verification-status token verificationStatus
""",
    "Observation": """
based-on reference basedOn; category token category; code token code; combo-code token code|component.code
combo-data-absent-reason token dataAbsentReason|component.dataAbsentReason
combo-value-concept token valueCodeableConcept|component.valueCodeableConcept
combo-value-quantity quantity valueQuantity|component.valueQuantity; component-code token component.code
component-data-absent-reason token component.dataAbsentReason
component-value-concept token component.valueCodeableConcept
component-value-quantity quantity component.valueQuantity; data-absent-reason token dataAbsentReason
date date effectiveDateTime|effectivePeriod|effectiveTiming|effectiveInstant; derived-from reference derivedFrom
device reference device; encounter reference encounter; focus reference focus; has-member reference hasMember
identifier token identifier; method token method; part-of reference partOf; patient reference subject >Patient
performer reference performer; specimen reference specimen; status token status; subject reference subject
value-concept token valueCodeableConcept; value-date date valueDateTime|valuePeriod
value-quantity quantity valueQuantity; value-string string valueString|valueCodeableConcept.text
code-value-concept composite . token:code token:valueCodeableConcept
code-value-date composite . token:code date:valueDateTime|valuePeriod
code-value-quantity composite . token:code quantity:valueQuantity
code-value-string composite . token:code string:valueString
combo-code-value-concept composite .|component token:code token:valueCodeableConcept
combo-code-value-quantity composite .|component token:code quantity:valueQuantity
component-code-value-concept composite component token:code token:valueCodeableConcept
component-code-value-quantity composite component token:code quantity:valueQuantity
""",
    "DiagnosticReport": """
based-on reference basedOn; category token category; code token code; conclusion token conclusionCode
date date effectiveDateTime|effectivePeriod; encounter reference encounter; identifier token identifier
issued date issued; media reference media.link; patient reference subject >Patient
performer reference performer; result reference result; results-interpreter reference resultsInterpreter
specimen reference specimen; status token status; subject reference subject
""",
    "ImagingStudy": """
basedon reference basedOn; bodysite token series.bodySite; dicom-class token series.instance.sopClass
encounter reference encounter; endpoint reference endpoint|series.endpoint; identifier token identifier
instance token series.instance.uid; interpreter reference interpreter; modality token series.modality
patient reference subject >Patient; performer reference series.performer.actor; reason token reasonCode
referrer reference referrer; series token series.uid; started date started; status token status
subject reference subject
""",
    "MedicationRequest": """
authoredon date authoredOn; category token category; code token medicationCodeableConcept
date date dosageInstruction.timing.event; encounter reference encounter; identifier token identifier
intended-dispenser reference dispenseRequest.performer; intended-performer reference performer
intended-performertype token performerType; intent token intent; medication reference medicationReference
patient reference subject >Patient; priority token priority; requester reference requester; status token status
subject reference subject
""",
    "MedicationStatement": """
category token category; code token medicationCodeableConcept; context reference context
effective date effectiveDateTime|effectivePeriod; identifier token identifier
medication reference medicationReference; part-of reference partOf; patient reference subject >Patient
source reference informationSource; status token status; subject reference subject
""",
    "AllergyIntolerance": """
asserter reference asserter; category token category; clinical-status token clinicalStatus
code token code|reaction.substance; criticality token criticality; date date recordedDate
identifier token identifier; last-date date lastOccurrence; manifestation token reaction.manifestation
onset date reaction.onset; patient reference patient; recorder reference recorder
route token reaction.exposureRoute; severity token reaction.severity; type token type
verification-status token verificationStatus
""",
    "FamilyMemberHistory": """
code token condition.code; date date date; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri
patient reference patient; relationship token relationship; sex token sex; status token status
""",
    "Procedure": """
based-on reference basedOn; category token category; code token code
date date performedDateTime|performedPeriod; encounter reference encounter; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri
location reference location; part-of reference partOf; patient reference subject >Patient
performer reference performer.actor; reason-code token reasonCode; reason-reference reference reasonReference
status token status; subject reference subject
""",
    "DocumentReference": """
authenticator reference authenticator; author reference author; category token category
contenttype token content.attachment.contentType; custodian reference custodian; date date date
description string description; encounter reference context.encounter; event token context.event
facility token context.facilityType; format token content.format; identifier token masterIdentifier|identifier
language token content.attachment.language; location uri content.attachment.url
patient reference subject >Patient; period date context.period; related reference context.related
relatesto reference relatesTo.target; relation token relatesTo.code; security-label token securityLabel
setting token context.practiceSetting; status token status; subject reference subject; type token type
relationship composite relatesTo token:code reference:target
""",
    "RiskAssessment": """
condition reference condition; date date occurrenceDateTime; encounter reference encounter
identifier token identifier; method token method; patient reference subject >Patient
performer reference performer; probability number prediction.probabilityDecimal|prediction.probabilityRange
risk token prediction.qualitativeRisk; subject reference subject
""",
    "ServiceRequest": """
authored date authoredOn; based-on reference basedOn; body-site token bodySite; category token category
code token code; encounter reference encounter; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri
intent token intent; occurrence date occurrenceDateTime|occurrencePeriod|occurrenceTiming
patient reference subject >Patient; performer reference performer; performer-type token performerType
priority token priority; replaces reference replaces; requester reference requester
requisition token requisition; specimen reference specimen; status token status; subject reference subject
""",
    "Immunization": """
date date occurrenceDateTime; identifier token identifier; location reference location
lot-number string lotNumber; manufacturer reference manufacturer; patient reference patient
performer reference performer.actor; reaction reference reaction.detail; reaction-date date reaction.date
reason-code token reasonCode; reason-reference reference reasonReference; series string protocolApplied.series
status token status; status-reason token statusReason; target-disease token protocolApplied.targetDisease
vaccine-code token vaccineCode
""",
}

TYPES: tuple[str, ...] = tuple(_TABLE)


@cache
def parameters(type_: str) -> MappingProxyType[str, Parameter]:
    """The parameters of a type by name, those of every resource among them; empty for a type that stands nowhere."""
    if type_ not in _TABLE:
        return MappingProxyType({})
    entries = f"{_EVERY}\n{_TABLE[type_]}".replace(";", "\n").split("\n")
    found = [_parameter(entry.split()) for entry in entries if entry.strip()]
    return MappingProxyType({one.name: one for one in found})


def _parameter(words: list[str]) -> Parameter:
    name, kind, elements, *more = words
    paths = tuple(elements.split("|"))
    if kind == "composite":
        pairs = [part.split(":") for part in more]
        parts = tuple(Parameter("", Kind(one), tuple(path.split("|"))) for one, path in pairs)
        return Parameter(name, Kind.COMPOSITE, paths, parts=parts)
    return Parameter(name, Kind(kind), paths, more[0].removeprefix(">") if more else "")
