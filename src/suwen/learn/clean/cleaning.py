"""Clean a data set: read it once, run every check, and answer with what is suspicious; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from suwen.learn.clean.checks.confounders import find_confounders
from suwen.learn.clean.checks.duplicates import find_duplicates, joined
from suwen.learn.clean.checks.geometry import find_geometry
from suwen.learn.clean.checks.intensities import find_intensities
from suwen.learn.clean.checks.label_noise import find_label_noise
from suwen.learn.clean.checks.leakage import find_leaks
from suwen.learn.clean.checks.masks import find_masks
from suwen.learn.clean.checks.outliers import find_outliers
from suwen.learn.clean.features import features_of
from suwen.learn.clean.measure import measure_all
from suwen.learn.clean.nouns import Array, Cleaning, Form, Holding, Measured, Remark, Sign, Suspicion
from suwen.learn.clean.questions import LEAST, questions_of

__all__ = ["clean"]

Told = Callable[[int, int], None]


def clean(holding: Holding, *, seed: int = 0, notify: Told = lambda _done, _all: None) -> Cleaning:
    """Everything suspicious about a data set, gravest first. The same data and seed give the same answer.

    `notify` is told how many examples have been read. Raises MissingExtraError.
    """
    measured, unreadable = measure_all(holding, notify)
    found = [*holding.found, *unreadable, *find_leaks(measured), *find_intensities(measured, holding.form)]
    doubles, remarks = find_duplicates(measured, holding.form)
    found += [*find_geometry(measured), *find_masks(measured), *doubles]
    learned, more = _learned(measured, holding, found, seed)
    return Cleaning(
        holding.form,
        holding.source,
        measured,
        tuple(sorted([*found, *learned], key=_order)),
        (*holding.remarks, *_sides(measured), *remarks, *more),
        holding.orphans,
    )


def _sides(measured: Sequence[Measured]) -> list[Remark]:
    """What is known of groups and splits, and so what could be checked across them."""
    groups = {one.sample.group for one in measured} - {""}
    splits = {one.sample.split for one in measured} - {""}
    told = Remark("groups", {"groups": len(groups), "n": len(measured)}) if groups else Remark("no_groups")
    return [told] if splits else [told, Remark("no_splits")]


def _order(one: Suspicion) -> tuple[int, int, float, tuple[str, ...]]:
    return one.severity.rank, list(Sign).index(one.sign), -one.score, one.where


def _learned(
    measured: Sequence[Measured], holding: Holding, found: Sequence[Suspicion], seed: int
) -> tuple[list[Suspicion], list[Remark]]:
    """The checks that compare examples with each other by what they look like and how they are labelled."""
    rng = np.random.default_rng(seed)
    groups = joined(measured, found)
    questions = questions_of(measured, several=holding.several)
    table = holding.form is Form.TABLES
    suspicions = find_confounders(measured, questions, groups, rng, only_giving_away=table)
    usable = _usable(measured)
    if len(usable) < 2 * LEAST:
        return suspicions, [Remark("too_few", {"n": len(usable), "least": 2 * LEAST})]
    kept = [measured[at] for at in usable]
    rows = features_of(kept, holding.form)
    suspicions += find_outliers(kept, rows, rng)
    remarks = [] if questions or holding.masks else [Remark("no_question", {"least": LEAST})]
    for question in questions:
        asked = replace(question, labels=question.labels[usable])
        if min(np.bincount(asked.labels[asked.labels >= 0], minlength=len(asked.classes))) < LEAST:
            continue
        more, remark = find_label_noise(kept, rows, groups[usable], asked, holding.form, seed=seed)
        suspicions += more
        remarks.append(remark)
    return suspicions, remarks


def _usable(measured: Sequence[Measured]) -> Array:
    """Examples that were read, are not constant, and have as many values as most."""
    widths = [one.sketch.size + one.texture.size for one in measured]
    usual = max(set(widths), key=widths.count, default=0)
    return np.array(
        [
            at
            for at, one in enumerate(measured)
            if one.readable and widths[at] == usual and one.extremes[0] != one.extremes[1]
        ],
        dtype=int,
    )
