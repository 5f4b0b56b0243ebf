"""The invariants of FHIR R4 that Suwen holds documents to, each by its key in the specification.

Source: the constraints of http://hl7.org/fhir/R4/<type>.html. Those of contained resources and local references (dom-2
to dom-5, ref-1) need more than one object and stand in `validate`; those of Bundle are in `bundle_rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from suwen.formats.fhir.checking.members import choice, has, inner, number, objects, says
from suwen.formats.fhir.checking.primitives import is_earlier
from suwen.formats.fhir.checking.xhtml import is_narrative
from suwen.formats.fhir.nouns import Json

__all__ = ["RULES", "Rule", "rules"]

_UCUM = "http://unitsofmeasure.org"
_CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CONDITION_CERTAINTY = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ALLERGY_CERTAINTY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant: `holds` is asked of every object of the types `of`; `member` is where the problem is reported.

    `holds` meets objects of any content, since problems of their members do not stop the reading.
    """

    key: str
    of: str
    what: str
    holds: Callable[[Json], bool]
    member: str = ""
    is_warning: bool = False


def _is_measure(value: Json) -> bool:
    """Whether a quantity is coded in UCUM, if it is coded."""
    return (has(value, "code") or not has(value, "value")) and value.get("system", _UCUM) == _UCUM


def _is_ordered(span: Json) -> bool:
    low, high = inner(span, "low"), inner(span, "high")
    ends = number(low, "value"), number(high, "value")
    is_comparable = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return not is_comparable or ends[0] is None or ends[1] is None or ends[0] <= ends[1]


def _is_percentage(value: Json) -> bool:
    ends = [end for name in ("low", "high") if (end := inner(inner(value, "probabilityRange"), name))]
    return all(end.get("code") == "%" and end.get("system") == _UCUM for end in ends)


def _is_stated_once(value: Json) -> bool:
    if not choice(value, "value"):
        return True
    own = _codings(value)
    return not any(own & _codings(component) for component in objects(value, "component"))


def _codings(value: Json) -> set[tuple[str, str]]:
    codings = objects(inner(value, "code"), "coding")
    return {(str(one.get("system", "")), str(one["code"])) for one in codings if isinstance(one.get("code"), str)}


def _is_offset_allowed(value: Json) -> bool:
    if not has(value, "offset"):
        return True
    when = value.get("when")
    return isinstance(when, list) and not any(one in ("C", "CM", "CD", "CV") for one in when if isinstance(one, str))


def _at_most(value: Json, name: str, most: int) -> bool:
    found = number(value, name)
    return found is None or found <= most


def _not_negative(value: Json, name: str) -> bool:
    found = number(value, name)
    return found is None or found >= 0


def _needs(name: str, other: str) -> Callable[[Json], bool]:
    """The rule that one member may not stand without another."""
    return lambda value: not has(value, name) or has(value, other)


def _has_summary(value: Json) -> bool:
    is_problem = any(
        coding.get("code") == "problem-list-item"
        for category in objects(value, "category")
        for coding in objects(category, "coding")
    )
    is_error = says(value, "verificationStatus", _CONDITION_CERTAINTY, _ERROR)
    return not is_problem or is_error or has(value, "clinicalStatus")


RULES: tuple[Rule, ...] = (
    Rule(
        "ext-1",
        "Extension",
        "an extension has either a value or extensions of its own, and not both",
        lambda value: has(value, "extension") != choice(value, "value"),
    ),
    Rule(
        "per-1",
        "Period",
        "the period ends before it starts",
        lambda value: not is_earlier(value.get("end"), value.get("start")),
        "end",
    ),
    Rule("qty-3", "Quantity", "a coded unit needs the system of its code", _needs("code", "system"), "system"),
    Rule("rng-2", "Range", "the low end is above the high end", _is_ordered, "low"),
    Rule(
        "rat-1",
        "Ratio",
        "a ratio has both numerator and denominator, or neither and an extension",
        lambda value: has(value, "numerator") == has(value, "denominator") and has(value, "numerator", "extension"),
    ),
    Rule(
        "age-1",
        "Age",
        "an age is positive, with the code of a unit of UCUM",
        lambda value: _is_measure(value) and ((found := number(value, "value")) is None or found > 0),
    ),
    Rule("dis-1", "Distance", "a distance has the code of a unit of UCUM", _is_measure),
    Rule(
        "drt-1",
        "Duration",
        "a duration with a code has a value, and the code is one of UCUM",
        lambda value: not has(value, "code") or (value.get("system") == _UCUM and has(value, "value")),
    ),
    Rule(
        "cnt-3",
        "Count",
        "a count is a whole number with the code 1 of UCUM",
        lambda value: (
            _is_measure(value)
            and value.get("code", "1") == "1"
            and ((found := number(value, "value")) is None or found == found.to_integral_value())
        ),
    ),
    *(
        Rule(
            "sqq-1",
            of,
            "the quantity may have no comparator here",
            lambda value, member=member: "comparator" not in inner(value, member),  # type: ignore[misc]
            f"{member}.comparator",
        )
        for of, members in (
            ("Dosage", "maxDosePerAdministration maxDosePerLifetime"),
            ("DosageDoseAndRate", "doseQuantity rateQuantity"),
            ("Range", "low high"),
            ("SampledData", "origin"),
        )
        for member in members.split()
    ),
    Rule("att-1", "Attachment", "data need a content type", _needs("data", "contentType"), "contentType"),
    Rule(
        "cpt-2",
        "ContactPoint",
        "a contact's value needs its system (phone, email ...)",
        _needs("value", "system"),
        "system",
    ),
    Rule(
        "exp-1",
        "Expression",
        "an expression has a text or a reference",
        lambda value: has(value, "expression", "reference"),
    ),
    Rule("tim-1", "TimingRepeat", "a duration needs its unit", _needs("duration", "durationUnit"), "durationUnit"),
    Rule("tim-2", "TimingRepeat", "a period needs its unit", _needs("period", "periodUnit"), "periodUnit"),
    Rule("tim-4", "TimingRepeat", "is below zero", lambda value: _not_negative(value, "duration"), "duration"),
    Rule("tim-5", "TimingRepeat", "is below zero", lambda value: _not_negative(value, "period"), "period"),
    Rule("tim-6", "TimingRepeat", "periodMax needs a period", _needs("periodMax", "period"), "period"),
    Rule("tim-7", "TimingRepeat", "durationMax needs a duration", _needs("durationMax", "duration"), "duration"),
    Rule("tim-8", "TimingRepeat", "countMax needs a count", _needs("countMax", "count"), "count"),
    Rule("tim-9", "TimingRepeat", "an offset needs a `when` other than a meal itself", _is_offset_allowed, "offset"),
    Rule(
        "tim-10",
        "TimingRepeat",
        "timeOfDay and when exclude each other",
        lambda value: not (has(value, "timeOfDay") and has(value, "when")),
        "when",
    ),
    Rule(
        "txt-1",
        "Narrative",
        "one well-formed XHTML div is expected, with some text, basic formatting and nothing active",
        lambda value: not isinstance(value.get("div"), str) or is_narrative(value["div"]),
        "div",
    ),
    Rule(
        "pat-1",
        "PatientContact",
        "a contact has a name, telecom, address or organization",
        lambda value: has(value, "name", "telecom", "address", "organization"),
    ),
    Rule(
        "con-1",
        "ConditionStage",
        "a stage has a summary or an assessment",
        lambda value: has(value, "summary", "assessment"),
    ),
    Rule("con-2", "ConditionEvidence", "evidence has a code or details", lambda value: has(value, "code", "detail")),
    Rule(
        "con-3",
        "Condition",
        "a condition of the problem list has a clinical status",
        _has_summary,
        "clinicalStatus",
        is_warning=True,
    ),
    Rule(
        "con-4",
        "Condition",
        "a condition that has abated is inactive, resolved or in remission",
        lambda value: (
            not choice(value, "abatement")
            or says(value, "clinicalStatus", _CONDITION_STATUS, "inactive", "resolved", "remission")
        ),
        "clinicalStatus",
    ),
    Rule(
        "con-5",
        "Condition",
        "what was entered in error has no clinical status",
        lambda value: (
            not (says(value, "verificationStatus", _CONDITION_CERTAINTY, _ERROR) and has(value, "clinicalStatus"))
        ),
        "clinicalStatus",
    ),
    Rule(
        "obs-3",
        "ObservationReferenceRange",
        "a reference range has a low end, a high end or a text",
        lambda value: has(value, "low", "high", "text"),
    ),
    Rule(
        "obs-6",
        "Observation",
        "a reason for absent data stands only where there is no value",
        lambda value: not (has(value, "dataAbsentReason") and choice(value, "value")),
        "dataAbsentReason",
    ),
    Rule(
        "obs-7",
        "Observation",
        "a component with the code of the observation itself says its value twice",
        _is_stated_once,
        "component",
    ),
    Rule(
        "ait-1",
        "AllergyIntolerance",
        "is required, unless the allergy was entered in error",
        lambda value: says(value, "verificationStatus", _ALLERGY_CERTAINTY, _ERROR) or has(value, "clinicalStatus"),
        "clinicalStatus",
    ),
    Rule(
        "ait-2",
        "AllergyIntolerance",
        "what was entered in error has no clinical status",
        lambda value: (
            not (says(value, "verificationStatus", _ALLERGY_CERTAINTY, _ERROR) and has(value, "clinicalStatus"))
        ),
        "clinicalStatus",
    ),
    Rule(
        "fhs-1",
        "FamilyMemberHistory",
        "age and birth exclude each other",
        lambda value: not (choice(value, "age") and choice(value, "born")),
    ),
    Rule(
        "fhs-2",
        "FamilyMemberHistory",
        "estimatedAge stands only beside an age",
        lambda value: not has(value, "estimatedAge") or choice(value, "age"),
        "estimatedAge",
    ),
    Rule(
        "ras-1",
        "RiskAssessmentPrediction",
        "the ends of a range of probability are percentages (code % of UCUM)",
        _is_percentage,
        "probabilityRange",
    ),
    Rule(
        "ras-2",
        "RiskAssessmentPrediction",
        "a probability is at most 100",
        lambda value: _at_most(value, "probabilityDecimal", 100),
        "probabilityDecimal",
    ),
    Rule("prr-1", "ServiceRequest", "orderDetail needs a code", _needs("orderDetail", "code"), "orderDetail"),
)


@cache
def rules(of: str) -> tuple[Rule, ...]:
    """The invariants of a type."""
    return tuple(rule for rule in RULES if rule.of == of)
