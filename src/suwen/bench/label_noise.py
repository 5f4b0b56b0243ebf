"""Benchmark label-noise: a fifth of the labels of PneumoniaMNIST is flipped; how many of them does cleaning find?

Train and validation part together (Yang et al. 2023), three draws of the flips. Recall is the share of the flips found,
precision the share of what was found that had been flipped; labels that were wrong before count as false alarms.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError

__all__ = ["run"]


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Mean and worst of the draws; `limit` is their number."""
    from suwen.learn.clean.flips import measure_flips  # noqa: PLC0415
    from suwen.learn.clean.reading import read_holding  # noqa: PLC0415

    begin = time.perf_counter()
    file = options.data / "imaging/pneumonia.npz"
    if not file.is_file():
        raise DataError(f"{file} is missing: fetch the data set 'pneumonia'")
    seeds = tuple(range(options.seed, options.seed + (options.limit or 3)))
    found = measure_flips(read_holding(file), share=0.2, seeds=seeds)
    notify(1, 1)
    recalls, precisions = [one.recall for one in found], [one.precision for one in found]
    metrics = {
        "recall": float(np.mean(recalls)),
        "precision": float(np.mean(precisions)),
        "recall.worst": min(recalls),
        "precision.worst": min(precisions),
        "draws": float(len(found)),
    }
    return Result("label-noise", digest(file), len(found), metrics, seconds=time.perf_counter() - begin)
