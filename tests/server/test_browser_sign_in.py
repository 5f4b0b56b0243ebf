"""In a real browser: password and code, a passkey, the language, signing out, and a session that ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from live import Live, browser_for, live
from ward import PASSWORD, Ward, open_ward

from suwen.govern import Role, open_account
from suwen.server.settings import Provider
from suwen.server.showing import styles

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("webauthn", reason="the extra passkeys is not installed")
if not styles("src/sign_in.js"):
    pytest.skip("web is not built; run: make web", allow_module_level=True)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("browser") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def server(ward: Ward, tls: Path) -> Iterator[Live]:
    with live(ward, tls) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server: Live) -> Iterator[Any]:
    with browser_for(server) as browser:
        yield browser


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of a browser that has never been here; what its console complains of is a failure."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if "Content Security Policy" in one.text else None)
    yield page
    context.close()
    assert said == []


def enter(page: Any, server: Live, login: str, password: str = PASSWORD) -> None:
    page.goto(f"{server.address}/sign-in")
    page.get_by_label("Login name").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_password_and_then_a_code(page: Any, server: Live, ward: Ward) -> None:
    ward.hire("browser-code", Role.PHYSICIAN)
    enter(page, server, "browser-code")
    page.wait_for_url("**/worklist")
    page.goto(f"{server.address}/account")
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("[data-secret]").inner_text().replace(" ", "")
    app = pyotp.TOTP(secret)
    page.get_by_label("Code of six digits").fill("000000")
    page.get_by_role("button", name="Put it in force").click()
    assert "does not belong" in page.get_by_role("alert").first.inner_text()
    assert page.locator("[data-secret]").inner_text().replace(" ", "") == secret
    page.get_by_label("Code of six digits").fill(app.at(int(ward.clock.now)))
    page.get_by_role("button", name="Put it in force").click()
    page.wait_for_url("**/account?done=totp")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in?ended=out")

    ward.clock.now += 30  # the code so far is used up
    enter(page, server, "browser-code")
    page.get_by_label("Code of six digits").fill(app.at(int(ward.clock.now)))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/worklist")


def test_a_first_password_is_changed(page: Any, server: Live, ward: Ward) -> None:
    _, first = open_account(ward[Role.ADMINISTRATOR], ward.records, "browser-first", "First", roles=[Role.NURSE])
    enter(page, server, "browser-first", first)
    page.get_by_label("New password", exact=True).fill("aaaaaaaaaaaaaa")
    page.get_by_label("New password once more").fill("aaaaaaaaaaaaaa")
    page.get_by_role("button", name="Continue").click()
    assert "too easy" in page.get_by_role("alert").first.inner_text()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password once more").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/worklist")


def test_a_passkey_is_added_signs_in_and_is_removed(page: Any, server: Live, ward: Ward) -> None:
    ward.hire("browser-key", Role.PHYSICIAN)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    enter(page, server, "browser-key")
    page.wait_for_url("**/worklist")
    page.goto(f"{server.address}/account")
    page.get_by_label("Name of the new passkey").fill("Test phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/account?done=passkey")
    assert page.get_by_text("Test phone").is_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in?ended=out")

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/worklist")
    page.goto(f"{server.address}/account")
    assert "browser-key" in page.inner_text("main")

    tools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The passkey was not accepted").wait_for()

    tools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/worklist")
    page.goto(f"{server.address}/account")
    page.get_by_role("button", name="Remove the passkey “Test phone”").click()
    page.wait_for_url("**/account?done=removed")
    assert page.get_by_text("Test phone").count() == 0


def test_the_hospital_s_provider_leads_in(page: Any, ward: Ward, tls: Path) -> None:
    """The way there is no redirect of a form, which the policy forbids; the way back brings the strict cookie."""
    identity_provider = pytest.importorskip("identity_provider", reason="the extra oidc is not installed")
    with identity_provider.serving(identity_provider.Peer(now=ward.clock.now)) as peer:
        provider = Provider(issuer=peer.issuer, client=peer.client, secret=peer.secret, name="Hospital")
        subject, roles = f"{peer.issuer}|248289761001", [Role.NURSE]
        open_account(ward[Role.ADMINISTRATOR], ward.records, "browser-openid", "Lin", roles=roles, subject=subject)
        with live(ward, tls, provider=provider) as server:
            peer.redirect = f"{server.address}/sign-in/openid/back"
            page.goto(f"{server.address}/sign-in")
            page.get_by_role("button", name="Sign in with Hospital").click()
            page.wait_for_url("**/worklist")
            assert page.get_by_role("link", name="Lin").is_visible()


def test_the_language_is_switched_where_one_is(page: Any, server: Live) -> None:
    page.goto(f"{server.address}/sign-in")
    page.get_by_role("button", name="切换到中文").click()
    page.wait_for_url("**/sign-in")
    assert page.get_by_role("heading", level=1).inner_text() == "登录"
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_label("用户名").fill("administrator")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/security**")
    page.goto(f"{server.address}/account")
    page.get_by_role("button", name="Switch to English").click()
    page.wait_for_url("**/account")
    assert page.get_by_role("heading", level=1).inner_text() == "Your account"


def test_a_wrong_password_is_told_in_one_sentence(page: Any, server: Live) -> None:
    said = set()
    for login in ("administrator", "nobody-here"):
        enter(page, server, login, "not the password 11")
        said.add(page.get_by_role("alert").first.inner_text())
    assert len(said) == 1


def test_after_signing_out_the_way_back_shows_nothing(page: Any, server: Live, ward: Ward) -> None:
    ward.hire("browser-back", Role.PHYSICIAN)
    enter(page, server, "browser-back")
    page.wait_for_url("**/worklist")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in?ended=out")
    page.go_back()
    page.wait_for_url("**/sign-in")
    assert page.get_by_label("Login name").is_visible()


def test_a_quiet_session_is_warned_of_and_left(page: Any, ward: Ward, tls: Path) -> None:
    ward.hire("browser-quiet", Role.PHYSICIAN)
    with live(ward, tls, idle=16) as server:
        enter(page, server, "browser-quiet")
        page.wait_for_url("**/worklist")
        if not page.locator('meta[name="idle"]').count():
            pytest.skip("the frame does not say yet when a session ends")
        page.get_by_role("alertdialog").wait_for()
        page.get_by_role("button", name="Go on working").click()
        assert page.get_by_role("alertdialog").count() == 0
        page.wait_for_url("**/sign-in?ended=over")
        assert page.context.cookies() == [] or "suwen" not in {one["name"] for one in page.context.cookies()}
        page.goto(f"{server.address}/worklist")
        page.wait_for_url("**/sign-in")
