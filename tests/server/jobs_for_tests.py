"""Kinds of jobs for the tests: they count, wait to be let go on, fail in every way, and work in another process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from suwen.consult import list_my_patients
from suwen.errors import InputError
from suwen.server.jobs import Context, Jobs, JobState, Kind, register
from suwen.subject import Saying

GATE = threading.Event()  # jobs of the kind "waiting" go on when it is set
SEEN: list[Any] = []  # what jobs noted of how they began


def counting(context: Context) -> Mapping[str, Any]:
    """Count to `to` in steps that are kept, waiting at `stop_at` for the gate."""
    begun = context.step or 0
    SEEN.append(begun)
    whole = int(context.parameters["to"])
    for done in range(begun, whole):
        context.progress(done, whole, Saying("counting", "计数"))
        if done == context.parameters.get("stop_at"):
            while not GATE.wait(0.01):
                context.check()
        context.keep_step(done + 1)
    context.keep_file("count.txt", "text/plain", (f"{one}\n".encode() for one in range(whole)))
    return {"counted": whole}


def patients(context: Context) -> Mapping[str, Any]:
    """What needs records: one's own patients, at the gate."""
    while not GATE.wait(0.01):
        context.check()
    return {"patients": len(list_my_patients(context.actor, context.house.records))}


def failing(context: Context) -> Mapping[str, Any]:
    if context.parameters["how"] == "ours":
        raise InputError("the list is empty; give one molecule at least")
    raise ZeroDivisionError("a secret of the inside")


def squares(tell: Callable[..., None], numbers: list[int]) -> int:
    """In another process."""
    total = 0
    for done, one in enumerate(numbers):
        tell(done + 1, len(numbers))
        total += one * one
    return total


def for_ever(tell: Callable[..., None], pid: str, quiet: bool) -> None:
    if pid:
        part = Path(f"{pid}.part")
        part.write_text(str(os.getpid()))
        part.rename(pid)
    while True:
        if not quiet:
            tell(0, 0)
        time.sleep(0.01)


def elsewhere(context: Context) -> Mapping[str, Any]:
    if context.parameters.get("for_ever"):
        context.apart(for_ever, str(context.parameters.get("pid", "")), bool(context.parameters.get("quiet")))
    return {"total": context.apart(squares, list(range(10)))}


for _kind in (
    Kind("test-counting", counting, Saying("Counting", "计数"), needs_records=False),
    Kind("test-patients", patients, Saying("Patients", "患者")),
    Kind("test-failing", failing, Saying("Failing", "失败"), needs_records=False),
    Kind("test-elsewhere", elsewhere, Saying("Elsewhere", "别处"), needs_records=False),
    Kind("test-elsewhere-records", elsewhere, Saying("Elsewhere on records", "别处（记录）")),
):
    register(_kind)


def until(desk: Jobs, job: str, *states: JobState, within: float = 20.0) -> JobState:
    """Wait until a job is in one of the states."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = desk.board.get(job)
        if found is not None and found.state in states:
            return found.state
        time.sleep(0.005)
    raise AssertionError(f"the job is {found.state if found else 'unknown'}, not {states}")
