"""The OpenAPI document names every interface, and each of its examples, sent as it stands, is answered as it says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fhir_made import create, observation, physician
from served import Served, serve_ward
from starlette.testclient import TestClient
from ward import open_ward

from suwen.govern import Role
from suwen.server.described.document import DESCRIBED
from suwen.server.described.nouns import EXAMPLE_ID, EXAMPLE_JOB, EXAMPLE_PATIENT
from suwen.server.routes import ROUTERS
from suwen.server.settings import SmartClient

# What an example cannot bring along, and how it is then answered: a code of an authorization, images of a study, an
# address from which the metrics may be read, a card that was shown.
WITHOUT = {
    "token": {400},
    "introspect": {401},
    "retrieve": {404},
    "render": {404},
    "thumbnail": {404},
    "searchStudySeries": {404},
    "searchStudyInstances": {404},
    "searchSeriesInstances": {404},
    "store": {400, 415},
    "metrics": {403},
    "cdsFeedback": {404},
}
APP = SmartClient(
    id="growth-chart", name="Growth chart", redirects=("https://growth.example/back",), scopes=("user/*.rs",)
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("described") / "store") as ward:
        yield serve_ward(ward, apps=(APP,), tries=10**6, a_minute=10**6)


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.client().get("/openapi.json").json()
    return found


@dataclass
class Asked:
    """An operation with its examples filled in."""

    method: str
    path: str
    said: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.said["operationId"])


def operations(document: dict[str, Any]) -> list[Asked]:
    return [Asked(method, path, said) for path, all_ in document["paths"].items() for method, said in all_.items()]


def test_every_interface_is_named(document: dict[str, Any]) -> None:
    """Each route of the interfaces stands in it and in the table; no page does."""
    there = {(one.method, one.path) for one in operations(document)}
    pages = ("/fhir", "/cds-services", "/dicom-web", "/oauth", "/.well-known", "/health", "/ready", "/metrics")
    routes = {
        (method.lower(), route.path)
        for router in ROUTERS
        for route in router.routes
        for method in getattr(route, "methods", ())
        if method != "HEAD" and route.path.startswith(pages) and not route.path.startswith("/oauth/authorize")
    }
    assert there == set(DESCRIBED) == routes
    ids = [one.id for one in operations(document)]
    assert len(set(ids)) == len(ids)


def test_the_document_is_one_of_openapi(document: dict[str, Any]) -> None:
    validator = pytest.importorskip("jsonschema_rs", reason="jsonschema-rs is not installed")
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    for said in schemas.values():
        validator.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **said})
    for one in operations(document):
        assert " · " in one.said["summary"]
        assert any(status.startswith("2") for status in one.said["responses"])
        assert "429" in one.said["responses"]
        for way in one.said["security"]:
            assert set(way) <= set(document["components"]["securitySchemes"]), one.id
        for answer in one.said["responses"].values():
            for media in answer.get("content", {}).values():
                assert media["schema"]["$ref"].rpartition("/")[2] in schemas
        in_path = {each["name"] for each in one.said.get("parameters", ()) if each["in"] == "path"}
        assert in_path == {part[1:-1] for part in one.path.split("/") if part.startswith("{")}, one.path
        for each in one.said.get("parameters", ()):
            assert each["in"] != "path" or "example" in each, (one.id, each["name"])
        closed = bool(one.said["security"])
        assert closed == bool({"401", "403"} & set(one.said["responses"])) or one.id == "metrics", one.id


def test_each_example_is_answered_as_it_says(served: Served, document: dict[str, Any]) -> None:
    client = physician(served)
    known: dict[str, str] = {}
    for one in operations(document):
        needs = json.dumps(one.said)
        if EXAMPLE_PATIENT in needs and EXAMPLE_PATIENT not in known:
            patient = create(client, {"resourceType": "Patient", "name": [{"family": "Example"}]})["id"]
            known = {EXAMPLE_ID: create(client, observation(patient, value="37.5"))["id"], EXAMPLE_PATIENT: patient}
        if EXAMPLE_JOB in needs:
            known[EXAMPLE_JOB] = exported(client)
        answer = send(client, one, known)
        assert str(answer.status_code) in one.said["responses"], (one.id, answer.status_code, answer.text[:300])
        wanted = next((found for name, found in WITHOUT.items() if one.id.startswith(name)), None)
        if wanted is None:
            wanted = {int(status) for status in one.said["responses"] if status.startswith("2")}
        assert answer.status_code in wanted, (one.id, answer.status_code, answer.text[:300])
        content = one.said["responses"][str(answer.status_code)].get("content", {})
        assert bool(answer.content) == bool(content), one.id
        kinds = {media.partition(";")[0] for media in content}
        assert answer.headers.get("content-type", "").partition(";")[0] in (kinds or {""}), one.id
        if one.method != "get":
            known.clear()  # what was changed is no longer what the next example is of


def exported(client: TestClient) -> str:
    begun = client.get("/fhir/$export?_type=Patient", headers={"prefer": "respond-async"})
    place = begun.headers["content-location"]
    for _ in range(200):
        if client.get(place).status_code != 202:
            break
        time.sleep(0.02)
    return str(place.rpartition("/")[2])


def send(client: TestClient, one: Asked, known: dict[str, str]) -> Any:
    """Every parameter and the body as the document gives them; ids of its examples stand for those of here."""

    def here(text: str) -> str:
        for example, id_ in known.items():
            text = text.replace(example, id_)
        return text

    path, query, headers = one.path, {}, {}
    for each in one.said.get("parameters", ()):
        if "example" in each:
            value = here(each["example"])
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", value)
            else:
                (query if each["in"] == "query" else headers)[each["name"]] = value
    content: str | dict[str, str] = ""
    for media, body in one.said.get("requestBody", {}).get("content", {}).items():
        headers["content-type"] = media
        content = body.get("example", "")
    if isinstance(content, dict) and headers["content-type"] == "application/x-www-form-urlencoded":
        del headers["content-type"]
        return client.request(one.method, path, params=query, headers=headers, data=content)
    text = here(json.dumps(content)) if content else ""
    return client.request(one.method, path, params=query, headers=headers, content=text.encode())


def test_nobody_gets_in_where_it_says_so(served: Served, document: dict[str, Any]) -> None:
    """Whatever says that somebody has to vouch for a request refuses nobody's, with the status it names."""
    nobody = served.client()
    known = {EXAMPLE_ID: served.own + "0" * 32, EXAMPLE_PATIENT: served.own}
    for one in operations(document):
        answer = send(nobody, one, known)
        if "session" in {name for way in one.said["security"] for name in way}:
            assert answer.status_code == 401, one.id
        assert str(answer.status_code) in one.said["responses"], (one.id, answer.status_code)


def test_roles_that_see_nothing_are_answered_as_it_says(served: Served, document: dict[str, Any]) -> None:
    client = served.client(Role.AUDITOR)
    known = {EXAMPLE_ID: served.own + "0" * 32, EXAMPLE_PATIENT: served.own}
    for one in operations(document):
        assert str(send(client, one, known).status_code) in one.said["responses"], one.id
