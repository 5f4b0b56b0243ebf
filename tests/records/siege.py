"""A store that is killed again and again: the children at work on it, what they acknowledged, what must hold then."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kill_writer import CHEAP, LONG, digest, opening
from ward import PASSPHRASE, open_ward

from suwen.consult.chart import open_patient
from suwen.errors import NotFoundError
from suwen.govern.hospital import Place, Records, open_records
from suwen.govern.keys import rotate_data_keys, rotate_kek
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup, snapshots_in
from suwen.records.access import Role
from suwen.records.people import Actor
from suwen.records.store.charts import opened
from suwen.records.store.store import Store
from suwen.records.store.whole import verify
from suwen.records.vault import open_range

ACTS = ("single", "data", "image", "kek", "backup", "retire", "batch", "erase", "amend", "clean", "withdraw", "admit")
SERVER = Path(__file__).with_name("kill_writer.py")


def quiet(_done: int, _all: int) -> None:
    """Show nothing."""


class Children:
    """The warm server that forks children, and what becomes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.server = subprocess.Popen(
            [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(self, job: dict[str, Any]) -> tuple[int, Path]:
        self.count += 1
        journal = self.folder / f"journal-{self.count}"
        self.server.stdin.write(json.dumps({**job, "journal": str(journal)}) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline()), journal

    def ended(self) -> int:
        return int(self.server.stdout.readline())

    def close(self) -> None:
        self.server.stdin.close()
        self.server.wait(timeout=60)
        self.server.stdout.close()

    def run(self, job: dict[str, Any]) -> list[str]:
        """One job without a kill; its journal."""
        _, journal = self.begin(job)
        assert self.ended() == 0, journal.read_text()
        return journal.read_text().splitlines()

    def killed_by_itself(self, job: dict[str, Any], fuse: int) -> list[str] | None:
        """Killed before a line of code; its journal, None when it was done before."""
        _, journal = self.begin({**job, "fuse": fuse})
        return self._outcome(journal)

    def killed_from_here(self, job: dict[str, Any], rng: random.Random) -> list[str] | None:
        """Killed some time after it has begun its main act for a random time."""
        process, journal = self.begin(job)
        sign, turn = f"doing {job['main']}\n", rng.randrange(1, 4)
        while True:
            text = journal.read_text() if journal.exists() else ""
            if text.count(sign) >= turn or "done" in text or "failed" in text:
                break
            time.sleep(0.0005)
        time.sleep(rng.random() * rng.choice((0.002, 0.02, 0.1)))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return self._outcome(journal)

    def _outcome(self, journal: Path) -> list[str] | None:
        status = self.ended()
        text = journal.read_text() if journal.exists() else ""
        assert status in (0, -signal.SIGKILL), text
        lines = text.splitlines()
        assert not [one for one in lines if one.startswith("failed")], text
        return lines if status else None


@dataclass
class Ledger:
    """What was acknowledged: digests of versions and images, patients whose erasure was begun, and was acknowledged."""

    records: dict[tuple[str, str, int], str] = field(default_factory=dict)
    images: dict[tuple[str, str, str], str] = field(default_factory=dict)
    patients: set[str] = field(default_factory=set)
    doomed: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def take(self, line: str) -> None:
        match line.split():
            case ["ack", "record", patient, record, version, said]:
                self.records[patient, record, int(version)] = said
            case ["ack", "withdrawn", patient, record, version]:
                self.records[patient, record, int(version)] = digest(b"")
            case ["ack", "image", patient, record, image, said]:
                self.images[patient, record, image] = said
            case ["ack", "patient", patient]:
                self.patients.add(patient)
            case ["dooming", patient]:
                self.doomed.add(patient)
            case ["ack", "erased", patient]:
                self.erased.add(patient)

    @property
    def alive(self) -> list[str]:
        return sorted(self.patients - self.doomed)

    def require(self, store: Store, *, images: set[tuple[str, str, str]] | None = None) -> None:
        """Every acknowledged version (and image, or those named) is in the store, equal."""
        for patient in sorted(self.patients):
            found = found_in(store, patient)
            assert found is not None or patient in self.doomed, f"patient {patient} is gone"
            assert found is None or patient not in self.erased, f"patient {patient} is back"
            for (about, record, version), said in self.records.items():
                if found is not None and about == patient:
                    assert found.get((record, version)) == said, f"{patient} {record} {version}"
        for (patient, _, image), said in self.images.items():
            if patient not in self.doomed and (images is None or (patient, _, image) in images):
                assert _image(store, patient, image) == said


def found_in(store: Store, patient: str) -> dict[tuple[str, int], str] | None:
    with store.snapshot() as connection:
        try:
            state = store.charts.state(connection, bytes.fromhex(patient))
        except NotFoundError:
            return None
        every = (opened(state.key, row) for row in store.charts.rows(connection, state))
        return {(one.id.hex(), one.version): digest(one.payload) for one in every}


def _image(store: Store, patient: str, image: str) -> str:
    said, blob = hashlib.sha256(), bytes.fromhex(image)
    with store.snapshot() as connection:
        key = store.charts.state(connection, bytes.fromhex(patient)).key
    name = f"{image[:2]}/{image}.{key.generation}"
    for piece in open_range(key, blob, lambda low, high: store.blobs.read(name, low, high)):
        said.update(piece)
    return said.hexdigest()


@dataclass
class Siege:
    """A store that is killed again and again."""

    home: Path
    people: dict[str, tuple[str, str]]
    children: Children
    ledger: Ledger
    rng: random.Random
    lines: dict[str, int] = field(default_factory=dict)
    backed: Ledger | None = None
    counts: dict[str, int] = field(default_factory=dict)
    number: int = 0

    @property
    def repository(self) -> Path:
        return self.home.with_name("repository")

    def actor(self, role: Role) -> Actor:
        return Actor(*self.people[role.value])

    def job(self, main: str, *, rounds: int = 1) -> dict[str, Any]:
        self.number += 1
        fill = ("single", "batch", "amend", "image")
        acts = [one for _ in range(rounds) for one in (self.rng.choice(fill), main)]
        if main == "erase":
            acts = [one for _ in range(rounds) for one in ("admit", "erase")]
        return {
            "folder": str(self.home),
            "repository": str(self.repository),
            "passphrase": PASSPHRASE,
            "people": self.people,
            "patients": self.ledger.alive[:12],
            "seed": self.number,
            "main": main,
            "acts": acts,
        }

    def measure(self) -> None:
        """How many lines of code each act runs: where a kill can come."""
        for main in ACTS:
            journal = self.children.run(self.job(main))
            self.take(journal)
            self.lines[main] = int(journal[-1].split()[1])

    def kill(self, main: str, *, by_line: bool) -> list[str]:
        """Work until killed; the journal. A child that was faster than its killer does not count."""
        while True:
            if by_line:
                fuse = self.rng.randrange(self.lines[main])
                journal = self.children.killed_by_itself(self.job(main), fuse)
            else:
                journal = self.children.killed_from_here(self.job(main, rounds=6), self.rng)
            if journal is not None:
                return journal
            self.take((self.children.folder / f"journal-{self.children.count}").read_text().splitlines())

    def take(self, journal: list[str]) -> set[tuple[str, str, str]]:
        before = set(self.ledger.images)
        for line in journal:
            self.ledger.take(line)
            if line.startswith("ack backup"):
                self.backed = copy.deepcopy(self.ledger)
        return set(self.ledger.images) - before

    def open(self) -> Any:
        return open_records(self.home, opening(PASSPHRASE), policy=CHEAP, lifetime=LONG)

    def inspect(self, main: str, journal: list[str], *, tidy: bool) -> None:
        new = self.take(journal)
        with self.open() as records:
            self.require_whole(records, new)
            found = check_store(self.actor(Role.ADMINISTRATOR), records, grace=-60.0)
            assert not found.witness_damaged
            assert set(found.rotations) <= {"kek", "data keys"}
            assert set(found.backups_behind) <= {str(self.repository)}
            for what in ("orphans", "leftovers", "rotations", "backups_behind"):
                self.counts[what] = self.counts.get(what, 0) + bool(getattr(found, what))
            if main in ("backup", "retire", "kek"):
                self.require_restorable()  # as it is, for the machine may never come up again
            if tidy:
                self.tidy(records, main, new)
        if tidy and main in ("backup", "erase"):
            self.require_backup()

    def require_whole(self, records: Records, new: set[tuple[str, str, str]]) -> None:
        assert verify(records.store).faults == []
        self.ledger.require(records.store, images=new)
        patient = self.rng.choice(self.ledger.alive)
        seen = {(one.id, one.version): digest(one.payload) for one in self.open_patient(records, patient)}
        newest = {record: version for (about, record, version) in sorted(self.ledger.records) if about == patient}
        for record, version in newest.items():
            said = self.ledger.records[patient, record, version]
            assert seen.get((record, version), said) == said

    def open_patient(self, records: Records, patient: str) -> Any:
        return open_patient(self.actor(Role.PHYSICIAN), records, patient)

    def tidy(self, records: Records, main: str, new: set[tuple[str, str, str]]) -> None:
        """What check names is removed by clean and finished by a rerun; then there is nothing."""
        administrator, officer = self.actor(Role.ADMINISTRATOR), self.actor(Role.SECURITY_OFFICER)
        found = check_store(administrator, records, grace=-60.0)
        if "data keys" in found.rotations:
            rotate_data_keys(officer, records)
        if "kek" in found.rotations or main == "retire":
            rotate_kek(officer, records, retire=main == "retire")
        if main == "retire":
            assert len(records.store.provider.created) == 1, "a key that should be destroyed is still there"
        assert clean_store(administrator, records, check_store(administrator, records, grace=-60.0)) == []
        assert check_store(administrator, records, grace=-60.0).nothing
        self.require_whole(records, new)

    def require_restorable(self) -> None:
        """What the repository holds can be restored at any time, and holds what the last backup acknowledged."""
        if self.backed is None:
            return
        with self.restored() as records:
            ledger = copy.deepcopy(self.backed)
            ledger.doomed, ledger.erased = ledger.doomed | self.ledger.doomed, set()
            assert verify(records.store).faults == []
            ledger.require(records.store, images=set())

    def require_backup(self) -> None:
        """The backup is made again; restored, it holds everything, and nobody who was erased."""
        with self.open() as records:
            back_up(self.actor(Role.ADMINISTRATOR), records, str(self.repository), progress=quiet)
        self.backed = copy.deepcopy(self.ledger)
        with self.restored() as records:
            assert verify(records.store).faults == []
            self.ledger.require(records.store)
        with self.restored(snapshots_in(str(self.repository))[0]) as records:
            assert verify(records.store).faults == []
            assert not [one for one in self.ledger.erased if found_in(records.store, one) is not None]

    def restored(self, snapshot: str = "") -> Any:
        self.number += 1
        folder = self.home.with_name(f"restored-{self.number}")
        restore_backup(str(self.repository), folder, Place(), opening(PASSPHRASE), snapshot=snapshot, progress=quiet)
        return open_records(folder, opening(PASSPHRASE), policy=CHEAP, lifetime=LONG)


def begun(tmp_path: Path, children: Children, place: Place, *, seed: int) -> Siege:
    with open_ward(tmp_path / "store", place, clock=time.time) as ward:
        ledger = Ledger(patients={ward.patient(number, records=3) for number in range(8)})
        roles = (Role.PHYSICIAN, Role.SECURITY_OFFICER, Role.ADMINISTRATOR)
        people = {role.value: (ward[role].id, ward[role].token) for role in roles}
    return Siege(tmp_path / "store", people, children, ledger, random.Random(seed))  # noqa: S311 - a seeded test
