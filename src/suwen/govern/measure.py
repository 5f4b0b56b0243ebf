"""How fast this machine seals, opens, decides, audits and verifies, on a made-up ward in a temporary folder."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.govern.hospital import create_records
from suwen.govern.people import log_in, make_account
from suwen.records.access import Act, Purpose, Request, Resource, ResourceKind, Role
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work
from suwen.records.noted import open_newest, seal_drafts
from suwen.records.people import Actor, save_account
from suwen.records.relations import Care, new_relation, save_care
from suwen.records.store.charts import Draft
from suwen.records.store.store import Opening, Place
from suwen.records.store.whole import Report, verify_log
from suwen.records.vault import PatientKey, StreamCipher
from suwen.records.vault.stream import new_head

__all__ = ["MadeUpWard", "made_up_ward", "measure_chunks", "measure_decisions", "measure_log", "measure_records"]

_MIB = 1 << 20
_RUNS = 7
Figures = dict[str, float]


@dataclass
class MadeUpWard:
    """A store with one physician and patients in their care; patients are ids in hex."""

    records: Records
    physician: Actor
    patients: list[str] = field(default_factory=list)


@contextmanager
def made_up_ward(*, patients: int) -> Iterator[MadeUpWard]:
    """A store on SQLite in a temporary folder, with the default key provider; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="suwen-measure-") as folder:
        opening = Opening(secret=lambda _: "measured, then removed")
        records, _ = create_records(Path(folder) / "store", Place(), opening)
        with records.store as store:
            account, password = make_account(records, "physician", "Physician", roles=[Role.PHYSICIAN])
            with store.transaction() as ongoing:
                save_account(store, ongoing.connection, replace(account, must_change=False))
            ward = MadeUpWard(records, log_in(records, "physician", password))
            ward.patients = _admit(ward, patients)
            yield ward


def _admit(ward: MadeUpWard, count: int) -> list[str]:
    """Patients in one transaction, each in the physician's care and known by a made-up identifier."""
    store, made = ward.records.store, []
    with store.transaction() as ongoing:
        for number in range(count):
            patient = store.charts.create(ongoing.connection, at=ongoing.at)
            store.charts.index(ongoing.connection, patient, [("identifier", f"MADE-UP-{number}")])
            care = Care(new_relation(), patient.hex(), ward.physician.id, ongoing.at, None, ward.physician.id)
            save_care(store, ongoing.connection, care)
            made.append(patient.hex())
    return made


def _paired(ours: Callable[[], object], peer: Callable[[], object], *, repeat: int) -> tuple[float, float, float]:
    """Median seconds of both, taken in turn, and the median of the ratio peer / ours run by run."""
    mine, theirs = [], []
    for _ in range(_RUNS):
        theirs.append(_timed(peer, repeat))
        mine.append(_timed(ours, repeat))
    ratio = statistics.median(b / a for a, b in zip(mine, theirs, strict=True))
    return statistics.median(mine), statistics.median(theirs), ratio


def _timed(work: Callable[[], object], repeat: int) -> float:
    begin = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - begin) / repeat


def measure_chunks() -> tuple[Figures, Figures]:
    """Chunks of 1 MiB sealed and opened, beside bare AES-256-GCM of `cryptography` in turn: MB/s and ratios."""
    key = PatientKey(os.urandom(32), patient=os.urandom(16), generation=1)
    blob = os.urandom(16)
    cipher = StreamCipher(key, blob, new_head(blob, 64 * _MIB, chunk=_MIB))
    plain, bare, nonce = os.urandom(_MIB), AESGCM(os.urandom(32)), os.urandom(12)
    sealed, bare_sealed = cipher.seal(3, plain), bare.encrypt(nonce, plain, None)
    seal = _paired(lambda: cipher.seal(3, plain), lambda: bare.encrypt(nonce, plain, None), repeat=200)
    opened = _paired(lambda: cipher.open(3, sealed), lambda: bare.decrypt(nonce, bare_sealed, None), repeat=200)
    mib = _MIB / 1e6
    ours = {"seal_mb_per_s": mib / seal[0], "open_mb_per_s": mib / opened[0]}
    ours |= {"seal_ratio": seal[2], "open_ratio": opened[2]}
    return ours, {"seal_mb_per_s": mib / seal[1], "open_mb_per_s": mib / opened[1]}


def measure_decisions(ward: MadeUpWard, *, count: int = 2000, seed: int = 0) -> Figures:
    """Decisions about patients, half of them not in care: relationships read, then the policies asked; in ms."""
    rng, control = random.Random(seed), ward.records.control  # noqa: S311 - chooses patients, no secret
    strangers = [os.urandom(16).hex() for _ in range(count // 2)]
    asked = rng.sample(ward.patients, min(len(ward.patients), count // 2)) + strangers
    rng.shuffle(asked)
    whole, alone = [], []
    with ward.records.acting(ward.physician, Purpose.TREATMENT) as work:
        for patient in asked:
            raw = bytes.fromhex(patient)
            begin = time.perf_counter()
            work.permits(Act.VIEW, ResourceKind.PATIENT, patient=raw)
            whole.append(time.perf_counter() - begin)
            resource = Resource(ResourceKind.PATIENT, patient, in_care=True)
            begin = time.perf_counter()
            control.decide(Request(work.principal, Act.VIEW, resource, Purpose.TREATMENT))
            alone.append(time.perf_counter() - begin)
    return {"decision_ms": 1000 * statistics.median(whole), "decision_policies_ms": 1000 * statistics.median(alone)}


def measure_log(ward: MadeUpWard, *, events: int = 100_000, batch: int = 1000) -> Figures:
    """Audit events appended in batches, each batch a durable transaction; then the whole log verified: events/s."""
    store, patients = ward.records.store, ward.patients
    appended = []
    for low in range(0, events, batch):
        begin = time.perf_counter()
        with store.transaction() as ongoing:
            for number in range(low, low + batch):
                ongoing.note(
                    EventKind.OPEN,
                    actor=ward.physician.id,
                    act="view",
                    purpose="TREAT",
                    subject=patients[number % len(patients)],
                    detail={"records": [f"{number:032x}:1"]},
                )
        appended.append(batch / (time.perf_counter() - begin))
    verified, faults = [], 0
    for _ in range(_RUNS):
        report = Report()
        begin = time.perf_counter()
        verify_log(store, report)
        verified.append(report.entries / (time.perf_counter() - begin))
        faults += len(report.faults)
    return {
        "audit_per_s": statistics.median(appended),
        "verify_per_s": statistics.median(verified),
        "verify_faults": float(faults),
    }


def measure_records(ward: MadeUpWard, *, count: int = 10_000, size: int = 2000) -> Figures:
    """Records of `size` bytes: written one acknowledged transaction each, and in batches; opened in batches.

    `write_s` and `write_batch_s` are for all `count` of them, from the median of their parts.
    """
    single = _write_singly(ward, count, size)
    batched = _write_batched(ward, count, size)
    opened = [_open_all(ward, ward.patients[:20]) for _ in range(5)]
    one = [1000 * _open_all(ward, ward.patients[:1])[1] for _ in range(_RUNS)]
    return {
        "write_s": single,
        "write_batch_s": batched,
        "batch_speedup": single / batched,
        "records_per_s": statistics.median(number / seconds for number, seconds in opened),
        "open_500_ms": statistics.median(one),
    }


def _write_singly(ward: MadeUpWard, count: int, size: int) -> float:
    payload = os.urandom(size)
    patients = ward.patients[-200:]
    parts = []
    for part in range(_RUNS):
        numbers = range(part * count // _RUNS, (part + 1) * count // _RUNS)
        begin = time.perf_counter()
        for number in numbers:
            with ward.records.acting(ward.physician, Purpose.TREATMENT) as work:
                _write(work, patients[number % len(patients)], [payload])
        parts.append((time.perf_counter() - begin) / max(1, len(numbers)))
    return count * statistics.median(parts)


def _write_batched(ward: MadeUpWard, count: int, size: int) -> float:
    """500 records a patient, two patients a transaction."""
    payloads = [os.urandom(size)] * 500
    chosen, parts = ward.patients[: count // 500], []
    for low in range(0, len(chosen), 2):
        begin, some = time.perf_counter(), chosen[low : low + 2]
        with ward.records.acting(ward.physician, Purpose.TREATMENT) as work:
            for patient in some:
                _write(work, patient, payloads)
        parts.append((time.perf_counter() - begin) / (500 * len(some)))
    return count * statistics.median(parts)


def _write(work: Work, patient: str, payloads: list[bytes]) -> None:
    raw = bytes.fromhex(patient)
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
    seal_drafts(work, Act.ANNOTATE, raw, [Draft("Observation", payload) for payload in payloads])


def _open_all(ward: MadeUpWard, patients: list[str]) -> tuple[int, float]:
    """Decide, read, hold against the chart, open, note: number of records and seconds."""
    begin, number = time.perf_counter(), 0
    with ward.records.acting(ward.physician, Purpose.TREATMENT) as work:
        for patient in patients:
            raw = bytes.fromhex(patient)
            work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
            number += len(open_newest(work, raw))
    return number, time.perf_counter() - begin
