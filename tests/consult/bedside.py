"""Small resources written by hand, ways to put them into a record, and areas that say what they were given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ward import Ward

from suwen.consult.chart import ORDERS, Draft, Record, write_records
from suwen.consult.nouns import Area, AreaReport, Consultation, Filed, Filing, Given, Weighed
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.formats.fhir import Stored
from suwen.records.access import Act, Role
from suwen.records.people import Actor
from suwen.subject import Code, Kind, Reference

__all__ = [
    "HPO",
    "PRESENT",
    "REASON",
    "Probe",
    "a_patient",
    "by_area",
    "claim",
    "coded",
    "condition",
    "observation",
    "patient_resource",
    "put",
    "report_of",
    "resource",
    "same",
]

HPO = "http://human-phenotype-ontology.org"
REASON = "seen at the bedside today"
PRESENT = ("HP:0001100", "HP:0002100")
Json = dict[str, Any]


def resource(kind: str, id_: str, **more: Any) -> Json:
    return {"resourceType": kind, "id": id_, **more}


def coded(code: str, system: str = HPO) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def patient_resource(id_: str = "p", **more: Any) -> Json:
    named = {
        "identifier": [{"system": "urn:hospital", "value": "SECRET-ID-7"}],
        "name": [{"family": "Secretname", "given": ["Hidden"]}],
        "address": [{"text": "Secret Street 5"}],
        "telecom": [{"value": "555-SECRET"}],
    }
    return resource("Patient", id_, **{"gender": "female", "birthDate": "1990-06-15", **named, **more})


def observation(
    code: str, *, id_: str = "", present: bool | None = True, on: str = "2020-01-02", system: str = HPO, **more: Any
) -> Json:
    said = {} if present is None else {"valueBoolean": present}
    name = id_ or f"o-{code.rpartition(':')[2]}"
    whole = {"status": "final", "code": coded(code, system), "effectiveDateTime": on, **said, **more}
    return resource("Observation", name, **whole)


def condition(code: str, *, id_: str = "", on: str = "2019-05-06", system: str = HPO, **more: Any) -> Json:
    name = id_ or f"c-{code.rpartition(':')[2]}"
    return resource("Condition", name, code=coded(code, system), onsetDateTime=on, **more)


def put(ward: Ward, patient: str, *resources: Json, actor: Actor | None = None) -> list[Record]:
    """Write resources into a patient's record as an import does."""
    written = []
    for act in (Act.ANNOTATE, Act.ORDER):
        mine = [one for one in resources if (one["resourceType"] in ORDERS) is (act is Act.ORDER)]
        drafts = [Draft(one["resourceType"], Stored(one, "", "urn:test").to_bytes()) for one in mine]
        if drafts:
            written += write_records(actor or ward[Role.PHYSICIAN], ward.records, patient, drafts, act=act)
    return written


def claim(
    patient: str, code: str, chance: float | None = 0.5, *, urgency: int = 0, sentence: str = "it fits"
) -> Filing:
    """A finding in both languages."""

    def worded(label: str, said: str) -> Finding:
        reasons = (Evidence(Bearing.SUPPORTS, Code("HP:0001100", label), 1.0, said, "a book"),)
        return Finding(
            Reference(Kind.PATIENT, patient), Code(code, label), Chance(chance), reasons, Maker("probe", "1", "d1")
        )

    return Filing(worded(f"{code} label", sentence), {"zh": worded(f"{code} 名称", f"{sentence}（中）")}, urgency)


def a_patient(ward: Ward, *resources: Json) -> str:
    patient = ward.patient(1)
    put(ward, patient, *(resources or (patient_resource(), *(observation(one) for one in PRESENT))))
    return patient


def by_area(consultation: Consultation, area: str) -> list[Filed]:
    return [one for one in consultation.findings if one.area == area]


def report_of(consultation: Consultation, area: str) -> AreaReport:
    (found,) = [one for one in consultation.areas if one.area == area]
    return found


def same(one: Sequence[Filed], other: Sequence[Filed]) -> bool:
    """Equal, also in the labels that equality of codes leaves out."""
    return repr(list(one)) == repr(list(other))


@dataclass
class Probe:
    """An area that keeps what it was given and answers as it is told; it claims nothing unless told."""

    name: str = "probe"
    kinds: frozenset[str] = frozenset({"Observation"})
    version: str = "probe 1"
    answer: Callable[[str], Sequence[Filing]] = field(default=lambda _: ())
    fails: BaseException | None = None
    meanwhile: Callable[[], object] = field(default=lambda: None)
    given: list[list[Json]] = field(default_factory=list)
    runs: int = 0

    def area(self, **changed: Any) -> Area:
        area = Area(self.name, {"en": self.name, "zh": "探"}, self.kinds, self.version, self._prepare, self._weigh)
        return replace(area, **changed)

    def _prepare(self, resources: Sequence[Json], patient: str) -> Given:
        self.given.append(list(resources))
        seen = [repr(one) for one in resources]
        return Given((patient, seen), f"{len(seen)}:{hash(tuple(sorted(seen)))}", {"seen": len(seen)})

    def _weigh(self, noun: tuple[str, list[str]]) -> Weighed:
        self.runs += 1
        self.meanwhile()
        if self.fails is not None:
            raise self.fails
        return Weighed(tuple(self.answer(noun[0])), ("a book",), {"en": ("little",), "zh": ("少",)}, ("seen",))
