"""Odd members in resources of the heart: whatever stands in them, the areas read the rest and answer."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from bedside import Json, coded, condition, observation, patient_resource, resource
from tracings import LOINC, document, edf_of, sampled

from suwen.consult.areas_ecg import ecg_area
from suwen.consult.areas_heart import heart_area
from suwen.consult.nouns import Given, Status

ID = "ab" * 16
SNOMED = "http://snomed.info/sct"
ODD = (
    *(None, True, -1, 0, 10**400, Decimal("1e999"), Decimal("NaN"), "", "x", "E U L", "2020-13-45"),
    *([], [None], {}, {"coding": {}}),
)
PRESSURE = {"code": coded("8480-6", LOINC), "valueQuantity": {"value": Decimal("150.0"), "code": "mm[Hg]"}}
STATIN = {"text": "Simvastatin", "coding": [{"system": "http://www.whocc.no/atc", "code": "C10AA01"}]}
RESOURCES = (
    patient_resource(birthDate="1960-06-15", extension=[{"url": "x", "extension": [{"url": "ombCategory"}]}]),
    observation("85354-9", system=LOINC, present=None, component=[PRESSURE], valueQuantity=PRESSURE["valueQuantity"]),
    observation("72166-2", system=LOINC, present=None, valueCodeableConcept=coded("449868002", SNOMED)),
    condition("44054006", system=SNOMED, clinicalStatus=coded("active"), verificationStatus=coded("confirmed")),
    resource(
        "MedicationRequest",
        "m",
        status="active",
        medicationReference={"reference": "#i"},
        contained=[{"id": "i", "code": STATIN}],
    ),
    resource(
        "FamilyMemberHistory",
        "f",
        status="completed",
        relationship=coded("MTH"),
        condition=[{"code": coded("53741008", SNOMED)}],
    ),
)
SHORT = {
    "origin": {"value": 0, "unit": "uV"},
    "period": 4,
    "factor": 1,
    "dimensions": 1,
    "data": "1 2 3 4 5 6 7 8 9 8 7 6",
}


def _tracings() -> tuple[Json, ...]:
    small = sampled("sinus")
    small["component"] = [{**one, "valueSampledData": SHORT} for one in small["component"][:2]]
    return small, document(edf_of()[:3_000]), document(edf_of(seconds=2, leads=1), "2019-01-01")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _spoilt(resources: list[Json], rng: random.Random) -> list[Json]:
    """The resources with one to three members replaced; their types stay, as only those of an area reach it."""
    made = copy.deepcopy(resources)
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice([one for one in _places(made) if one[1] != "resourceType" and one[0] is not made])
        holder[key] = rng.choice(ODD)
    return made


@pytest.mark.parametrize("seed", range(4))
def test_odd_members_of_risk_factors_are_left_out(seed: int) -> None:
    rng, area = random.Random(seed), heart_area()  # noqa: S311 (test data, not secrets)
    for _ in range(400):
        given = area.prepare(_spoilt(list(RESOURCES), rng), ID)
        assert isinstance(given, Given)
        assert len(given.digest) == 64
    assert area.weigh(given.noun).status in Status


@pytest.mark.parametrize("seed", range(4))
def test_odd_members_of_electrocardiograms_are_counted(seed: int) -> None:
    rng, area, tracings = random.Random(seed), ecg_area(), _tracings()  # noqa: S311 (test data, not secrets)
    for _ in range(200):
        given = area.prepare(_spoilt([RESOURCES[0], *tracings], rng), ID)
        assert isinstance(given, Given)
        assert len(given.digest) == 64
    assert area.weigh(given.noun).status in Status
