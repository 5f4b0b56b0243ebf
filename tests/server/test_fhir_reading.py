"""FHIR read, vread, history and search: what is served is what was filed, to whoever may see it, and to nobody else."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlencode

import pytest
from fhir_made import create, encounter, ids, observation, physician, put, read, search
from served import Served

from suwen.consult.fhir.held import is_type
from suwen.consult.fhir.rest import parse_asked
from suwen.consult.fhir.rest.pages import Left, Pages
from suwen.errors import NotFoundError
from suwen.formats.fhir.searching.table import ABOUT_PATIENTS, TYPES
from suwen.govern import EventKind, Role, read_audit, revoke_care


def test_a_number_keeps_its_digits(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own, value="37.50"))
    text = client.get(f"/fhir/Observation/{made['id']}").text
    assert '"value":37.50,' in text
    assert read(text)["valueQuantity"]["value"].as_tuple() == Decimal("37.50").as_tuple()


def test_a_registered_patient_is_a_resource(served: Served) -> None:
    answer = physician(served).get(f"/fhir/Patient/{served.own}")
    found = read(answer.text)
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert found["id"] == served.own
    assert found["identifier"] == [{"value": "MRN-1"}]
    assert answer.headers["etag"] == f'W/"{found["meta"]["versionId"]}"'


@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: role.value if role else "nobody")
def test_patients_of_others_are_refused_like_unknown_ones(served: Served, role: Role | None) -> None:
    """Neither status nor text nor headers tell whether there is such a patient."""
    client = served.client(role)
    for path in ("/fhir/Patient/{}", "/fhir/Observation/{}" + "0" * 32, "/fhir/Patient/{}/_history"):
        answers = [client.get(path.format(one)) for one in (served.other, "ab" * 16)]
        assert answers[0].status_code == answers[1].status_code == (403 if role else 401)
        assert answers[0].text == answers[1].text
        headers = [{name: said for name, said in one.headers.items() if name != "x-request-number"} for one in answers]
        assert headers[0] == headers[1]
    for patient in (served.other, "ab" * 16):
        assert client.get(f"/fhir/Observation?patient={patient}").status_code == (403 if role else 401)


def test_one_s_own_patient_without_the_resource_is_not_found(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own))
    assert client.get(f"/fhir/Observation/{served.own}{'0' * 32}").status_code == 404
    assert client.get(f"/fhir/Encounter/{made['id']}").status_code == 404
    assert client.get("/fhir/Observation/x").status_code == 404


def test_versions(served: Served) -> None:
    client = physician(served)
    made = create(client, observation(served.own))
    assert put(client, made | {"status": "amended"}, "1").status_code == 200
    path = f"/fhir/Observation/{made['id']}"
    history = read(client.get(f"{path}/_history").text)
    assert [one["resource"]["status"] for one in history["entry"]] == ["amended", "final"]
    assert [one["request"]["method"] for one in history["entry"]] == ["PUT", "POST"]
    assert read(client.get(f"{path}/_history/1").text)["status"] == "final"
    assert client.get(f"{path}/_history/3").status_code == 404


def test_what_the_client_has_is_not_sent_again(served: Served) -> None:
    client = physician(served)
    path = f"/fhir/Observation/{create(client, observation(served.own))['id']}"
    first = client.get(path)
    same = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert client.get(path, headers={"if-none-match": 'W/"7"'}).status_code == 200
    assert client.get(path, headers={"if-modified-since": first.headers["last-modified"]}).status_code == 304
    assert client.get(path, headers={"if-modified-since": "Mon, 01 Jan 1990 00:00:00 GMT"}).status_code == 200
    assert client.get(path, headers={"if-modified-since": "yesterday"}).status_code == 200


def test_every_reading_is_in_the_audit_log(served: Served) -> None:
    made = create(physician(served), observation(served.own))
    physician(served).get(f"/fhir/Observation/{made['id']}")
    entries = [one for _, one in read_audit(served.ward[Role.AUDITOR], served.house.records)]
    last = [one for one in entries if one.kind is EventKind.OPEN][-1]
    assert last.subject == served.own
    assert last.actor == served.ward[Role.PHYSICIAN].id
    assert last.detail["records"] == [f"{made['id'][32:]}:1"]


def test_a_search_is_over_one_s_own_patients_alone(served: Served) -> None:
    page = search(physician(served), "Patient")
    assert served.own in ids(page)
    assert served.other not in ids(page)
    assert ids(search(physician(served), "Patient", identifier="MRN-2")) == []
    assert ids(search(physician(served), "Patient", identifier="MRN-1")) == [served.own]


def test_the_parameters_of_a_search(served: Served) -> None:
    client = physician(served)
    low = create(client, observation(served.own, value="35.1", code="search-1"))["id"]
    high = create(client, observation(served.own, value="39.9", code="search-1"))["id"]
    at = {"patient": served.own, "code": "search-1"}
    assert ids(search(client, "Observation", **at, **{"value-quantity": "gt38"})) == [high]
    assert ids(search(client, "Observation", _id=f"{low},{high}")) == [low, high]
    assert search(client, "Observation", **at, _summary="count") == {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 2,
        "link": [{"relation": "self", "url": "https://localhost:8443/fhir/Observation/_search"}],
    }
    assert ids(search(client, "Observation", **at, _lastUpdated="gt2100-01-01")) == []
    shown = search(client, "Observation", **at, _elements="status", _count="1")["entry"][0]["resource"]
    assert set(shown) == {"resourceType", "id", "meta", "status", "code"}
    assert shown["meta"]["tag"][-1]["code"] == "SUBSETTED"


@pytest.mark.parametrize("safe", ["", "/", ":/"], ids=["encoded", "half", "plain"])
def test_a_patient_may_be_named_by_the_whole_address(served: Served, safe: str) -> None:
    client = physician(served)
    made = create(client, observation(served.own, code=f"whole-{len(safe)}"))["id"]
    address = quote(f"https://localhost:8443/fhir/Patient/{served.own}", safe=safe)
    page = read(client.get(f"/fhir/Observation?patient={address}&code=whole-{len(safe)}").text)
    assert ids(page) == [made]
    other = quote(f"https://localhost:8443/fhir/Patient/{served.other}", safe=safe)
    assert client.get(f"/fhir/Observation?patient={other}").status_code == 403


def test_several_may_be_named_by_their_whole_addresses(served: Served) -> None:
    client = physician(served)
    made = [create(client, observation(served.own, code="wholes"))["id"] for _ in range(2)]
    other = create(client, {"resourceType": "Patient", "name": [{"family": "Whole"}]})["id"]
    made.append(create(client, observation(other, code="wholes"))["id"])
    for comma in (",", "%2C"):
        whole = comma.join(f"https://localhost:8443/fhir/Patient/{one}" for one in (other, served.own))
        page = read(client.get(f"/fhir/Observation?patient={whole}&code=wholes").text)
        assert sorted(ids(page)) == sorted(made)


def test_what_goes_along(served: Served) -> None:
    client = physician(served)
    visit = create(client, encounter(served.own))["id"]
    seen = create(client, observation(served.own, code="along") | {"encounter": {"reference": f"Encounter/{visit}"}})[
        "id"
    ]
    page = search(client, "Observation", patient=served.own, code="along", _include="Observation:encounter")
    assert (ids(page), ids(page, "include")) == ([seen], [visit])
    page = search(client, "Observation", patient=served.own, code="along", _include="Observation:patient")
    assert ids(page, "include") == [served.own]
    page = search(client, "Encounter", _id=visit, _revinclude="Observation:encounter")
    assert (ids(page), ids(page, "include")) == ([visit], [seen])
    assert page["total"] == 1


def test_pages_hold_everything_once_and_belong_to_whoever_searched(served: Served) -> None:
    client = physician(served)
    made = [create(client, observation(served.own, code="pages"))["id"] for _ in range(7)]
    page = search(client, "Observation", patient=served.own, code="pages", _count="3")
    found, addresses = ids(page), []
    while links := [one["url"] for one in page["link"] if one["relation"] == "next"]:
        addresses += links
        assert served.own not in links[0]
        page = read(client.get(links[0]).text)
        found += ids(page)
        assert page["total"] == 7
    assert found == made
    assert len(addresses) == 2
    assert served.client(Role.NURSE).get(addresses[0]).status_code == 410
    assert client.get("/fhir/Observation?_page=made-up").status_code == 410


def test_a_later_page_is_decided_anew(served: Served) -> None:
    """Whoever treats a patient no longer does not get the rest of a search that began before."""
    client, ward = physician(served), served.ward
    patient = create(client, {"resourceType": "Patient", "name": [{"family": "Leaving"}]})["id"]
    for _ in range(2):
        create(client, observation(patient))
    page = search(client, "Observation", patient=patient, _count="1")
    following = next(one["url"] for one in page["link"] if one["relation"] == "next")
    assert client.get(following).status_code == 200
    revoke_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="physician")
    assert client.get(following).status_code == 403


def test_a_page_is_kept_for_a_while_and_no_longer() -> None:
    pages = Pages()
    token = pages.put(Left("somebody", parse_asked("Patient", ""), (), 0, until=10.0))
    assert pages.get(token, "somebody", 10.0).total == 0
    with pytest.raises(NotFoundError):
        pages.get(token, "somebody", 10.1)


@pytest.mark.parametrize(
    "query",
    [
        "identifier=MRN-1",
        "name=Testpatient",
        "family:exact=Ward",
        "birthdate=1911-03-04",
        "address-city=Xanadu",
        "telecom=5551234",
        "phone=5551234",
    ],
)
def test_what_names_a_person_is_refused_in_an_address(served: Served, query: str) -> None:
    answer = physician(served).get(f"/fhir/Patient?{query}")
    assert answer.status_code == 400
    assert "_search" in answer.text
    assert query.partition("=")[2] not in answer.text


def test_what_is_not_known_is_refused_and_never_passed_over(served: Served) -> None:
    client = physician(served)
    for query in ("colour=red", "_has:Observation:patient:code=1", "_include=Patient:nothing", "_sort=x", "_offset=3"):
        answer = client.get(f"/fhir/Observation?{query}")
        assert answer.status_code == 400, query
        assert read(answer.text)["resourceType"] == "OperationOutcome"
    assert client.get("/fhir/Nothing?x=1").status_code == 400


def test_the_statement_names_what_is_there(served: Served) -> None:
    """Each type it names is one of R4; every search parameter, sort and way along it names is answered."""
    client = physician(served)
    (rest,) = read(served.client().get("/fhir/metadata").text)["rest"]
    assert {one["type"] for one in rest["resource"]} == set(TYPES)
    for one in rest["resource"]:
        assert is_type(one["type"]), one["type"]
        names = [each["name"] for each in one["searchParam"]]
        asked = [(f"{name}:missing", "true") for name in names]
        asked += [("_include", each) for each in one["searchInclude"]]
        asked += [("_revinclude", each) for each in one["searchRevInclude"]]
        sortable = [each["name"] for each in one["searchParam"] if each["type"] != "composite"]
        body = urlencode(
            [*asked, ("_sort", ",".join(sortable)), ("patient" if "patient" in names else "_id", served.own)]
        )
        sent = {"content-type": "application/x-www-form-urlencoded"}
        answer = client.post(f"/fhir/{one['type']}/_search", content=body, headers=sent)
        assert answer.status_code == 200, (one["type"], answer.text)


def test_the_statement_names_what_is_done(served: Served) -> None:
    """What it declares of a type is done: refused for what is missing, never for the method; what it leaves out is."""
    client = physician(served)
    (rest,) = read(served.client().get("/fhir/metadata").text)["rest"]
    sent, patch = {"content-type": "application/fhir+json"}, {"content-type": "application/json-patch+json"}
    some = [one for one in rest["resource"] if one["type"] in {"Patient", "Organization"}] + rest["resource"][::9]
    for one in some:
        codes, kind = {each["code"] for each in one["interaction"]}, one["type"]
        body = f'{{"resourceType":"{kind}"}}'
        path = f"/fhir/{kind}/{served.own if kind == 'Patient' else served.own + '0' * 32}"
        assert client.post(f"/fhir/{kind}", content=body, headers=sent).status_code == 422, kind
        assert ("create" in codes) == one["conditionalCreate"] == (kind in ABOUT_PATIENTS)
        stale = {"if-match": 'W/"77"'}
        assert client.put(path, content=body, headers=sent | stale).status_code in {404, 422}, kind
        assert client.patch(path, content=b"[]", headers=patch | stale).status_code in {404, 412}, kind
        assert client.delete(path).status_code == (404 if "delete" in codes else 405), kind
        assert client.get(f"/fhir/{kind}/{served.own}{'0' * 32}").status_code == 404, kind
        assert client.get(f"{path}/_history/77").status_code == 404, kind
        assert client.post(f"/fhir/{kind}/$validate", content=body, headers=sent).status_code == 200, kind


def test_everything_of_a_patient(served: Served) -> None:
    client = physician(served)
    create(client, encounter(served.own))
    page = read(client.get(f"/fhir/Patient/{served.own}/$everything?_count=2").text)
    kinds = [one["resource"]["resourceType"] for one in page["entry"]]
    assert kinds[0] == "Patient"
    assert len(kinds) == 2
    only = read(client.get(f"/fhir/Patient/{served.own}/$everything?_type=Encounter").text)
    assert {one["resource"]["resourceType"] for one in only["entry"]} == {"Encounter"}
    assert client.get(f"/fhir/Patient/{served.other}/$everything").status_code == 403
    path = f"/fhir/Patient/{served.own}/$everything"
    assert read(client.get(f"{path}?_since=2999-01-01T00:00:00Z").text)["total"] == 0
    assert read(client.get(f"{path}?_since=2020-01-01T00:00:00Z").text)["total"] > 1
    shown = read(client.get(f"{path}?_type=Encounter&_elements=status").text)["entry"][0]["resource"]
    assert set(shown) == {"resourceType", "id", "meta", "status", "class"}
    for wrong in ("_since=yesterday", "start=2020-01-01", "_summary=count"):
        assert client.get(f"{path}?{wrong}").status_code == 400, wrong
    assert client.get(f"{path}?start=2020-01-01", headers={"prefer": "handling=lenient"}).status_code == 200


def test_json_alone(served: Served) -> None:
    client = physician(served)
    path = f"/fhir/Patient/{served.own}"
    for headers, query in (({"accept": "application/fhir+xml"}, ""), ({}, "?_format=xml")):
        answer = client.get(path + query, headers=headers)
        assert answer.status_code == 406
        assert read(answer.text)["issue"][0]["code"] == "not-supported"
    assert client.get(path, headers={"accept": "application/fhir+xml, application/json;q=0.5"}).status_code == 200
    assert client.get(f"{path}?_format=json", headers={"accept": "text/html"}).status_code == 200
