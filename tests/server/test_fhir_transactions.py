"""A transaction of FHIR is all or nothing, whatever the order of its entries; a batch is each by itself."""

from __future__ import annotations

from fhir_made import SENT, Json, bundle, create, encounter, observation, order, physician, post, read, search
from served import Served

from suwen.formats.fhir import render
from suwen.govern import Role

URN = "urn:uuid:b0000000-0000-4000-8000-00000000000"


def send(served: Served, document: Json, role: Role = Role.PHYSICIAN) -> tuple[int, Json]:
    answer = served.client(role).post("/fhir", content=render(document), headers=SENT)
    return answer.status_code, read(answer.text)


def about(resource: Json, reference: str) -> Json:
    return resource | {"subject": {"reference": reference}}


def test_entries_point_at_each_other_in_any_order(served: Served) -> None:
    seen = about(observation(""), f"{URN}1") | {"encounter": {"reference": f"{URN}2"}}
    trace: Json = {
        "resourceType": "Provenance",
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    trace |= {"target": [{"reference": f"{URN}3"}]}
    status, answer = send(
        served,
        bundle(
            "transaction",
            post(trace),
            post(seen, full_url=f"{URN}3"),
            post(about(encounter(""), f"{URN}1"), full_url=f"{URN}2"),
            post({"resourceType": "Patient", "name": [{"family": "Bundle"}]}, full_url=f"{URN}1"),
        ),
    )
    assert status == 200, answer
    assert [one["response"]["status"] for one in answer["entry"]] == ["201 Created"] * 4
    trace, seen, visit, patient = (one["resource"] for one in answer["entry"])
    assert seen["subject"]["reference"] == f"Patient/{patient['id']}"
    assert seen["encounter"]["reference"] == f"Encounter/{visit['id']}"
    assert trace["target"][0]["reference"] == f"Observation/{seen['id']}"
    page = search(physician(served), "Observation", patient=patient["id"], _revinclude="Provenance:target")
    assert [one["resource"]["resourceType"] for one in page["entry"]] == ["Observation", "Provenance"]


def test_all_or_nothing(served: Served) -> None:
    client = physician(served)
    before = search(client, "Observation", patient=served.own)["total"]
    for wrong, status in (
        (post(observation(served.other)), 403),
        (post(observation(served.own) | {"status": "x"}), 400),
        ({"request": {"method": "DELETE", "url": f"Observation/{served.own}{'0' * 32}"}}, 404),
        ({"request": {"method": "PATCH", "url": "Observation/1"}}, 400),
    ):
        got, answer = send(served, bundle("transaction", post(observation(served.own)), wrong))
        assert (got, answer["resourceType"]) == (status, "OperationOutcome"), wrong
    assert search(client, "Observation", patient=served.own)["total"] == before


def test_a_nurse_orders_nothing_by_a_bundle(served: Served) -> None:
    nurse = served.client(Role.NURSE)
    own = create(nurse, {"resourceType": "Patient", "name": [{"family": "Nursed"}]})["id"]
    status, _ = send(served, bundle("transaction", post(observation(own)), post(order(own))), Role.NURSE)
    assert status == 403
    assert search(nurse, "Observation", patient=own)["total"] == 0


def test_updates_say_what_they_read(served: Served) -> None:
    made = create(physician(served), observation(served.own))
    change: Json = {"resource": made | {"status": "amended"}}
    place = {"method": "PUT", "url": f"Observation/{made['id']}"}
    assert send(served, bundle("transaction", change | {"request": place}))[0] == 400
    assert send(served, bundle("transaction", change | {"request": place | {"ifMatch": 'W/"5"'}}))[0] == 412
    twice = change | {"request": place | {"ifMatch": 'W/"1"'}}
    assert send(served, bundle("transaction", twice, twice))[0] == 422
    status, answer = send(
        served, bundle("transaction", {"request": {"method": "GET", "url": f"Observation/{made['id']}"}}, twice)
    )
    assert status == 200
    assert [one["response"]["etag"] for one in answer["entry"]] == ['W/"2"'] * 2  # reads come last


def test_conditions(served: Served) -> None:
    resource = observation(served.own) | {"identifier": [{"value": "tx-1"}]}
    document = bundle("transaction", post(resource, full_url=f"{URN}1", ifNoneExist="identifier=tx-1"))
    statuses = [send(served, document)[1]["entry"][0]["response"]["status"] for _ in range(2)]
    assert statuses == ["201 Created", "200 OK"]


def test_a_batch_is_each_by_itself(served: Served) -> None:
    status, answer = send(
        served,
        bundle(
            "batch",
            post(observation(served.other)),
            post(observation(served.own)),
            {"request": {"method": "GET", "url": f"Patient/{served.own}"}},
            {"request": {"method": "GET", "url": f"Observation?patient={served.own}&_summary=count"}},
            {"request": {"method": "GET", "url": f"Patient/{'ab' * 16}"}},
        ),
    )
    assert status == 200
    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["403", "201", "200", "200", "403"]
    assert answer["entry"][0]["response"]["outcome"] == answer["entry"][4]["response"]["outcome"] | {
        "issue": answer["entry"][0]["response"]["outcome"]["issue"]
    }


def test_what_is_no_transaction(served: Served) -> None:
    for document in ({"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Patient"}):
        assert send(served, document)[0] == 400
    assert send(served, {"resourceType": "Bundle", "type": "transaction"})[0] == 200
    assert send(served, bundle("batch", *[{"request": {}}] * 501))[0] == 400
    assert send(served, bundle("transaction", *[{"request": {}}] * 2001))[0] == 400
    assert send(served, {"resourceType": "Bundle", "type": "transaction", "entry": "x"})[0] == 400
    assert send(served, {"resourceType": "Bundle", "type": "transaction", "entry": [1, None, {}]})[0] == 400
