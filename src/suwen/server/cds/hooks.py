"""What a CDS Hooks 2.0 request says, read strictly: hook, context, orders, and the data that came along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suwen.errors import InputError, Problem
from suwen.formats.fhir import Json, check, parse_tree

__all__ = ["Authorization", "Hook", "read_hook", "read_json", "resources_in"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # http://hl7.org/fhir/R4/datatypes.html#id
_USER = re.compile(r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
_ORDERS = frozenset({"DeviceRequest", "MedicationRequest", "NutritionOrder", "ServiceRequest", "VisionPrescription"})


@dataclass(frozen=True, slots=True)
class Authorization:
    """A token of the calling system for its own FHIR server, good for a short time."""

    token: str = field(repr=False)
    scope: str
    patient: str


@dataclass(frozen=True, slots=True)
class Hook:
    """A request, found sound.

    `patient`, `encounter`: ids in the calling system. `drafts`: orders not yet signed. `selected`: of those, the ones
    just chosen (all of them where the hook has no selection). `given`: resources that came along, of this patient or of
    none. `came`: the keys of the prefetch that were satisfied, also those with nothing in them. `server`: base address
    of the system's FHIR server, "" where it named none.
    """

    name: str
    instance: str
    user: str
    patient: str
    encounter: str = ""
    drafts: tuple[Json, ...] = field(default=(), repr=False)
    selected: tuple[Json, ...] = field(default=(), repr=False)
    given: tuple[Json, ...] = field(default=(), repr=False)
    came: frozenset[str] = frozenset()
    server: str = ""
    authorization: Authorization | None = field(default=None, repr=False)

    def of(self, *kinds: str) -> list[Json]:
        """The resources of these types that came along."""
        return [one for one in self.given if one.get("resourceType") in kinds]


def read_json(body: bytes) -> Json:
    """A body as a JSON object. Raises FormatError, InputError."""
    try:
        tree = parse_tree(body.decode())
    except UnicodeDecodeError:
        raise InputError("the body is not UTF-8") from None
    if not isinstance(tree, dict):
        raise InputError("the body is no JSON object")
    return tree


def read_hook(said: Mapping[str, Any], expected: str) -> Hook:
    """Read a request to a service of one hook (https://cds-hooks.hl7.org/2.0/#calling-a-cds-service).

    Raises InputError with everything that is wrong with it, by place and without quoting.
    """
    reading = _Reading(said)
    if reading.text(said, "hook") != expected:
        reading.wrong("hook", f"this service answers the hook {expected}")
    reading.text(said, "hookInstance", _UUID)
    context = reading.part(said, "context")
    patient = reading.text(context, "patientId", _ID, where="context.")
    drafts = reading.drafts(context) if expected != "patient-view" else ()
    hook = Hook(
        name=expected,
        instance=reading.text(said, "hookInstance", tell=False),
        user=reading.text(context, "userId", _USER, where="context."),
        patient=patient,
        encounter=reading.text(context, "encounterId", _ID, where="context.", required=False),
        drafts=drafts,
        selected=reading.selected(context, drafts) if expected == "order-select" else drafts,
        given=tuple(reading.given(patient)),
        came=reading.came(),
        server=reading.text(said, "fhirServer", required=False).rstrip("/"),
        authorization=reading.authorization(patient),
    )
    reading.done()
    return hook


class _Reading:
    """Reads a request and remembers what is wrong with it."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said
        self.problems: list[Problem] = []

    def wrong(self, where: str, what: str) -> None:
        self.problems.append(Problem(where, what))

    def done(self) -> None:
        if self.problems:
            raise InputError("this is no sound CDS Hooks 2.0 request:", self.problems)

    def text(
        self,
        node: Mapping[str, Any],
        name: str,
        form: re.Pattern[str] | None = None,
        *,
        where: str = "",
        required: bool = True,
        tell: bool = True,
    ) -> str:
        """A text of a form; "" and a problem where it is not one. Nothing may be null (CDS Hooks 2.0, overview)."""
        value = node.get(name)
        if value is None and name not in node and not required:
            return ""
        sound = isinstance(value, str) and value.strip() != "" and (form is None or form.fullmatch(value) is not None)
        if not sound and tell:
            self.wrong(f"{where}{name}", "is absent, empty, null or not of its form")
        return str(value) if sound else ""

    def part(self, node: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        value = node.get(name)
        if isinstance(value, Mapping) and value:
            return value
        self.wrong(name, "is absent or no object")
        return {}

    def drafts(self, context: Mapping[str, Any]) -> tuple[Json, ...]:
        """The orders in context.draftOrders, held against R4 in what is read of them: what is misread is misjudged.

        The rest of a draft is not, since it is none of ours. What is absent is no mistake: while an order is chosen
        much of it is open yet (as HL7 says of order-select), and the sandbox asks before there is a medication.
        """
        bundle = context.get("draftOrders")
        if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
            self.wrong("context.draftOrders", "is absent or no Bundle")
            return ()
        found = []
        for place, resource in enumerate(_entries(bundle)):
            where = f"context.draftOrders.entry[{place}].resource"
            if resource.get("resourceType") not in _ORDERS:
                self.wrong(where, f"is no order ({', '.join(sorted(_ORDERS))})")
                continue
            problems = check(resource, where).problems
            self.problems.extend(one for one in problems if _is_read(one.where.removeprefix(f"{where}."), resource))
            found.append(resource)
        if not found:
            self.wrong("context.draftOrders", "holds no order")
        return tuple(found)

    def selected(self, context: Mapping[str, Any], drafts: Sequence[Json]) -> tuple[Json, ...]:
        names = context.get("selections")
        if not isinstance(names, list) or not names or not all(isinstance(one, str) for one in names):
            self.wrong("context.selections", "is absent or no list of references")
            return ()
        known = {f"{one.get('resourceType')}/{one.get('id')}": one for one in drafts}
        if not set(names) <= set(known):
            self.wrong("context.selections", "names an order that is not in draftOrders")
        return tuple(known[one] for one in dict.fromkeys(names) if one in known)

    def came(self) -> frozenset[str]:
        """The keys that the system satisfied; one that holds a failure was not, and should have been left out."""
        prefetch = self.said.get("prefetch", {})
        if not isinstance(prefetch, Mapping):
            self.wrong("prefetch", "is no object")
            return frozenset()
        return frozenset(key for key, value in prefetch.items() if not _failed(value))

    def given(self, patient: str) -> Iterator[Json]:
        """The resources in the prefetch: what is there of somebody else is not of this request, and left out."""
        prefetch = self.said.get("prefetch", {})
        for key, value in prefetch.items() if isinstance(prefetch, Mapping) else ():
            if value is None or _failed(value):
                continue
            if not isinstance(value, Mapping) or not isinstance(value.get("resourceType"), str):
                self.wrong(f"prefetch.{key}", "is neither a resource nor null")
                continue
            yield from resources_in(value, patient)

    def authorization(self, patient: str) -> Authorization | None:
        """The token that came along (invariants cds-r-1 and cds-r-2 of the published logical model)."""
        if "fhirAuthorization" not in self.said:
            return None
        node, where = self.part(self.said, "fhirAuthorization"), "fhirAuthorization."
        if "fhirServer" not in self.said:
            self.wrong("fhirServer", "must be there where fhirAuthorization is")
        if node.get("token_type") != "Bearer":
            self.wrong(f"{where}token_type", "is not Bearer")
        lasts = node.get("expires_in")
        if not isinstance(lasts, int) or isinstance(lasts, bool) or lasts < 0:
            self.wrong(f"{where}expires_in", "is no whole number of seconds")
        found = Authorization(
            token=self.text(node, "access_token", where=where),
            scope=self.text(node, "scope", where=where),
            patient=self.text(node, "patient", _ID, where=where, required=False),
        )
        self.text(node, "subject", where=where)
        if found.patient and found.patient != patient:
            self.wrong(f"{where}patient", "is another patient than the one in the context")
        return found


_READ = ("code", "contained", "doNotPerform", "id", "medication", "patient", "resourceType", "status", "subject")


def _is_read(path: str, order: Json) -> bool:
    """Whether a place in an order is one that a card may be made on, and something stands there."""
    place = re.split(r"[.\[]", path, maxsplit=1)[0]
    return place.startswith(_READ) and any(name.startswith(place) for name in order)


def resources_in(value: Mapping[str, Any], patient: str) -> Iterator[Json]:
    """The resources of an answer (a resource, or a Bundle of them) that are of a patient or of none."""
    for resource in _entries(value) if value.get("resourceType") == "Bundle" else (dict(value),):
        if _is_of(resource, patient):
            yield resource


def _failed(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("resourceType") == "OperationOutcome"


def _entries(bundle: Mapping[str, Any]) -> Iterator[Json]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping):
            yield dict(resource)


def _is_of(resource: Mapping[str, Any], patient: str) -> bool:
    """Whether a resource is of the patient, or of no patient at all (a Medication, a Practitioner)."""
    if resource.get("resourceType") == "Patient":
        return resource.get("id") == patient
    subject = resource.get("subject", resource.get("patient"))
    said = subject.get("reference") if isinstance(subject, Mapping) else None
    return not isinstance(said, str) or said.rpartition("Patient/")[2].partition("/")[0] == patient
