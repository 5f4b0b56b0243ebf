"""The same work for many jobs at once: on a Ray cluster the caller has joined, else on processes of this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

__all__ = ["run_all"]

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def run_all(work: Callable[[Job], Answer], jobs: Sequence[Job], *, workers: int | None = None) -> list[Answer]:
    """`work` for every job, answers in the order of the jobs; `workers` at once (None: one for each job).

    `work` is a function of a module and jobs hold plain values and arrays, so that both can be sent. Ray is used only
    where the caller has already called `ray.init`: starting it would open ports and, unless told otherwise, report its
    use over the network, and where data may go is not decided here. The first error of a job is raised.
    """
    if len(jobs) < 2 or workers == 1:
        return [work(job) for job in jobs]
    ray: Any = sys.modules.get("ray")
    if ray is not None and ray.is_initialized():
        remote = ray.remote(work)
        return list(ray.get([remote.remote(job) for job in jobs]))
    # A forked child would inherit torch's locks in any state; a new one begins clean.
    with ProcessPoolExecutor(workers or len(jobs), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, jobs))
