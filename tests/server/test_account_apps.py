"""A person sees which apps act for them and takes one back; an officer shuts out all of somebody's; all is audited."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from served import Served
from smart_app import PUBLIC, SECRET, allowed, asking, bearer, exchange, make_keys, serve_apps, token_for

from suwen.errors import LoginError
from suwen.govern import Event, Role, log_out, read_audit

pytest.importorskip("jwt", reason="the extra oidc is not installed")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_apps(tmp_path_factory.mktemp("held"), make_keys(tmp_path_factory.mktemp("keys"))[0]) as served:
        yield served


def held(served: Served, *, lang: str = "en") -> list[str]:
    """The parts of the account's page that tell of one app each."""
    page = served.client(Role.PHYSICIAN, lang=lang).get("/account").text
    return re.findall(r"<article\b.*?</article>", page.partition('id="apps"')[2], re.S)


def named(part: str) -> str:
    found = re.search(r'name="grant" value="([^"]+)"', part)
    assert found
    return found[1]


def last(served: Served) -> Event:
    found = read_audit(served.ward[Role.AUDITOR], served.ward.records)
    return max((one for one in found if one[1].act == "revoke"), key=lambda one: one[0])[1]


def test_each_app_is_shown_with_what_it_may_and_for_how_long(apps: Served) -> None:
    assert "holds anything of yours" in apps.client(Role.PHYSICIAN).get("/account").text
    token = token_for(apps)["access_token"]
    (part,) = held(apps)
    assert "Growth chart" in part
    assert "read and search: conditions, of this one patient" in part
    assert "Testpatient" in part
    times = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", part)
    assert len(times) == 2
    assert times[0] < times[1]
    assert token not in apps.client(Role.PHYSICIAN).get("/account").text
    (chinese,) = held(apps, lang="zh")
    assert "读取、检索：诊断与问题（仅限该患者）" in chinese
    assert "撤回授权" in chinese
    assert "Growth chart" not in apps.client(Role.NURSE).get("/account").text  # nobody else's


def test_one_is_taken_back_and_the_others_stay(apps: Served) -> None:
    stays = exchange(apps, SECRET, allowed(apps.client(Role.PHYSICIAN), asking(SECRET), patient=apps.own)["code"])
    goes = token_for(apps)["access_token"]
    part = next(one for one in held(apps) if "Growth chart" in one)  # the newest comes first
    other = apps.client(Role.NURSE).post("/account/apps/end", data={"grant": named(part)})
    assert other.status_code == 404
    assert bearer(apps, goes)
    answer = apps.client(Role.PHYSICIAN).post("/account/apps/end", data={"grant": named(part)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=app")
    entry = last(apps)
    assert (entry.act, entry.actor, entry.detail["what"]) == ("revoke", apps.ward[Role.PHYSICIAN].id, "app taken back")
    assert (entry.detail["app"], entry.detail["patient"]) == (PUBLIC.id, apps.own)
    with pytest.raises(LoginError):
        bearer(apps, goes)
    assert bearer(apps, stays.json()["access_token"])
    again = apps.client(Role.PHYSICIAN).post("/account/apps/end", data={"grant": named(part)})
    assert again.status_code == 404


@pytest.mark.parametrize("grant", ["", "x"])
def test_a_grant_that_is_none_takes_nothing(apps: Served, grant: str) -> None:
    token = token_for(apps)["access_token"]
    assert apps.client(Role.PHYSICIAN).post("/account/apps/end", data={"grant": grant}).status_code == 404
    assert bearer(apps, token)


def test_a_code_that_waits_is_taken_back_too(apps: Served) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
    apps.client(Role.PHYSICIAN).post("/account/apps/end", data={"grant": named(held(apps)[0])})
    assert exchange(apps, PUBLIC, code).json()["error"] == "invalid_grant"


def test_what_ended_with_its_session_is_not_shown(apps: Served) -> None:
    actor = apps.ward.log_in("physician")
    before = len(held(apps))
    exchange(apps, PUBLIC, allowed(apps.client_of(actor), asking(), patient=apps.own)["code"])
    assert len(held(apps)) == before + 1
    log_out(actor, apps.ward.records)
    assert len(held(apps)) == before


def test_an_officer_shuts_out_the_apps_of_an_account_and_nobody_else_can(apps: Served) -> None:
    token = token_for(apps)["access_token"]
    code = allowed(apps.client(Role.NURSE), asking(scope="user/Observation.rs"))["code"]
    another = exchange(apps, PUBLIC, code).json()["access_token"]
    given = {"login": "physician", "what": "apps"}
    for role in (Role.PHYSICIAN, Role.AUDITOR, Role.ADMINISTRATOR):
        assert apps.client(role).post("/security/accounts/change", data=given).status_code == 403
    assert bearer(apps, token)
    officer = apps.client(Role.SECURITY_OFFICER)
    assert 'value="apps"' in officer.get("/security/glass").text
    assert officer.post("/security/accounts/change", data={**given, "login": "nobody"}).status_code == 404
    assert officer.post("/security/accounts/change", data=given).status_code == 303
    entry = last(apps)
    assert (entry.actor, entry.subject) == (apps.ward[Role.SECURITY_OFFICER].id, apps.ward[Role.PHYSICIAN].id)
    assert entry.detail["what"] == "apps taken back"
    with pytest.raises(LoginError):
        bearer(apps, token)
    assert bearer(apps, another).actor == apps.ward[Role.NURSE]
    assert apps.client(Role.PHYSICIAN).get("/account").status_code == 200  # the person stays signed in
