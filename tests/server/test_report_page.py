"""The report is read in a frame that can do nothing, and leaves the house only with whoever may take it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from clinical import file_findings, treat
from served import Served

from suwen.consult import break_glass
from suwen.govern import EventKind, Role, read_audit


@pytest.fixture(scope="module", autouse=True)
def _filed(served: Served) -> None:
    for role in (Role.NURSE, Role.IMAGING_SPECIALIST):
        treat(served, role)
    file_findings(served, served.own, ("OMIM:154700", 0.5, 0))
    file_findings(served, served.ward.patient(80), ("OMIM:1", 0.5, 0))


def exports(served: Served, patient: str) -> int:
    return len(read_audit(served.ward[Role.AUDITOR], served.ward.records, subject=patient, kind=EventKind.EXPORT))


def test_before_any_consult(served: Served) -> None:
    patient = served.ward.patient(81)
    client = served.client(Role.PHYSICIAN)
    assert "nothing to report" in client.get(f"/patients/{patient}/report").text
    for path in ("report.pdf", "report.html", "report/en/page"):
        assert client.get(f"/patients/{patient}/{path}").status_code == 422


@pytest.mark.parametrize(("lang", "words"), [("en", "Patient report"), ("zh", "患者报告")])
def test_the_frame_may_do_nothing(served: Served, lang: str, words: str) -> None:
    answer = served.client(Role.PHYSICIAN).get(f"/patients/{served.own}/report/{lang}/page")
    assert words in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy  # default-src 'none'
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_the_page_in_the_visitors_language_or_the_one_chosen(served: Served) -> None:
    client = served.client(Role.PHYSICIAN, lang="zh")
    assert f"/patients/{served.own}/report/zh/page" in client.get(f"/patients/{served.own}/report").text
    assert f'src="/patients/{served.own}/report/en/page"' in client.get(f"/patients/{served.own}/report/en").text
    assert client.get(f"/patients/{served.own}/report/fr").status_code == 404


@pytest.mark.parametrize(
    ("path", "kind", "start"),
    [
        ("report.pdf", "application/pdf", b"%PDF-1"),
        ("report/zh/report.pdf", "application/pdf", b"%PDF-1"),
        ("report.html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("report/zh/report.html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
def test_a_download_is_audited(served: Served, path: str, kind: str, start: bytes) -> None:
    pytest.importorskip("typst", reason="the extra report is not installed")
    before = exports(served, served.own)
    answer = served.client(Role.PHYSICIAN).get(f"/patients/{served.own}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.content.lstrip().startswith(start)
    assert "attachment" in answer.headers["content-disposition"]
    assert "Testpatient" not in answer.headers["content-disposition"]
    assert exports(served, served.own) == before + 1


@pytest.mark.parametrize("role", [Role.NURSE, Role.IMAGING_SPECIALIST], ids=lambda one: one.value)
def test_who_may_not_export_reads_and_takes_nothing(served: Served, role: Role) -> None:
    client = served.client(role)
    page = client.get(f"/patients/{served.own}/report")
    assert page.status_code == 200
    assert "report.pdf" not in page.text
    assert client.get(f"/patients/{served.own}/report/en/page").status_code == 200
    before = exports(served, served.own)
    for path in ("report.pdf", "report.html", "report/en/report.pdf", "report/zh/report.html"):
        assert client.get(f"/patients/{served.own}/{path}").status_code == 403
    assert exports(served, served.own) == before


def test_emergency_access_takes_nothing_away(served: Served) -> None:
    stranger = served.ward.hire("night", Role.PHYSICIAN)
    break_glass(stranger, served.ward.records, patient=served.own, reason="unconscious at the door")
    client = served.client_of(stranger)
    assert client.get(f"/patients/{served.own}/report").status_code == 200
    assert client.get(f"/patients/{served.own}/report.pdf").status_code == 403


def test_other_peoples_patients(served: Served) -> None:
    client = served.client(Role.PHYSICIAN)
    for path in ("report", "report/en", "report/en/page", "report.pdf", "report.html"):
        assert client.get(f"/patients/{served.other}/{path}").status_code == 403
