"""Proves the trainer: it learns, is reproducible, ends the same when killed and resumed, and refuses bad plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from suwen.errors import FormatError, InputError
from suwen.learn.augment.intensity import Intensity
from suwen.learn.augment.spatial import Spatial
from suwen.learn.batch import Batch
from suwen.learn.fit import Progress, Trained, train
from suwen.learn.nets.residual import Residual, ResidualSettings
from suwen.learn.nets.tables import Perceptron, PerceptronSettings
from suwen.learn.nets.unet import UNet, UNetSettings
from suwen.learn.nouns import Task
from suwen.learn.plan import Plan
from suwen.learn.source import Source

PLAN = Plan(epochs=4, batch=16, rate=5e-3, watch="last")


def images(n: int, seed: int) -> Source:
    """Noise; a bright square on the left is class 0, on the right class 1."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    inputs = rng.normal(0, 0.3, (n, 1, 12, 12)).astype(np.float32)
    for row, label in enumerate(labels):
        inputs[row, 0, 4:8, 1 + 6 * label : 5 + 6 * label] += 1.5
    return Source(torch.from_numpy(inputs), torch.from_numpy(labels), Task.CLASSES, 2)


def network(seed: int = 0) -> Residual:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Residual(ResidualSettings(widths=(4, 8), depth=1, drop=0.3))


def run(plan: Plan = PLAN, folder: Path | None = None, notify: Callable[[Progress], None] = lambda _: None) -> Trained:
    augment = [Spatial(rotation=5, elastic=0.02), Intensity()]
    return train(network(), images(48, 1), images(24, 2), plan, augment=augment, folder=folder, notify=notify)


def same(one: nn.Module, two: nn.Module) -> bool:
    mine, other = one.state_dict(), two.state_dict()
    return mine.keys() == other.keys() and all(torch.equal(mine[name], other[name]) for name in mine)


def test_it_learns_what_is_plain_to_see() -> None:
    trained = train(network(), images(48, 1), images(24, 2), replace(PLAN, epochs=12, rate=0.02))
    assert trained.history[-1].figures["auc"] > 0.95
    assert trained.history[-1].loss < 0.5 * trained.history[0].loss


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    first, again, other = run(), run(), run(replace(PLAN, seed=1))
    assert same(first.model, again.model)
    assert not same(first.model, other.model)


class _KilledError(Exception):
    """Stands for a process that died."""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"average": "ema", "decay": 0.9},
        {"average": "swa", "average_from": 0.5, "schedule": "plateau", "wait": 1},
        {"optimiser": "sgd", "schedule": "one-cycle", "mixup": 0.3, "balance": "sampling", "accumulate": 2},
    ],
    ids=["plain", "ema", "swa", "sgd"],
)
@pytest.mark.parametrize("where", [(2, 1), (3, 3)], ids=["start", "end"])
def test_killed_and_resumed_equals_uninterrupted(
    tmp_path: Path, changes: dict[str, object], where: tuple[int, int]
) -> None:
    plan = replace(PLAN, **changes)  # type: ignore[arg-type]

    def kill(progress: Progress) -> None:
        if (progress.epoch, progress.step) == where:
            raise _KilledError

    with pytest.raises(_KilledError):
        run(plan, tmp_path, kill)
    resumed, whole = run(plan, tmp_path), run(plan)
    assert same(resumed.model, whole.model)
    assert [epoch.loss for epoch in resumed.history] == [epoch.loss for epoch in whole.history]
    assert resumed.best == whole.best


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    first = run(folder=tmp_path)
    steps: list[Progress] = []
    again = run(folder=tmp_path, notify=steps.append)
    assert not steps
    assert same(first.model, again.model)


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    run(folder=tmp_path)
    with pytest.raises(InputError, match="another training"):
        run(replace(PLAN, rate=1e-4), tmp_path)


@pytest.mark.parametrize("cut", [0, 10, 500])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, cut: int) -> None:
    run(folder=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FormatError, match="checkpoint"):
        run(folder=tmp_path)


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    run()
    assert torch.equal(torch.rand(3), expected)


def test_the_best_epoch_is_kept_not_the_last() -> None:
    trained = run(replace(PLAN, epochs=6, watch="auc", rate=0.05))
    scores = [epoch.figures["auc"] for epoch in trained.history]
    assert scores[trained.best - 1] == max(scores)


def test_early_stopping_waits_as_long_as_asked() -> None:
    trained = run(replace(PLAN, epochs=30, watch="auc", patience=3))
    assert len(trained.history) == min(30, trained.best + 3)


def test_a_loss_that_is_no_number_ends_the_training_with_advice() -> None:
    source = images(16, 1)
    source.inputs[3] = float("nan")
    with pytest.raises(InputError, match="learning rate"):
        train(network(), source, images(8, 2), PLAN)


def test_a_penalty_changes_what_is_learned() -> None:
    class Shrink:
        name = "shrink"

        def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:
            del batch, outputs
            return 10 * sum((weight**2).sum() for weight in model.parameters())  # type: ignore[return-value]

    plain = train(network(), images(48, 1), images(24, 2), PLAN)
    shrunk = train(network(), images(48, 1), images(24, 2), PLAN, penalties=[Shrink()])
    size = [sum(float((w.detach() ** 2).sum()) for w in one.model.parameters()) for one in (plain, shrunk)]
    assert size[1] < 0.9 * size[0]


def test_a_proximal_step_makes_exact_zeros() -> None:
    class Threshold:
        name = "threshold"

        def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:
            del model, batch
            return outputs.new_zeros(())

        def after_step(self, model: nn.Module, *, rate: float) -> None:
            with torch.no_grad():
                for weight in model.parameters():
                    weight[weight.abs() < 100 * rate] = 0

    trained = train(network(), images(48, 1), images(24, 2), PLAN, penalties=[Threshold()])
    assert any(bool((weight == 0).all()) for weight in trained.model.parameters())


def test_a_mask_that_a_penalty_needs_moves_with_its_image() -> None:
    source = images(32, 1)
    bright = (source.inputs > 1).float()
    source = replace(source, extra={"mask": bright})
    found: list[float] = []

    class Watch:
        name = "watch"

        def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:
            del model
            found.append(float(batch.inputs[batch.extra["mask"] > 0].mean()))
            return outputs.new_zeros(())

    mirror = Spatial(rotation=0, scale=0, shift=0, mirrored=(1,), probability=1)
    train(network(), source, images(8, 2), replace(PLAN, epochs=1), augment=[mirror], penalties=[Watch()])
    assert min(found) > 1
    with pytest.raises(InputError, match="mixup"):
        train(network(), source, images(8, 2), replace(PLAN, mixup=0.2))


def test_rare_classes_count_as_much_when_the_loss_is_balanced() -> None:
    rng = np.random.default_rng(0)
    labels = (np.arange(120) % 12 == 0).astype(np.int64)
    inputs = rng.normal(labels[:, None] * 0.8, 1, (120, 2)).astype(np.float32)
    source = Source(torch.from_numpy(inputs), torch.from_numpy(labels), Task.CLASSES, 2)
    recalls = []
    for balance in ("none", "loss", "sampling"):
        torch.manual_seed(0)
        net = Perceptron(PerceptronSettings(features=2, widths=(8,), drop=0.0))
        plan = Plan(epochs=30, batch=30, rate=1e-2, balance=balance, watch="last")
        recalls.append(train(net, source, source, plan).history[-1].figures["recall"])
    assert min(recalls[1:]) > recalls[0] + 0.05


def test_masks_are_learned_and_move_with_the_image() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 0.2, (12, 1, 16, 16)).astype(np.float32)
    masks = np.zeros((12, 16, 16), np.int64)
    for row in range(12):
        top, left = rng.integers(2, 8, 2)
        masks[row, top : top + 6, left : left + 6] = 1
    inputs[:, 0] += masks
    source = Source(torch.from_numpy(inputs), torch.from_numpy(masks), Task.MASKS, 2)
    torch.manual_seed(0)
    net = UNet(UNetSettings(axes=2, outputs=2, widths=(4, 8)))
    trained = train(
        net, source, source, Plan(epochs=12, batch=4, rate=1e-2, watch="dice"), augment=[Spatial(rotation=20)]
    )
    assert trained.history[trained.best - 1].figures["dice"] > 0.9


def test_numbers_are_learned() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (64, 3)).astype(np.float32)
    numbers = (inputs @ np.array([1.0, -2.0, 0.5], np.float32)).astype(np.float32)
    source = Source(torch.from_numpy(inputs), torch.from_numpy(numbers), Task.NUMBERS, 1)
    torch.manual_seed(0)
    net = Perceptron(PerceptronSettings(features=3, outputs=1, widths=(16,), drop=0.0))
    trained = train(net, source, source, Plan(epochs=60, batch=16, rate=1e-2, watch="rmse"))
    assert trained.history[trained.best - 1].figures["r2"] > 0.95


def test_a_figure_the_task_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(InputError, match="accuracy"):
        run(replace(PLAN, watch="dice"))


@pytest.mark.parametrize(
    "values",
    [{"rate": 0}, {"schedule": "stairs"}, {"epochs": 0}, {"smoothing": 1.0}, {"average": "mean"}, {"colour": 1}],
    ids=str,
)
def test_a_plan_that_cannot_be_followed_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Plan.of(values)


def test_all_faults_of_a_plan_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        Plan(rate=-1, epochs=0, schedule="stairs")
    assert {problem.where for problem in caught.value.problems} == {"rate", "epochs", "schedule"}
