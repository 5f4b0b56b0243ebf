"""The race of the benchmark `screen`: exact search of a library from zinc250k and MOSES, beside FPSim2 where it is."""

from __future__ import annotations

import csv
import json
import lzma
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.setting import Options
from suwen.drugs.similarity.fingerprints import Words, readable_fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.drugs.similarity.library import Library, open_library
from suwen.drugs.similarity.search import search_best
from suwen.drugs.similarity.writing import write_rows
from suwen.errors import DataError

__all__ = ["race"]

_PYTHON = "SUWEN_FPSIM2_PYTHON"
_MOLECULES, _QUERIES, _ROUNDS, _K = 1_000_000, 50, 5, 100
_PER_LIMIT = 20_000  # molecules of the library for each target asked for, so that a small run stays small
_WAIT = 600.0  # s


@dataclass(frozen=True, slots=True)
class _Turn:
    """Seconds of one round over all queries: by the clock and of one core, and the likeness of each query's hits."""

    wall: float
    core: float
    likeness: list[list[float]]


def race(options: Options) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Metrics of the search, and FPSim2's where it is. Raises DataError where zinc250k is missing or FPSim2 fails."""
    most = _MOLECULES if options.limit is None else min(_MOLECULES, _PER_LIMIT * options.limit)
    smiles = list(islice(_molecules(options.data), most))
    words, good = readable_fingerprints(smiles, workers=2)
    rows = words[good]
    named = [(one, "") for one, kept in zip(smiles, good.tolist(), strict=True) if kept]
    queries = np.random.default_rng(options.seed).choice(len(rows), min(_QUERIES, len(rows)), replace=False)
    with tempfile.TemporaryDirectory(prefix="suwen-screen-") as scratch:
        folder, file = Path(scratch) / "library", Path(scratch) / "rows.npy"
        write_rows([(rows, named)], folder, kind="ecfp4")
        np.save(file, rows)
        with _fpsim2(file) as peer:
            return _timed(open_library(folder), rows, queries, peer)


def _timed(
    library: Library, rows: Words, queries: NDArray[np.intp], peer: subprocess.Popen[str] | None
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    ours, theirs = [], {1: list[_Turn](), 2: list[_Turn]()}
    for _ in range(_ROUNDS):
        ours.append(_our_turn(library, rows, queries))
        for workers, turns in theirs.items():
            if peer is not None:
                turns.append(_their_turn(peer, queries, workers))
    wall = float(np.median([turn.wall for turn in ours]))
    exact = [_same(likeness, _full(rows, int(at))) for at, likeness in zip(queries, ours[0].likeness, strict=True)]
    metrics = {
        "library": float(len(rows)),
        "molecules_per_s": len(rows) * len(queries) / wall,
        "molecules_per_core_s": len(rows) * len(queries) / float(np.median([turn.core for turn in ours])),
        "exact": float(np.mean(exact)),
    }
    if peer is None:
        return metrics, {}
    return metrics | _ratios(ours, theirs), {"FPSim2": _peer_figures(ours, theirs, len(rows) * len(queries))}


def _ratios(ours: list[_Turn], theirs: Mapping[int, list[_Turn]]) -> dict[str, float]:
    """FPSim2's time by ours, round by round: the median, and the lowest and highest of the rounds."""
    wall = [min(one.wall, two.wall) / us.wall for us, one, two in zip(ours, theirs[1], theirs[2], strict=True)]
    core = [min(one.core, two.core) / us.core for us, one, two in zip(ours, theirs[1], theirs[2], strict=True)]
    return {
        "ratio_fpsim2": float(np.median(wall)),
        "ratio_fpsim2.low": min(wall),
        "ratio_fpsim2.high": max(wall),
        "ratio_fpsim2.core": float(np.median(core)),
    }


def _peer_figures(ours: list[_Turn], theirs: Mapping[int, list[_Turn]], compared: int) -> dict[str, float]:
    wall = min(float(np.median([turn.wall for turn in turns])) for turns in theirs.values())
    core = min(float(np.median([turn.core for turn in turns])) for turns in theirs.values())
    pairs = zip(ours[0].likeness, theirs[1][0].likeness, strict=True)
    same = [_same(us, them) for us, them in pairs]
    return {"molecules_per_s": compared / wall, "molecules_per_core_s": compared / core, "exact": float(np.mean(same))}


def _our_turn(library: Library, rows: Words, queries: NDArray[np.intp]) -> _Turn:
    asked = [np.array(rows[at]) for at in queries.tolist()]
    clock, core = time.perf_counter(), time.process_time()
    found = [search_best(library, one, _K) for one in asked]
    clock, core = time.perf_counter() - clock, time.process_time() - core
    return _Turn(clock, core, [hits.likeness.tolist() for hits in found])


def _their_turn(peer: subprocess.Popen[str], queries: NDArray[np.intp], workers: int) -> _Turn:
    said = [_asked(peer, {"query": at, "k": _K, "threshold": 0.0, "workers": workers}) for at in queries.tolist()]
    wall, core = (sum(float(one[name]) for one in said) for name in ("seconds", "core"))
    return _Turn(wall, core, [one["likeness"] for one in said])


def _full(rows: Words, at: int) -> list[float]:
    found: list[float] = np.sort(highest_tanimoto(rows[at : at + 1], rows))[::-1][:_K].tolist()
    return found


def _same(one: list[float], other: list[float]) -> bool:
    """The likeness of all hits is the same in FPSim2's single precision; which of the last ties are hits may differ."""
    return np.array_equal(np.sort(np.array(one, np.float32)), np.sort(np.array(other, np.float32)))


def _molecules(data: Path) -> Iterator[str]:
    """SMILES of zinc250k, then of the training part of MOSES, each once."""
    file = data / "drugs/zinc250k.smi.xz"
    if not file.is_file():
        raise DataError(f"no molecules to search: {file} is missing")
    more = sorted((data / "drugs/moses").glob("*train*.csv.xz"))
    seen: set[str] = set()
    for smiles in chain(_column(file, " "), *(_column(one, ",") for one in more)):
        if smiles not in seen:
            seen.add(smiles)
            yield smiles


def _column(file: Path, parted: str) -> Iterator[str]:
    try:
        with lzma.open(file, "rt", encoding="utf-8", newline="") as stream:
            yield from (
                row[0].strip() for row in csv.reader(stream, delimiter=parted) if row and row[0].lower() != "smiles"
            )
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError, csv.Error):
        raise DataError(f"{file} is not a compressed list of SMILES") from None


@contextmanager
def _fpsim2(file: Path) -> Iterator[subprocess.Popen[str] | None]:
    """FPSim2 in its own Python, holding the same fingerprints; None where no Python is named for it."""
    python = os.environ.get(_PYTHON, "")
    if not python:
        yield None
        return
    command = [python, str(Path(__file__).with_name("screen_peer.py")), str(file)]
    # a list of arguments, no shell; the Python is the one that whoever runs the benchmark named
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:  # noqa: S603
        try:
            if peer.stdout is None or peer.stdout.readline().strip() != "ready":
                raise DataError(
                    f"{python} (from {_PYTHON}) does not run FPSim2; install it there or unset the variable"
                )
            yield peer
        finally:
            if peer.stdin is not None:
                with suppress(OSError):  # it may have ended already
                    peer.stdin.close()
            try:
                peer.wait(_WAIT)
            except subprocess.TimeoutExpired:
                peer.kill()


def _asked(peer: subprocess.Popen[str], question: Mapping[str, Any]) -> dict[str, Any]:
    if peer.stdin is None or peer.stdout is None:
        raise DataError("FPSim2 cannot be asked")
    peer.stdin.write(json.dumps(question) + "\n")
    peer.stdin.flush()
    line = peer.stdout.readline()
    if not line:
        raise DataError("FPSim2 ended in the middle of the race")
    found: dict[str, Any] = json.loads(line)
    return found
