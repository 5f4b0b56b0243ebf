"""Whatever is sent to FHIR is answered by an OperationOutcome that says what is wrong, never by a failure of ours."""

from __future__ import annotations

import json

import pytest
from fhir_made import SENT, create, observation, physician, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served
from starlette.testclient import TestClient

from suwen.formats.fhir import render
from suwen.govern import Role

HOSTILE = (
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "0" * 64,
    "g" * 64,
    "A" * 3000,
    "%ff%fe",
    "' OR 1=1 --",
    "<script>",
    "${jndi:ldap://x}",
    "病人",
    "%F0%9F%92%8A",
    "-1",
    "9" * 400,
)


def sound(answer: object) -> None:
    """An answer of ours: no failure of the server, and where it is a failure an OperationOutcome."""
    status, text = answer.status_code, answer.text  # type: ignore[attr-defined]
    assert status < 500, text[:300]
    if status >= 400 and text:
        assert json.loads(text)["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("odd", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_addresses(served: Served, odd: str) -> None:
    client = physician(served)
    for path in (f"/fhir/Patient/{odd}", f"/fhir/{odd}", f"/fhir/{odd}/1", f"/fhir/Observation/{served.own}{odd}"):
        for method in ("get", "delete", "put", "post"):
            sound(client.request(method, path, headers=SENT if method in {"put", "post"} else None))
    sound(client.get(f"/fhir/Patient/{served.own}/_history/{odd}"))
    sound(client.get(f"/fhir/Patient/{served.own}/$everything?_count={odd}&_type={odd}"))
    sound(client.get(f"/fhir/Observation?_page={odd}"))
    for name in (
        "_count",
        "_sort",
        "_id",
        "patient",
        "date",
        "value-quantity",
        "code",
        "_include",
        "_elements",
        "_total",
    ):
        sound(client.get(f"/fhir/Observation?{name}={odd}"))


def deep(levels: int) -> bytes:
    return b'{"resourceType":"Observation","a":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"\xff\xfe{}",
        '{"resourceType":"Observation"}'.encode("utf-16"),
        b'{"resourceType":"Observation","resourceType":"Patient"}',
        b'{"resourceType":"Observation","status":"\\ud800"}',
        b'{"resourceType":"Observation","valueQuantity":{"value":1e999999}}',
        b'{"resourceType":"Observation","valueQuantity":{"value":' + b"9" * 100_000 + b"}}",
        b'{"resourceType":"Observation","valueQuantity":{"value":NaN}}',
        b'{"resourceType":"Observation","status":"a\\u0000b"}',
        deep(99),
        deep(200),
        deep(200_000),
        b'{"resourceType":["Observation"]}',
        b'{"resourceType":"Observation","subject":{"reference":7}}',
        b'{"resourceType":"Observation","meta":7,"id":{}}',
    ],
    ids=range(19),
)
def test_hostile_bodies(served: Served, body: bytes) -> None:
    client = physician(served)
    place = f"/fhir/Observation/{served.own}{'0' * 32}"
    for answer in (
        client.post("/fhir/Observation", content=body, headers=SENT),
        client.post("/fhir/Observation/$validate", content=body, headers=SENT),
        client.put(place, content=body, headers=SENT | {"if-match": "1"}),
        client.post("/fhir", content=body, headers=SENT),
    ):
        sound(answer)
        if not answer.request.url.path.endswith("$validate"):
            assert answer.status_code in {400, 404, 413, 422}


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/fhir+json; charset=latin1", ""])
def test_other_kinds_of_bodies(served: Served, kind: str) -> None:
    answer = physician(served).post(
        "/fhir/Observation", content=render(observation(served.own)), headers={"content-type": kind}
    )
    assert answer.status_code == 415


def test_hostile_headers(served: Served) -> None:
    client = physician(served)
    path = f"/fhir/Observation/{create(client, observation(served.own))['id']}"
    for name in ("if-none-match", "if-modified-since", "prefer", "accept", "x-purpose-of-use", "if-match"):
        for odd in ("", ",", '"', 'W/"', "*", "é".encode("latin-1"), b"\xff", "x" * 5000, "0", "-1"):
            sound(client.get(path, headers={name: odd}))
    for odd in ("", "x", "identifier", "=&=&", "a" * 70_000, "_count=1", "identifier=%ff"):
        sound(
            client.post(
                "/fhir/Observation", content=render(observation(served.own)), headers=SENT | {"if-none-exist": odd}
            )
        )


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Provenance", "_has:Provenance:target:" * 2000 + "recorded"), ("Person", "link:Person." * 4000 + "gender")],
    ids=["pointed at", "pointing"],
)
def test_thousands_of_links_in_one_name(served: Served, kind: str, name: str) -> None:
    client = physician(served)
    assert client.post(f"/fhir/{kind}/_search", data={name: "ge2020"}).status_code == 400
    assert client.get(f"/fhir/{kind}?{name}=ge2020").status_code in {400, 414}


def test_a_body_that_is_too_large(served: Served) -> None:
    from suwen.server.fhir import asked  # noqa: PLC0415

    assert served.house.settings.largest >= asked.LARGEST
    answer = physician(served).post("/fhir/Observation", content=b" " * (asked.LARGEST + 1), headers=SENT)
    assert answer.status_code == 413


def test_methods_that_are_none(served: Served) -> None:
    client = physician(served)
    for method in ("PATCH", "OPTIONS", "TRACE"):
        sound(client.request(method, f"/fhir/Patient/{served.own}"))


WORDS = st.text(max_size=40)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(("status", "code", "subject", "meta", "id", "contained", "extension", "valueQuantity", "text"))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES | WORDS, JSONS, max_size=5))
def test_made_up_bodies(served: Served, members: dict[str, object]) -> None:
    client = physician(served)
    wild = json.dumps({**members, "resourceType": "Observation"}).encode()
    near = json.dumps(json.loads(render(observation(served.own))) | members | {"resourceType": "Observation"}).encode()
    for body in (wild, near):
        sound(client.post("/fhir/Observation", content=body, headers=SENT))
    entry = {"request": members, "resource": members, "fullUrl": members.get("id")}
    document = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    sound(client.post("/fhir", content=json.dumps(document).encode(), headers=SENT))


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(("code", "date", "_sort", "_id", "subject", "value-quantity")) | WORDS, WORDS))
)
def test_made_up_searches(served: Served, pairs: list[tuple[str, str]]) -> None:
    sound(physician(served).post("/fhir/Observation/_search", data=dict(pairs)))


def test_no_answer_repeats_what_was_sent(served: Served) -> None:
    """Threat: what is wrong with a resource is told to logs and screens, and must not carry who it is about."""
    client: TestClient = served.client(Role.PHYSICIAN)
    secret = "Zebediah-Secretname"  # noqa: S105 - made up
    bad = observation(served.own) | {"status": secret, secret: secret, "valueString": secret}
    for answer in (
        client.post("/fhir/Observation", content=render(bad), headers=SENT),
        client.post("/fhir/Patient/_search", data={"birthdate": secret}),
        client.post("/fhir/Patient/_search", data={f"_sort:{secret}": secret}),
        client.get(f"/fhir/Patient?name={secret}"),
    ):
        assert answer.status_code >= 400
        found = read(answer.text)["issue"]
        assert all(secret not in one["diagnostics"].replace(f"{secret}: ", "") for one in found), found
