"""The differential as plain JSON, for programs: everything the page shows, in a stable order.

To change the layout: raise `FORMAT`, describe the change in the changelog, keep the tests of the old number readable.
"""

from __future__ import annotations

import math
from typing import Any

from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.finding import Evidence, Finding, Maker
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.wording import evidence_sum
from suwen.subject import Atoms, Code, Feature, Measurement, Patient, Region, Span, Stretch

__all__ = ["FORMAT", "differential_json"]

FORMAT = 1

Json = dict[str, Any]


def differential_json(page: DifferentialPage) -> Json:
    """Return the page as JSON-ready dicts: probabilities with 6 digits, weights with 4, unknown numbers as None."""
    return {
        "format": FORMAT,
        "patient": _patient(page.patient),
        "coverage": _number(page.coverage, 6),
        "shortlist": page.shortlist,
        "set_size": page.shortlist if page.set_size is None else page.set_size,
        "findings": [_finding(finding, place, page.shortlist) for place, finding in enumerate(page.findings, start=1)],
        "typical": {
            disease: [{**_code(code), "frequency": _number(frequency, 4)} for code, frequency in features]
            for disease, features in sorted(page.typical.items())
        },
        "similar": [similar_json(case) for case in page.similar],
        "questions": [question_json(question) for question in page.questions],
        "sources": list(page.sources),
        "notes": list(page.notes),
    }


def _number(value: float | None, digits: int) -> float | None:
    # JSON has no NaN or infinity; adding zero turns -0.0 into 0.0.
    return None if value is None or not math.isfinite(value) else round(float(value), digits) + 0.0


def _code(code: Code) -> Json:
    return {"code": code.value, "label": code.label}


def _patient(patient: Patient) -> Json:
    return {
        "id": patient.id,
        "sex": patient.sex.value,
        "age_years": _number(patient.age_years, 4),
        "publication": patient.publication,
        "features": [_feature(feature) for feature in patient.features],
        "diagnoses": [
            {**_code(diagnosis.code), "onset_years": _number(diagnosis.onset_years, 4)}
            for diagnosis in patient.diagnoses
        ],
    }


def _feature(feature: Feature) -> Json:
    return {
        **_code(feature.code),
        "excluded": feature.excluded,
        "onset_years": _number(feature.onset_years, 4),
    }


def _finding(finding: Finding, place: int, shortlist: int) -> Json:
    return {"place": place, "in_set": place <= shortlist, **finding_json(finding)}


def finding_json(finding: Finding) -> Json:
    """Return one finding with its evidence as JSON-ready dicts."""
    chance = finding.chance
    return {
        **_code(finding.code),
        "none_of_these": finding.code.value == NONE_OF_THESE,
        "subject": {"kind": finding.subject.kind.value, "id": finding.subject.id},
        "probability": _number(chance.value, 6),
        "low": _number(chance.low, 6),
        "high": _number(chance.high, 6),
        "calibration": chance.calibration,
        "evidence_sum": _number(evidence_sum(finding), 4),
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
        "region": None if finding.region is None else _seen(finding.region),
        "maker": _maker(finding.maker),
        "reviewed_by": None if finding.reviewed_by is None else _maker(finding.reviewed_by),
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "bearing": evidence.bearing.value,
        "seen": _seen(evidence.seen),
        "weight": _number(evidence.weight, 4),
        "sentence": evidence.sentence,
        "source": evidence.source,
    }


def _seen(seen: Code | Measurement | Region | Stretch | Atoms | Span) -> Json:
    if isinstance(seen, Code):
        return {"type": "code", **_code(seen)}
    if isinstance(seen, Measurement):
        return {"type": "measurement", **_code(seen.code), "value": _number(seen.value, 6), "unit": seen.unit}
    if isinstance(seen, Region):
        return {"type": "region", "image": seen.image, "low": list(seen.low), "high": list(seen.high)}
    if isinstance(seen, Stretch):
        times = {"start": _number(seen.start, 3), "end": _number(seen.end, 3)}
        return {"type": "stretch", "signal": seen.signal, **times, "leads": list(seen.leads)}
    if isinstance(seen, Atoms):
        return {"type": "atoms", "smiles": seen.smiles, "indices": list(seen.indices)}
    return {"type": "span", "document": seen.document, "start": seen.start, "end": seen.end, "text": seen.text}


def _maker(maker: Maker) -> Json:
    return {"name": maker.name, "version": maker.version, "data_digest": maker.data_digest}


def similar_json(case: SimilarCase) -> Json:
    """Return one similar case as JSON-ready dicts."""
    return {
        "id": case.id,
        "diagnosis": _code(case.diagnosis),
        "publication": case.publication,
        "similarity": _number(case.similarity, 6),
        "shared": [{"patient": _code(own), "case": _code(other)} for own, other in case.shared],
        "only_patient": [_code(code) for code in case.only_patient],
        "only_case": [_code(code) for code in case.only_case],
    }


def question_json(question: Question) -> Json:
    """Return one question as JSON-ready dicts."""
    return {
        **_code(question.feature),
        "sentence": question.sentence,
        "information_bits": _number(question.information, 4),
        "chance_present": _number(question.chance_present, 6),
        "present_if": [{**_code(code), "frequency": _number(chance, 4)} for code, chance in question.present_if],
        "source": question.source,
    }
