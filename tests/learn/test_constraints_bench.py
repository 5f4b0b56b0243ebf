"""The benchmark of constraints reads its data as it says: unknown stays unknown, markers tell only where planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from suwen import datasets
from suwen.bench import constraints
from suwen.bench.setting import Options
from suwen.errors import DataError
from suwen.learn.constraints import directions_of


@pytest.fixture
def options() -> Options:
    folder = datasets.folder()
    if not (folder / "imaging/pneumonia.npz").is_file() or not (folder / "heart/framingham.csv.gz").is_file():
        pytest.skip("the data sets heart and imaging are not here")
    return Options(folder)


def test_columns_are_scaled_and_filled_by_what_is_learned_from() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(5, 3, size=(100, 2))
    inputs[::7, 0] = np.nan
    parts = constraints._parts(inputs, np.ones(100), "planted", Options(Path()))
    assert (len(parts.training.inputs), len(parts.unseen.inputs)) == (60, 40)
    torch.testing.assert_close(parts.training.inputs.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    assert torch.isfinite(parts.unseen.inputs).all()
    assert not torch.allclose(parts.unseen.inputs.mean(0), torch.zeros(2), atol=1e-3)


def test_the_marker_tells_in_training_only(options: Options) -> None:
    parts = constraints._chests(Options(options.data, limit=200))
    for batch, told in ((parts.training, True), (parts.unseen, False)):
        marker = batch.inputs[:, 0, 0, 0] > 0
        share = float((marker == batch.labels.bool()).float().mean())
        assert share == 1 if told else 0.3 < share < 0.7
        assert not batch.extra["mask"][:, :, :4, :4].any()
        assert batch.extra["mask"][:, :, 13, 8].all()


def test_tests_that_were_not_done_are_unknown_concepts(options: Options) -> None:
    parts = constraints._hearts(options)
    truth = parts.training.extra["concepts"]
    known = truth[~torch.isnan(truth)]
    assert set(known.tolist()) == {0.0, 1.0}
    assert torch.isnan(truth[:, 2]).any()
    assert truth.shape[1] == len(constraints.CONCEPTS)
    assert torch.isfinite(parts.training.inputs).all()


def test_only_first_events_after_the_examination_count(options: Options) -> None:
    parts = constraints._framingham(options)
    everyone = torch.cat([parts.training.labels, parts.unseen.labels])
    assert 2000 < len(everyone) < 3263  # of those seen at the third examination, some had an event before
    assert 0.05 < float(everyone.mean()) < 0.25
    signs = directions_of(list(constraints.RISKS.values()))
    assert signs[list(constraints.RISKS).index("LDLC")] == 1
    assert signs[list(constraints.RISKS).index("HDLC")] == -1


@pytest.mark.parametrize("read", [constraints._chests, constraints._hearts, constraints._framingham])
def test_absent_data_are_named(read: Callable[[Options], object], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read(Options(tmp_path))
