"""FPSim2 beside the benchmark `screen`, in its own Python: answers lines on stdin with seconds and hits, as JSON.

Run as a file by the Python named in SUWEN_FPSIM2_PYTHON; imports nothing of Suwen. Its engine gets the fingerprints
that Suwen searches, in memory and sorted by their number of bits as FPSim2 sorts them itself.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["engine", "serve"]


def engine(rows: NDArray[np.uint64]) -> Any:
    """An FPSim2 engine over fingerprints (molecules, words); molecule numbers are those of the rows."""
    fpsim2 = importlib.import_module("FPSim2")
    counts = np.bitwise_count(rows).sum(1, dtype=np.uint64)
    table = np.column_stack([np.arange(len(rows), dtype=np.uint64), rows, counts])
    table = np.ascontiguousarray(table[np.argsort(counts, kind="stable")])
    numbers, starts = np.unique(table[:, -1], return_index=True)
    ends = [*starts[1:].tolist(), len(rows)]
    made = fpsim2.FPSim2Engine.__new__(fpsim2.FPSim2Engine)
    made.in_memory_fps = True
    bins = [(int(number), (low, high)) for number, low, high in zip(numbers, starts.tolist(), ends, strict=True)]
    made.storage = SimpleNamespace(name="pytables", fps=table, popcnt_bins=bins)
    made.empty_sim = np.ndarray((0,), dtype=[("mol_id", "<u4"), ("coeff", "<f4")])
    made.load_query = lambda query, **_: query  # queries come as words: reading a SMILES is not what is timed
    return made


def serve(file: str) -> None:
    """Answer each line {"query", "k", "threshold", "workers"} with {"seconds", "core", "numbers", "likeness"}."""
    rows = np.load(file)
    searched = engine(rows)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        words = rows[asked["query"]]
        query = np.array([0, *words.tolist(), int(np.bitwise_count(words).sum())], np.uint64)
        begin, core = time.perf_counter(), time.process_time()
        if asked["k"]:
            hits = searched.top_k(query, asked["k"], asked["threshold"], n_workers=asked["workers"])
        else:
            hits = searched.similarity(query, asked["threshold"], n_workers=asked["workers"])
        spent, core = time.perf_counter() - begin, time.process_time() - core
        answer = {
            "seconds": spent,
            "core": core,
            "numbers": hits["mol_id"].tolist(),
            "likeness": hits["coeff"].tolist(),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
