"""Findings are judged by those who may, with a reason, on the version they saw; everything that was said is shown."""

from __future__ import annotations

import pytest
from clinical import Probe, file_findings, findings_of, observation, put, treat
from served import Served

from suwen.consult import Verdict, consult, list_labels
from suwen.govern import Role

REASON = "seen at the bedside today"


@pytest.fixture(scope="module", autouse=True)
def _filed(served: Served) -> None:
    for role in (Role.NURSE, Role.IMAGING_SPECIALIST):
        treat(served, role)
    claims = [(f"OMIM:{number}", 0.5, number % 4) for number in range(1, 9)]
    file_findings(served, served.own, *claims)
    file_findings(served, served.ward.patient(70), ("OMIM:1", 0.5, 0))


def path(served: Served, code: str) -> tuple[str, int]:
    one = findings_of(served, served.own)[code]
    return f"/patients/{served.own}/findings/{one.record}", one.version


@pytest.mark.parametrize(
    ("what", "code", "verdict"),
    [("confirm", "OMIM:1", Verdict.CONFIRMED), ("reject", "OMIM:2", Verdict.REJECTED)],
)
def test_confirm_and_reject(served: Served, what: str, code: str, verdict: Verdict) -> None:
    client = served.client(Role.PHYSICIAN)
    where, base = path(served, code)
    answer = client.post(where, data={"what": what, "base": base, "reason": REASON})
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert findings_of(served, served.own)[code].verdict is verdict
    page = client.get(where).text
    assert REASON in page
    assert "Version" in page


def test_amend_by_code_and_name_becomes_a_label(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    where, base = path(served, "OMIM:3")
    given = {"what": "amend", "base": base, "reason": REASON, "own_code": "OMIM:154700", "own_label": "Marfan syndrome"}
    assert client.post(where, data=given).status_code == 303
    now = findings_of(served, served.own)["OMIM:154700"]
    assert now.claim == "OMIM:3"
    assert now.finding.chance.value is None  # it was calibrated for another claim
    assert now.worded("zh").code.value == "OMIM:154700"
    labels = list_labels(served.ward[Role.PHYSICIAN], served.ward.records, [served.own])
    assert any(one.claim == "OMIM:3" and not one.holds and one.code == "OMIM:154700" for one in labels)
    assert "Marfan syndrome" in client.get(f"/patients/{served.own}/findings").text
    assert "no probability: filed by a person" in client.get(where).text


def test_amend_to_nothing_is_refused_and_what_was_typed_stays(served: Served) -> None:
    where, base = path(served, "OMIM:4")
    answer = served.client(Role.PHYSICIAN).post(where, data={"what": "amend", "base": base, "reason": REASON})
    assert answer.status_code == 422
    assert REASON in answer.text
    assert findings_of(served, served.own)["OMIM:4"].verdict is None


@pytest.mark.parametrize(("lang", "words"), [("en", "Your verdict was not kept."), ("zh", "您的审核意见未保存。")])
def test_without_a_reason(served: Served, lang: str, words: str) -> None:
    where, base = path(served, "OMIM:5")
    answer = served.client(Role.PHYSICIAN, lang=lang).post(where, data={"what": "reject", "base": base, "reason": "no"})
    assert answer.status_code == 422
    assert words in answer.text
    assert findings_of(served, served.own)["OMIM:5"].verdict is None


@pytest.mark.parametrize(("lang", "words"), [("en", "Look again, then decide anew."), ("zh", "请重新查看后再作决定")])
def test_who_comes_second_is_shown_what_the_first_said(served: Served, lang: str, words: str) -> None:
    code = "OMIM:6" if lang == "en" else "OMIM:7"
    where, base = path(served, code)
    specialist = served.client(Role.IMAGING_SPECIALIST)
    first = "the scan of this morning shows it"
    assert specialist.post(where, data={"what": "confirm", "base": base, "reason": first}).status_code == 303
    second = "I would have said the contrary"
    answer = served.client(Role.PHYSICIAN, lang=lang).post(
        where, data={"what": "reject", "base": base, "reason": second}
    )
    assert answer.status_code == 409
    for text in (words, first, second, f'name="base" value="{base + 1}"'):
        assert text in answer.text
    assert findings_of(served, served.own)[code].verdict is Verdict.CONFIRMED


def test_a_nurse_reads_and_does_not_judge(served: Served) -> None:
    client = served.client(Role.NURSE)
    where, base = path(served, "OMIM:8")
    page = client.get(where)
    assert page.status_code == 200
    assert 'name="what"' not in page.text
    assert "Physicians and imaging specialists judge findings" in page.text
    assert client.post(where, data={"what": "confirm", "base": base, "reason": REASON}).status_code == 403
    assert findings_of(served, served.own)["OMIM:8"].verdict is None


@pytest.mark.parametrize("given", [{"what": "burn", "base": "1"}, {"what": "confirm"}, {"base": "1"}, {}])
def test_forms_that_are_none(served: Served, given: dict[str, str]) -> None:
    where, _ = path(served, "OMIM:8")
    assert served.client(Role.PHYSICIAN).post(where, data={"reason": REASON, **given}).status_code == 422


def test_a_finding_of_another_patient(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    where, base = path(served, "OMIM:8")
    wrong = where.replace(served.own, served.other)
    assert client.get(wrong).status_code == 403
    assert client.post(wrong, data={"what": "confirm", "base": base, "reason": REASON}).status_code == 403
    mine = served.ward.patient(71)
    assert client.get(where.replace(served.own, mine)).status_code == 404
    given = {"what": "amend", "base": base, "reason": REASON, "own_code": "X:1", "own_label": "x"}
    assert client.post(where.replace(served.own, mine), data=given).status_code == 404
    assert client.get(f"/patients/{served.own}/findings/{'0' * 32}").status_code == 404
    assert client.get(f"/patients/{served.own}/findings/nothing").status_code == 404


def test_a_withdrawn_finding_keeps_its_history(served: Served) -> None:
    patient = served.ward.patient(72)
    (gone,) = file_findings(served, patient, ("OMIM:1", 0.5, 0), name="first")
    put(served.ward, patient, observation("HP:0001382", id_="more"))
    consult(
        served.ward[Role.PHYSICIAN], served.ward.records, patient, areas=[Probe("first", answer=lambda _: ()).area()]
    )
    page = served.client(Role.PHYSICIAN).get(f"/patients/{patient}/findings/{gone.record}")
    assert page.status_code == 200
    assert "withdrawn" in page.text
    assert 'name="what"' not in page.text


def test_only_waiting_findings_are_offered_for_review(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).get(f"/patients/{served.own}/findings").text
    waiting, judged = page.split('id="group-waiting"')[1].split('id="group-judged"')
    assert "OMIM:8" in waiting
    assert "#judge" in waiting
    assert "#judge" not in judged
