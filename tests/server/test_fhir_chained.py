"""FHIR search: references followed forth and back, what is shown of each resource, and what is passed over if asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fhir_made import Json, create, encounter, ids, observation, physician, read, search
from served import Served

from suwen.govern import EventKind, Role, read_audit

CODE = "chained"


@pytest.fixture(scope="module")
def chained(served: Served) -> tuple[Served, dict[str, str]]:
    """Two patients in the physician's care, each with a visit and an observation at it; ids by what they are."""
    client = physician(served)
    found: dict[str, str] = {}
    for name, number, status in (("Alder", "C-1", "finished"), ("Birch", "C-2", "planned")):
        said = {"identifier": [{"system": "urn:c", "value": number}], "name": [{"family": name, "given": ["Made"]}]}
        patient = create(client, {"resourceType": "Patient", **said})["id"]
        visit = create(client, encounter(patient) | {"status": status})["id"]
        at = {"encounter": {"reference": f"Encounter/{visit}"}}
        found |= {name: patient, f"{name} visit": visit}
        found[f"{name} seen"] = create(client, observation(patient, code=CODE) | at)["id"]
    return served, found


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"patient.identifier": "C-1"}, {"Alder"}),
        ({"patient.identifier": "urn:c|C-2"}, {"Birch"}),
        ({"subject:Patient.identifier": "urn:c|C-2"}, {"Birch"}),
        ({"subject:Patient.name": "ald"}, {"Alder"}),
        ({"patient.family:exact": "Birch"}, {"Birch"}),
        ({"patient.given": "Made"}, {"Alder", "Birch"}),
        ({"patient.given": "Made", "encounter.status": "planned"}, {"Birch"}),
        ({"encounter.status": "finished,planned"}, {"Alder", "Birch"}),
        ({"encounter.status:not": "planned"}, {"Alder"}),
        ({"encounter.patient.identifier": "C-1"}, {"Alder"}),
        ({"encounter.subject:Patient.name:contains": "irc"}, {"Birch"}),
        ({"subject:Group.identifier": "C-1"}, set()),
        ({"patient.identifier": "MRN-2"}, set()),
        ({"patient._has:Encounter:patient:status": "planned"}, {"Birch"}),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_what_is_pointed_at_is_asked(
    chained: tuple[Served, dict[str, str]], parameters: dict[str, str], wanted: set[str]
) -> None:
    served, made = chained
    found = ids(search(physician(served), "Observation", code=CODE, **parameters))
    assert found == [made[f"{name} seen"] for name in sorted(wanted, key=lambda one: made[one])]


@pytest.mark.parametrize(
    ("kind", "parameters", "wanted"),
    [
        ("Patient", {"_has:Observation:patient:code": CODE}, ["Alder", "Birch"]),
        ("Patient", {"_has:Encounter:patient:status": "planned"}, ["Birch"]),
        ("Patient", {"_has:Encounter:patient:status": "planned", "name": "alder"}, []),
        ("Encounter", {"_has:Observation:encounter:code": CODE, "status": "finished"}, ["Alder visit"]),
        ("Patient", {"_has:Encounter:patient:_has:Observation:encounter:code": CODE, "name": "b"}, ["Birch"]),
        ("Patient", {"_has:Observation:patient:code": "nothing"}, []),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_what_points_here_is_asked(
    chained: tuple[Served, dict[str, str]], kind: str, parameters: dict[str, str], wanted: list[str]
) -> None:
    served, made = chained
    found = ids(search(physician(served), kind, **parameters))
    assert found == sorted((made[one] for one in wanted), key=lambda one: one[:32])


def test_nobody_learns_by_a_chain_of_patients_of_others(chained: tuple[Served, dict[str, str]]) -> None:
    """A chain opens no chart that its asker may not open: of MRN-2 there is nothing, and nothing says there is."""
    served, _ = chained
    for number in ("MRN-2", "MRN-404"):
        page = search(physician(served), "Observation", **{"patient.identifier": number})
        assert (page["total"], "entry" in page) == (0, False)
    assert search(served.client(Role.NURSE), "Observation", **{"patient.identifier": "C-1"})["total"] == 0


def test_an_identifier_at_the_end_of_a_chain_opens_one_chart(chained: tuple[Served, dict[str, str]]) -> None:
    """The blind index says whose it is; no other chart is decided or opened for it."""
    served, made = chained
    auditor, records = served.ward[Role.AUDITOR], served.house.records
    client = physician(served)
    for parameters in ({"patient.identifier": "C-1"}, {"subject:Patient.identifier": "C-1"}):
        known = len(read_audit(auditor, records))
        search(client, "Observation", **parameters)
        events = [one for _, one in read_audit(auditor, records)[known:]]
        subjects = {one.subject for one in events if one.kind in {EventKind.DECISION, EventKind.OPEN} and one.subject}
        assert subjects == {made["Alder"]}


@pytest.mark.parametrize(
    "query",
    [
        "patient.identifier=C-1",
        "subject:Patient.name=alder",
        "encounter.patient.family=Zhangsan",
        "performer:Practitioner.phone=5551234",
    ],
)
def test_what_names_somebody_at_the_end_of_a_chain_stays_out_of_addresses(served: Served, query: str) -> None:
    answer = physician(served).get(f"/fhir/Observation?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[2] not in answer.text
    assert physician(served).get("/fhir/Patient?_has:Observation:patient:code=1").status_code == 200
    assert physician(served).get("/fhir/Patient?_has:RelatedPerson:patient:name=x").status_code == 400


def test_ways_along_are_gone_on_with(chained: tuple[Served, dict[str, str]]) -> None:
    served, made = chained
    given = {"code": CODE, "patient": made["Alder"], "_include": "Observation:encounter"}
    page = search(physician(served), "Observation", **given, **{"_include:iterate": "Encounter:patient"})
    assert set(ids(page, "include")) == {made["Alder visit"], made["Alder"]}
    page = search(physician(served), "Observation", **given)
    assert ids(page, "include") == [made["Alder visit"]]
    sent = {"_include:up": "Observation:encounter"}
    assert physician(served).post("/fhir/Observation/_search", data=sent).status_code == 400


def shown(served: Served, seen: str, **more: str) -> Json:
    found: Json = search(physician(served), "Observation", _id=seen, **more)["entry"][0]["resource"]
    return found


def test_parts_of_a_resource(chained: tuple[Served, dict[str, str]]) -> None:
    served, made = chained
    client = physician(served)
    text = {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'}}
    note = {"note": [{"text": "made up"}], "interpretation": [{"text": "high"}]}
    seen = create(client, observation(made["Alder"], code="parts") | text | note)["id"]
    base = {"resourceType", "id", "meta", "status", "code"}
    summary = {*base, "subject", "effectiveDateTime", "valueQuantity"}
    assert set(shown(served, seen)) == {*summary, *text, *note}
    assert set(shown(served, seen, _summary="true")) == summary
    assert set(shown(served, seen, _summary="text")) == {*base, *text}
    assert set(shown(served, seen, _summary="data")) == {*summary, *note}
    assert set(shown(served, seen, _summary="text", _elements="note")) == {*base, *text, "note"}
    one = read(client.get(f"/fhir/Observation/{seen}?_summary=text").text)
    assert set(one) == {*base, *text}
    assert one["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert client.get(f"/fhir/Observation/{seen}?_summary=most").status_code == 400
    assert client.get("/fhir/Observation?_summary=most").status_code == 400


def test_what_is_counted(chained: tuple[Served, dict[str, str]]) -> None:
    served, _ = chained
    client = physician(served)
    assert search(client, "Observation", code=CODE, _total="accurate")["total"] == 2
    first = search(client, "Observation", code=CODE, _total="none", _count="1")
    assert "total" not in first
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    assert "total" not in read(client.get(following).text)
    assert client.get("/fhir/Observation?_total=some").status_code == 400


def test_sorted_by_several(chained: tuple[Served, dict[str, str]]) -> None:
    served, made = chained
    client = physician(served)
    for value, day in (("1", "2020-01-02"), ("2", "2020-01-01"), ("3", "2020-01-02")):
        create(client, observation(made["Alder"], code="several", value=value) | {"effectiveDateTime": day})
    page = search(client, "Observation", code="several", _sort="-date,-value-quantity")
    assert [int(one["resource"]["valueQuantity"]["value"]) for one in page["entry"]] == [3, 1, 2]


def test_what_is_not_known_is_passed_over_where_that_is_asked_for_and_said(
    chained: tuple[Served, dict[str, str]],
) -> None:
    served, _ = chained
    client = physician(served)
    lenient = {"prefer": "handling=lenient"}
    path = f"/fhir/Observation?code={CODE}&colour=Zhangsan"
    assert client.get(path).status_code == 400
    assert client.get(path, headers={"prefer": "handling=strict"}).status_code == 400
    answer = client.get(path, headers=lenient)
    page = read(answer.text)
    assert (answer.status_code, page["total"]) == (200, 2)
    assert page["link"][0]["url"].endswith(f"/fhir/Observation?code={CODE}")
    said = page["entry"][-1]
    assert (said["search"]["mode"], said["resource"]["issue"][0]["severity"]) == ("outcome", "warning")
    assert "colour" in said["resource"]["issue"][0]["diagnostics"]
    assert "Zhangsan" not in answer.text
    # What is known is taken at its word all the same.
    for wrong in ("code:in=x", "date=spring", "_sort=colour", "subject.colour=x", "_include=Patient:nothing"):
        assert client.get(f"/fhir/Observation?{wrong}", headers=lenient).status_code == 400, wrong


def test_head_says_what_get_would(chained: tuple[Served, dict[str, str]]) -> None:
    served, made = chained
    client = physician(served)
    for path in (f"/fhir/Patient/{made['Alder']}", "/fhir/metadata", "/fhir/Observation/x", "/fhir/Patient?name=x"):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)
    assert served.client().head(f"/fhir/Patient/{made['Alder']}").status_code == 401
    assert sent_for_head(served, "/fhir/metadata") == b""


def sent_for_head(served: Served, path: str) -> bytes:
    """What the application itself sends after the headers: a client and a web server would both hide it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:8443")]
    scope = {"type": "http", "http_version": "1.1", "method": "HEAD", "path": path, "raw_path": path.encode()}
    scope |= {"headers": headers, "query_string": b"", "scheme": "https", "root_path": "", "client": ("127.0.0.1", 1)}
    asyncio.run(served.app({**scope, "asgi": {"version": "3.0"}, "server": ("localhost", 8443)}, receive, send))
    assert sent[0]["status"] == 200
    return b"".join(one.get("body", b"") for one in sent[1:])


def test_for_a_person_s_eyes(chained: tuple[Served, dict[str, str]]) -> None:
    served, made = chained
    path = f"/fhir/Observation/{made['Alder seen']}"
    plain, pretty = (physician(served).get(path + more).text for more in ("", "?_pretty=true"))
    assert pretty.count("\n") > 10
    assert '"value": 37.50' in pretty
    assert read(pretty) == read(plain)
