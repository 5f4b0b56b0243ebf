"""The guards around every request: names, origins, lengths, rates, headers; each test fails without its guard."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from served import Served, serve_ward
from signing import fresh
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from ward import Ward, open_ward

import suwen.server
from suwen.govern import Role
from suwen.server.application import application
from suwen.server.guard.headers import POLICY
from suwen.server.guard.hosts import names_here
from suwen.server.guard.origins import is_own
from suwen.server.guard.rates import Bucket, address_of
from suwen.server.house import House, Science
from suwen.server.settings import Settings
from suwen.server.static import Assets

SHORT = 100_000  # bytes of a body that the served application takes


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("guards") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def served(ward: Ward) -> Served:
    return serve_ward(ward, tries=10_000, a_minute=100_000, largest=SHORT, name="suwen.hospital.example")


def app_with(ward: Ward, **settings: Any) -> Served:
    """Another application over the ward, with its own settings and empty buckets."""
    house = House(ward.records, Settings(store=ward.home, **settings), Science(lambda: None))
    house.science.begin()
    return Served(ward, house, application(house), "", "")


# ---- Names


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "evil.example:8443", "[::2]", "0.0.0.1"]
)
def test_a_name_that_is_not_ours_is_not_answered(served: Served, host: str) -> None:
    answer = served.client(Role.PHYSICIAN).get("/account", headers={"host": host})
    assert answer.status_code == 421
    assert "Your account" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8443", "[::1]:8443", "suwen.hospital.example"])
def test_our_names_are(served: Served, host: str) -> None:
    assert served.client().get("/sign-in", headers={"host": host}).status_code == 200


def test_two_names_at_once_are_not_answered(served: Served) -> None:
    """One of them might be asked here and the other by what stands before (request smuggling)."""
    client = served.client()
    assert client.get("/sign-in", headers=[("host", "localhost"), ("host", "evil.example")]).status_code == 421


def test_all_addresses_is_no_name() -> None:
    assert "0.0.0.0" not in names_here(Settings(store=Path(), host="0.0.0.0"))  # noqa: S104
    assert "10.1.2.3" in names_here(Settings(store=Path(), host="10.1.2.3"))


def test_an_interface_is_refused_in_its_own_form(served: Served) -> None:
    answer = served.client().get("/fhir/metadata", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["resourceType"]) == (421, "OperationOutcome")


# ---- Origins


def scope_with(**headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "headers": [(b"host", b"localhost:8443"), *named]}


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "https://localhost:8443"}, False),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, True),
        ({"origin": "https://localhost:8443"}, True),
        ({"origin": "https://localhost"}, False),
        ({"origin": "https://localhost:8443.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://app.example", "sec_fetch_site": "cross-site"}, True),
        ({"origin": "https://app.example", "sec_fetch_site": "cross-site", "cookie": "x=y"}, False),
    ],
)
def test_where_a_change_may_come_from(headers: dict[str, str], own: bool) -> None:
    assert is_own(scope_with(**headers), {"https://app.example"}) is own


def test_a_change_from_another_site_is_refused_even_where_a_form_has_no_token(served: Served) -> None:
    data = {"lang": "zh", "back": "/"}
    assert served.client().post("/language", data=data).status_code == 303
    assert served.client().post("/language", data=data, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert served.client().get("/sign-in", headers={"sec-fetch-site": "cross-site"}).status_code == 200


# ---- Lengths


def test_a_body_that_says_it_is_too_large_is_not_read(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    answer = client.post("/emergency", content=b"x" * (SHORT + 1))
    assert answer.status_code == 413
    for said in ("-1", "1e9", "9" * 30, ""):
        refused = client.post("/emergency", content=b"", headers={"content-length": said})
        assert refused.status_code in {400, 413}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/emergency", "application/x-www-form-urlencoded"),
        ("/emergency", "multipart/form-data; boundary=x"),
        ("/account/passkeys", "application/json"),
    ],
)
def test_a_body_is_counted_as_it_comes(served: Served, path: str, kind: str) -> None:
    """In pieces and without a length: what it says of itself does not matter."""
    client = served.client(Role.PHYSICIAN)

    def pieces() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="reason"\r\n\r\n' if "multipart" in kind else b"reason="
        for _ in range(200):
            yield b"a" * 1000

    answer = client.post(path, content=pieces(), headers={"content-type": kind})
    assert answer.status_code == 413
    assert str(SHORT) in answer.text


def test_before_signing_in_a_body_is_short(ward: Ward) -> None:
    served = app_with(ward, tries=100)
    client, token = fresh(served)
    data = {"csrf": token, "login": "x", "password": "y" * 70_000}
    assert client.post("/sign-in", data=data).status_code == 413


def test_long_addresses_and_headers_are_refused(served: Served) -> None:
    client = served.client()
    assert client.get("/" + "a" * 8200).status_code == 414
    assert client.get("/sign-in?x=" + "a" * 8200).status_code == 414
    assert client.get("/sign-in", headers={"x": "a" * 33_000}).status_code == 431
    assert client.get("/sign-in", headers=[(f"x-{n}", "1") for n in range(120)]).status_code == 431
    assert client.get("/sign-in?x=" + "a" * 4000).status_code == 200


# ---- Rates


def test_more_requests_than_a_minute_holds_wait(ward: Ward) -> None:
    client = app_with(ward, a_minute=5).client()
    answers = [client.get("/sign-in") for _ in range(8)]
    assert [one.status_code for one in answers].count(200) >= 5
    last = answers[-1]
    assert last.status_code == 429
    assert 1 <= int(last.headers["retry-after"]) <= 13
    assert "too many" in last.text.lower()


def test_guesses_over_many_accounts_wait(ward: Ward) -> None:
    """Proves that one guess at each of many names, which locks no account, is slowed all the same."""
    served = app_with(ward, tries=3)
    client, token = fresh(served)
    statuses = [
        client.post("/sign-in", data={"csrf": token, "login": f"name-{n}", "password": "x"}).status_code
        for n in range(6)
    ]
    assert statuses[:3] == [401] * 3
    assert statuses[-1] == 429
    for path in ("/sign-in/code", "/sign-in/passkey", "/sign-in/openid", "/account/confirm"):
        assert client.post(path).status_code == 429
    assert client.get("/sign-in").status_code == 200


def test_an_app_asks_for_the_tokens_of_many_but_does_not_guess_without_end(ward: Ward) -> None:
    client = app_with(ward, tries=1).client()
    statuses = [client.post("/oauth/token", data={"grant_type": "x"}).status_code for _ in range(22)]
    assert 429 not in statuses[:20]
    assert statuses[-1] == 429


def test_an_address_is_not_taken_from_a_header(ward: Ward) -> None:
    client = app_with(ward, a_minute=2).client()
    statuses = [
        client.get("/sign-in", headers={"x-forwarded-for": f"10.0.0.{n}", "forwarded": f"for=10.0.0.{n}"}).status_code
        for n in range(6)
    ]
    assert statuses[-1] == 429


def test_a_bucket_fills_again_and_no_further() -> None:
    now = [0.0]
    bucket = Bucket(60, lambda: now[0])
    assert [bucket.wait("a") for _ in range(60)] == [0.0] * 60
    assert bucket.wait("a") == pytest.approx(1.0)
    assert bucket.wait("b") == 0.0
    now[0] += 1.0
    assert bucket.wait("a") == 0.0
    assert bucket.wait("a") > 0
    now[0] += 3600
    assert [bucket.wait("a") for _ in range(60)] == [0.0] * 60
    assert bucket.wait("a") > 0
    now[0] -= 3600  # a clock put back gives nothing
    assert bucket.wait("a") > 0


def test_a_flood_of_addresses_does_not_fill_the_memory() -> None:
    bucket = Bucket(1, lambda: 0.0)
    for n in range(30_000):
        bucket.wait(str(n))
    assert len(bucket._held) == 10_000
    assert bucket.wait("29999") > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("unix", "unix", True),
    ],
)
def test_who_counts_as_one(one: str, other: str, same: bool) -> None:
    assert (address_of({"client": (one, 1)}) == address_of({"client": (other, 2)})) is same


# ---- Headers


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/nowhere", "/assets/mark.svg", "/assets/nothing", "/fhir/x"])
def test_every_answer_says_what_a_browser_may_do_with_it(served: Served, path: str) -> None:
    headers = served.client().get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["strict-transport-security"].startswith("max-age=63072000")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers
    if not path.startswith("/assets"):
        assert headers["cache-control"] == "no-store"


def test_the_policy_lets_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe-inline" not in POLICY
    assert "'unsafe-eval'" not in POLICY
    assert not any(part in POLICY for part in ("http:", "https:", "*"))
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == "'none'"


def test_refusals_bear_the_headers_too(served: Served) -> None:
    answer = served.client().get("/sign-in", headers={"host": "evil.example"})
    assert answer.headers["content-security-policy"] == POLICY


# ---- What an interface says beside a refusal

BEARER = 'Bearer realm="Suwen"'


@pytest.mark.parametrize("path", ["/fhir/Patient", "/dicom-web/studies", "/cds-services/suwen-findings"])
def test_a_refusal_says_how_to_come_in(served: Served, path: str) -> None:
    """RFC 6750, 3: without a token nothing of errors, with one that is not good "invalid_token"."""
    method, headers = "POST" if "cds" in path else "GET", {"accept": "application/json, application/fhir+json"}
    answer = served.client().request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, BEARER)
    answer = served.client().request(method, path, headers={**headers, "authorization": "Bearer made-up"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, f'{BEARER}, error="invalid_token"')


def test_pages_do_not_have_browsers_ask_for_a_password(served: Served) -> None:
    for path in ("/worklist", "/sign-in", "/nowhere", f"/patients/{served.other}"):
        assert "www-authenticate" not in served.client(Role.PHYSICIAN).get(path).headers
        assert "www-authenticate" not in served.client().get(path).headers


# ---- Forms


def test_a_form_with_two_tokens_or_too_many_fields_has_none(served: Served) -> None:
    client, token = fresh(served)
    kind = {"content-type": "Application/X-WWW-Form-Urlencoded"}
    right = f"csrf={quote(token)}&login=x&password=y"
    assert client.post("/sign-in", content=right, headers=kind).status_code == 401
    assert client.post("/sign-in", content=f"csrf=x&{right}", headers=kind).status_code == 403
    many = right + "".join(f"&x{n}=1" for n in range(600))
    assert client.post("/sign-in", content=many, headers=kind).status_code == 403


def test_a_form_that_is_no_text_breaks_nothing(served: Served) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for content in (b"\xff\xfe\x00=\x80", b"csrf=%ff%fe", b"&&&===", b"csrf=\x00"):
        assert served.client().post("/sign-in", content=content, headers=kind).status_code == 403


# ---- Assets


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../settings.py",
        "/assets/..%2fsettings.py",
        "/assets/%2e%2e/settings.py",
        "/assets/..%5csettings.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/....//settings.py",
        "/assets/.%00./settings.py",
        "/assets/" + "../" * 12 + "etc/passwd",
        "/assets/",
        "/assets",
    ],
)
def test_no_path_leads_out_of_the_assets(served: Served, path: str) -> None:
    """Asked as raw bytes, since clients mend such paths before they send them."""
    status, body = asyncio.run(raw(served, path))
    assert status in {307, 404, 405}
    assert b"dataclass" not in body
    assert b"root:" not in body


async def raw(served: Served, path: str) -> tuple[int, bytes]:
    from urllib.parse import unquote  # noqa: PLC0415

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
        "path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("localhost", 8443),
    }  # fmt: skip
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    await served.app(scope, receive, send)
    return said[0]["status"], b"".join(one.get("body", b"") for one in said)


def test_a_link_in_the_assets_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("dataclass", "utf-8")
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "plain.txt").write_text("plain", "utf-8")
    client = TestClient(Starlette(routes=[Mount("/assets", Assets(folder))]))
    assert client.get("/assets/plain.txt").text == "plain"
    assert client.get("/assets/link.txt").status_code == 404


# ---- Secrets are compared in constant time


def test_no_secret_is_compared_by_its_first_difference() -> None:
    """Reads the source of the server: what is called a token, secret, signature or password is not met by ==."""
    found = [
        f"{file.name}:{node.lineno}"
        for file in Path(suwen.server.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops)
        if any(secret(one) for one in (node.left, *node.comparators))
        if not any(isinstance(one, ast.Constant) for one in node.comparators)
    ]
    assert found == []


# ---- What the server never does


def test_nothing_that_was_sent_is_run_or_brought_to_life() -> None:
    """Reads the source: no commands, no code from texts, no format that can hold code (CWE-78, CWE-95, CWE-502)."""
    forbidden = {"eval", "exec", "compile", "system", "popen", "spawn", "Popen", "check_output", "execv"}
    modules = {"pickle", "marshal", "shelve", "subprocess", "dill", "jsonpickle"}
    home = Path(suwen.server.__path__[0]).parent
    found = []
    for room in ("server", "records", "consult", "govern", "cohort"):
        for file in (home / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                name = called(node) if isinstance(node, ast.Call) else ""
                names = {one.name for one in node.names} if isinstance(node, ast.Import) else set()
                names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
                if (name in forbidden and not name.startswith("re.")) or names & modules:
                    found.append(f"{file.name}:{getattr(node, 'lineno', 0)}")
    assert found == []


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        owner = getattr(node.func.value, "id", "")
        return f"{owner}.{node.func.attr}" if owner in {"re", "self"} else node.func.attr
    return getattr(node.func, "id", "")


def secret(node: ast.expr) -> bool:
    name = getattr(node, "attr", getattr(node, "id", ""))
    return any(
        name == word or name.endswith(f"_{word}") for word in ("token", "secret", "csrf", "signature", "password")
    )
