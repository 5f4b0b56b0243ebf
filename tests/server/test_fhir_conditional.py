"""FHIR: what a search finds is updated, patched and withdrawn in one step; a patch is of the version that was read."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_made import SENT, Json, bundle, create, ids, observation, order, physician, read, search
from served import Served
from starlette.testclient import TestClient

from suwen.formats.fhir import parse_tree, render
from suwen.govern import Role

PATCH = {"content-type": "application/json-patch+json"}


def put_where(client: TestClient, resource: Json, query: str, **headers: str) -> Any:
    path = f"/fhir/{resource['resourceType']}?{query}"
    return client.put(path, content=render(resource), headers=SENT | headers)


def patch(client: TestClient, path: str, *operations: Json, **headers: str) -> Any:
    return client.patch(f"/fhir/{path}", content=render(list(operations)), headers=PATCH | headers)


def amended(value: str = "amended") -> Json:
    return {"op": "replace", "path": "/status", "value": value}


def test_an_update_by_what_it_finds(served: Served) -> None:
    client = physician(served)
    first = put_where(client, observation(served.own, code="cond-1"), "code=cond-1")
    assert first.status_code == 201
    made = read(first.text)
    second = put_where(client, observation(served.own, code="cond-1", value="38.1"), "code=cond-1")
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"')
    assert read(second.text)["id"] == made["id"]
    same = put_where(client, read(second.text), "code=cond-1")
    assert (same.status_code, same.headers["etag"]) == (200, 'W/"2"')
    assert search(client, "Observation", code="cond-1")["total"] == 1


def test_an_update_of_several_of_another_or_of_nothing(served: Served) -> None:
    client = physician(served)
    made = [create(client, observation(served.own, code="cond-2")) for _ in range(2)]
    new = observation(served.own, code="cond-2")
    assert put_where(client, new, "code=cond-2").status_code == 412
    assert put_where(client, new | {"id": made[1]["id"]}, f"_id={made[0]['id']}").status_code == 422
    assert put_where(client, new | {"id": "mine"}, "code=cond-2-none").status_code == 422
    assert put_where(client, new, f"_id={made[0]['id']}", **{"if-match": 'W/"7"'}).status_code == 412
    for empty in ("", "_count=1", "_summary=true", "colour=red"):
        assert put_where(client, new, empty).status_code == 400, empty
    assert put_where(client, new, "identifier=MRN-1").status_code == 400
    assert search(client, "Observation", code="cond-2")["total"] == 2


def test_a_condition_may_name_the_patient_by_the_whole_address(served: Served) -> None:
    """Else it would find nothing, and what is there would be filed once more."""
    client = physician(served)
    made = create(client, observation(served.own, code="cond-whole"))
    new = observation(served.own, code="cond-whole", value="38.2")
    where = f"code=cond-whole&subject=https://localhost:8443/fhir/Patient/{served.own}"
    again = client.post("/fhir/Observation", content=render(new), headers=SENT | {"if-none-exist": where})
    assert (again.status_code, read(again.text)["id"]) == (200, made["id"])
    entry = {"resource": new, "request": {"method": "POST", "url": "Observation", "ifNoneExist": where}}
    answer = client.post("/fhir", content=render(bundle("transaction", entry)), headers=SENT)
    assert read(answer.text)["entry"][0]["response"]["status"] == "200 OK"
    assert put_where(client, new, where).status_code == 200
    assert search(client, "Observation", code="cond-whole")["total"] == 1


def test_a_condition_of_a_new_resource_asks_for_something(served: Served) -> None:
    client, new = physician(served), observation(served.own, code="cond-empty")
    made = client.post("/fhir/Observation", content=render(new), headers=SENT | {"if-none-exist": "_count=5"})
    assert made.status_code == 400
    entry = {"resource": new, "request": {"method": "POST", "url": "Observation", "ifNoneExist": "_count=5"}}
    assert client.post("/fhir", content=render(bundle("transaction", entry)), headers=SENT).status_code == 400


def test_of_others_there_is_nothing_to_update(served: Served) -> None:
    """What is filed for a patient of others is refused as ever, whether something there would answer or not."""
    client = physician(served)
    for query in ("code=cond-3", f"patient={served.other}"):
        assert put_where(client, observation(served.other, code="cond-3"), query).status_code == 403


def test_withdrawn_by_what_it_finds(served: Served) -> None:
    client = physician(served)
    made = [create(client, observation(served.own, code="cond-4")) for _ in range(2)]
    assert client.delete("/fhir/Observation?code=cond-4").status_code == 412
    assert client.delete(f"/fhir/Observation?_id={made[0]['id']}", headers={"if-match": 'W/"2"'}).status_code == 412
    assert client.delete(f"/fhir/Observation?_id={made[0]['id']}").status_code == 204
    assert client.get(f"/fhir/Observation/{made[0]['id']}").status_code == 410
    assert client.delete("/fhir/Observation?code=cond-4").status_code == 204
    assert client.delete("/fhir/Observation?code=cond-4").status_code == 204  # nothing is left, nothing is done
    assert client.delete("/fhir/Observation").status_code == 400
    assert client.delete("/fhir/Patient?gender=male").status_code == 405
    assert served.client().delete("/fhir/Observation?code=cond-4").status_code == 401
    assert client.delete(f"/fhir/Observation?patient={served.other}").status_code == 403


def test_a_patch_of_what_was_read(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own, code="patch-1"))
    path = f"Observation/{made['id']}"
    assert patch(client, path, amended()).status_code == 428
    done = patch(client, path, amended(), **{"if-match": 'W/"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, 'W/"2"')
    assert '"value":37.50,' in done.text  # digits are kept
    failing = {"op": "test", "path": "/status", "value": "final"}
    for stale in (amended("final"), failing):  # the version counts before what the patch makes of another
        assert patch(client, path, stale, **{"if-match": 'W/"1"'}).status_code == 412
    assert read(client.get(f"/fhir/{path}").text)["status"] == "amended"
    new = {"op": "add", "path": "/note", "value": [{"text": "made up"}]}
    quiet = patch(client, path, new, **{"if-match": 'W/"2"', "prefer": "return=minimal"})
    assert (quiet.status_code, quiet.content, quiet.headers["etag"]) == (200, b"", 'W/"3"')


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "test", "path": "/status", "value": "preliminary"}, amended()], 422),
        ([{"op": "remove", "path": "/nothing"}], 422),
        ([{"op": "remove", "path": ""}], 422),
        ([{"op": "replace", "path": "", "value": 5}], 422),
        ([{"op": "remove", "path": "/status"}], 422),
        ([amended("made-up")], 422),
        ([{"op": "replace", "path": "/id", "value": "x"}], 422),
        ([{"op": "replace", "path": "/resourceType", "value": "Condition"}], 422),
        ([{"op": "replace", "path": "/subject/reference", "value": "Patient/" + "ab" * 16}], 422),
        ([{"op": "add", "path": "/valueQuantity/value", "value": "high"}], 422),
        ([{"op": "spread", "path": "/status"}], 400),
        ([{"op": "add", "path": "status", "value": 1}], 400),
        ([{"op": "add", "path": "/status"}], 400),
        ({"op": "add"}, 400),
        ([amended()] * 501, 400),
        (
            [{"op": "add", "path": "/note", "value": [{}]}, *[{"op": "copy", "from": "/note", "path": "/note/-"}] * 40],
            422,
        ),
    ],
    ids=range(16),
)
def test_a_patch_that_is_wrong_changes_nothing(served: Served, operations: Any, status: int) -> None:
    client = physician(served)
    made = create(client, observation(served.own, code="patch-2"))
    headers = PATCH | {"if-match": 'W/"1"'}
    answer = client.patch(f"/fhir/Observation/{made['id']}", content=render(operations), headers=headers)
    assert answer.status_code == status, answer.text
    assert read(answer.text)["resourceType"] == "OperationOutcome"
    assert client.get(f"/fhir/Observation/{made['id']}").headers["etag"] == 'W/"1"'


def test_a_patch_is_json_patch(served: Served) -> None:
    client = physician(served)
    path = f"/fhir/Observation/{create(client, observation(served.own))['id']}"
    for kind in ("application/fhir+json", "application/xml-patch+xml", ""):
        answer = client.patch(path, content=b"[]", headers={"content-type": kind, "if-match": 'W/"1"'})
        assert (answer.status_code, answer.headers["accept-patch"]) == (415, "application/json-patch+json")
    assert client.patch(path, content=b"[", headers=PATCH).status_code == 400
    assert client.patch(path, content=b"\xff", headers=PATCH).status_code == 400


def test_a_patch_of_what_is_found(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own, code="patch-3"))
    assert patch(client, "Observation?code=patch-3", amended()).headers["etag"] == 'W/"2"'
    assert patch(client, "Observation?code=patch-none", amended()).status_code == 404
    create(client, observation(served.own, code="patch-3"))
    assert patch(client, "Observation?code=patch-3", amended()).status_code == 412
    assert patch(client, f"Observation?_id={made['id']}", amended(), **{"if-match": 'W/"1"'}).status_code == 412
    assert patch(client, "Observation?identifier=x", amended()).status_code == 400


def test_a_patch_orders_nothing_for_whoever_may_not_order(served: Served) -> None:
    """A draft that is patched into an order is an order."""
    client = physician(served)
    made = create(client, order(served.own) | {"intent": "plan"})
    change = {"op": "replace", "path": "/intent", "value": "order"}
    nurse = served.client(Role.NURSE)
    path = f"MedicationRequest/{made['id']}"
    assert patch(nurse, path, change, **{"if-match": 'W/"1"'}).status_code == 403
    assert patch(client, path, change, **{"if-match": 'W/"1"'}).status_code == 200
    assert patch(client, f"Observation/{served.other}{'0' * 32}", amended(), **{"if-match": 'W/"1"'}).status_code == 403


def requested(method: str, url: str, resource: Json | None = None, full_url: str = "", **more: str) -> Json:
    entry: Json = {"request": {"method": method, "url": url, **more}}
    entry |= {"resource": resource} if resource else {}
    return entry | ({"fullUrl": full_url} if full_url else {})


def send(client: TestClient, *entries: Json) -> Any:
    return client.post("/fhir", content=render(bundle("transaction", *entries)), headers=SENT)


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in parse_tree(answer.text)["entry"]]


def test_in_a_transaction_conditions_may_name_people_and_entries_point_at_what_they_find(served: Served) -> None:
    client = physician(served)
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:feed", "value": "F-1"}],
        "name": [{"family": "Feed"}],
    }
    seen = observation("x", code="feed") | {"subject": {"reference": "urn:uuid:1"}}
    entries = [
        requested("PUT", "Patient?identifier=urn:feed|F-1", patient, "urn:uuid:1"),
        requested("PUT", "Observation?code=feed", seen, "urn:uuid:2"),
    ]
    first = send(client, *entries)
    assert statuses(first) == ["201", "201"]
    again = send(client, *entries)
    assert statuses(again) == ["200", "200"]
    one, other = (parse_tree(each.text)["entry"] for each in (first, again))
    assert [each["fullUrl"] for each in one] == [each["fullUrl"] for each in other]
    changed = send(client, requested("PUT", "Observation?code=feed", seen | {"subject": one[1]["resource"]["subject"]}))
    assert statuses(changed) == ["200"]
    assert ids(search(client, "Observation", **{"patient.identifier": "F-1"})) == [one[1]["resource"]["id"]]
    assert statuses(send(client, requested("DELETE", "Observation?patient.identifier=F-1"))) == ["204"]
    assert search(client, "Observation", **{"patient.identifier": "F-1"})["total"] == 0


def test_a_transaction_is_refused_whole(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own, code="whole"))
    new = observation(served.own, code="whole-2")
    twice = [requested("PUT", f"Observation?_id={made['id']}", observation(served.own, code="whole"))] * 2
    both = [
        requested("PUT", "Observation?code=whole", observation(served.own, code="whole")),
        requested("DELETE", "Observation?code=whole"),
    ]
    for entries, status in (
        (twice, 422),
        ([requested("POST", "Observation", new), requested("PUT", "Observation?_count=1", new)], 400),
        ([requested("POST", "Observation", new), requested("DELETE", "Observation?")], 400),
        ([requested("POST", "Observation", new), requested("DELETE", "Patient?identifier=MRN-1")], 422),
        ([requested("POST", "Observation?code=x", new)], 400),
    ):
        assert send(client, *entries).status_code == status
    assert statuses(send(client, *both)) == ["201", "204"]  # deletes come first, whatever their order
    assert search(client, "Observation", code="whole-2")["total"] == 0
