"""What Suwen itself does with jobs while it works: it writes what it came to, and shows nobody anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from suwen.errors import DataError, NotFoundError
from suwen.govern.job_documents import (
    FILES_LARGEST,
    JOB,
    RESULT,
    STEP,
    Job,
    JobFile,
    JobState,
    asked_of,
    drop_files,
    drop_of,
    job_of,
    keep_part,
    parts_of,
    put_job,
    replace_of,
    require_size,
    step_of,
    stored_job,
    take_away,
)
from suwen.records.audit import EventKind
from suwen.records.gate import Records
from suwen.subject import Saying

__all__ = ["add_job_file", "end_job", "keep_job_step", "remove_old_jobs", "resume_alone", "unfinished_jobs"]

_DAY = 86_400_000_000  # microseconds


def unfinished_jobs(records: Records) -> list[Job]:
    """Jobs that are not over, oldest first. Parameters are not given."""
    with records.store.snapshot() as connection:
        found = [job_of(one) for one in records.store.documents.find(connection, JOB)]
    left = [replace(one, parameters={}) for one in found if not one.state.over]
    return sorted(left, key=lambda one: (one.created, one.id))


def keep_job_step(records: Records, job: Job, step: Any = None, *, forget: bool = False) -> Job:
    """Keep how a job stands (state, progress), and with `step` where it goes on; None leaves the last one as it was.

    A job that is over by now stays as it is: what is returned says how it stands.
    """
    if step is not None:
        require_size(step, Saying("a step of a job", "任务的步骤"))
    with records.store.transaction() as ongoing:
        now = stored_job(records.store, ongoing.connection, job.id)
        if now is None or now.state.over:
            return now or replace(job, state=JobState.CANCELLED)
        kept = replace(now, state=job.state, done=job.done, whole=job.whole, said=job.said, changed=ongoing.at)
        put_job(records.store, ongoing.connection, kept)
        if forget:
            drop_of(records.store, ongoing.connection, kept, results=True)
        if step is not None:
            replace_of(records.store, ongoing.connection, STEP, job.id, {"format": 1, "step": step})
    return kept


def resume_alone(records: Records, job: str) -> tuple[Job, Any]:
    """As `resume_job`, of a job that needs no records. Raises NotFoundError for one that does: its owner resumes it."""
    with records.store.snapshot() as connection:
        found = stored_job(records.store, connection, job)
        if found is None or not found.alone:
            raise NotFoundError(
                "the job is gone, or goes on when its owner signs in", zh="任务已不存在，或须待其所有者登录后继续"
            )
        return asked_of(records.store, connection, found), step_of(records.store, connection, found)


def add_job_file(records: Records, job: Job, name: str, media_type: str, pieces: Iterable[bytes]) -> JobFile:
    """Keep a file that came of a job, whole or not at all; one of the same name is replaced. Raises DataError."""
    with records.store.transaction() as ongoing:
        now = stored_job(records.store, ongoing.connection, job.id)
        if now is None or now.state.over:
            raise NotFoundError("the job is over", zh="任务已结束")
        others = tuple(one for one in now.files if one.name != name)
        drop_files(records.store, ongoing.connection, [one for one in now.files if one.name == name])
        room, parts, size = FILES_LARGEST - sum(one.size for one in others), [], 0
        for one in parts_of(pieces):
            size += len(one)
            if size > room:
                raise DataError(
                    f"the files of a job may hold {FILES_LARGEST >> 20} MiB in all; ask for less at once",
                    zh=f"一个任务的文件总共最多 {FILES_LARGEST >> 20} MiB；请减少一次请求的内容",
                )
            parts.append(keep_part(records.store, ongoing.connection, job.id, one))
        made = JobFile(name, media_type, size, tuple(parts))
        put_job(records.store, ongoing.connection, replace(now, files=(*others, made), changed=ongoing.at))
    return made


def end_job(records: Records, job: Job, *, result: Mapping[str, Any] | None = None) -> Job:
    """Keep how a job ended, and what came of it. One that was cancelled meanwhile stays cancelled."""
    if result is not None:
        require_size(result, Saying("the result of a job", "任务的结果"))
    with records.store.transaction() as ongoing:
        now = stored_job(records.store, ongoing.connection, job.id)
        if now is None or now.state.over:
            return now or replace(job, state=JobState.CANCELLED)
        ended = replace(job, files=now.files, parameters=now.parameters, patients=now.patients, changed=ongoing.at)
        put_job(records.store, ongoing.connection, ended)
        drop_of(records.store, ongoing.connection, ended, results=ended.state is not JobState.DONE)
        if result is not None and ended.state is JobState.DONE:
            replace_of(records.store, ongoing.connection, RESULT, job.id, {"format": 1, "result": dict(result)})
        detail = {"what": "job ended", "job": ended.id, "kind": ended.kind, "state": ended.state.value}
        ongoing.note(EventKind.QUERY, act="job", detail=detail)
    return ended


def remove_old_jobs(records: Records, *, days: float = 30.0, working: Iterable[str] = ()) -> list[str]:
    """Remove jobs that nothing has happened to for `days`, with what came of them, but for those worked on; their ids.

    What a job found is kept no longer than it is of use (GB/T 39725-2020, 10; ASVS 5.0, 14.2.7).
    """
    with records.store.transaction() as ongoing:
        edge = ongoing.at - int(days * _DAY)
        found = [job_of(one) for one in records.store.documents.find(ongoing.connection, JOB)]
        old = [one for one in found if one.changed <= edge and one.id not in set(working)]
        for one in old:
            take_away(records.store, ongoing.connection, one)
        if old:
            ongoing.note(EventKind.QUERY, act="job", detail={"what": "old jobs removed", "number": len(old)})
    return [one.id for one in old]
