"""Benchmark records: sealing beside bare AES-256-GCM, opening, deciding, auditing, verifying; Merkle proof vectors.

It makes its own ward in a temporary folder; `--limit` makes it smaller. Writing goes to the disk of that folder, one
durable transaction a record, so those figures are the machine's as much as Suwen's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.govern.measure import (
    made_up_ward,
    measure_chunks,
    measure_decisions,
    measure_log,
    measure_records,
)
from suwen.govern.proofs import check_vectors, vector_files

__all__ = ["run"]

TARGETS: dict[str, dict[str, Any]] = {
    "target": {
        "seal_ratio": 0.8,
        "open_ratio": 0.8,
        "records_per_s": 20_000,
        "open_500_ms": 20,
        "decision_ms": 0.5,
        "audit_per_s": 10_000,
        "verify_per_s": 100_000,
        "write_s": 60,
        "batch_speedup": 10,
        "source": "what the records were built to reach, for 10,000 patients, 10,000 records and 100,000 audit entries",
    },
    "hash chain, Ed25519, SQLite": {
        "audit_per_s": 16_800,
        "verify_per_s": 179_000,
        "source": "a plain chain without encryption, batches of 100, measured once on another machine",
    },
}
_PATIENTS = 10_000


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Measure on a ward of 10,000 patients, or of `limit`."""
    begin = time.perf_counter()
    files = vector_files(options.data)  # first: that they are missing is not told after a minute of work
    size = options.limit or _PATIENTS
    ours, bare = measure_chunks()
    notify(1, 5)
    with made_up_ward(patients=size) as ward:
        ours |= measure_decisions(ward, count=min(2000, 2 * size), seed=options.seed)
        notify(2, 5)
        ours |= measure_records(ward, count=max(500, size))
        notify(3, 5)
        ours |= measure_log(ward, events=10 * size, batch=min(1000, size))
        notify(4, 5)
    held, wrong = check_vectors(files)
    ours |= {"proof_vectors": float(held), "proof_vectors_wrong": float(wrong)}
    return Result(
        "records",
        digest(*files),
        size,
        ours,
        {"bare AES-256-GCM": bare},
        TARGETS,
        seconds=time.perf_counter() - begin,
    )
