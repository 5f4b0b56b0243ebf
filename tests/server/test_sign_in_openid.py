"""OpenID Connect against a real provider on loopback: who it proves comes in, and nobody whom it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from served import Served
from signing import cookies_of, fresh
from starlette.testclient import TestClient
from ward import Ward, open_ward

from suwen.govern import Role, open_account
from suwen.server.application import application
from suwen.server.house import House, Science
from suwen.server.settings import Provider, Settings
from suwen.server.visitors import SESSION

pytest.importorskip("jwt", reason="the extra oidc is not installed")
from identity_provider import Peer, serving, visit

BACK = "https://localhost:8443/sign-in/openid/back"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("openid") / "store") as ward:
        yield ward


@pytest.fixture
def peer(ward: Ward) -> Iterator[Peer]:
    with serving(Peer(now=ward.clock.now, redirect=BACK)) as peer:
        yield peer


def served_with(ward: Ward, peer: Peer | None) -> Served:
    """An application over the ward that sends people to the peer."""
    provider = peer and Provider(issuer=peer.issuer, client=peer.client, secret=peer.secret, name="Hospital")
    house = House(ward.records, Settings(store=ward.home, provider=provider, tries=10_000), Science(lambda: None))
    house.science.begin()
    return Served(ward, house, application(house), "", "")


def known(ward: Ward, peer: Peer, login: str) -> None:
    """An account for whom the peer proves."""
    subject = f"{peer.issuer}|248289761001"
    open_account(ward[Role.ADMINISTRATOR], ward.records, login, "Lin Wei", roles=[Role.PHYSICIAN], subject=subject)


def begun(served: Served) -> tuple[TestClient, str]:
    """A browser that was sent to the provider, and the address it comes back with."""
    client, token = fresh(served)
    page = client.post("/sign-in/openid", data={"csrf": token})
    assert page.status_code == 200
    address = unescape(re.search(r'content="0; url=([^"]+)"', page.text).group(1))  # type: ignore[union-attr]
    assert "code_challenge_method=S256" in address
    return client, visit(address)


def came(client: TestClient, address: str) -> Any:
    return client.get(address.removeprefix("https://localhost:8443"))


def test_whom_the_provider_proves_comes_in(ward: Ward, peer: Peer) -> None:
    known(ward, peer, "lin.wei")
    client, address = begun(served_with(ward, peer))
    answer = came(client, address)
    assert answer.status_code == 200
    assert 'content="0; url=/"' in answer.text  # a redirect from the provider's site would come without the cookie
    assert "samesite=strict" in cookies_of(answer)[SESSION].lower()
    assert "Lin Wei" in client.get("/account").text


def test_somebody_unknown_here_does_not(ward: Ward, peer: Peer) -> None:
    peer.twist = lambda claims: {**claims, "sub": "a-stranger"}
    client, address = begun(served_with(ward, peer))
    answer = came(client, address)
    assert (answer.status_code, SESSION in cookies_of(answer)) == (401, False)
    assert "a-stranger" not in answer.text


def test_an_answer_belongs_to_the_browser_that_began_and_is_good_once(ward: Ward, peer: Peer) -> None:
    """Proves that nobody can make another sign in as themselves with an address that carries their code."""
    known(ward, peer, "lin.once")
    served = served_with(ward, peer)
    client, address = begun(served)
    other, _ = fresh(served)
    assert came(other, address).status_code == 401
    assert came(client, address).status_code == 200
    client, address = begun(served)
    tampered = address.replace("state=", "state=x")
    assert came(client, tampered).status_code == 401
    assert came(client, address).status_code == 401  # the login under way was used up by the attempt


def test_the_cookie_of_the_way_back_comes_with_a_browser_sent_from_there(ward: Ward, peer: Peer) -> None:
    served = served_with(ward, peer)
    client, token = fresh(served)
    said = cookies_of(client.post("/sign-in/openid", data={"csrf": token}))["__Host-suwen-openid"].lower()
    assert "samesite=lax" in said
    assert "httponly" in said
    assert "secure" in said


def test_an_unreachable_provider_is_told_and_other_ways_stay_open(ward: Ward, peer: Peer) -> None:
    peer.metadata = {"jwks_uri": "http://127.0.0.1:1/keys"}
    client, token = fresh(served_with(ward, peer))
    page = client.post("/sign-in/openid", data={"csrf": token})
    assert "Hospital cannot be reached" in page.text
    assert 'name="password"' in page.text


def test_a_false_issuer_is_refused(ward: Ward, peer: Peer) -> None:
    peer.twist = lambda claims: {**claims, "iss": "https://evil.example"}
    client, address = begun(served_with(ward, peer))
    assert came(client, address).status_code == 401


def test_where_no_provider_is_set_up_there_is_no_such_way(ward: Ward) -> None:
    served = served_with(ward, None)
    client, token = fresh(served)
    assert "openid" not in client.get("/sign-in").text
    assert client.post("/sign-in/openid", data={"csrf": token}).status_code == 404
    assert client.get("/sign-in/openid/back?code=x&state=y").status_code == 404
