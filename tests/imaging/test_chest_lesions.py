"""The benchmark of lesions: marks are read where they lie, judgements say what they mean, and it runs as a whole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suwen import datasets
from suwen.bench.chest_lesions import Answer, Case, _agree, _judge_marks, _mean, _thirds, run
from suwen.bench.setting import Options
from suwen.errors import DataError


def lungs() -> tuple[np.ndarray, np.ndarray]:
    right, left = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    right[10:50, 5:25], left[10:50, 35:55] = True, True
    return right, left


def test_thirds_share_the_lung_among_them() -> None:
    right, _ = lungs()
    thirds = _thirds(right)
    assert len(thirds) == 3
    assert (np.sum(thirds, axis=0) == right).all()
    assert all(one.any() for one in thirds)


def test_a_perfect_answer_is_judged_perfect_and_an_empty_one_is_not() -> None:
    right, left = lungs()
    lesion = np.zeros_like(right)
    lesion[12:22, 8:20] = True
    case = Case("x", np.zeros((60, 60), np.float32), lesion, boxed=False)
    perfect = _mean([_judge_marks(case, (right, left), Answer((15, 10), lesion))])
    assert (perfect["rsna_pointing"], perfect["rsna_iou"], perfect["rsna_area_error"]) == (1.0, 1.0, 0.0)
    assert (perfect["rsna_side"], perfect["rsna_zone"], perfect["rsna_zone_balanced"]) == (1.0, 1.0, 1.0)
    empty = _mean([_judge_marks(case, (right, left), Answer((40, 40), np.zeros_like(right)))])
    assert (empty["rsna_pointing"], empty["rsna_iou"]) == (0.0, 0.0)
    assert (empty["rsna_side"], empty["rsna_side_balanced"]) == (0.5, 0.5)


def test_balance_weighs_the_sick_and_the_spared_alike() -> None:
    rows = [_agree("side", [True, True, True, False], [True, True, True, True])]
    figures = _mean(rows)
    assert figures["side"] == 0.75
    assert figures["side_balanced"] == 0.5


def test_without_the_data_it_says_so(tmp_path: object) -> None:
    from pathlib import Path  # noqa: PLC0415

    with pytest.raises(DataError, match="missing"):
        run(Options(Path(str(tmp_path))))


@pytest.mark.skipif(
    not (datasets.folder() / "imaging/chest_lesions/structure.csv").is_file()
    or not (datasets.folder() / "imaging/chest/boxes_rsna_stage2_matched.csv").is_file(),
    reason="reference data 'chest_lesions' and 'chest' are not in SUWEN_DATA",
)
def test_it_runs_on_a_few_radiographs_with_its_baselines() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("PIL")
    result = run(Options(datasets.folder(), limit=1))
    assert result.n == 2
    assert {"pointing", "iou", "side", "rsna_pointing", "rsna_iou", "outlined"} <= result.metrics.keys()
    assert {"all of the lungs", "inner half"} <= result.baselines.keys()
    assert all(math.isfinite(one) for one in result.metrics.values())
