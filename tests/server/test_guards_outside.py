"""Nothing is asked of any other address, whatever a request names; pages name none; caches and frames get nothing."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest
from fhir_made import SENT, observation, physician
from served import Served
from walked import walked

from suwen.formats.fhir import render
from suwen.govern import Role
from suwen.server.showing import templates

INSIDE = "http://169.254.169.254/latest/meta-data"  # where clouds tell a machine its own secrets


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every connection and name that is tried to be reached."""
    found: list[Any] = []

    def refuse(*given: Any, **_: Any) -> Any:
        found.append(given[-1])
        raise OSError("no way out in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return found


def resources(patient: str) -> list[dict[str, Any]]:
    """Resources with an address wherever FHIR has room for one."""
    seen = observation(patient)
    return [
        {**seen, "performer": [{"reference": f"{INSIDE}/Practitioner/1"}]},
        {**seen, "derivedFrom": [{"reference": f"{INSIDE}/Observation/1"}]},
        {**seen, "extension": [{"url": INSIDE, "valueUri": INSIDE}]},
        {**seen, "meta": {"profile": [INSIDE], "source": INSIDE}, "implicitRules": INSIDE},
        {"resourceType": "Patient", "name": [{"family": "Away"}], "photo": [{"url": INSIDE}]},
        {
            "resourceType": "DocumentReference", "status": "current", "subject": {"reference": f"Patient/{patient}"},
            "content": [{"attachment": {"contentType": "text/plain", "url": INSIDE}}],
        },
    ]  # fmt: skip


def test_references_in_resources_lead_nowhere(served: Served, gone: list[Any]) -> None:
    """SSRF: a server that fetched what a resource points to would read its own network for whoever sent it."""
    client = physician(served)
    for one in resources(served.own):
        answer = client.post(f"/fhir/{one['resourceType']}", content=render(one), headers=SENT)
        assert answer.status_code < 500
    entries = [
        {"fullUrl": f"{INSIDE}/{n}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for n, one in enumerate(resources(served.own))
    ]
    for kind in ("transaction", "batch"):
        answer = client.post(
            "/fhir", content=render({"resourceType": "Bundle", "type": kind, "entry": entries}), headers=SENT
        )
        assert answer.status_code < 500
    document = render({"resourceType": "Bundle", "type": "collection", "entry": entries})
    client.post("/patients/import", files={"file": ("a.json", document)})
    for query in (f"?patient={INSIDE}", f"?subject={INSIDE}/Patient/1", "?_include=*", f"?_profile={INSIDE}"):
        assert client.get(f"/fhir/Observation{query}").status_code < 500
    for path in ("", "/timeline", "/differential", "/findings", "/notes", "/heart", "/ecg", "/images", "/report"):
        assert client.get(f"/patients/{served.own}{path}").status_code < 500
    assert gone == []


def test_no_page_names_another_address() -> None:
    """What a browser would load or send elsewhere; the policy would forbid it, and an empty picture remain."""
    environment = templates()
    loader = environment.loader
    assert loader is not None
    names = environment.list_templates()
    assert len(names) > 50
    for name in names:
        source = loader.get_source(environment, name)[0]
        found = re.findall(r"""(?:src|action|hx-\w+|data|poster|srcset|formaction)=["']?(?:https?:)?//[^"']*""", source)
        found += re.findall(r"""<link[^>]+href=["']?(?:https?:)?//[^"']*""", source)
        assert found == [], name


def pages(patient: str) -> list[str]:
    """Every address that is asked by GET and has no id but a patient's."""
    found = {
        path.replace("{patient}", patient)
        for path, route in walked()
        if "GET" in (getattr(route, "methods", None) or ()) and "{" not in path.replace("{patient}", "")
    }
    return sorted(one for one in found - {"/jobs/stream"} if "/.well-known/" not in one)


def test_nothing_of_a_patient_stays_in_a_cache_or_comes_into_a_frame(served: Served) -> None:
    """Every page and interface, signed in and not: kept nowhere, framed by nobody, read by no other site."""
    asked = pages(served.own)
    assert len(asked) > 30
    for client in (served.client(Role.PHYSICIAN), served.client()):
        for path in asked:
            answer = client.get(path)
            headers, kind = answer.headers, answer.headers.get("content-type", "")
            assert kind or not answer.content, path
            assert "charset=utf-8" in kind.lower() or not kind.startswith("text/"), path
            assert "no-store" in headers["cache-control"], path
            assert "frame-ancestors 'none'" in headers["content-security-policy"], path
            assert headers["x-frame-options"] == "DENY"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers.get("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "odd",
    ["../" * 3 + "etc/passwd", "%2e%2e%2f", "ａｂ" * 16, "AB" * 16, "ab" * 15 + "ａｂ", "0" * 31, "²" * 32, "-" * 32,
     "ab" * 16 + "\u200b", "\u202e" * 8, "ab" * 16 + ";x", "ab" * 16 + "%00", "٠" * 32],
)  # fmt: skip
def test_an_id_has_one_spelling(served: Served, odd: str) -> None:
    """Digits and letters of other scripts, other cases, marks that are not seen: none of them is another's record."""
    client = served.client(Role.PHYSICIAN)
    spelled = odd.replace("ab" * 16, served.own)
    for path in (f"/patients/{spelled}", f"/patients/{spelled}/timeline", f"/jobs/{spelled}", f"/jobs/{spelled}/stream",
                 f"/molecules/screening/{spelled}", f"/fhir/Patient/{spelled}"):  # fmt: skip
        assert client.get(path).status_code in {303, 307, 400, 403, 404, 405, 422}, path


def test_the_id_of_a_patient_in_other_letters_is_nobodys(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in served.own)  # full-width digits and letters
    assert client.get(f"/patients/{served.own}").status_code == 200
    for spelled in (wide, served.own + "%20", f"%20{served.own}", served.own[:-1] + wide[-1]):
        assert client.get(f"/patients/{spelled}").status_code in {403, 404}


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
def test_passwords_are_masked_and_managers_may_fill_them(served: Served, path: str) -> None:
    page = served.client(Role.PHYSICIAN if path == "/account" else None).get(path).text
    fields = re.findall(r"<input[^>]*(?:name=\"(?:password|new|again|old|current)\")[^>]*>", page)
    assert fields
    for one in fields:
        assert 'type="password"' in one or 'type="hidden"' in one
        assert "onpaste" not in one
        assert 'autocomplete="off"' not in one
