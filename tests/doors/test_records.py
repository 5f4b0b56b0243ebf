"""`suwen records` as somebody at a terminal uses it: the whole round of a small ward, and what it refuses."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import stat
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest
from typist import CHEAP, PASSWORD, Desk

import suwen.cli
from suwen.cli import main
from suwen.cli.records.accounts import ROLES
from suwen.cli.records.alarming import alarm_in_system_log
from suwen.cli.records.auditing import KINDS
from suwen.cli.records.clinic import SEXES
from suwen.cli.records.devices import ACTS
from suwen.cli.records.starting import PROVIDERS
from suwen.govern import PROVIDERS as ALL_PROVIDERS
from suwen.govern import EventKind, Role
from suwen.records.access import Act, Control, Principal, Purpose, Request, Resource, ResourceKind
from suwen.records.audit import public_key_from_text, verify, verify_consistency, verify_inclusion
from suwen.records.identity.authority import certificate_request
from suwen.subject import Sex

# What the options offer is what the rooms know


def test_what_the_options_offer_is_what_there_is() -> None:
    assert set(ROLES) == {role.value for role in Role}
    assert set(KINDS) == {kind.value for kind in EventKind}
    assert set(PROVIDERS) == set(ALL_PROVIDERS)
    assert set(SEXES) == {sex.value for sex in Sex}


def test_every_act_a_device_may_be_given_is_one_it_can_use_and_no_other_is() -> None:
    patient = Resource(ResourceKind.PATIENT, "p", in_care=True)
    device = Principal("d", frozenset(), device=True, acts=frozenset(Act))
    decide = Control().decide
    usable = {act.value for act in Act if decide(Request(device, act, patient, Purpose.TREATMENT)).permitted}
    assert usable == set(ACTS)


COMMAND = re.compile(r"suwen records ([a-z][a-z-]+(?: [a-z][a-z-]+)?)")


def test_every_command_that_a_message_names_is_there() -> None:
    """A remedy that does not exist is worse than none."""
    texts = [file.read_text("utf-8") for file in Path(suwen.cli.__file__).parent.parent.rglob("*.py")]
    named = {tuple(found.split()) for text in texts for found in COMMAND.findall(text)}
    assert len(named) > 10
    for first, *rest in named:
        command = main.commands["records"].commands.get(first)
        assert command is not None, first
        if isinstance(command, click.Group) and rest:
            assert rest[0] in command.commands, (first, *rest)


# Who acts


def test_sessions_are_files_only_their_owner_reads(desk: Desk) -> None:
    files = list(desk.state.rglob("*.json"))
    assert len(files) == 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_last_login_acts_unless_another_is_named(desk: Desk) -> None:
    assert desk.run("whoami").startswith("dr.wu (")
    assert desk.run("whoami", by="ADMINISTRATOR").startswith("administrator (")
    desk.run("login", "dr.lin", SUWEN_PASSWORD=PASSWORD)
    assert desk.run("whoami").startswith("dr.lin (")


def test_a_session_file_of_ones_own(desk: Desk, tmp_path: Path) -> None:
    mine = str(tmp_path / "mine")
    desk.run("login", "dr.lin", SUWEN_PASSWORD=PASSWORD, SUWEN_SESSION=mine)
    assert desk.run("whoami", SUWEN_SESSION=mine).startswith("dr.lin (")
    assert desk.run("whoami").startswith("dr.wu (")


def test_after_logout_one_has_to_log_in_again(desk: Desk) -> None:
    kept = next(file for file in desk.state.rglob("*.json") if '"dr.wu"' in file.read_text())
    text = kept.read_text()
    desk.run("logout", by="dr.wu")
    assert "log in first: suwen records login dr.wu" in desk.fails("whoami", by="dr.wu")
    kept.write_text(text)  # a copy of the token is worth nothing: the store has ended the session too
    assert "log in" in desk.fails("whoami", by="dr.wu")


def test_a_wrong_password_is_refused_with_the_sentence_for_all(desk: Desk) -> None:
    wrong = {"SUWEN_PASSWORD": "not this one 99"}
    known = desk.fails("login", "dr.lin", **wrong)
    assert desk.fails("login", "dr.nobody", **wrong) == known
    assert "not accepted" in known


def test_changing_a_password_needs_the_old_one_and_ends_other_sessions(desk: Desk) -> None:
    old, new = {"SUWEN_PASSWORD": PASSWORD}, {"SUWEN_NEW_PASSWORD": "another phrase quite long 8"}
    wrong, short = {"SUWEN_PASSWORD": "wrong in any case 1"}, {"SUWEN_NEW_PASSWORD": "short"}
    desk.fails("password", by="dr.lin", **wrong, **new)
    assert "12" in desk.fails("password", by="dr.lin", **old, **short)
    desk.run("password", by="dr.lin", **old, **new)
    assert desk.run("whoami", by="dr.lin").startswith("dr.lin")
    desk.fails("login", "dr.lin", SUWEN_PASSWORD=PASSWORD)


# Accounts, roles, care


def test_roles_that_check_each_other_are_kept_apart(desk: Desk) -> None:
    said = desk.fails("grant", "role", "dr.lin", "auditor", by="administrator")
    assert "cannot be held by one account" in said
    desk.run("grant", "role", "dr.lin", "researcher", by="administrator")
    assert "physician, researcher" in desk.run("account", "list", by="administrator")
    desk.run("revoke", "role", "dr.lin", "researcher", by="administrator")
    desk.fails("revoke", "role", "dr.lin", "researcher", by="administrator")
    desk.fails("account", "list", by="dr.lin")


def test_an_account_is_locked_by_one_and_unlocked_by_another(desk: Desk) -> None:
    desk.fails("account", "lock", "dr.wu", by="administrator")
    desk.run("account", "lock", "dr.wu", by="security")
    desk.fails("whoami", by="dr.wu")
    desk.run("account", "unlock", "dr.wu", by="administrator")
    first = desk.run("account", "reset", "dr.wu", by="administrator").strip()
    desk.first_login("dr.wu", first)


def test_only_care_opens_a_record_and_its_end_closes_it(desk: Desk, patient: str) -> None:
    assert "Demographics" in desk.run("open", patient, by="dr.lin")
    desk.fails("open", patient, by="dr.wu")
    desk.run("grant", "care", "dr.wu", "--identifier", "mrn-1", "--days", "2", by="administrator")
    assert "MRN-1" in desk.run("list", by="dr.wu")
    desk.run("revoke", "care", "dr.wu", patient.upper(), by="administrator")
    desk.fails("open", "--identifier", "MRN-1", by="dr.wu")
    desk.fails("grant", "care", "dr.wu", by="administrator")
    desk.fails("grant", "care", "dr.wu", patient, "--identifier", "MRN-1", by="administrator")


def test_care_lasts_a_time_that_can_be_written_down(desk: Desk, patient: str) -> None:
    for days in ("0", "-1", "nan", "inf", "1e300"):
        assert "at most" in desk.fails("grant", "care", "dr.wu", patient, f"--days={days}", by="administrator")


def test_what_somebody_typed_does_not_command_the_readers_terminal(desk: Desk) -> None:
    desk.run("register", "--identifier", "MRN-2", "--name", "Eve\x1b[2J\x9b1m", by="dr.lin")
    shown = desk.run("list", by="dr.lin")
    assert "Eve" in shown
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_a_record_is_shown_as_bytes_and_as_of_a_time(desk: Desk, patient: str) -> None:
    (one,) = (json.loads(line) for line in desk.run("open", patient, "--json", by="dr.lin").splitlines())
    assert json.loads(desk.run("open", patient, "--record", one["record"], by="dr.lin"))["identifiers"] == ["MRN-1"]
    assert desk.run("open", patient, "--json", "--as-of", "2020-01-01", by="dr.lin") == ""
    assert "no time" in desk.fails("open", patient, "--as-of", "yesterday", by="dr.lin")


def test_broken_glass_is_reviewed(desk: Desk, patient: str) -> None:
    assert "at least 10" in desk.fails("break-glass", patient, "--reason", "x", by="dr.wu")
    reason = ("--reason", "unconscious, nobody else on the ward")
    assert desk.run("break-glass", "--identifier", "MRN-1", *reason, by="dr.wu").strip() == patient
    assert "Demographics" in desk.run("open", patient, "--emergency", by="dr.wu")
    desk.fails("review", by="administrator")
    use = desk.run("review", by="security").splitlines()[1].split()[0]
    desk.fails("review", use, by="security")
    desk.fails("review", use, "--justified", by="security")
    desk.run("review", use, "--not-justified", "--remark", "somebody else was there", by="security")
    desk.fails("open", patient, "--emergency", by="dr.wu")
    assert use not in desk.run("review", by="security")
    assert "not justified" in desk.run("review", "--all", by="security")


def test_the_alarm_reaches_the_systems_log_and_never_waits_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    alarm = logging.getLogger("suwen.alarm")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log, TemporaryDirectory() as short:
        place = Path(short) / "log"  # a socket's path has at most 107 bytes
        log.bind(str(place))
        log.settimeout(5)
        with alarm_in_system_log(place):
            alarm.warning("glass %s", "broken")
            assert log.recv(100) == b"<84>suwen: glass broken"
            for _ in range(600):  # nobody reads any more: the queue fills up
                with suppress(OSError), closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as other:
                    other.setblocking(False)
                    other.sendto(b"x", str(place))
            alarm.warning("glass %s", "broken")
    assert "tell the security officer" in capsys.readouterr().err


# Keys and erasure


def test_a_dry_run_rotates_nothing(desk: Desk, patient: str) -> None:
    before = (desk.store / "keys.json").read_bytes()
    assert "would wrap 1 data keys" in desk.run("rotate", "kek", "--retire", "--dry-run", by="security")
    assert "rewrite 1 versions" in desk.run("rotate", "data", "--dry-run", by="security")
    assert (desk.store / "keys.json").read_bytes() == before
    desk.fails("rotate", "kek", by="administrator")
    assert "destroyed" in desk.run("rotate", "kek", "--retire", by="security")
    assert (desk.store / "keys.json").read_bytes() != before
    assert "1 patients" in desk.run("rotate", "data", by="security")
    assert "Demographics" in desk.run("open", patient, by="dr.lin")


def test_another_passphrase(desk: Desk) -> None:
    short, new = {"SUWEN_NEW_PASSPHRASE": "short"}, {"SUWEN_NEW_PASSPHRASE": "eleven loud crows"}
    desk.run("backup", "bk", by="administrator")
    assert "fewer than 12" in desk.fails("passphrase", by="security", **short)
    assert "passphrase" not in desk.run("audit", "read", "--kind", "key", by="auditor")
    desk.run("passphrase", by="security", **new)
    assert "passphrase" in desk.fails("whoami")
    now = {"SUWEN_PASSPHRASE": "eleven loud crows"}
    assert desk.run("whoami", **now)
    desk.fails("restore", "bk", "--into", "old")  # the backup has gone along
    assert desk.run("restore", "bk", "--into", "new", **now).startswith("whole")


def test_erasing_asks_shows_and_reaches_the_backup(desk: Desk, patient: str) -> None:
    desk.run("backup", "bk", by="administrator")
    why = ("--reason", "asked for in writing")
    assert "1 versions" in desk.run("erase", patient, *why, "--dry-run", by="security")
    assert "--yes" in desk.fails("erase", patient, *why, by="security")
    desk.fails("erase", patient, *why, "--yes", by="administrator")
    assert "Demographics" in desk.run("open", patient, by="dr.lin")
    Path("bk").rename("away")
    assert "behind" in desk.run("erase", patient.upper(), *why, "--yes", by="security", stderr=True)
    Path("away").rename("bk")
    assert "behind" in desk.run("check", "--dry-run", by="administrator")
    desk.run("check", by="administrator")
    assert "nothing is left over" in desk.run("check", by="administrator")
    desk.fails("open", patient, by="dr.lin")
    assert desk.run("verify", by="auditor").startswith("whole")
    restored = desk.run("restore", "bk", "--into", "copy")
    assert restored.startswith("whole")
    said = desk.run("audit", "read", "--patient", patient.upper(), "--kind", "erase", by="auditor")
    assert "asked for in writing" in said


# Audit


def test_the_audit_names_who_did_what_to_whom(desk: Desk, patient: str) -> None:
    desk.fails("audit", "read", by="administrator")
    lines = desk.run("audit", "read", "--patient", patient, "--by", "dr.lin", "--json", by="auditor").splitlines()
    read = [json.loads(line) for line in lines]
    assert {"care", "seal"} <= {one["kind"] for one in read}
    assert {one["name"] for one in read} == {"dr.lin"}
    assert {one["subject"] for one in read} == {patient}
    assert desk.run("audit", "read", "--json", "--until", "2020-01-01", by="auditor") == ""
    assert "no time" in desk.fails("audit", "read", "--since", "soon", by="auditor")
    assert "0 accounts" in desk.fails("audit", "read", "--by", "nobody", by="auditor")


def test_the_audit_as_fhir_is_a_file_only_its_owner_reads(desk: Desk) -> None:
    desk.run("audit", "read", "--fhir", "log.ndjson", by="auditor")
    events = [json.loads(line) for line in Path("log.ndjson").read_text().splitlines()]
    assert {one["resourceType"] for one in events} == {"AuditEvent"}
    assert stat.S_IMODE(Path("log.ndjson").stat().st_mode) == 0o600
    assert "cannot write" in desk.fails("audit", "read", "--fhir", "no/such/folder.ndjson", by="auditor")


def test_proofs_are_checked_without_suwens_keys(desk: Desk) -> None:
    desk.run("audit", "checkpoint", "--out", "kept.txt", by="auditor")
    _, key = public_key_from_text(desk.run("keys").splitlines()[1])
    kept = verify(Path("kept.txt").read_text(), key)
    proof = json.loads(desk.run("audit", "prove", "3", by="auditor"))
    now = verify(proof["checkpoint"], key)
    hashes = [bytes.fromhex(one) for one in proof["hashes"]]
    assert verify_inclusion(3, now.size, bytes.fromhex(proof["leaf_hash"]), hashes, now.root)
    grown = json.loads(desk.run("audit", "consistency", "kept.txt", by="auditor"))
    hashes = [bytes.fromhex(one) for one in grown["hashes"]]
    later = verify(grown["checkpoint"], key)
    assert verify_consistency(kept.size, later.size, hashes, kept.root, later.root)
    assert "0 to" in desk.fails("audit", "prove", "100000", by="auditor")


# Devices


def test_a_device_is_certified_and_shut_out(desk: Desk) -> None:
    Path("mri.csr").write_text(certificate_request("MRI-1")[1])
    certify = ("device", "certify", "mri.csr", "--name", "MRI-1", "--act", "annotate")
    assert "device authority" in desk.fails(*certify, by="administrator")
    desk.run("device", "authority", "Ward CA", "--out", "ca.pem", by="administrator")
    assert desk.run(*certify, by="administrator").startswith("-----BEGIN CERTIFICATE-----")
    assert "registered already" in desk.fails(*certify, by="administrator")
    desk.fails("device", "revoke", "MRI-1", by="administrator")
    desk.run("device", "revoke", "MRI-1", by="security")
    assert "shut out" in desk.run("device", "list", by="administrator")
    assert "PEM" in desk.fails("device", "trust", "mri.csr", by="administrator")


# Another hospital


def test_a_record_goes_to_another_hospital_and_to_no_other(desk: Desk, patient: str, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other")
    first = next(line for line in other.run("init", *CHEAP).splitlines() if line.startswith("administrator"))
    other.first_login("administrator", first.split()[-1])
    opened = other.run("account", "open", "dr.abe", "--role", "physician", by="administrator")
    other.first_login("dr.abe", opened.strip())
    Path("here").write_text(desk.run("keys"))
    Path("there").write_text(other.run("keys"))
    desk.run("export", patient, "--to", "there", "--out", "bundle", by="dr.lin")
    desk.fails("import", "bundle", "--from", "here", by="dr.wu")  # sealed to the other
    other.fails("import", "bundle", "--from", "there", by="dr.abe")  # and signed by us
    came = other.run("import", "bundle", "--from", "here", by="dr.abe").strip()
    assert "MRN-1" in other.run("list", by="dr.abe")
    assert came != patient
    desk.fails("export", patient, "--to", "bundle", "--out", "again", by="dr.lin")
    assert not os.path.lexists("again")
