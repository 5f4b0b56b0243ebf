"""The pages of those responsible: each power does its own and sees nothing of the others', in both languages."""

from __future__ import annotations

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from served import Served

from suwen.consult import break_glass
from suwen.govern import Role

ADMINISTRATOR = ("/security/accounts", "/security/care", "/security/devices")
OFFICER = ("/security/glass", "/security/keys")
AUDITOR = ("/security/audit", "/security/checkpoint", "/security/audit/0")
WHOSE = {path: role for role, paths in (
    (Role.ADMINISTRATOR, ADMINISTRATOR), (Role.SECURITY_OFFICER, OFFICER), (Role.AUDITOR, AUDITOR)
) for path in paths}  # fmt: skip


@pytest.mark.parametrize("path", WHOSE)
@pytest.mark.parametrize("role", list(Role))
def test_each_page_is_of_one_power(served: Served, path: str, role: Role) -> None:
    answer = served.client(role).get(path)
    assert answer.status_code == (200 if role is WHOSE[path] else 403)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR])
def test_the_first_page_is_that_of_the_power(served: Served, role: Role) -> None:
    to = served.client(role).get("/security").headers["location"]
    assert WHOSE[to] is role


def test_chinese(served: Served) -> None:
    assert "审计日志" in served.client(Role.AUDITOR, lang="zh-CN").get("/security/audit").text


def test_an_account_is_opened_changed_and_locked(served: Served) -> None:
    administrator, officer = served.client(Role.ADMINISTRATOR), served.client(Role.SECURITY_OFFICER)
    opened = administrator.post("/security/accounts", data={"login": "newcomer", "name": "新人", "role": "nurse"})
    assert opened.status_code == 200
    password = re.search(r"(\w{5}-\w{5}-\w{5}-\w{5})", opened.text)
    assert password
    assert password[1] not in administrator.get("/security/accounts").text  # shown once
    change = {"login": "newcomer", "what": "grant", "role": "researcher"}
    assert administrator.post("/security/accounts/change", data=change).status_code == 200
    assert officer.post("/security/accounts/change", data={"login": "newcomer", "what": "lock"}).status_code == 303
    row = administrator.get("/security/accounts").text.partition("newcomer")[2].partition("</tr>")[0]
    assert "researcher" in row
    assert "locked" in row


def test_a_second_factor_is_taken_from_an_account_by_an_act_of_its_own(served: Served) -> None:
    """The reason is asked for; nobody is offered to take their own."""
    page = (administrator := served.client(Role.ADMINISTRATOR)).get("/security/accounts").text
    assert 'value="factor"' in page
    assert 'value="factor"' not in re.search(r"<tr>\s*<td class=\"mono\">administrator<.*?</tr>", page, re.S)[0]
    change = {"login": "nurse", "what": "factor", "reason": "short"}
    assert administrator.post("/security/accounts/change", data=change).status_code == 422
    change["reason"] = "phone stolen, came in person"
    assert administrator.post("/security/accounts/change", data=change).status_code == 404  # there is none
    assert served.client(Role.SECURITY_OFFICER).post("/security/accounts/change", data=change).status_code == 403


@pytest.mark.parametrize(
    "data", [{"login": "x", "name": "x", "role": "king"}, {"login": "a b", "name": "x", "role": "nurse"}]
)
def test_what_cannot_be_is_refused_with_the_reason(served: Served, data: dict[str, str]) -> None:
    answer = served.client(Role.ADMINISTRATOR).post("/security/accounts", data=data)
    assert answer.status_code == 422
    assert "role" in answer.text or "login name" in answer.text


def test_care_is_given_and_ended_at_once(served: Served) -> None:
    administrator, nurse = served.client(Role.ADMINISTRATOR), served.client(Role.NURSE)
    assert served.own not in nurse.get("/worklist").text
    given = {"what": "grant", "who": "nurse", "identifier": "MRN-1", "days": "7"}
    assert administrator.post("/security/care", data=given).status_code == 303
    assert served.own in nurse.get("/worklist").text
    ended = {"what": "revoke", "who": "nurse", "patient": served.own}
    assert administrator.post("/security/care", data=ended).status_code == 303
    assert served.own not in nurse.get("/worklist").text


def test_administrators_see_patients_by_number_alone(served: Served) -> None:
    page = served.client(Role.ADMINISTRATOR).get("/security/care").text
    assert served.own in page
    assert "Testpatient" not in page


def test_an_emergency_is_reviewed_with_a_remark(served: Served) -> None:
    use = break_glass(
        served.ward[Role.PHYSICIAN], served.ward.records, patient=served.other, reason="found unconscious, alone"
    )
    officer = served.client(Role.SECURITY_OFFICER)
    assert "found unconscious, alone" in officer.get("/security/glass").text
    assert officer.post(f"/security/glass/{use.id}", data={"verdict": "justified", "remark": " "}).status_code == 422
    judged = officer.post(f"/security/glass/{use.id}", data={"verdict": "justified", "remark": "ambulance protocol"})
    assert judged.status_code == 303
    assert "ambulance protocol" in officer.get("/security/glass").text


def test_the_log_is_searched_by_form_and_proven(served: Served) -> None:
    served.client(Role.PHYSICIAN).get("/worklist")
    auditor = served.client(Role.AUDITOR)
    found = auditor.post("/security/audit", data={"by": "physician", "kind": "open"}).text
    number = re.search(r"/security/audit/(\d+)", found)
    assert number
    assert "The proof holds." in auditor.get(f"/security/audit/{number[1]}").text
    assert auditor.get("/security/audit/999999").status_code == 404
    assert auditor.post("/security/audit", data={"since": "yesterday"}).status_code == 422


def test_the_log_only_grew_since_a_checkpoint_that_was_kept(served: Served) -> None:
    auditor = served.client(Role.AUDITOR)
    kept = re.search(r"<pre[^>]*>(.*?)</pre>", auditor.get("/security/checkpoint").text, re.S)
    assert kept
    text = kept[1].replace("&#43;", "+")
    auditor.get("/security/audit")
    assert "it only grew" in auditor.post("/security/checkpoint", data={"earlier": text}).text
    forged = text.replace("time 1", "time 2", 1)
    assert auditor.post("/security/checkpoint", data={"earlier": forged}).status_code == 422


def test_a_key_rotation_is_one_press(served: Served) -> None:
    officer = served.client(Role.SECURITY_OFFICER)
    assert "New key-encryption key" in officer.post("/security/keys/rotate").text
    assert served.own in served.client(Role.PHYSICIAN).get("/worklist").text  # and everything opens as before


def test_devices_are_certified_by_the_hospital_and_shut_out(served: Served) -> None:
    administrator, officer = served.client(Role.ADMINISTRATOR), served.client(Role.SECURITY_OFFICER)
    assert "BEGIN CERTIFICATE" in administrator.post("/security/devices/authority", data={"name": "Ward CA"}).text
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CT 1")])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name)
    pem = asked.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    given = {"name": "CT 1", "asked": pem.decode(), "acts": ["annotate", "register"]}
    assert "BEGIN CERTIFICATE" in administrator.post("/security/devices", data=given).text
    assert administrator.post("/security/devices", data={**given, "acts": ["export"]}).status_code == 422
    assert officer.post("/security/devices/revoke", data={"name": "CT 1"}).status_code == 303
    assert "revoked" in administrator.get("/security/devices").text
