"""FHIR over PostgreSQL: readers that share a transaction stay apart there too, and every kind of request works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir_made import SENT, create, encounter, ids, observation, physician, put, read, search
from served import Served, serve_ward
from sqlalchemy import text
from test_fhir_together import (
    at_once,
    rows,
    test_a_fault_of_ours_in_one_ends_no_other_for_good,
    test_a_session_that_is_over_reads_nothing,
    test_each_is_decided_by_itself,
    test_each_is_in_the_audit_under_its_own_name,
    test_erased_is_erased_also_where_the_chart_was_known,
    test_readers_that_wait_share_one_checkpoint,
    test_the_others_of_a_group_that_broke_off_are_not_answered,
    test_what_failed_otherwise_is_in_the_audit_too,
    test_what_was_rolled_back_is_not_remembered,
    test_without_an_audit_nobody_is_answered,
)
from ward import CHEAP_FILE, Ward, new_database, open_ward, postgres_server

from suwen.consult import import_directory
from suwen.consult.fhir.rest import Rest, Who, create_resource, parse_asked, read_resource, search_resources
from suwen.errors import TamperError
from suwen.formats.fhir import read_document, render
from suwen.govern import Role
from suwen.govern.hospital import Place

# The same tests as over SQLite, with this file's `ward`.
__all__ = [
    "test_a_fault_of_ours_in_one_ends_no_other_for_good",
    "test_a_session_that_is_over_reads_nothing",
    "test_each_is_decided_by_itself",
    "test_each_is_in_the_audit_under_its_own_name",
    "test_erased_is_erased_also_where_the_chart_was_known",
    "test_readers_that_wait_share_one_checkpoint",
    "test_the_others_of_a_group_that_broke_off_are_not_answered",
    "test_what_failed_otherwise_is_in_the_audit_too",
    "test_what_was_rolled_back_is_not_remembered",
    "test_without_an_audit_nobody_is_answered",
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        yield address


def opened(server: str, folder: Path) -> Any:
    return open_ward(folder / "store", Place(database=new_database(server), settings=CHEAP_FILE))


@pytest.fixture
def ward(server: str, tmp_path: Path) -> Iterator[Ward]:
    with opened(server, tmp_path) as found:
        assert found.records.store.engine.dialect.name == "postgresql"
        yield found


@pytest.fixture(scope="module")
def served(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with opened(server, tmp_path_factory.mktemp("postgres")) as ward:
        yield serve_ward(ward)


def test_every_kind_of_request(served: Served) -> None:
    client, ward = physician(served), served.ward
    visit = create(client, encounter(served.own))["id"]
    made = create(client, observation(served.own) | {"encounter": {"reference": f"Encounter/{visit}"}})
    assert put(client, made | {"status": "amended"}, "1").headers["etag"] == 'W/"2"'
    change = render([{"op": "replace", "path": "/status", "value": "corrected"}])
    headers = {"content-type": "application/json-patch+json", "if-match": 'W/"2"'}
    assert client.patch(f"/fhir/Observation/{made['id']}", content=change, headers=headers).status_code == 200
    again = observation(served.own, value="38.0") | {"encounter": {"reference": f"Encounter/{visit}"}}
    answer = client.put("/fhir/Observation?code=8310-5", content=render(again), headers=SENT)
    assert answer.headers["etag"] == 'W/"4"'
    assert ids(search(client, "Observation", **{"encounter.status": "finished", "patient.identifier": "MRN-1"})) == [
        made["id"]
    ]
    page = search(client, "Patient", **{"_has:Observation:patient:code": "8310-5"}, _revinclude="Encounter:patient")
    assert (ids(page), ids(page, "include")) == ([served.own], [visit])
    house = {"resourceType": "Organization", "id": "o1", "name": "Made-up hospital"}
    entry = {"fullUrl": "https://source.example/fhir/Organization/o1", "resource": house}
    document = read_document(render({"resourceType": "Bundle", "type": "collection", "entry": [entry]}))
    import_directory(ward[Role.ADMINISTRATOR], ward.records, document)
    assert search(client, "Organization", name="made")["total"] == 1
    assert client.get(f"/fhir/Patient/{served.own}/$everything").status_code == 200
    assert len(read(client.get(f"/fhir/Observation/{made['id']}/_history").text)["entry"]) == 4
    assert client.delete(f"/fhir/Observation?_id={made['id']}").status_code == 204
    assert client.get(f"/fhir/Patient/{served.other}").status_code == 403


def test_many_at_once_read_search_and_write(ward: Ward) -> None:
    """None waits for another for ever, none sees the other's patient, and every write is there afterwards."""
    other = ward.hire("elsewhere", Role.PHYSICIAN)
    mine, theirs = ward.patient(1), ward.patient(2, actor=other)
    rest, who = Rest.over(ward.records), Who(ward[Role.PHYSICIAN])
    acts: list[Any] = [
        lambda: read_resource(rest, who, "Patient", mine).id,
        lambda: read_resource(rest, who, "Patient", theirs).id,
        lambda: search_resources(rest, who, parse_asked("Observation", "code=8310-5")).total,
        lambda: create_resource(rest, who, observation(mine)).version.kind,
    ]
    found = at_once(*(acts * 4))
    assert [one for one in found if one == mine] == [mine] * 4
    assert [type(one).__name__ for one in found].count("AccessError") == 4
    assert found.count("Observation") == 4
    assert search_resources(rest, who, parse_asked("Observation", "")).total == 4


def test_what_somebody_changed_in_the_database_is_not_served(ward: Ward) -> None:
    who, patient = Who(ward[Role.PHYSICIAN]), ward.patient(1)
    rest = Rest.over(ward.records)
    made = create_resource(rest, who, observation(patient)).version
    assert read_resource(rest, who, "Observation", made.id).number == "1"
    place = bytes.fromhex(made.id[32:])
    assert rows(ward, "SELECT version FROM record WHERE id = :id", id=place) == {"version": 1}
    with ward.records.store.engine.begin() as connection:
        connection.execute(text("UPDATE record SET withdrawn = 1 WHERE id = :id"), {"id": place})
    with pytest.raises(TamperError):
        read_resource(rest, who, "Observation", made.id)
