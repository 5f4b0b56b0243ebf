"""Kernels of activity models are what their formulas say, tell stereoisomers apart and ignore the company."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rdkit")
pytest.importorskip("scipy")

from suwen.drugs.activity.counted import COUNTED, Counts, count_fragments
from suwen.drugs.activity.kernels import fit_scaling, likeness, radial
from suwen.errors import InputError

SMILES = ["CCO", "CCCCCCCCO", "c1ccccc1C(=O)N", "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(=O)Nc1ccc(O)cc1", "C"]


def _plain(counts: Counts, row: int) -> dict[int, int]:
    part = slice(counts.starts[row], counts.starts[row + 1])
    return dict(zip(counts.keys[part].tolist(), counts.counts[part].tolist(), strict=True))


@pytest.mark.parametrize("kind", COUNTED)
def test_likeness_is_smaller_counts_by_larger_ones(kind: str) -> None:
    counts = count_fragments(SMILES)[kind]  # type: ignore[index]
    found = likeness(counts, counts)
    for i in range(len(SMILES)):
        for j in range(len(SMILES)):
            one, two = _plain(counts, i), _plain(counts, j)
            keys = one.keys() | two.keys()
            small = sum(min(one.get(key, 0), two.get(key, 0)) for key in keys)
            large = sum(max(one.get(key, 0), two.get(key, 0)) for key in keys)
            assert found[i, j] == pytest.approx(small / large if large else 1.0, abs=1e-12)


@pytest.mark.parametrize("kind", COUNTED)
def test_likeness_is_a_kernel_and_does_not_depend_on_the_company(kind: str) -> None:
    counts = count_fragments(SMILES)[kind]  # type: ignore[index]
    whole = likeness(counts, counts)
    assert np.linalg.eigvalsh(whole).min() > -1e-9
    some = np.array([4, 0], np.intp)
    assert (likeness(counts.rows(some), counts) == whole[some]).all()
    assert (likeness(counts.rows(some), counts.rows(some)) == whole[np.ix_(some, some)]).all()


def test_stereoisomers_differ_where_chirality_is_counted() -> None:
    counts = count_fragments(SMILES)
    assert likeness(counts["circles"], counts["circles"])[3, 4] < 1
    assert likeness(counts["features"], counts["features"])[3, 4] == 1


def test_a_long_chain_is_known_by_how_often_and_not_only_by_what() -> None:
    counts = count_fragments(["CCCCCCCC", "CCCCCCCCCCCCCCCC"])["paths"]
    assert likeness(counts, counts)[0, 1] < 0.6


def test_radial_kernel_passes_over_the_unknown_and_shuts_out_what_never_moved() -> None:
    rows = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, 1.0], [4.0, 5.0, 3.0]])
    scaling = fit_scaling(rows)
    assert scaling.scaled([[1.0, 999.0, np.nan]])[0, 1:].tolist() == [0.0, 0.0]
    kernel = radial(rows, rows, scaling)
    apart = ((scaling.scaled(rows)[:, None] - scaling.scaled(rows)[None]) ** 2).sum(2)
    assert np.allclose(kernel, np.exp(-apart / scaling.width), rtol=0, atol=1e-12)
    assert scaling.width == pytest.approx(float(np.median(apart[np.triu_indices(3, 1)])))
    assert (radial(rows[1:2], rows, scaling) == kernel[1:2]).all()


def test_a_structure_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InputError, match="molecule 2"):
        count_fragments(["CCO", "C1CC"])
