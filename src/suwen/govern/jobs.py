"""Jobs: long work that an actor asks for, follows, cancels, and whose result only they may open."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suwen.errors import InputError, NotFoundError
from suwen.govern.job_documents import (
    JOB,
    PART,
    RESULT,
    Job,
    JobFile,
    JobState,
    Wanted,
    asked_of,
    drop_of,
    job_of,
    put_asked,
    put_job,
    require_size,
    step_of,
    stored_job,
    take_away,
)
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor
from suwen.subject import Saying

__all__ = [
    "MOST_UNFINISHED",
    "cancel_job",
    "file_job",
    "list_jobs",
    "open_job",
    "open_job_file",
    "open_job_result",
    "remove_job",
    "resume_job",
]

MOST_UNFINISHED = 20  # of one owner: nobody keeps the others waiting for days


def file_job(actor: Actor, records: Records, wanted: Wanted) -> Job:
    """Ask for long work; it is kept before it is begun. Raises LoginError, InputError for too many or too large."""
    require_size(wanted.parameters, Saying("the parameters of a job", "任务的参数"))
    with records.acting(actor, Purpose.OPERATIONS) as work:
        unfinished = [one for one in _jobs_of(work) if not one.state.over]
        if len(unfinished) >= MOST_UNFINISHED:
            raise InputError(
                f"you have {len(unfinished)} unfinished jobs; wait for one, or cancel one",
                zh=f"您有 {len(unfinished)} 个未完成的任务；请等待或取消其中一个",
            )
        made = Job(
            secrets.token_hex(16),
            actor.id,
            wanted.kind,
            wanted.title,
            JobState.QUEUED,
            wanted.alone,
            work.at,
            work.at,
            patients=tuple(patient_id(one).hex() for one in wanted.patients),
            purpose=wanted.purpose,
            parameters=wanted.parameters,
        )
        put_job(records.store, work.connection, put_asked(records.store, work.connection, made))
        _note(work, "job begun", made)
    return made


def list_jobs(actor: Actor, records: Records) -> list[Job]:
    """One's own jobs, the newest first. Raises LoginError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.note(EventKind.QUERY, act="job", detail={"what": "jobs"})
        return sorted(_jobs_of(work), key=lambda one: (-one.created, one.id))


def open_job(actor: Actor, records: Records, job: str) -> Job:
    """One of one's own jobs. Raises LoginError, NotFoundError for another's as for one there is not."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = _own(work, job)
        _note(work, "job", found)
        return asked_of(records.store, work.connection, found)


def cancel_job(actor: Actor, records: Records, job: str) -> Job:
    """Say that a job need not be done any more; one that is over stays as it is. Raises NotFoundError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = _own(work, job)
        if found.state.over:
            return found
        ended = replace(found, state=JobState.CANCELLED, changed=work.at)
        put_job(records.store, work.connection, ended)
        drop_of(records.store, work.connection, ended, results=True)
        _note(work, "job cancelled", ended)
        return replace(ended, files=())


def remove_job(actor: Actor, records: Records, job: str) -> None:
    """Remove a job that is over, with what came of it. Raises NotFoundError, InputError for one that is not over."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = _own(work, job)
        if not found.state.over:
            raise InputError("the job is not over; cancel it first", zh="任务尚未结束；请先取消")
        take_away(records.store, work.connection, found)
        _note(work, "job removed", found)


def open_job_result(actor: Actor, records: Records, job: str) -> Mapping[str, Any]:
    """What came of a job. Raises NotFoundError, AccessError where one of its patients is not open to the owner now."""
    found = _require_result(actor, records, job)
    with records.acting(actor, Purpose.OPERATIONS) as work:
        _note(work, "job result", found)
        kept = records.store.documents.get(work.connection, RESULT, bytes.fromhex(found.id))
        result: Mapping[str, Any] = kept.content["result"]
        return result


def open_job_file(actor: Actor, records: Records, job: str, name: str) -> tuple[JobFile, bytes]:
    """A file that came of a job. Raises as `open_job_result`."""
    found = _require_result(actor, records, job)
    file = next((one for one in found.files if one.name == name), None)
    if file is None:
        raise NotFoundError("no file of this name came of the job", zh="该任务没有生成此名称的文件")
    with records.acting(actor, Purpose.OPERATIONS) as work:
        _note(work, "job file", found)
        parts = [records.store.documents.get(work.connection, PART, bytes.fromhex(one)) for one in file.parts]
        return file, b"".join(base64.b64decode(one.content["bytes"]) for one in parts)


def _require_result(actor: Actor, records: Records, job: str) -> Job:
    """The job, if it is done and each patient in its result may be viewed now: care that has ended closes it too."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = _own(work, job)
    if found.state is not JobState.DONE:
        raise NotFoundError("nothing has come of the job; look at how it stands", zh="该任务没有结果；请查看其状态")
    if found.patients:
        with records.acting(actor, found.purpose) as work:
            for one in found.patients:
                work.require(Act.VIEW, ResourceKind.PATIENT, patient=bytes.fromhex(one))
    return found


def resume_job(actor: Actor, records: Records, job: str) -> tuple[Job, Any]:
    """A job that is to be worked on, with the last step it stored (None where it stored none). Raises NotFoundError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        found = _own(work, job)
        _note(work, "job worked on", found)
        asked = asked_of(records.store, work.connection, found)
        return asked, step_of(records.store, work.connection, found)


def _note(work: Work, what: str, job: Job) -> None:
    work.note(EventKind.QUERY, act="job", detail={"what": what, "job": job.id, "kind": job.kind})


def _jobs_of(work: Work) -> list[Job]:
    return [job_of(one) for one in work.store.documents.find(work.connection, JOB, first=bytes.fromhex(work.actor.id))]


def _own(work: Work, job: str) -> Job:
    found = stored_job(work.store, work.connection, job)
    if found is None or found.owner != work.actor.id:
        raise NotFoundError("you have no such job; it may have been removed", zh="您没有此任务；可能已被移除")
    return found
