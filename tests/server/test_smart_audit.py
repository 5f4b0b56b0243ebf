"""What an app did stands in the audit as its person's act through this app, and can be told from what they did."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fhir_made import SENT, create, observation, physician
from served import Served
from smart_app import make_keys, serve_apps, token_for

from suwen.formats.fhir import render
from suwen.govern import Event, Role, checked_proof, read_audit

pytest.importorskip("jwt", reason="the extra oidc is not installed")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_apps(tmp_path_factory.mktemp("audited"), make_keys(tmp_path_factory.mktemp("keys"))[0]) as served:
        yield served


def events(apps: Served) -> list[tuple[int, Event]]:
    found = read_audit(apps.ward[Role.AUDITOR], apps.ward.records, by=apps.ward[Role.PHYSICIAN].id)
    return list(found)


def test_the_audit_names_the_person_and_the_app(apps: Served) -> None:
    person = physician(apps)
    known = create(person, observation(apps.own))["id"]
    by_hand = [one for _, one in events(apps)]
    assert by_hand
    assert not any("through" in one.detail for one in by_hand)
    client = apps.client()
    client.headers["authorization"] = f"Bearer {token_for(apps)['access_token']}"
    before = len(events(apps))
    assert client.get(f"/fhir/Observation/{known}").status_code == 200
    refused = client.post("/fhir/Observation", content=render(observation(apps.own)), headers=SENT)
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"] == 'Bearer realm="Suwen", error="insufficient_scope"'
    assert client.get(f"/fhir/Observation/{apps.other}").status_code in {403, 404}
    done = events(apps)[before:]
    assert done
    assert {one.detail.get("through") for _, one in done} == {"growth"}
    _, _, holds = checked_proof(apps.ward[Role.AUDITOR], apps.ward.records, done[-1][0])
    assert holds
    page = apps.client(Role.AUDITOR).get("/security/audit").text
    assert "through the app Growth chart" in page
    assert "经应用“Growth chart”" in apps.client(Role.AUDITOR, lang="zh").get("/security/audit").text
    exported = apps.client(Role.AUDITOR).post("/security/audit/export").text.splitlines()
    agents = next(one["agent"] for one in map(json.loads, exported) if one["id"] == f"entry-{done[-1][0]}")
    assert [one["who"]["identifier"]["value"] for one in agents if "identifier" in one["who"]] == [
        apps.ward[Role.PHYSICIAN].id,
        "growth",
    ]
