"""Libraries kept as fingerprints in a folder: built once from a file, then searched for the likest in no time, exactly.

Beside what `similarity.library` writes lies `source.json`: {"format": 1, "digest", "standardised", "refused"}, so that
a folder built from another file is not searched by mistake.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from suwen.drugs.screening.best import best_by, outcomes_of
from suwen.drugs.screening.candidates import Candidate, Outcome
from suwen.drugs.screening.filters import FilterWork, broken_molecule
from suwen.drugs.screening.final import final_list
from suwen.drugs.screening.goals import Filters, Goals, LikenessGoal, RankGoal
from suwen.drugs.screening.goals_tree import check_goals
from suwen.drugs.screening.journal import Tally
from suwen.drugs.screening.library import Library, LibraryFile, library_digest, rows_of
from suwen.drugs.screening.likeness import overlaid, queries_of
from suwen.drugs.screening.lots import lots_of, spread
from suwen.drugs.screening.nouns import Failed, Screened, StageCount
from suwen.drugs.screening.steps import columns_of, criteria_of
from suwen.drugs.similarity.fingerprints import Words, fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.drugs.similarity.library import HEAD, open_library
from suwen.drugs.similarity.library import Library as Fingerprints
from suwen.drugs.similarity.search import search_best
from suwen.drugs.similarity.writing import write_library
from suwen.errors import DataError, InputError
from suwen.formats.molecules.nouns import Molecule

__all__ = ["build_folder", "is_folder", "search_folder"]

_SOURCE = "source.json"
_FORMAT = 1


def is_folder(path: Path) -> bool:
    """Whether there is a library of fingerprints at this path."""
    return (path / HEAD).is_file()


def build_folder(
    library: Path | LibraryFile,
    folder: Path,
    *,
    standardised: bool = False,
    processes: int = 2,
    notify: Callable[[int], None] = lambda _done: None,
) -> int:
    """Build the fingerprints of a file in a new folder; how many rows were refused. One that is there already is used,
    if it was built from the same file.

    Raises InputError where the folder is of another file, DataError where it cannot be written, and what reading the
    file raises; then nothing is left behind.
    """
    digest = library_digest(library) if _is_file(library) else ""
    if is_folder(folder):
        return _same(folder, digest, standardised=standardised)
    refused: list[Failed] = []
    molecules = _molecules(library, refused, standardised=standardised, processes=processes)
    write_library(molecules, folder, workers=1, notify=notify)
    head = {"format": _FORMAT, "digest": digest, "standardised": standardised, "refused": len(refused)}
    try:
        draft = folder / f".{_SOURCE}"
        draft.write_text(json.dumps(head), "utf-8")
        draft.replace(folder / _SOURCE)
    except OSError as reason:
        raise DataError(
            f"cannot write {folder / _SOURCE}: {reason.strerror}", zh=f"无法写入 {folder / _SOURCE}：{reason.strerror}"
        ) from None
    return len(refused)


def _is_file(library: Path | LibraryFile) -> bool:
    return (library.path if isinstance(library, LibraryFile) else library).is_file()


def _same(folder: Path, digest: str, *, standardised: bool) -> int:
    try:
        head = json.loads((folder / _SOURCE).read_text("utf-8"))
        found, forms, refused = str(head["digest"]), bool(head["standardised"]), int(head["refused"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder} does not say from which file it was built; remove it or name another",
            zh=f"{folder} 未说明由哪个文件建成；请移除或另指定一个",
        ) from None
    if found != digest or forms is not standardised:
        raise InputError(
            f"{folder} was built from another file, or in another way; remove it or name another",
            zh=f"{folder} 由其他文件或以其他方式建成；请移除或另指定一个",
        )
    return refused


def _molecules(library: Library, refused: list[Failed], *, standardised: bool, processes: int) -> Iterator[Molecule]:
    work = FilterWork(Filters(drop_duplicates=False), standardised)
    broken = partial(broken_molecule, stage="filters")
    for lot in spread(work, lots_of(rows_of(library), 64), processes, broken):
        for one in lot:
            if isinstance(one, Candidate):
                yield one.molecule
            elif isinstance(one, Failed):
                refused.append(one)


def search_folder(folder: Path, goal: LikenessGoal, *, seed: int = 0, processes: int = 2) -> Screened:
    """The molecules of a folder that are likest to the known ones: exactly those that comparing with all would find.

    Rows are counted along the library from 1. Raises InputError where the goal has no `keep`, or asks for "fused"
    ranks, which need fingerprints that a folder does not keep; and what opening the folder raises.
    """
    if goal.keep is None or goal.method != "tanimoto":
        raise InputError(
            'searching a folder needs "keep", and likeness by Tanimoto; screen the file for fused ranks',
            zh='在文件夹中检索需要 "keep"，且相似度为 Tanimoto；融合排序请筛选文件',
        )
    goals = check_goals(
        Goals(likeness=goal, seed=seed, filters=Filters(drop_duplicates=False), rank=RankGoal(keep=goal.keep))
    )
    library = open_library(folder)
    if library.kind != "ecfp4":
        raise InputError(
            f"{folder} holds fingerprints of kind {library.kind}; likeness is told by ecfp4",
            zh=f"{folder} 的指纹类型为 {library.kind}；相似度按 ecfp4 计算",
        )
    begin = time.perf_counter()
    found = _likest(library, goal, max(goal.keep, goal.overlay))
    chosen = _chosen(found, goal, seed=seed, processes=processes)
    count = StageCount(
        "likeness",
        len(library),
        sum(isinstance(one, Candidate) for one in chosen),
        (("likeness.best", len(library) - sum(isinstance(one, Candidate | Failed) for one in chosen)),),
        sum(isinstance(one, Failed) for one in chosen),
        time.perf_counter() - begin,
    )
    left = [one for one in chosen if isinstance(one, Candidate)]
    begin = time.perf_counter()
    kept, ranked = final_list(goals, lambda: iter(left), len(left), processes=processes)
    ranked.seconds = time.perf_counter() - begin
    failed = (*(one for one in chosen if isinstance(one, Failed)), *ranked.failed)
    return Screened(
        "", folder.name, criteria_of(goals, ()), columns_of(goals, ()), (count, _ranked(ranked)), kept, failed[:1000]
    )


def _likest(library: Fingerprints, goal: LikenessGoal, count: int) -> list[Candidate]:
    """The best by the highest likeness to any of the known.

    What stands before such a molecule in the hits of its nearest known one is better, or above `at_most`: it is found
    once each known one has `count` hits that keep the limits, or none more to give.
    """
    queries = fingerprints([one.smiles for one in queries_of(goal.like)])
    asked = count
    while True:
        each = [search_best(library, words, asked, threshold=goal.at_least or 0.0) for words in queries]
        made = _within(library, sorted({number for hits in each for number in hits.numbers.tolist()}), queries, goal)
        good = [one.row - 1 for one in made]
        if all(len(hits) < asked or np.isin(hits.numbers, good).sum() >= count for hits in each):
            return made[:count]
        asked *= 4


def _within(library: Fingerprints, numbers: list[int], queries: Words, goal: LikenessGoal) -> list[Candidate]:
    """The molecules of these numbers whose highest likeness keeps the limits, likest first."""
    lines = [library.line(number) for number in numbers]
    likeness = highest_tanimoto(queries, fingerprints([smiles for smiles, _ in lines])).tolist()
    made = [
        Candidate(number + 1, Molecule(smiles, "", smiles, name), {"likeness": value})
        for number, (smiles, name), value in zip(numbers, lines, likeness, strict=True)
        if goal.at_most is None or value <= goal.at_most
    ]
    return sorted(made, key=lambda one: (-one.values["likeness"], one.row))


def _chosen(found: list[Candidate], goal: LikenessGoal, *, seed: int, processes: int) -> list[Outcome]:
    """The best after laying over in space, where that is asked for."""
    if not goal.overlay:
        return list(found[: goal.keep])
    candidates = lambda: iter(found)  # noqa: E731 (the shape that choices take)
    best = best_by(candidates, ("likeness",), goal.overlay, "likeness.best")
    choice = overlaid(goal, candidates, seed=seed, processes=processes, best=best)
    laid = [one for one in outcomes_of(found, choice, "likeness") if not isinstance(one, Failed)]
    failed = [one for one in outcomes_of(found, choice, "likeness") if isinstance(one, Failed)]
    order = sorted(
        (one for one in laid if isinstance(one, Candidate)),
        key=lambda one: (one.values.get("overlay.place", float("inf")), -one.values["likeness"], one.row),
    )
    return [*order[: goal.keep], *failed]


def _ranked(tally: Tally) -> StageCount:
    dropped = tuple(tally.dropped.items())
    return StageCount("rank", tally.entered, tally.kept, dropped, tally.failures, tally.seconds)
