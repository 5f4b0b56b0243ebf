"""How jobs lie in the sealed store: long work that was asked for, how far it came, what came of it.

Documents (`suwen.records.store.documents`), each of format 1; all but the first have the id or tag of their job:

    job         first: account or device that asked. {"format", "kind", "title", "state", ...}: see `Job`
    job-asked   id: the job's. {"format", "parameters"}: those too large for a document that is written often
    job-step    id: the job's. {"format", "step"}: where the work goes on after a restart
    job-result  id: the job's. {"format", "result"}
    job-part    first: the job's. {"format", "bytes"}: a part of a file that came of it, in base64
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from suwen.errors import DataError, InputError, NotFoundError
from suwen.records.access import Purpose
from suwen.records.store.documents import Document
from suwen.records.store.store import Store
from suwen.subject import Saying

__all__ = [
    "ASKED",
    "FILES_LARGEST",
    "JOB",
    "JSON_LARGEST",
    "PART",
    "RESULT",
    "STEP",
    "Job",
    "JobFile",
    "JobState",
    "Wanted",
    "asked_of",
    "drop_files",
    "drop_of",
    "forget_jobs",
    "job_of",
    "keep_part",
    "parts_of",
    "put_asked",
    "put_job",
    "replace_of",
    "require_size",
    "step_of",
    "stored_job",
    "take_away",
]

JSON_LARGEST = 4 << 20  # bytes of parameters, of a step, of a result
FILES_LARGEST = 64 << 20  # bytes of all files of a job
JOB, ASKED, STEP, RESULT, PART = "job", "job-asked", "job-step", "job-result", "job-part"
_SMALL = 4096  # characters of parameters that stay in the job's own document, and in lists
_SIZE = 1 << 20  # bytes of a part


class JobState(Enum):
    """How a job stands. `WAITS_FOR_OWNER`: it needs the records, and was interrupted; its owner must sign in again."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITS_FOR_OWNER = "waits for owner"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file that came of a job: its name, media type and bytes; `parts` are the ids of what holds it."""

    name: str
    type: str
    size: int
    parts: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """Long work that an actor asked for. Times are microseconds since 1970, UTC; `done` of `whole` steps (0: unknown).

    `alone`: it needs no records, so it goes on by itself after a restart. `patients`: whom its result tells of; it is
    opened only to an owner who may still view each of them for `purpose`. `reason`: why it failed.
    """

    id: str
    owner: str
    kind: str
    title: Saying
    state: JobState
    alone: bool
    created: int
    changed: int
    done: int = 0
    whole: int = 0
    said: Saying | None = None
    reason: Saying | None = None
    files: tuple[JobFile, ...] = ()
    purpose: Purpose = Purpose.OPERATIONS
    patients: tuple[str, ...] = field(default=(), repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return min(1.0, self.done / self.whole) if self.whole else float(self.state is JobState.DONE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Long work to be asked for: its kind and parameters (JSON), and what it is called in a list.

    `alone`: it needs no records. `patients` (ids): whom its result will tell of, opened for `purpose`.
    """

    kind: str
    parameters: Mapping[str, Any] = field(repr=False)
    title: Saying
    alone: bool = False
    patients: tuple[str, ...] = field(default=(), repr=False)
    purpose: Purpose = Purpose.OPERATIONS


def stored_job(store: Store, connection: Connection, job: str) -> Job | None:
    """A job by its id, None where there is none."""
    try:
        return job_of(store.documents.get(connection, JOB, bytes.fromhex(job)))
    except (NotFoundError, ValueError):
        return None


def put_job(store: Store, connection: Connection, job: Job) -> None:
    """Keep a job as it is now."""
    replace_of(store, connection, JOB, job.id, _content(job), first=bytes.fromhex(job.owner))


def replace_of(
    store: Store,
    connection: Connection,
    kind: str,
    job: str,
    content: Mapping[str, Any],
    *,
    first: bytes | None = None,
) -> None:
    """Keep a document of a job in the place of the one before."""
    raw = bytes.fromhex(job)
    known = store.documents.exists(connection, kind, raw)
    revision = store.documents.get(connection, kind, raw).revision if known else 0
    store.documents.put(connection, Document(kind, raw, content, first, None, revision))


def put_asked(store: Store, connection: Connection, job: Job) -> Job:
    """Keep the parameters of a new job; the job as lists show it, without them where they are large."""
    if len(json.dumps(job.parameters, ensure_ascii=False)) <= _SMALL:
        return job
    replace_of(store, connection, ASKED, job.id, {"format": 1, "parameters": dict(job.parameters)})
    return replace(job, parameters={})


def asked_of(store: Store, connection: Connection, job: Job) -> Job:
    """A job with its parameters, however large."""
    raw = bytes.fromhex(job.id)
    if not store.documents.exists(connection, ASKED, raw):
        return job
    return replace(job, parameters=store.documents.get(connection, ASKED, raw).content["parameters"])


def step_of(store: Store, connection: Connection, job: Job) -> Any:
    """The last step of a job, None where it stored none."""
    raw = bytes.fromhex(job.id)
    if not store.documents.exists(connection, STEP, raw):
        return None
    return store.documents.get(connection, STEP, raw).content["step"]


def take_away(store: Store, connection: Connection, job: Job) -> None:
    """Remove a job with all that came of it."""
    drop_of(store, connection, job, results=True)
    raw = bytes.fromhex(job.id)
    for kind in (ASKED, JOB):
        if store.documents.exists(connection, kind, raw):
            store.documents.remove(connection, store.documents.get(connection, kind, raw))


def forget_jobs(store: Store, connection: Connection, patient: str) -> int:
    """Remove every job whose result tells of a patient (id in hex), since the patient is erased; how many."""
    found = [job_of(one) for one in store.documents.find(connection, JOB)]
    told = [one for one in found if patient in one.patients]
    for one in told:
        take_away(store, connection, one)
    return len(told)


def drop_of(store: Store, connection: Connection, job: Job, *, results: bool) -> None:
    """Remove the step of a job, and with `results` what came of it."""
    raw = bytes.fromhex(job.id)
    for kind in (STEP, RESULT) if results else (STEP,):
        if store.documents.exists(connection, kind, raw):
            store.documents.remove(connection, store.documents.get(connection, kind, raw))
    if results and job.files:
        drop_files(store, connection, job.files)
        put_job(store, connection, replace(job, files=()))


def drop_files(store: Store, connection: Connection, files: Iterable[JobFile]) -> None:
    """Remove files that came of a job."""
    for part in (part for one in files for part in one.parts):
        store.documents.remove(connection, store.documents.get(connection, PART, bytes.fromhex(part)))


def keep_part(store: Store, connection: Connection, job: str, part: bytes) -> str:
    """Keep a part of a file; its id."""
    made = secrets.token_bytes(16)
    content = {"format": 1, "bytes": base64.b64encode(part).decode("ascii")}
    store.documents.put(connection, Document(PART, made, content, bytes.fromhex(job)))
    return made.hex()


def parts_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size, however they come."""
    held = b""
    for piece in pieces:
        held += piece
        while len(held) >= _SIZE:
            yield held[:_SIZE]
            held = held[_SIZE:]
    if held:
        yield held


def require_size(value: Any, what: Saying) -> None:
    """Refuse what is no JSON, or too much of it. Raises InputError, DataError."""
    try:
        size = len(json.dumps(value, ensure_ascii=False).encode())
    except (TypeError, ValueError, UnicodeEncodeError):
        raise InputError(f"{what.en} must be of JSON alone", zh=f"{what.zh}只能是 JSON") from None
    if size > JSON_LARGEST:
        raise DataError(
            f"{what.en} may hold {JSON_LARGEST >> 20} MiB, not {size >> 20}; keep what is large in a file",
            zh=f"{what.zh}最多 {JSON_LARGEST >> 20} MiB，而非 {size >> 20} MiB；较大内容请存入文件",
        )


def _content(job: Job) -> dict[str, Any]:
    return {
        "format": 1,
        "kind": job.kind,
        "title": [job.title.en, job.title.zh],
        "state": job.state.value,
        "alone": job.alone,
        "created": job.created,
        "changed": job.changed,
        "done": job.done,
        "whole": job.whole,
        "said": [job.said.en, job.said.zh] if job.said else None,
        "reason": [job.reason.en, job.reason.zh] if job.reason else "",
        "files": [[one.name, one.type, one.size, list(one.parts)] for one in job.files],
        "purpose": job.purpose.value,
        "patients": list(job.patients),
        "parameters": dict(job.parameters),
    }


def _reason(kept: str | list[str]) -> Saying | None:
    """Why a job failed; an earlier release kept it in English alone."""
    if isinstance(kept, str):
        return Saying(kept, kept) if kept else None
    return Saying(*kept)


def job_of(document: Document) -> Job:
    """The job in a document."""
    said = document.content
    return Job(
        document.id.hex(),
        (document.first or b"").hex(),
        said["kind"],
        Saying(*said["title"]),
        JobState(said["state"]),
        said["alone"],
        said["created"],
        said["changed"],
        done=said["done"],
        whole=said["whole"],
        said=Saying(*said["said"]) if said["said"] else None,
        reason=_reason(said["reason"]),
        files=tuple(JobFile(name, kind, size, tuple(parts)) for name, kind, size, parts in said["files"]),
        purpose=Purpose(said["purpose"]),
        patients=tuple(said["patients"]),
        parameters=said["parameters"],
    )
