"""order-select and order-sign: draft orders held against what the record says, and nothing beyond it.

Suwen has no knowledge of interactions or doses, and a card never pretends otherwise: what is told is that the record
holds the same order, an allergy, a prohibition, an earlier stop, or that an order is for somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suwen.consult import open_patient
from suwen.consult.heart_codes import ATC as HEART_ATC
from suwen.consult.heart_codes import INGREDIENTS, PRESSURE_DRUG
from suwen.errors import FormatError
from suwen.formats.fhir import Json, Stored
from suwen.server.cds.cards import Card, Source, Suggestion, escaped
from suwen.server.cds.concepts import ATC, Concept, atc_group, concept_of, inside, same
from suwen.server.cds.findings import consulted, finding_detail, heart_findings
from suwen.server.cds.words import WORDS

if TYPE_CHECKING:
    from suwen.govern import Actor
    from suwen.server.cds.hooks import Hook
    from suwen.server.house import House

__all__ = ["KINDS", "order_cards"]

KINDS = ("AllergyIntolerance", "Medication", "MedicationRequest", "MedicationStatement", "ServiceRequest")
_ORDERED = frozenset({"MedicationRequest", "MedicationStatement", "ServiceRequest"})
_ACTIVE = frozenset({"active", "on-hold", "intended"})
_ENDED_EARLY = frozenset({"stopped", "revoked"})
_ERRONEOUS = frozenset({"entered-in-error", "refuted", "inactive", "resolved"})
_FOR_RISK = frozenset({"statin", "antiplatelet", PRESSURE_DRUG})


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the record or of what was sent along, and what it is of."""

    resource: Json = field(repr=False)
    concept: Concept


@dataclass(frozen=True, slots=True)
class _Order:
    """A draft order, what it is of, and its name for the reader."""

    resource: Json = field(repr=False)
    concept: Concept

    @property
    def reference(self) -> str:
        name = self.resource.get("id")
        return f"{self.resource['resourceType']}/{name}" if isinstance(name, str) and name else ""


@dataclass(frozen=True, slots=True)
class _Held:
    """What the draft orders are held against."""

    entries: Sequence[_Entry]
    lang: str
    source: Source


def order_cards(actor: Actor, house: House, hook: Hook, patient: str, lang: str) -> list[Card]:
    """Cards on the orders of a request; none where nothing is amiss, which says only that nothing was found."""
    resources = [*_recorded(actor, house, patient), *hook.of(*KINDS)]
    entries = [_Entry(one, concept_of(one, resources)) for one in resources if one.get("resourceType") != "Medication"]
    source = Source(WORDS["record" if patient else "sent"].said(lang), f"{house.settings.address}/help")
    held = _Held(entries, lang, source)
    drafts = [_Order(one, concept_of(one, resources)) for one in hook.drafts]
    chosen = [one for one in drafts if any(one.resource is other for other in hook.selected)]
    found = [card for order in chosen for card in _checked(order, held, hook.patient)]
    found += _twice(drafts, chosen, held)
    if patient:
        found += _risk(actor, house, patient, chosen, lang)
    return sorted(found, key=lambda card: ("critical", "warning", "info").index(card.indicator))


def _recorded(actor: Actor, house: House, patient: str) -> Iterator[Json]:
    """The entries of the patient's record here; decided and audited as every reading of it."""
    if not patient:
        return
    for one in open_patient(actor, house.records, patient, kinds=KINDS):
        try:
            resource = Stored.from_bytes(one.payload).resource
        except FormatError:  # one broken entry must not keep the others from being seen
            continue
        if resource.get("resourceType") == one.kind:
            yield resource


def _checked(order: _Order, held: _Held, patient: str) -> Iterator[Card]:
    subject = order.resource.get("subject", order.resource.get("patient"))  # a NutritionOrder has a patient
    said = subject.get("reference") if isinstance(subject, Mapping) else None
    if isinstance(said, str) and said.rpartition("Patient/")[2].partition("/")[0] != patient:
        yield _card("other_patient", order, held, "critical", removes=True)
    if not order.concept:
        return
    ours = [one for one in held.entries if not _is_itself(one.resource, order.resource)]
    yield from _allergies(order, ours, held)
    yield from _known(order, ours, held)


def _is_itself(entry: Json, order: Json) -> bool:
    """Whether an entry is the order. Threat: ids are of a type; an allergy of the same id, or of none, is no order."""
    id_ = order.get("id")
    return id_ is not None and (entry.get("resourceType"), entry.get("id")) == (order["resourceType"], id_)


def _allergies(order: _Order, entries: Iterable[_Entry], held: _Held) -> Iterator[Card]:
    if order.resource["resourceType"] != "MedicationRequest":
        return
    for one in entries:
        if one.resource.get("resourceType") != "AllergyIntolerance" or not one.concept:
            continue
        statuses = {_coded(one.resource, name) for name in ("clinicalStatus", "verificationStatus")}
        if statuses & _ERRONEOUS or not (how := inside(one.concept, order.concept)):
            continue
        status = _coded(one.resource, "clinicalStatus") or WORDS["status_unknown"].said(held.lang)
        given = {"allergy": one.concept.shown, "status": status}
        yield _card("allergy", order, held, "critical", entry=one, how=how, removes=True, **given)


def _known(order: _Order, entries: Iterable[_Entry], held: _Held) -> Iterator[Card]:
    """The same order in the record: prohibited, active, or stopped before; or another of its ATC group. Each once."""
    told: set[str] = set()
    for one in entries:
        if one.resource.get("resourceType") not in _ORDERED or not one.concept:
            continue
        what, how, given = _standing(order, one, held)
        if what and what not in told:
            told.add(what)
            indicator = {"forbidden": "critical", "duplicate": "warning"}.get(what, "info")
            removes = what in {"forbidden", "duplicate"}
            yield _card(what, order, held, indicator, entry=one, how=how, removes=removes, **given)


def _standing(order: _Order, entry: _Entry, held: _Held) -> tuple[str, str, dict[str, str]]:
    """What an entry says of an order ("" nothing), how the two are the same, and what the sentence needs."""
    how, status = same(entry.concept, order.concept), entry.resource.get("status")
    active = status in _ACTIVE
    if how and active and entry.resource.get("doNotPerform") is True:
        return "forbidden", how, {}
    if how and active:
        return "duplicate", how, {}
    if how and status in _ENDED_EARLY:
        reason = entry.resource.get("statusReason")
        nodes = reason if isinstance(reason, list) else [reason]
        texts = [concept_of({"code": one}).shown for one in nodes if isinstance(one, Mapping)]
        return "stopped", how, {"reason": escaped(next(iter(texts), "") or WORDS["no_reason"].said(held.lang))}
    group = atc_group(entry.concept, order.concept)
    if group and active and not how:
        return "class", "by_atc", {"other": escaped(entry.concept.shown), "group": group}
    return "", "", {}


def _twice(drafts: Sequence[_Order], chosen: Sequence[_Order], held: _Held) -> Iterator[Card]:
    """Orders that stand twice among the drafts: the later one is told, where one of the two was chosen."""
    for place, order in enumerate(drafts):
        for other in drafts[:place]:
            how = same(order.concept, other.concept) if order.concept else ""
            if how and (order in chosen or other in chosen):
                yield _card("twice", order, held, "warning", how=how, removes=True)
                break


def _risk(actor: Actor, house: House, patient: str, chosen: Iterable[_Order], lang: str) -> Iterator[Card]:
    """The cardiovascular risk in the record, where a drug is ordered that is given for it; the order is not judged."""
    if not any(_classes(one.concept) & _FOR_RISK for one in chosen):
        return
    for one in heart_findings(consulted(actor, house, patient))[:1]:
        finding = one.worded(lang)
        yield Card(
            summary=WORDS["risk"].said(lang).format(finding=finding.code.label or finding.code.value),
            indicator="info",
            source=Source(WORDS["findings_title"].said(lang), f"{house.settings.address}/help"),
            detail=f"{WORDS['risk_text'].said(lang)}\n\n{finding_detail(finding, lang)}",
            topic="heart",
            link=(WORDS["open"].said(lang), f"{house.settings.address}/patients/{patient}/findings"),
            about=f"Finding/{one.record}/{one.version}",
        )


def _classes(concept: Concept) -> set[str]:
    """Of which drugs that matter to the risk of heart disease a medication is, by ATC or by its ingredients' names."""
    codes = [code for system, code in concept.codes if system.startswith(ATC)]
    found = {key for begin, key in HEART_ATC.items() if any(code.startswith(begin) for code in codes)}
    return found | {key for key, names in INGREDIENTS.items() if any(names.search(name) for name in concept.names)}


def _card(
    what: str,
    order: _Order,
    held: _Held,
    indicator: str,
    *,
    entry: _Entry | None = None,
    how: str = "",
    removes: bool = False,
    **given: str,
) -> Card:
    lang, shown = held.lang, order.concept.shown or str(order.resource["resourceType"])
    since = _since(entry.resource, lang) if entry else ""
    said = {"order": shown, "how": WORDS[how].said(lang) if how else "", "since": since, **given}
    text = WORDS[f"{what}_text"].said(lang).format(**{**said, "order": escaped(shown)})
    label = WORDS["remove"].said(lang)
    return Card(
        summary=WORDS[what].said(lang).format(**said),
        indicator=indicator,
        source=held.source,
        detail=f"{text}\n\n{WORDS['not_checked'].said(lang)}",
        topic="orders",
        suggestions=(Suggestion(label, order.reference),) if removes and order.reference else (),
        about=f"order/{what}",
    )


def _since(resource: Json, lang: str) -> str:
    for name in ("authoredOn", "effectiveDateTime", "onsetDateTime", "recordedDate", "dateAsserted"):
        value = resource.get(name)
        if isinstance(value, str) and value:
            return WORDS["since"].said(lang).format(date=value[:10])
    return ""


def _coded(resource: Json, name: str) -> str:
    """The first code of a CodeableConcept, "" where there is none."""
    node: Any = resource.get(name)
    codings = node.get("coding") if isinstance(node, Mapping) else None
    first = codings[0] if isinstance(codings, list) and codings else {}
    code = first.get("code") if isinstance(first, Mapping) else ""
    return code if isinstance(code, str) else ""
