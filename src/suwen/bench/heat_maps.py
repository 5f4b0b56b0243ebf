"""Benchmark heat-maps: does a heat map show what a chest-film classifier goes by, and is it better than Grad-CAM?

Images: the official validation part of PneumoniaMNIST (Kermany et al. 2018; MedMNIST v2, Yang et al. 2023), 28 x 28.
Insertion and deletion (Petsiuk et al. 2018) on films with pneumonia that the classifier recognises. This set has no
masks, so pointing, overlap and energy are judged by planted truth: into a film held to be normal (chance under 0.2) a
soft disc of a film with pneumonia is put, in the same place, until the classifier says pneumonia (chance over 0.5).
Nothing else changed, so the disc is what raised it. Only plants that turned the classifier count; `planted_tried` says
how many were tried. This measures faithfulness to the classifier, not whether it looks where a radiologist would.

Taken away is replaced by the mean normal film of the training part: to this classifier a grey, blurred or black film is
itself pneumonia (`chance_grey`), so insertion into one measures nothing. Methods that may choose a replacement get the
same film; `insertion_grey` shows the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError

if TYPE_CHECKING:
    from suwen.bench.heat_map_cases import Classifier, Films, Images

__all__ = ["run"]

_CASES = 60
_CHECKED = 8  # films on which the sanity checks compare maps


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Every method on the same films; the first is the one we recommend, the others are its baselines."""
    # Torch is loaded here and not with the table of benchmarks, most of which need none.
    from suwen.bench.heat_map_cases import judged, planted, read_films, shown  # noqa: PLC0415
    from suwen.explain.maps import BEST, METHODS  # noqa: PLC0415

    begin = time.perf_counter()
    file = options.data / "imaging/pneumonia.npz"
    if not file.is_file():
        raise DataError(f"{file} is missing: fetch the data set 'pneumonia'")
    films, rng = read_films(file), np.random.default_rng(options.seed)
    ours = classifier(options)
    count = options.limit or _CASES
    cases = shown(ours, films, count, rng=rng), planted(ours, films, count, rng=rng)
    methods = [BEST, *(name for name in METHODS if name != BEST)]
    figures: dict[str, dict[str, float]] = {}
    for done, method in enumerate(methods, start=1):
        figures[method] = judged(ours, films, method, *cases, seed=options.seed)
        notify(done, len(methods) + 1)
    best = figures.pop(BEST) | cases[1].figures() | _checks(ours, films, cases[0][:_CHECKED], seed=options.seed)
    notify(len(methods) + 1, len(methods) + 1)
    return Result("heat-maps", digest(file), len(cases[0]), best, figures, seconds=time.perf_counter() - begin)


def classifier(options: Options) -> Classifier:
    """The classifier that is explained: the first network of the shipped pneumonia model, its own scaling inside.

    The whole model is an ensemble; a map of one layer would explain one of its networks, so one is what is judged.
    """
    from suwen.bench.heat_map_cases import read_films, shipped_classifier  # noqa: PLC0415

    return shipped_classifier(read_films(options.data / "imaging/pneumonia.npz"), seed=options.seed)


def _checks(ours: Classifier, films: Films, examples: Images, *, seed: int) -> dict[str, float]:
    """Both randomisation checks (Adebayo et al. 2018) of every method; 1 passes, 0 fails."""
    from suwen.bench.heat_map_cases import sanity  # noqa: PLC0415

    found = sanity(ours, films, examples, seed=seed)
    return {f"{method}_{name}": value for method, figures in found.items() for name, value in figures.items()}
