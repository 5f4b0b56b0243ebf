"""A writer to be killed: a warm server that forks children, each of which works on a store and says what it did.

One JSON line in is one job; out come the child's process id and, when it has ended, how. The child appends to the
journal of its job: "doing ACT" before an act, "ack KIND …" once it has returned, "failed …" when it raised, "done".
Nothing of SQLite or of the object store is touched before the fork: neither survives one.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from suwen.consult.chart import Draft, open_patient, withdraw_record, write_records, write_records_of
from suwen.consult.images import Image, store_images
from suwen.consult.patients import register_patient
from suwen.errors import SuwenError
from suwen.govern.hospital import Opening, Place, Records, create_records, open_records
from suwen.govern.keys import erase_patient, rotate_data_keys, rotate_kek
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup
from suwen.records.demographics import Demographics
from suwen.records.identity.login import Policy
from suwen.records.identity.passwords import Cost
from suwen.records.identity.sessions import Lifetime
from suwen.records.people import Actor
from suwen.records.store import blobs

CHEAP = Policy(cost=Cost(memory=64, passes=1, lanes=1))
LONG = Lifetime(idle=1e7, longest=1e7)
CHUNK = 1 << 16
_ROOMS = ("suwen/records/", "suwen/consult/", "suwen/govern/")


def opening(passphrase: str) -> Opening:
    return Opening(secret=lambda _: passphrase, clock=time.time)


def digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


class Fuse:
    """Counts the lines of Suwen that run from `light` on, and kills this very process before the one numbered `at`.

    `within` names a function: only its lines are counted then.
    """

    def __init__(self, at: int | None, within: str = "") -> None:
        self.at, self.within, self.lines = at, within, 0

    def light(self) -> None:
        if sys.gettrace() is None:
            sys.settrace(self._call)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        if self.within and frame.f_code.co_name != self.within:
            return None
        return self._line if any(room in frame.f_code.co_filename for room in _ROOMS) else None

    def _line(self, _frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        if event == "line":
            if self.lines == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            self.lines += 1
        return self._line


class Writer:
    """The child at work on an open store."""

    def __init__(self, job: dict[str, Any], say: Callable[..., None], fuse: Fuse) -> None:
        self.job, self.say, self.fuse = job, say, fuse
        self.rng = random.Random(job["seed"])  # noqa: S311 - a seeded test
        self.people = {role: Actor(*one) for role, one in job["people"].items()}
        self.records: Records

    def work(self) -> None:
        with open_records(
            Path(self.job["folder"]), opening(self.job["passphrase"]), policy=CHEAP, lifetime=LONG
        ) as one:
            self.records = one
            for act in self.job["acts"]:
                self.say("doing", act)
                if act == self.job["main"]:
                    self.fuse.light()
                getattr(self, act)()

    def _patient(self) -> str:
        return self.rng.choice(self.job["patients"])

    def _payload(self) -> bytes:
        return self.rng.randbytes(self.rng.choice((0, 40, 300, 5000)))

    def _said(self, *written: Any) -> None:
        for one in written:
            self.say("ack record", one.patient, one.id, one.version, digest(one.payload))

    def single(self) -> None:
        physician = self.people["physician"]
        self._said(*write_records(physician, self.records, self._patient(), [Draft("Observation", self._payload())]))

    def batch(self) -> None:
        patients = self.rng.sample(self.job["patients"], 2)
        drafts = {one: [Draft("Observation", self._payload()) for _ in range(15)] for one in patients}
        for written in write_records_of(self.people["physician"], self.records, drafts).values():
            self._said(*written)

    def amend(self) -> None:
        physician, patient = self.people["physician"], self._patient()
        known = [one for one in open_patient(physician, self.records, patient) if one.kind == "Observation"]
        if known:
            one = self.rng.choice(known)
            draft = Draft(one.kind, self._payload(), one.id, one.version)
            self._said(*write_records(physician, self.records, patient, [draft]))

    def withdraw(self) -> None:
        physician, patient = self.people["physician"], self._patient()
        known = [one for one in open_patient(physician, self.records, patient) if one.kind == "Observation"]
        if known:
            one = self.rng.choice(known)
            withdraw_record(physician, self.records, patient, one.id, base=one.version)
            self.say("ack withdrawn", patient, one.id, one.version + 1)

    def image(self) -> None:
        self._image(self._patient())

    def _image(self, patient: str) -> None:
        raw = self.rng.randbytes(self.rng.choice((0, 70_000, 1_500_000, 3_000_000)))
        parts = [Image([raw[:1000], raw[1000:]], len(raw), CHUNK), Image([raw[:500]], len(raw[:500]), CHUNK)]
        physician, about = self.people["physician"], self._payload()
        one = store_images(physician, self.records, patient, kind="ImagingStudy", payload=about, images=parts)
        self._said(one)
        self.say("ack image", patient, one.id, one.images[0][0], digest(raw))

    def kek(self) -> None:
        rotate_kek(self.people["security officer"], self.records)
        self.say("ack kek")

    def retire(self) -> None:
        rotate_kek(self.people["security officer"], self.records, retire=True)
        self.say("ack retire")

    def data(self) -> None:
        rotate_data_keys(self.people["security officer"], self.records)
        self.say("ack data")

    def backup(self) -> None:
        name = back_up(self.people["administrator"], self.records, self.job["repository"], progress=lambda _d, _a: None)
        self.say("ack backup", name)

    def clean(self) -> None:
        administrator = self.people["administrator"]
        clean_store(administrator, self.records, check_store(administrator, self.records, grace=-60.0))
        self.say("ack clean")

    def admit(self) -> None:
        number = self.rng.randbytes(8).hex()
        who = Demographics((f"MRN-{number}",), (f"Short Stay {number}",), "1950-06-07")
        self.last = register_patient(self.people["physician"], self.records, who)
        self.say("ack patient", self.last)
        drafts = [Draft("Observation", self._payload()) for _ in range(5)]
        self._said(*write_records(self.people["physician"], self.records, self.last, drafts))
        self._image(self.last)

    def erase(self) -> None:
        self.say("dooming", self.last)
        erase_patient(self.people["security officer"], self.records, self.last, reason="on request of the patient")
        self.say("ack erased", self.last)


def create(job: dict[str, Any], say: Callable[..., None], fuse: Fuse) -> None:
    place = Place(database=job.get("database", "sqlite:records.db"), settings=job["settings"])
    say("doing", "create")
    fuse.light()
    records, first = create_records(Path(job["folder"]), place, opening(job["passphrase"]), policy=CHEAP)
    say("ack create", json.dumps({one.login: one.password for one in first}))
    records.store.close()


def restore(job: dict[str, Any], say: Callable[..., None], fuse: Fuse) -> None:
    place = Place(database=job.get("database", "sqlite:records.db"))
    say("doing", "restore")
    fuse.light()
    name = restore_backup(
        job["repository"], Path(job["folder"]), place, opening(job["passphrase"]), progress=lambda _d, _a: None
    )
    say("ack restore", name)


def child(job: dict[str, Any]) -> int:
    journal = os.open(job["journal"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def say(*words: object) -> None:
        os.write(journal, (" ".join(str(one) for one in words) + "\n").encode())

    fuse = Fuse(job.get("fuse"), job.get("within", ""))
    blobs._CHUNK = CHUNK  # objects of a few MiB go to the disk in many pieces, as large ones do with the usual 8 MiB
    try:
        say("begun")
        if job["main"] in ("create", "restore"):
            {"create": create, "restore": restore}[job["main"]](job, say, fuse)
        else:
            Writer(job, say, fuse).work()
    except (SuwenError, Exception) as error:
        say("failed", type(error).__name__, json.dumps(traceback.format_exc()))
        return 1
    finally:
        sys.settrace(None)
    say("done", fuse.lines)
    return 0


def main() -> None:
    for late in ("alembic.command", "alembic.config", "argon2", "sqlcipher3.dbapi2", "sqlalchemy.dialects.sqlite"):
        importlib.import_module(late)  # once here, rather than in every child
    for line in sys.stdin:
        job = json.loads(line)
        process = os.fork()
        if process == 0:
            code = 1
            try:
                code = child(job)
            finally:
                os._exit(code)
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
