"""`suwen records` and its keepers: making a store, typing at a terminal, verifying what was damaged, restoring."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from pyotp import TOTP
from typist import CHEAP, PASSPHRASE, PASSWORD, Desk, at_a_terminal

# Making a store


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--database", "nonsense"), "sqlite:NAME"),
        (("--database", "sqlite:../elsewhere.db"), "sqlite:NAME"),
        (("--database", "postgresql:///"), "sqlite:NAME"),
        (("--database", "postgresql://suwen:secret@127.0.0.1/records"), "SUWEN_DATABASE_PASSWORD"),
        (("--key-setting", "colour=green"), "colour"),
        (("--key-setting", "time"), "NAME=VALUE"),
        (("--key-setting", "time=two"), "whole number"),
        (("--key-setting", "lanes=1", "--key-setting", "lanes=2"), "twice"),
        (("--keys", "environment", "--key-setting", "variable=NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE"),
        (("--auditor", "administrator"), "three login names"),
        (("--ca-file", "nowhere.pem"), "nowhere.pem"),
    ],
)
def test_a_store_that_cannot_be_made_leaves_nothing(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    desk = Desk(tmp_path)
    assert said in desk.fails("init", *arguments)
    assert not desk.store.exists() or not list(desk.store.iterdir())


def test_a_store_is_not_made_over_another(desk: Desk) -> None:
    before = sorted(desk.store.iterdir())
    assert "not empty" in desk.fails("init", *CHEAP)
    assert sorted(desk.store.iterdir()) == before
    assert desk.run("whoami")


def test_without_a_store_the_remedy_is_told(tmp_path: Path) -> None:
    assert "suwen records init" in Desk(tmp_path).fails("whoami")


def test_the_passphrase_comes_from_a_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text(f"{PASSPHRASE}\r\nanother line\n")
    file.chmod(0o600)
    assert desk.run("--passphrase-file", str(file), "whoami", SUWEN_PASSPHRASE="")
    file.chmod(0o644)
    said = desk.result("--passphrase-file", str(file), "whoami", SUWEN_PASSPHRASE="").stderr
    assert "everybody" in said
    file.write_text("\n")
    assert "empty" in desk.fails("--passphrase-file", str(file), "whoami", SUWEN_PASSPHRASE="")


def test_a_wrong_passphrase_and_none(desk: Desk) -> None:
    wrong = {"SUWEN_PASSPHRASE": "eight loud herons"}
    assert "passphrase" in desk.fails("whoami", **wrong)
    none = {"SUWEN_PASSPHRASE": ""}
    assert "set SUWEN_PASSPHRASE" in desk.fails("whoami", **none)


def test_a_store_that_is_current_needs_no_upgrade(desk: Desk) -> None:
    assert "nothing to do" in desk.run("upgrade")


# At a terminal


def test_secrets_are_typed_unseen_and_mistakes_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    new, again, slip = "characters:", "confirmation:", "seven quiet heron"
    answers = [(new, PASSPHRASE), (again, slip), (new, PASSPHRASE), (again, PASSPHRASE)]
    status, shown = at_a_terminal(desk, "init", *CHEAP, answers=answers)
    assert status == 0
    assert "do not match" in shown
    first = re.search(r"^administrator +administrator +(\S+)", shown, re.MULTILINE)
    assert first
    answers = [("keys.json:", PASSPHRASE), ("administrator:", first[1])]
    answers += [("new password:", "short"), (again, "short"), ("new password:", PASSWORD), (again, PASSWORD)]
    status, shown = at_a_terminal(desk, "login", "administrator", answers=answers)
    assert status == 0
    assert "at least 12" in shown
    assert PASSWORD not in shown
    assert PASSPHRASE not in shown


def test_a_second_factor_is_asked_for_from_the_next_login_on(desk: Desk) -> None:
    enrol = ("--as", "dr.lin", "second-factor")
    asked = ("keys.json:", PASSPHRASE)
    status, shown = at_a_terminal(desk, *enrol, answers=[asked, ("shows:", "000000")])
    assert status == 2
    status, shown = at_a_terminal(desk, *enrol, answers=[asked, ("shows:", lambda seen: TOTP(_secret(seen)).now())])
    assert status == 0, shown
    assert "set SUWEN_CODE" in desk.fails("login", "dr.lin", SUWEN_PASSWORD=PASSWORD)
    wrong = "000000" if TOTP(_secret(shown)).now() != "000000" else "000001"
    assert "not accepted" in desk.fails("login", "dr.lin", SUWEN_PASSWORD=PASSWORD, SUWEN_CODE=wrong)
    code = TOTP(_secret(shown)).at(time.time() + 30)  # the one of now was used up by enrolling
    desk.run("login", "dr.lin", SUWEN_PASSWORD=PASSWORD, SUWEN_CODE=code)
    assert "with second factor" in desk.run("whoami", by="dr.lin")
    first = desk.run("account", "reset", "dr.lin", by="administrator").strip()
    assert "set SUWEN_CODE" in desk.fails("login", "dr.lin", SUWEN_PASSWORD=first)
    remove = ("account", "remove-factor", "dr.lin", "--reason")
    assert "say why" in desk.fails(*remove, "lost", by="administrator")
    desk.run(*remove, "phone lost, came in person", by="administrator")
    desk.first_login("dr.lin", first)


def _secret(shown: str) -> str:
    found = re.search(r"secret=([A-Z2-7]+)", shown)
    assert found
    return found[1]


def test_what_cannot_be_undone_is_typed(desk: Desk) -> None:
    patient = desk.run("register", "--identifier", "MRN-1", by="dr.lin").strip()
    erase = ("--as", "security", "erase", patient, "--reason", "asked for in writing")
    asked = [("keys.json:", PASSPHRASE)]
    status, shown = at_a_terminal(desk, *erase, answers=[*asked, ("go on:", "000000x")])
    assert status == 2
    assert "nothing was done" in shown
    assert desk.run("open", patient, by="dr.lin")
    status, shown = at_a_terminal(desk, *erase, answers=[*asked, ("go on:", patient[-6:])])
    assert status == 0
    desk.fails("open", patient, by="dr.lin")


# Verifying


def test_a_whole_store_is_whole_and_a_checkpoint_kept_elsewhere_agrees(desk: Desk) -> None:
    desk.run("audit", "checkpoint", "--out", "kept.txt", by="auditor")
    assert desk.run("verify", "--checkpoint", "kept.txt", by="administrator").startswith("whole")
    report = json.loads(desk.run("verify", "--json", "--log-only", by="auditor"))
    assert report["whole"] is True
    assert report["faults"] == []
    desk.fails("verify", by="dr.lin")


def test_verifying_without_a_login_is_noted_as_such(desk: Desk) -> None:
    shutil.rmtree(desk.state)
    assert "--without-login" in desk.fails("verify")
    assert desk.run("verify", "--without-login").startswith("whole")
    desk.run("login", "auditor", SUWEN_PASSWORD=PASSWORD)
    (said,) = desk.run("audit", "read", "--kind", "verify", "--json", by="auditor").splitlines()
    assert json.loads(said)["detail"]["login"] == "none"


def test_a_changed_byte_is_a_fault_and_status_1(desk: Desk) -> None:
    database = desk.store / "records.db"
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    result = desk.result("verify", by="administrator")
    assert result.exit_code == 1
    assert "HMAC verification failed" in result.stdout
    assert "NOT whole" in result.stdout


def test_a_database_that_is_none_any_more_is_told_fault_by_fault(desk: Desk) -> None:
    database = desk.store / "records.db"
    database.write_bytes(b"x" * database.stat().st_size)
    result = desk.result("verify", by="administrator")
    assert result.exit_code == 1
    assert "restore it from a backup" in result.stdout
    desk.fails("whoami")


def test_a_store_that_was_set_back_is_told_and_not_written_to(desk: Desk) -> None:
    early = desk.home / "early"
    shutil.copytree(desk.store, early)
    desk.run("register", "--identifier", "MRN-1", by="dr.lin")
    for file in early.glob("records.db*"):
        shutil.copy(file, desk.store)
    witness = (desk.store / "checkpoints").read_bytes()
    for _ in range(12):  # each entry written would bring the log nearer to the length the witness knows
        result = desk.result("verify", by="administrator")
        assert result.exit_code == 1
        assert "cut off" in result.stdout
    assert (desk.store / "checkpoints").read_bytes() == witness
    assert "set back" in desk.fails("whoami")


def test_a_lost_witness_is_made_anew_only_from_a_checkpoint_that_fits(desk: Desk) -> None:
    desk.run("audit", "checkpoint", "--out", "kept.txt", by="auditor")
    assert "not lost" in desk.fails("check", "--renew-witness", "kept.txt")
    early = desk.home / "early"
    shutil.copytree(desk.store, early)
    desk.run("register", "--identifier", "MRN-1", by="dr.lin")
    desk.run("audit", "checkpoint", "--out", "later.txt", by="auditor")
    (desk.store / "checkpoints").unlink()
    desk.fails("whoami")
    assert "fits the checkpoint" in desk.run("check", "--renew-witness", "kept.txt")
    assert desk.run("verify", by="administrator").startswith("whole")
    (desk.store / "checkpoints").unlink()
    for file in early.glob("records.db*"):  # set back, and the witness removed
        shutil.copy(file, desk.store)
    assert "does not fit" in desk.fails("check", "--renew-witness", "later.txt")
    assert not (desk.store / "checkpoints").exists()


def test_a_checkpoint_of_another_store_is_a_fault(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other")
    other.run("init", *CHEAP)
    first = other.store / "checkpoints"
    Path("kept.txt").write_text(json.loads(first.read_bytes()[:512].decode().rstrip()))
    result = desk.result("verify", "--checkpoint", "kept.txt", by="auditor")
    assert result.exit_code == 1
    assert "kept.txt: " in result.stdout


def test_what_the_store_rests_on_is_not_opened_when_changed(desk: Desk) -> None:
    file = desk.store / "store.json"
    file.write_text(file.read_text().replace("records.db", "records.dc"))
    assert "store.json was changed" in desk.fails("verify", by="administrator")


# Checking, backing up, restoring


def test_what_killed_writers_left_is_shown_then_removed(desk: Desk) -> None:
    left = desk.store / "blobs" / "ab" / f"{'ab' * 16}.1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x" * 2048)
    assert "nothing is left over" in desk.run("check", by="administrator")  # it may be somebody's at work
    assert "no record names it (2.0 KiB)" in desk.run("check", "--grace", "0", "--dry-run", by="administrator")
    assert left.exists()
    desk.run("check", "--grace", "0", by="administrator")
    assert not left.exists()


def test_a_backup_is_restored_and_verified_and_sessions_are_over(desk: Desk) -> None:
    patient = desk.run("register", "--identifier", "MRN-1", by="dr.lin").strip()
    desk.fails("backup", "bk", by="auditor")
    first = desk.run("backup", "bk", by="administrator").strip()
    second = desk.run("backup", "bk", by="administrator").strip()
    assert desk.run("restore", "bk", "--list").split() == [first, second]
    assert desk.run("restore", "bk", "--into", "copy", "--snapshot", first).startswith("whole")
    copy = Desk(desk.home)
    assert "log in" in copy.fails("--store", "copy", "open", patient, by="dr.lin")
    copy.run("--store", "copy", "login", "dr.lin", SUWEN_PASSWORD=PASSWORD)
    assert "Demographics" in copy.run("--store", "copy", "open", patient, by="dr.lin")
    assert "not empty" in desk.fails("restore", "bk", "--into", "copy")
    assert "no snapshot" in desk.fails("restore", "bk", "--into", "none", "--snapshot", "x")
    assert "no backup" in desk.fails("restore", "nowhere", "--into", "none")
    assert "another store" in _other_backup(desk)


def _other_backup(desk: Desk) -> str:
    said = Path("bk/suwen-backup.json")
    said.write_text(said.read_text().replace('"store": "', '"store": "0'))
    return desk.fails("backup", "bk", by="administrator")


def test_a_damaged_backup_is_not_restored(desk: Desk) -> None:
    desk.run("backup", "bk", by="administrator")
    (snapshot,) = Path("bk/snapshots").iterdir()
    content = bytearray(snapshot.read_bytes())
    content[len(content) // 2] ^= 1
    snapshot.write_bytes(content)
    assert "was changed" in desk.fails("restore", "bk", "--into", "copy")
    assert not list(Path("copy").iterdir())


# Without starting anything heavy


def test_help_loads_neither_the_database_nor_the_ciphers() -> None:
    heavy = {"sqlalchemy", "cryptography", "cedarpy", "rich", "suwen.records", "suwen.govern", "obstore", "argon2"}
    code = f"import sys, suwen.cli; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"


def test_nothing_of_a_patient_is_readable_in_the_files(desk: Desk) -> None:
    desk.run("register", "--identifier", "MRN-31415", "--name", "Ottilie Testpatient", by="dr.lin")
    desk.run("backup", "bk", by="administrator")
    files = [file for folder in (desk.store, Path("bk")) for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in files if b"Ottilie" in file.read_bytes() or b"31415" in file.read_bytes()]
    with closing(sqlite3.connect(desk.store / "records.db")) as plain, pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT * FROM patient")
