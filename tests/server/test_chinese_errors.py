"""What is wrong is told in Chinese on Chinese pages: wrong inputs over the pages, and no English sentence is left."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from served import Served

from suwen.govern import Role

SENTENCE = re.compile(r"(?:[A-Za-z][A-Za-z'-]*[ ,;:]+){3,}[A-Za-z][A-Za-z'-]*")
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
NOBODY = "0" * 32
DOCTOR, ADMIN, OFFICER, AUDITOR = Role.PHYSICIAN, Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR
PART = {"hx-request": "true"}
REASON = "心搏骤停，昏迷，无法联系其主管医师"


def told(answer: Any) -> str:
    """The message of an answer: what a screen reader calls out."""
    found = re.findall(r'<(\w+)[^>]*(?:role="alert"|class="alarm")[^>]*>(.*?)</\1>', answer.text, re.DOTALL)
    texts = [html.unescape(re.sub(r"<[^>]+>", " ", one)).strip() for _, one in found]
    assert any(texts), answer.text[-3000:]
    return " ".join(texts)


def require_chinese(text: str) -> None:
    assert CHINESE.search(text), text
    assert not SENTENCE.search(re.sub(r"`[^`]*`", "", text)), text  # a command is not translated


# role, address (OWN: the own patient, OTHER: somebody else's), what is sent, status
FORMS: dict[str, tuple[Role, str, dict[str, Any], int]] = {
    "a patient without a name": (DOCTOR, "/patients", {"name": "", "sex": "male"}, 422),
    "a birth date that is none": (DOCTOR, "/patients", {"name": "甲", "birth_date": "tomorrow", "sex": "male"}, 422),
    "a sex that is none": (DOCTOR, "/patients", {"name": "甲", "sex": "x"}, 422),
    "a document of nothing": (DOCTOR, "/patients/import", {"file": b""}, 422),
    "a document that is none": (DOCTOR, "/patients/import", {"file": b"%PDF-1.7"}, 422),
    "a document cut off": (DOCTOR, "/patients/import", {"file": b'{"resourceType": "Bundle", '}, 422),
    "a document without a type": (DOCTOR, "/patients/import", {"file": b'{"entry": []}'}, 422),
    "a document of no patient": (
        DOCTOR, "/patients/import", {"file": b'{"resourceType": "Observation", "status": "final"}'}, 422
    ),
    "a patient nobody can be": (DOCTOR, "/patients/import", {"file": b'{"resourceType": "Patient"}'}, 422),
    "an empty note": (DOCTOR, "/patients/OWN/notes", {"text": "  "}, 422),
    "a note too long": (DOCTOR, "/patients/OWN/notes", {"text": "痛" * 100_001}, 422),
    "a mark of no note": (DOCTOR, f"/patients/OWN/notes/{NOBODY}/1/1", {"what": "wrong", "base": "x"}, 422),
    "a finding that is not there": (DOCTOR, f"/patients/OWN/findings/{NOBODY}",
        {"what": "confirm", "base": 1, "reason": REASON}, 404),
    "a feature that was not entered": (DOCTOR, "/patients/OWN/differential/withdrawn",
        {"record": NOBODY, "base": 1}, 404),
    "a tracing of nothing": (DOCTOR, "/patients/OWN/ecg", {"file": b""}, 422),
    "a tracing that is none": (DOCTOR, "/patients/OWN/ecg", {"file": b"%PDF-1.7 and more"}, 422),
    "a tracing cut off": (DOCTOR, "/patients/OWN/ecg", {"file": b"0       " + b" " * 200}, 422),
    "a tracing of no day": (DOCTOR, "/patients/OWN/ecg", {"file": b"0       ", "recorded": "yesterday"}, 422),
    "no molecule": (DOCTOR, "/molecules/profile", {"entered": " "}, 422),
    "a molecule that is none": (DOCTOR, "/molecules/profile", {"entered": "C1CC("}, 422),
    "a screening of nothing": (DOCTOR, "/molecules/screening", {"library": b""}, 422),
    "a job that is not there": (DOCTOR, f"/jobs/{NOBODY}/cancel", {}, 404),
    "a key without confirming": (DOCTOR, "/account/second-factor/begin", {}, 403),
    "a short password": (DOCTOR, "/account/password", {"old": "x", "new": "short", "again": "short"}, 422),
    "no reason in an emergency": (DOCTOR, "/emergency/OTHER", {"reason": "x", "minutes": "60"}, 422),
    "a language that is none": (DOCTOR, "/language", {"lang": "fr"}, 422),
    "an account of a wrong name": (ADMIN, "/security/accounts", {"login": "a b", "name": "甲", "role": "nurse"}, 422),
    "an account of no role": (ADMIN, "/security/accounts", {"login": "ab", "name": "甲", "role": "king"}, 422),
    "an account that is not there": (ADMIN, "/security/accounts/change",
        {"login": "nobody", "what": "grant", "role": "nurse"}, 404),
    "a device without an authority": (ADMIN, "/security/devices", {"name": "a", "asked": "x", "acts": "view"}, 404),
    "a device that is not there": (OFFICER, "/security/devices/revoke", {"name": "nothing"}, 404),
    "an emergency that never was": (OFFICER, f"/security/glass/{NOBODY}",
        {"verdict": "justified", "remark": "看过"}, 404),
    "a checkpoint that is none": (AUDITOR, "/security/checkpoint", {"earlier": "nothing"}, 422),
    "entries of no day": (AUDITOR, "/security/audit", {"since": "yesterday"}, 422),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_wrong(served: Served, name: str) -> None:
    role, address, sent, status = FORMS[name]
    files = {key: (f"{key}.smi", io.BytesIO(one)) for key, one in sent.items() if isinstance(one, bytes)}
    data = {key: one for key, one in sent.items() if not isinstance(one, bytes)}
    place = address.replace("OWN", served.own).replace("OTHER", served.other)
    answer = served.client(role, lang="zh").post(place, data=data, files=files or None)
    require_chinese(told(answer))
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/patients/OWN/heart/equations/none", 404),
        ("/patients/OWN/report.fr.pdf", 404),
        ("/patients/OWN/images/none/1", 404),
        (f"/jobs/{NOBODY}/result", 404),
        ("/cards/none", 404),
        ("/nowhere", 404),
    ],
)
def test_an_address_that_leads_nowhere(served: Served, address: str, status: int) -> None:
    answer = served.client(DOCTOR, lang="zh").get(address.replace("OWN", served.own))
    require_chinese(told(answer))
    assert answer.status_code == status


@pytest.mark.parametrize("address", [f"/patients/{NOBODY}", "/patients/nobody", "/patients/OTHER"])
def test_who_may_not_open_a_record_is_told_what_would_help(served: Served, address: str) -> None:
    answer = served.client(DOCTOR, lang="zh").get(address.replace("OTHER", served.other))
    require_chinese(told(answer))
    assert answer.status_code in {403, 404}


@pytest.mark.parametrize("role", [DOCTOR, ADMIN, AUDITOR])
def test_what_is_not_ones_part_is_told_in_chinese(served: Served, role: Role) -> None:
    lock = {"login": "nurse", "what": "lock"}
    answer = served.client(role, lang="zh").post("/security/accounts/change", data=lock)
    require_chinese(told(answer))
    assert answer.status_code == 403


def test_systems_are_told_in_english(served: Served) -> None:
    answer = served.client(DOCTOR, lang="zh").get("/cds-services/none")
    assert not CHINESE.search(answer.text)
