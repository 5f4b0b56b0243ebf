"""Every route × every role × own and other patients beside the table of what is open to whom: no second way in.

A route that is in no line of the table fails the test, so that a new one has to be placed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from served import Served, serve_ward
from walked import walked
from ward import open_ward

from suwen.govern import Role

CLINICAL = {Role.PHYSICIAN, Role.IMAGING_SPECIALIST, Role.NURSE}
EVERYBODY = set(Role)
POWERS = {Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR}

# What may be asked without anybody vouching: each is public by its standard or is the way in itself.
OPEN = re.compile(
    r"/(health|ready|metrics|sign-in.*|language|sign-out|session)?$"
    r"|/(fhir/)?\.well-known/smart-configuration|/fhir/metadata|/oauth/(token|revoke|introspect|authorize)|/cds-services$"
)
# The first line that fits a path says who may ask; a patient's own pages are for whoever treats the patient.
TABLE: tuple[tuple[str, set[Role]], ...] = (
    (r"/patients/\{patient\}", set()),
    (r"/emergency/\{patient\}", CLINICAL),
    (r"/security/(accounts|care|devices)", {Role.ADMINISTRATOR}),
    (r"/security/(glass|keys)", {Role.SECURITY_OFFICER}),
    (r"/security/(audit|checkpoint)", {Role.AUDITOR}),
    (r"/security$", POWERS),
    (r"/patients/(new|import)|/patients$", CLINICAL),
    (r"/(worklist|emergency|terms|account|help|models|molecules|jobs|apps|oauth)", EVERYBODY),
    (r"/(fhir|dicom-web|cds-services)", EVERYBODY),
)
GIVEN = {
    "record": "0" * 32, "place": "0", "number": "1", "kind": "Observation", "only": "new", "lang": "en", "key": "x",
    "part": "0", "series": "1.2.3", "at": "0", "name": "x", "job": "0" * 32, "endpoint": "herg", "use": "0" * 32,
    "entry": "0", "handle": "x", "client": "x", "service": "x", "id_": "0" * 32, "study": "1.2.3", "instance": "1.2.3",
    "numbers": "1", "tag": "7FE00010", "other": "1.2.3", "second": "1",
}  # fmt: skip
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("every") / "store") as ward:
        yield serve_ward(ward, tries=10**6, a_minute=10**6)


@dataclass(frozen=True)
class Way:
    method: str
    path: str

    def to(self, patient: str) -> str:
        return re.sub(r"\{(\w+)(:\w+)?\}", lambda one: {**GIVEN, "patient": patient}[one[1]], self.path)


def ways() -> Iterator[Way]:
    for path, route in walked():
        for method in sorted(set(getattr(route, "methods", None) or ()) - {"HEAD", "OPTIONS"}):
            yield Way(method, path)


WAYS = sorted(set(ways()), key=lambda one: (one.path, one.method))
PATIENTS = [one for one in WAYS if one.path.startswith("/patients/{patient}")]
STREAM = "/jobs/stream"  # does not end by itself; `test_jobs_streams.py` asks it
CLOSED = [one for one in WAYS if not OPEN.fullmatch(one.path)]


def name(way: Way) -> str:
    return f"{way.method} {way.path}"


def asked(served: Served, way: Way, role: Role | None, patient: str) -> int:
    client = served.client(role)
    return client.request(way.method, way.to(patient)).status_code


def allowed(way: Way) -> set[Role]:
    found = [roles for pattern, roles in TABLE if re.match(pattern, way.path)]
    assert found, f"{name(way)} stands in no line of the table"
    return found[0]


@pytest.mark.parametrize("way", CLOSED, ids=name)
def test_nobody_gets_in(served: Served, way: Way) -> None:
    assert allowed(way) is not None
    status = asked(served, way, None, served.own)
    assert status in {303, *REFUSED}, status


@pytest.mark.parametrize("way", PATIENTS, ids=name)
def test_other_peoples_patients_are_closed_to_everybody(served: Served, way: Way) -> None:
    for role in Role if way.method == "GET" else (Role.PHYSICIAN, Role.NURSE, Role.ADMINISTRATOR):
        status = asked(served, way, role, served.other)
        # What is malformed is refused before anything is opened, to everybody alike.
        assert status in {403, 422}, (role, status)
        if way.method == "GET":
            assert status == 403, (role, status)


@pytest.mark.parametrize("way", [one for one in PATIENTS if one.method == "GET"], ids=name)
def test_own_patients_are_open_to_whoever_treats_them_and_closed_to_all_others(served: Served, way: Way) -> None:
    for role in Role:
        status = asked(served, way, role, served.own)
        assert (status == 403) is (role is not Role.PHYSICIAN), (role, status)
        assert status < 500, (role, status)


@pytest.mark.parametrize("way", PATIENTS, ids=name)
def test_a_patient_there_is_not_is_no_other_than_one_who_is_not_ones_own(served: Served, way: Way) -> None:
    assert asked(served, way, Role.PHYSICIAN, "f" * 32) == asked(served, way, Role.PHYSICIAN, served.other)


@pytest.mark.parametrize("way", [one for one in CLOSED if one.path.startswith("/security")], ids=name)
def test_each_power_has_its_own_pages(served: Served, way: Way) -> None:
    for role in Role:
        status = asked(served, way, role, served.own)
        if way.method == "GET":
            assert (status == 403) is (role not in allowed(way)), (role, status)
        elif role not in allowed(way):
            assert status in {303, 403, 422}, (role, status)
        assert status < 500, (role, status)


@pytest.mark.parametrize("way", [one for one in CLOSED if one not in PATIENTS and one.path != STREAM], ids=name)
def test_nothing_fails_for_anybody(served: Served, way: Way) -> None:
    for role in (Role.PHYSICIAN, Role.NURSE, Role.AUDITOR):
        assert asked(served, way, role, served.own) < 500
