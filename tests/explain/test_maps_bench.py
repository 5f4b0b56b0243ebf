"""Benchmark heat-maps from end to end on made-up films: figures in their ranges, better than blind, the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bright_blob import blobs, fresh
from torch import nn

from suwen.bench.heat_map_cases import Classifier, Plants, judged, planted, read_films, shown, taught
from suwen.bench.heat_maps import run
from suwen.bench.setting import Options
from suwen.errors import DataError
from suwen.explain.maps import METHODS


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films in which a bright blob is the pneumonia, laid out as PneumoniaMNIST is."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "imaging").mkdir()
    parts = {}
    for part, n, seed in (("train", 256, 0), ("val", 60, 1)):
        images, labels, _ = blobs(n, (28, 28), np.random.default_rng(seed))
        parts[f"{part}_images"] = (np.clip(images[:, 0] / 2 + 0.3, 0, 1) * 255).astype(np.uint8)
        parts[f"{part}_labels"] = labels[:, None].astype(np.uint8)
    np.savez(folder / "imaging/pneumonia.npz", **parts)
    return folder


class Brightest(nn.Module):
    """Says pneumonia where any voxel is brighter than 0.65: a classifier that needs no teaching."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        odds = 40 * (torch.nn.functional.avg_pool2d(x, 3, 1).flatten(1).amax(1) - 0.55)
        return torch.stack([torch.zeros_like(odds), odds], 1)


@pytest.fixture
def brightest() -> Classifier:
    return Classifier(Brightest().eval(), lambda _labels: Brightest(), np.arange(256) % 2, "brightest")


def test_it_runs_and_beats_blind_pointing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = lambda options: taught(  # noqa: E731
        read_films(options.data / "imaging/pneumonia.npz"), seed=options.seed, passes=8, batch=16
    )
    monkeypatch.setattr("suwen.bench.heat_maps.classifier", quick)
    monkeypatch.setattr("suwen.bench.heat_map_cases._network", lambda: fresh(2))
    few = {name: METHODS[name] for name in ("consensus", "grad_cam")}
    for room in ("suwen.bench.heat_map_cases", "suwen.explain.maps"):
        monkeypatch.setattr(f"{room}.METHODS", few)
    seen: list[tuple[int, int]] = []
    result = run(Options(data, limit=3, seed=0), lambda done, every: seen.append((done, every)))
    assert result.name == "heat-maps"
    assert result.n == 3
    assert seen[-1] == (3, 3)
    assert set(result.baselines) == {"grad_cam"}
    assert result.metrics["pointing_within_1"] > result.metrics["pointing_by_chance"]
    assert all(0 <= result.metrics[name] <= 1 for name in ("insertion", "deletion", "pointing", "overlap"))
    assert {"consensus_parameter_passes", "grad_cam_label_rank"} <= result.metrics.keys()
    assert result.baselines["grad_cam"].keys() <= result.metrics.keys()


def test_plants_turn_the_classifier_and_nothing_else_changes(data: Path, brightest: Classifier) -> None:
    films = read_films(data / "imaging/pneumonia.npz")
    plants = planted(brightest, films, 5, rng=np.random.default_rng(0))
    assert len(plants.images) == 5
    assert plants.tried >= 5
    assert np.all(brightest.chances(plants.images) > 0.5)
    for image, mask in zip(plants.images, plants.masks, strict=True):
        nearest = films.val[np.abs(films.val - image).sum((1, 2, 3)).argmin()]
        assert brightest.chances(nearest[None])[0] < 0.2
        changed = np.abs(image - nearest)[0]
        assert changed[mask].sum() > 0.8 * changed.sum()
    again = planted(brightest, films, 5, rng=np.random.default_rng(0))
    assert np.array_equal(again.images, plants.images)


def test_only_recognised_films_are_shown(data: Path, brightest: Classifier) -> None:
    films = read_films(data / "imaging/pneumonia.npz")
    assert np.all(brightest.chances(shown(brightest, films, 9, rng=np.random.default_rng(0))) > 0.5)


def test_a_method_is_judged_the_same_twice(data: Path, brightest: Classifier) -> None:
    films = read_films(data / "imaging/pneumonia.npz")
    seen, plants = films.val[1:4:2], Plants(films.val[1:4:2], np.ones((2, 28, 28), bool), 2)
    one, other = (judged(brightest, films, "occlusion", seen, plants, seed=0) for _ in "ab")
    one.pop("ms_a_map"), other.pop("ms_a_map")
    assert one == other
    assert one["pointing"] == one["energy_inside"] == 1  # the mask is everything


def test_what_is_missing_is_named(tmp_path: Path, data: Path, brightest: Classifier) -> None:
    with pytest.raises(DataError, match="missing"):
        run(Options(tmp_path))
    (tmp_path / "imaging").mkdir()
    np.savez(tmp_path / "imaging/pneumonia.npz", train_images=np.zeros((1, 2, 2)))
    with pytest.raises(DataError, match="train_labels"):
        read_films(tmp_path / "imaging/pneumonia.npz")
    deaf = replace(brightest, model=nn.Sequential(nn.Flatten(), nn.Linear(784, 2)))
    nn.init.zeros_(deaf.model[1].weight)
    with pytest.raises(DataError, match="no planted opacity"):
        planted(deaf, read_films(data / "imaging/pneumonia.npz"), 3, rng=np.random.default_rng(0))
