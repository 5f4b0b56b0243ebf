"""Emergency access over the pages: with a reason, for a time, for some roles, noted at once, never by an address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from served import Served, serve_ward
from signing import signed
from ward import open_ward

from suwen.consult import Purpose, purpose_for
from suwen.govern import EventKind, Role, list_break_glass, read_audit

REASON = "Unconscious in the ambulance, no relatives"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("emergency") / "store") as ward:
        for login, role in (("em-doctor", Role.PHYSICIAN), ("em-nurse", Role.NURSE), ("em-study", Role.RESEARCHER)):
            ward.people[role] = ward.hire(login, role) if role is not Role.PHYSICIAN else ward[role]
        yield serve_ward(ward, tries=10_000)


def uses(served: Served) -> list[str]:
    return [one.patient for one in list_break_glass(served.ward[Role.SECURITY_OFFICER], served.ward.records)]


def test_a_reason_opens_the_record_for_a_while(served: Served) -> None:
    actor = served.ward[Role.PHYSICIAN]
    client = served.client(Role.PHYSICIAN)
    assert purpose_for(actor, served.ward.records, served.other) is Purpose.TREATMENT
    page = client.get(f"/emergency/{served.other}")
    assert page.status_code == 200
    assert "reviews every use" in page.text
    assert "Testpatient2" not in page.text  # who it is, is told once access is open
    answer = client.post(f"/emergency/{served.other}", data={"reason": REASON, "minutes": "15"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{served.other}")
    assert purpose_for(actor, served.ward.records, served.other) is Purpose.EMERGENCY
    use = list_break_glass(served.ward[Role.SECURITY_OFFICER], served.ward.records)[-1]
    assert (use.reason, use.until - use.since) == (REASON, 15 * 60_000_000)


def test_by_identifier_and_never_in_an_address(served: Served) -> None:
    client = served.client(Role.NURSE)
    page = client.get("/emergency")
    assert 'method="post" action="/emergency"' in page.text
    assert 'name="identifier"' in page.text
    answer = client.post("/emergency", data={"identifier": "MRN-2", "reason": REASON, "minutes": "60"})
    assert answer.headers["location"] == f"/patients/{served.other}"
    ignored = client.post("/emergency?identifier=MRN-2", data={"reason": REASON, "minutes": "60"})
    assert ignored.status_code == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"reason": "x", "minutes": "60"}, 422),
        ({"reason": " " * 40, "minutes": "60"}, 422),
        ({"reason": REASON, "minutes": "100000"}, 422),
        ({"reason": REASON, "minutes": "-1"}, 422),
        ({"reason": REASON, "minutes": "NaN"}, 422),
        ({"reason": REASON}, 422),
        ({"reason": REASON, "minutes": "60", "identifier": "MRN-999"}, 404),
        ({"reason": REASON, "minutes": "60", "identifier": ""}, 404),
    ],
)
def test_what_is_not_right_opens_nothing_and_keeps_the_reason(
    served: Served, data: dict[str, str], status: int
) -> None:
    before = uses(served)
    answer = served.client(Role.NURSE).post("/emergency", data=data)
    assert answer.status_code == status
    assert data["reason"] in answer.text
    assert f'value="{data.get("identifier", "")}"' in answer.text  # nothing is typed twice at a bedside
    assert 'role="alert"' in answer.text
    assert uses(served) == before


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR])
def test_other_roles_get_a_page_that_says_so(served: Served, role: Role) -> None:
    before = uses(served)
    client = served.client(role)
    for path in ("/emergency", f"/emergency/{served.other}"):
        for answer in (
            client.get(path),
            client.post(path, data={"reason": REASON, "minutes": "60", "identifier": "MRN-2"}),
            client.post(path, data={"reason": "x"}),
        ):
            assert answer.status_code == 403
            assert "no emergency access" in answer.text
            assert "MRN-2" not in answer.text
    assert uses(served) == before


def test_for_whoever_may_not_a_patient_there_is_not_looks_the_same(served: Served) -> None:
    client = served.client(Role.RESEARCHER)
    data = {"reason": REASON, "minutes": "60"}
    shown = {client.post(f"/emergency/{id_}", data=data).text.replace(id_, "") for id_ in (served.other, "ab" * 16)}
    assert len(shown) == 1


def test_a_patient_there_is_not(served: Served) -> None:
    client = served.client(Role.NURSE)
    for id_ in ("ab" * 16, "zz", "1"):
        assert client.post(f"/emergency/{id_}", data={"reason": REASON, "minutes": "60"}).status_code == 404


def test_the_refusal_of_a_role_is_in_the_audit(served: Served) -> None:
    actor = served.ward[Role.RESEARCHER]
    served.client(Role.RESEARCHER).post(f"/emergency/{served.other}", data={"reason": REASON, "minutes": "60"})
    events = [event for _, event in read_audit(served.ward[Role.AUDITOR], served.ward.records, by=actor.id)]
    assert any(event.kind is EventKind.DECISION and event.subject == served.other for event in events)


def test_both_languages_say_it_and_a_reason_is_escaped(served: Served) -> None:
    assert "紧急访问" in served.client(Role.NURSE, lang="zh").get("/emergency").text
    refused = served.client(Role.RESEARCHER, lang="zh").get("/emergency")
    assert "没有紧急访问权限" in refused.text
    page = served.client(Role.NURSE).post(
        "/emergency", data={"reason": "</textarea><script>alert(1)</script>", "minutes": "0"}
    )
    assert "<script>alert" not in page.text


def test_nobody_signed_in_is_sent_to_sign_in(served: Served) -> None:
    client = served.client()
    assert client.get("/emergency").headers["location"] == "/sign-in"
    assert client.post(f"/emergency/{served.other}", data={"reason": REASON}).headers["location"] == "/sign-in"


def test_the_form_needs_its_token(served: Served) -> None:
    served.ward.hire("em-token", Role.NURSE)
    client, token = signed(served, "em-token")
    data = {"identifier": "MRN-2", "reason": REASON, "minutes": "60"}
    assert client.post("/emergency", data=data).status_code == 403
    assert client.post("/emergency", data={"csrf": token, **data}).status_code == 303
