"""Labels for learning: what people said of the findings of their own patients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.consult.chart import shown
from suwen.consult.findings import KIND, filed_finding
from suwen.consult.nouns import Filed, Verdict
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.gate import Records, patient_id
from suwen.records.noted import open_newest
from suwen.records.people import Actor

__all__ = ["Label", "list_labels"]


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of a claim: `holds` whether it is so, `code` what is so ("" where the claim was rejected).

    `claim` is the code the `area` ("" by hand) made the finding with; `model` is the area's version and `inputs` the
    SHA-256 (hex) of what it was given when it made the version that was judged. `at` is in microseconds UTC. It names
    the patient by the id of the record: it is for those who may open it, and no data set without identifiers.
    """

    patient: str
    record: str
    area: str
    claim: str
    verdict: Verdict
    holds: bool
    code: str
    model: str
    inputs: str
    at: int


def list_labels(
    actor: Actor, records: Records, patients: Iterable[str], *, purpose: Purpose = Purpose.TREATMENT
) -> tuple[Label, ...]:
    """The latest verdict on every finding that was judged, of those of the patients whom the actor may view.

    A patient whom the actor may not view is left out, and that is audited. Raises NotFoundError.
    """
    found: list[Label] = []
    with records.acting(actor, purpose) as work:
        for patient in dict.fromkeys(patients):
            raw = patient_id(patient)
            if work.allows(Act.VIEW, ResourceKind.PATIENT, patient=raw):
                filed = (filed_finding(shown(one)) for one in open_newest(work, raw, kinds=[KIND]))
                found += [_label(patient, one) for one in filed if one.reviews]
    return tuple(found)


def _label(patient: str, filed: Filed) -> Label:
    """A finding confirmed after it was amended is confirmed as amended."""
    latest = filed.reviews[-1]
    code = "" if latest.verdict is Verdict.REJECTED else filed.finding.code.value
    return Label(
        patient=patient,
        record=filed.record,
        area=filed.area,
        claim=filed.claim,
        verdict=latest.verdict,
        holds=code == filed.claim,
        code=code,
        model=latest.made_with,
        inputs=latest.inputs,
        at=latest.at,
    )
