"""What careless software and hostile hands make of a phenopacket ends in findings or in one of Suwen's errors.

SUWEN_FUZZ sets how many documents are tried: 600 by default, 10,000 for a full run.
"""

from __future__ import annotations

import json
import math
import os
import random
from pathlib import Path

import pytest

from mutations import mutations
from suwen.diagnosis import Engine, differential
from suwen.errors import SuwenError
from suwen.formats import read_bytes

GOLDEN = Path(__file__).parent / "golden" / "formats"
N = int(os.environ.get("SUWEN_FUZZ", "600"))
PARTS = 4  # so that workers share the load
RICH: dict = {
    "id": "rich",
    "subject": {"id": "s", "sex": "MALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P12Y3M"}}},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0001083", "label": "Ectopia lentis"}, "onset": {"age": {"iso8601duration": "P3Y"}}},
        {"type": {"id": "HP:0001250", "label": "Seizure"}, "excluded": True},
        {"type": {"id": "HP:0001166", "label": "Arachnodactyly"}},
    ],
    "diseases": [{"term": {"id": "OMIM:154700", "label": "Marfan syndrome"}}],
    "metaData": {"created": "2026-01-05T10:00:00Z", "externalReferences": [{"id": "PMID:1"}]},
}
UNUSABLE = ("HP:0000006", "HP:9999999", "HP:0200135", "HP:0001083")  # off branch, unknown, obsolete, contradicted


def seeds() -> list[dict]:
    """Good documents, and some that read well but cannot be weighed."""
    wrong = [{"type": {"id": code}, "excluded": code == "HP:0001083"} for code in UNUSABLE]
    unusable = [RICH | {"phenotypicFeatures": [*RICH["phenotypicFeatures"], one]} for one in wrong]
    good = [json.loads((GOLDEN / name).read_text("utf-8")) for name in ("marfan.json", "family.json")]
    return [*good, *[RICH] * 4, *unusable]


def outcome(data: bytes, engine: Engine) -> str:
    """How a document ended; anything but findings and a SuwenError escapes and fails the test."""
    try:
        patients = read_bytes(data)
    except SuwenError:
        return "not read"
    for patient in patients:
        try:
            found = differential(patient, knowledge=engine, top=3)
        except SuwenError:
            return "not weighed"
        assert sum(finding.chance.value for finding in found) <= 1 + 1e-9
        assert all(math.isfinite(one.weight) for finding in found for one in finding.evidence)
    return "findings"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_document_ends_in_findings_or_an_error_of_ours(part: int, engine: Engine) -> None:
    ends = {"not read": 0, "not weighed": 0, "findings": 0}
    for data in mutations(seeds(), N // PARTS, seed=20_26 + part):
        try:
            ends[outcome(data, engine)] += 1
        except Exception as error:
            error.add_note(f"document: {data[:2_000]!r}")
            raise
    assert ends["not read"] > 0, ends
    assert ends["findings"] > 0, ends  # some pass the border and reach the engine


def sickly(engine: Engine, rng: random.Random) -> dict:
    """A well-formed phenopacket of any terms at all: of every branch, retired, mapped, doubled, denied, at any age."""
    ontology = engine.knowledge.ontology
    pools = [ontology.ids] * 12 + [list(ontology.retired), [f"SNOMEDCT:{one}" for one in ontology.snomed]]
    codes = [rng.choice(rng.choice(pools)) for _ in range(rng.choice([1, 2, 3, 8, 40]))]
    codes += rng.choices(codes, k=rng.randint(0, 2))
    features = [{"type": {"id": code}, "excluded": rng.random() < 0.3} for code in codes]
    age = {"timeAtLastEncounter": {"age": {"iso8601duration": rng.choice(["P0D", "P1D", "P9M", "P44Y", "P120Y"])}}}
    subject = {"id": "s", "sex": rng.choice(["MALE", "FEMALE", "OTHER_SEX", "UNKNOWN_SEX"])}
    return RICH | {"subject": subject | (age if rng.random() < 0.7 else {}), "phenotypicFeatures": features}


@pytest.mark.parametrize("part", range(PARTS))
def test_any_terms_at_all_end_in_findings_or_an_error_of_ours(part: int, engine: Engine) -> None:
    rng = random.Random(part)  # noqa: S311  # test data, not secrets
    ends = {"not read": 0, "not weighed": 0, "findings": 0}
    for _ in range(max(N // PARTS // 5, 20)):
        document = sickly(engine, rng)
        try:
            ends[outcome(json.dumps(document).encode(), engine)] += 1
        except Exception as error:
            error.add_note(f"document: {document}")
            raise
    assert ends["not weighed"] > 0, ends
    assert ends["findings"] > 0, ends
