"""The bottleneck answers by its concepts alone: corrections change the answer, unknown concepts teach nothing."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from constraint_training import trained
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints import ConceptBottleneck, ConceptPenalty, intervention_curve
from suwen.learn.measure.ranking import auc

NAMES = ("effusion", "consolidation", "size")


def examples(n: int = 500, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy views of two signs and a size, which together decide the label."""
    generator = torch.Generator().manual_seed(seed)
    signs = (torch.rand(n, 2, generator=generator) < 0.5).float()
    size = torch.randn(n, 1, generator=generator)
    concepts = torch.cat([signs, size], 1)
    mixed = concepts @ torch.randn(3, 8, generator=torch.Generator().manual_seed(9))
    inputs = mixed + 0.7 * torch.randn(n, 8, generator=generator)
    labels = (2 * signs[:, 0] + 2 * signs[:, 1] + size[:, 0] > 2).float()
    return inputs, labels, concepts


def bottleneck(mode: Literal["joint", "sequential"] = "sequential") -> ConceptBottleneck:
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    return ConceptBottleneck(encoder, nn.Linear(3, 1), NAMES, numbers=("size",), mode=mode)


def learned(mode: Literal["joint", "sequential"] = "sequential", concepts: Tensor | None = None) -> ConceptBottleneck:
    inputs, labels, truth = examples()
    extra = {"concepts": truth if concepts is None else concepts}
    return trained(bottleneck(mode), inputs, labels, [ConceptPenalty()], extra=extra, steps=300)


@pytest.mark.parametrize("mode", ["joint", "sequential"])
def test_concepts_are_learned_and_corrections_help(mode: Literal["joint", "sequential"]) -> None:
    model = learned(mode)
    inputs, labels, truth = examples(seed=1)
    shown = model.answer(inputs)
    assert shown.names == NAMES
    assert shown.corrected == ()
    assert all(auc(truth[:, at].numpy(), shown.concepts[:, at].numpy()) > 0.85 for at in (0, 1))
    curve = intervention_curve(model, inputs, truth, lambda outputs: auc(labels.numpy(), outputs[:, 0].numpy()))
    assert len(curve) == 4
    if mode == "sequential":  # a joint head is used to its encoder's soft concepts, and truth may even disturb it
        assert curve[3] > curve[0] + 0.01
        assert curve[3] > 0.98


def test_the_answer_follows_a_correction() -> None:
    model, (inputs, _, _) = learned(), examples(seed=1)
    without, present = (model.answer(inputs, {"effusion": value}) for value in (0.0, 1.0))
    assert (present.outputs > without.outputs).all()
    assert (present.concepts[:, 0] == 1).all()
    assert torch.equal(present.concepts[:, 1:], model.answer(inputs).concepts[:, 1:])
    assert present.corrected == ("effusion",)


def test_nothing_goes_past_the_concepts() -> None:
    """With every concept given, the inputs do not matter any more."""
    model, (inputs, _, _) = learned("joint"), examples(seed=1)
    given = {"effusion": 1.0, "consolidation": 0.0, "size": 0.3}
    assert torch.equal(model.answer(inputs, given).outputs, model.answer(torch.randn_like(inputs), given).outputs)


def test_a_correction_that_is_not_a_number_leaves_the_prediction() -> None:
    model, (inputs, _, _) = learned(), examples(n=2, seed=1)
    mended = model.answer(inputs, {"effusion": torch.tensor([1.0, float("nan")])})
    assert float(mended.concepts[0, 0]) == 1
    assert float(mended.concepts[1, 0]) == float(model.answer(inputs).concepts[1, 0])


def test_unknown_concepts_take_no_part() -> None:
    model, (inputs, labels, truth) = bottleneck(), examples(n=20)
    half = truth.clone()
    half[10:] = float("nan")
    whole = ConceptPenalty()(model, Batch(inputs[:10], labels[:10], extra={"concepts": truth[:10]}), torch.zeros(1))
    partly = ConceptPenalty()(model, Batch(inputs, labels, extra={"concepts": half}), torch.zeros(1))
    torch.testing.assert_close(partly, whole)
    partly.backward()
    assert all(bool(torch.isfinite(one.grad).all()) for one in model.encoder.parameters())
    nothing = Batch(inputs, labels, extra={"concepts": torch.full_like(truth, float("nan"))})
    assert float(ConceptPenalty()(model, nothing, torch.zeros(1))) == 0


def test_training_with_most_concepts_unknown_still_learns_them() -> None:
    _, _, truth = examples()
    known = torch.rand(truth.shape, generator=torch.Generator().manual_seed(4)) < 0.4
    model = learned(concepts=torch.where(known, truth, torch.nan))
    inputs, _, unseen = examples(seed=1)
    assert auc(unseen[:, 0].numpy(), model.concepts(inputs)[:, 0].detach().numpy()) > 0.85


def test_only_joint_training_lets_the_answer_bend_the_concepts() -> None:
    inputs, _, _ = examples(n=50)
    for mode, bent in (("joint", True), ("sequential", False)):
        model = bottleneck(mode)
        model(inputs).sum().backward()
        assert any(one.grad is not None and bool(one.grad.any()) for one in model.encoder.parameters()) is bent


def test_a_joint_net_without_concept_labels_leaks() -> None:
    """Soft concepts smuggle the answer through: rounding them costs much more than in a net that was taught them."""
    inputs, labels, _ = examples(seed=1)

    def lost(model: ConceptBottleneck) -> float:
        soft, hard = (model.answer(inputs, hard=hard).outputs[:, 0].numpy() for hard in (False, True))
        return auc(labels.numpy(), soft) - auc(labels.numpy(), hard)

    train_inputs, train_labels, _ = examples()
    names = ("effusion", "consolidation")
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    untaught = trained(ConceptBottleneck(encoder, nn.Linear(2, 1), names, mode="joint"), train_inputs, train_labels)
    assert lost(untaught) > lost(learned()) + 0.01


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ConceptBottleneck(nn.Linear(2, 1), nn.Linear(1, 1), ()),
        lambda: ConceptBottleneck(nn.Linear(2, 2), nn.Linear(2, 1), ("a", "a")),
        lambda: ConceptBottleneck(nn.Linear(2, 1), nn.Linear(1, 1), ("a",), numbers=("b",)),
        lambda: ConceptBottleneck(nn.Linear(2, 1), nn.Linear(1, 1), ("a",), mode="both"),
        lambda: ConceptBottleneck(nn.Linear(2, 2), nn.Linear(1, 1), ("a",)).answer(torch.zeros(3, 2)),
        lambda: bottleneck().answer(torch.zeros(3, 8), {"oedema": 1.0}),
        lambda: bottleneck().answer(torch.zeros(3, 8), {"effusion": 1.2}),
        lambda: intervention_curve(bottleneck(), torch.zeros(3, 8), torch.zeros(3, 3), float, order=("oedema",)),
        lambda: ConceptPenalty()(nn.Linear(1, 1), Batch(torch.zeros(1, 1), torch.zeros(1)), torch.zeros(1)),
        lambda: ConceptPenalty()(bottleneck(), Batch(torch.zeros(1, 8), torch.zeros(1)), torch.zeros(1)),
    ],
)
def test_wrong_input_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]
