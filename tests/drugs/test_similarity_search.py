"""Searching a library finds exactly what comparing with every molecule finds, ties and empty fingerprints included."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from suwen.drugs.similarity import search
from suwen.drugs.similarity.library import Library, open_library
from suwen.drugs.similarity.measures import DICE, TANIMOTO, Measure
from suwen.drugs.similarity.search import Hits, search_above, search_best, search_many
from suwen.drugs.similarity.slices import Bench, at_least, columns_of, picked, shared_bits
from suwen.drugs.similarity.writing import write_rows
from suwen.errors import InputError

DataStructs = pytest.importorskip("rdkit.DataStructs", reason="RDKit is the judge here")
Rows = NDArray[np.uint64]


def made(rng: np.random.Generator, count: int, density: float, *, kinds: int = 4) -> Rows:
    """Fingerprints of 2,048 bits of very different numbers of bits, a few of them empty, many of them twice."""
    share = density * rng.choice(np.linspace(0.0, 1.0, kinds + 1), (count, 1))
    rows = np.packbits(rng.random((count, 2048)) < share, axis=1, bitorder="little").view(np.uint64)
    again = rng.integers(0, count, count // 3)
    rows[rng.integers(0, count, count // 3)] = rows[again]
    return rows


def stored(rows: Rows, folder: Path, kind: str = "ecfp4") -> Library:
    write_rows([(rows, [("C", str(at)) for at in range(len(rows))])], folder, kind=kind)
    return open_library(folder)


def judged(rows: Rows, query: Rows) -> NDArray[np.float64]:
    vectors = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in rows]
    return np.array(DataStructs.BulkTanimotoSimilarity(DataStructs.CreateFromBinaryText(query.tobytes()), vectors))


def ranked(likeness: NDArray[np.float64], threshold: float, k: int | None) -> NDArray[np.int64]:
    order = np.lexsort((np.arange(len(likeness)), -likeness))
    return order[likeness[order] >= threshold][:k]


def agrees(hits: Hits, likeness: NDArray[np.float64], threshold: float, k: int | None) -> bool:
    wanted = ranked(likeness, threshold, k)
    return np.array_equal(hits.numbers, wanted) and np.array_equal(hits.likeness, likeness[wanted])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 700),
    density=st.sampled_from([0.004, 0.03, 0.4]),
    k=st.integers(1, 900),
    threshold=st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1), st.sampled_from([1 / 3, 0.5, 2 / 3, 0.2])),
    workers=st.sampled_from([1, 2]),
)
def test_hits_are_those_of_rdkit_for_any_library(
    seed: int, count: int, density: float, k: int, threshold: float, workers: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = made(rng, count, density)
    query = rows[rng.integers(count)] if rng.random() < 0.7 else made(rng, 1, density)[0]
    likeness = judged(rows, query)
    with tempfile.TemporaryDirectory() as folder:
        library = stored(rows, Path(folder) / "library")
        assert agrees(search_best(library, query, k, workers=workers), likeness, 0.0, k)
        assert agrees(search_best(library, query, k, threshold=threshold, workers=workers), likeness, threshold, k)
        assert agrees(search_above(library, query, threshold, workers=workers), likeness, threshold, None)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Rows]:
    """Enough molecules for several spans, so that the threshold rises on the way and spans are passed over."""
    rng = np.random.default_rng(5)
    rows = np.zeros((24_000, 32), np.uint64)
    for _ in range(120):  # up to 120 bits, a molecule more of them the later it comes, mixed afterwards
        some = rng.integers(0, len(rows), 16_000)
        some = some[some > rng.integers(0, len(rows), 16_000)]
        rows[some, rng.integers(0, 32, len(some))] |= np.uint64(1) << rng.integers(0, 64, len(some), dtype=np.uint64)
    rows = rng.permutation(rows)
    rows[100:400] = rows[0]
    return stored(rows, tmp_path_factory.mktemp("large") / "library"), rows


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans as narrow as they can be: many of them, even in a library that a test can afford."""
    monkeypatch.setattr(search, "_NARROW", 64)
    monkeypatch.setattr(search, "_WIDE", 64)


@pytest.mark.usefixtures("narrow")
def test_one_core_two_cores_and_many_queries_at_once_give_the_same(large: tuple[Library, Rows]) -> None:
    library, rows = large
    queries = rows[[3, 200, 20_000, 23_999]]
    together = search_many(library, queries, k=60, workers=1)
    for query, hits in zip(queries, together, strict=True):
        likeness = judged(rows, query)
        assert agrees(hits, likeness, 0.0, 60)
        for workers in (1, 2, 3):
            assert agrees(search_best(library, query, 60, workers=workers), likeness, 0.0, 60)
            assert agrees(search_above(library, query, 0.3, workers=workers), likeness, 0.3, None)


def test_processes_give_what_one_process_gives(large: tuple[Library, Rows]) -> None:
    library, rows = large
    queries = rows[:200]
    one, two = (search_many(library, queries, threshold=0.6, workers=workers) for workers in (1, 2))
    assert all(
        np.array_equal(a.numbers, b.numbers) and np.array_equal(a.likeness, b.likeness)
        for a, b in zip(one, two, strict=True)
    )


def test_more_hits_than_molecules_are_all_molecules(large: tuple[Library, Rows]) -> None:
    library, rows = large
    hits = search_best(library, rows[7], 10**6)
    assert sorted(hits.numbers.tolist()) == list(range(len(rows)))
    assert (np.diff(hits.likeness) <= 0).all()


def test_ties_come_as_they_were_written(tmp_path: Path) -> None:
    row = np.zeros((1, 32), np.uint64)
    row[0, 4] = 7
    library = stored(np.repeat(row, 300, axis=0), tmp_path / "library")
    assert search_best(library, row[0], 5).numbers.tolist() == [0, 1, 2, 3, 4]


def test_an_empty_library_and_an_empty_query_have_no_likeness(tmp_path: Path, large: tuple[Library, Rows]) -> None:
    nothing = np.zeros((0, 32), np.uint64)
    empty = stored(nothing, tmp_path / "library")
    assert len(search_best(empty, np.ones(32, np.uint64), 3)) == 0
    library, _ = large
    assert not search_best(library, np.zeros(32, np.uint64), 3).likeness.any()
    assert len(search_above(library, np.zeros(32, np.uint64), 0.1)) == 0


def test_dice_and_tversky_are_rdkits(large: tuple[Library, Rows]) -> None:
    library, rows = large
    few, query = rows[:3000], rows[11]
    vectors = [DataStructs.CreateFromBinaryText(row.tobytes()) for row in few]
    asked = DataStructs.CreateFromBinaryText(query.tobytes())
    dice = np.array(DataStructs.BulkDiceSimilarity(asked, vectors))
    found = search_above(library, query, 0.0, measure=DICE)
    assert np.array_equal(found.likeness[np.argsort(found.numbers)][:3000], dice)
    tversky = np.array(DataStructs.BulkTverskySimilarity(asked, vectors, 0.9, 0.1))
    found = search_above(library, query, 0.0, measure=Measure(0.9, 0.1))
    assert found.likeness[np.argsort(found.numbers)][:3000] == pytest.approx(tversky)
    best = search_best(library, query, 20, measure=Measure(0.9, 0.1))
    assert np.array_equal(best.likeness, np.sort(found.likeness)[::-1][:20])


@given(
    threshold=st.floats(0, 1),
    query=st.integers(0, 300),
    other=st.integers(0, 300),
    weights=st.sampled_from([(1.0, 1.0), (0.5, 0.5), (0.9, 0.1), (0.0, 1.0), (1.0, 0.0)]),
)
def test_needed_bits_are_the_fewest_that_reach_the_threshold(
    threshold: float, query: int, other: int, weights: tuple[float, float]
) -> None:
    measure, most = Measure(*weights), min(query, other)
    reached = np.flatnonzero(measure.likeness(np.arange(most + 1), query, other) >= threshold)
    needed = int(measure.needed(threshold, query, np.array([other]))[0])
    assert needed == (int(reached[0]) if len(reached) else most + 1)


@given(query=st.integers(0, 200), others=st.lists(st.integers(0, 200), min_size=2), threshold=st.floats(0.01, 1))
def test_what_the_bound_excludes_cannot_reach_the_threshold(query: int, others: list[int], threshold: float) -> None:
    numbers = np.unique(others)
    bounds = TANIMOTO.likeness(np.minimum(query, numbers), query, numbers)
    can = TANIMOTO.needed(threshold, query, numbers) <= np.minimum(query, numbers)
    assert np.array_equal(bounds >= threshold, can)
    if query:
        assert np.array_equal(bounds, np.minimum(query, numbers) / np.maximum(query, numbers))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bits=st.integers(0, 130), density=st.floats(0, 1))
def test_counting_in_slices_is_counting(seed: int, bits: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.random((64 * 64, 192)) < density
    rows = np.packbits(matrix, axis=1, bitorder="little").view(np.uint64)
    query = np.sort(rng.choice(192, bits, replace=False))
    columns = columns_of(rows)
    planes = shared_bits(columns, query, 0, 64, Bench(bits, 64))
    truth = matrix[:, query].sum(1)
    needed = rng.integers(0, bits + 2, 3)
    which = np.sort(rng.integers(0, 3, 64))
    places, numbers = picked(at_least(planes, needed, which), planes)
    assert places.tolist() == np.flatnonzero(truth >= np.repeat(needed[which], 64)).tolist()
    assert numbers.tolist() == truth[places].tolist()


def test_questions_that_make_no_sense_are_one_clear_error(large: tuple[Library, Rows]) -> None:
    library, rows = large
    with pytest.raises(InputError, match="1 or more"):
        search_best(library, rows[0], 0)
    with pytest.raises(InputError, match="1 or more"):
        search_many(library, rows[:2], k=0)
    with pytest.raises(InputError, match="from 0 to 1"):
        search_above(library, rows[0], 1.5)
    with pytest.raises(InputError, match="32 words"):
        search_best(library, rows[0][:3], 1)
    with pytest.raises(InputError, match="0 or more"):
        Measure(-1.0, 1.0)
