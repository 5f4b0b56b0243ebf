"""Concept bottleneck: the answer may use only named concepts, which are shown and can be corrected by a clinician."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.batch import Batch

__all__ = ["Answer", "ConceptBottleneck", "ConceptPenalty", "intervention_curve"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bottleneck says: `outputs` (n, ...), the `concepts` (n, k) it went by, and which of them were given."""

    outputs: Tensor
    concepts: Tensor
    names: tuple[str, ...]
    corrected: tuple[str, ...]


class ConceptBottleneck(nn.Module):
    """Inputs to concepts to the answer (Koh et al. 2020), and no way past the concepts.

    `encoder` answers (n, k), one column a concept of `names`: logits for a yes or no, the value itself for those in
    `numbers` (standardise them). `head` maps the k concepts (chances and values) to the answer. "joint": head and
    encoder learn together, and the encoder may bend concepts to please the head. "sequential": the head learns from
    predicted concepts and cannot change them.

    Leakage: chances between 0 and 1 carry more than the concept says (Mahinpei et al. 2021), more so when joint. `hard`
    rounds them; what the answer loses by that is a measure of the leak.
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        names: Sequence[str],
        *,
        numbers: Sequence[str] = (),
        mode: Literal["joint", "sequential"] = "sequential",
    ) -> None:
        super().__init__()
        if not names or len(set(names)) != len(names) or not set(numbers) <= set(names):
            raise InputError("concepts need names, each once, and the numbers must be among them")
        if mode not in ("joint", "sequential"):
            raise InputError(f"a bottleneck is trained joint or sequential, not {mode!r}")
        self.encoder, self.head, self.names, self.mode = encoder, head, tuple(names), mode
        self.binary = tuple(name not in numbers for name in names)

    def forward(self, inputs: Tensor) -> Tensor:
        """The head's answer for the predicted concepts."""
        concepts = self.concepts(inputs)
        answer: Tensor = self.head(concepts.detach() if self.mode == "sequential" else concepts)
        return answer

    def raw(self, inputs: Tensor) -> Tensor:
        """What the encoder answers, (n, k): logits of yes or no, and values."""
        raw: Tensor = self.encoder(inputs)
        if raw.shape != (len(inputs), len(self.names)):
            raise InputError(f"the encoder answers {tuple(raw.shape)} for {len(self.names)} concepts, one column each")
        return raw

    def concepts(self, inputs: Tensor) -> Tensor:
        """The concepts (n, k): chances of yes, and values."""
        raw = self.raw(inputs)
        return torch.where(torch.tensor(self.binary, device=raw.device), torch.sigmoid(raw), raw)

    @torch.no_grad()
    def answer(
        self, inputs: Tensor, corrections: Mapping[str, float | Tensor] | None = None, *, hard: bool = False
    ) -> Answer:
        """The answer with its concepts; `corrections` by name (a value, or (n,) with NaN to leave one as predicted).

        Raises InputError for names that are no concept, and for corrections of a yes or no outside 0..1.
        """
        given = dict(corrections or {})
        unknown = [name for name in given if name not in self.names]
        if unknown:
            raise InputError(f"no concept is called {', '.join(unknown)}: there are {', '.join(self.names)}")
        concepts = self.concepts(inputs)
        if hard:
            concepts = torch.where(torch.tensor(self.binary), concepts.round(), concepts)
        for name, value in given.items():
            at = self.names.index(name)
            concepts[:, at] = _corrected(concepts[:, at], value, name, binary=self.binary[at])
        return Answer(self.head(concepts), concepts, self.names, tuple(given))


@dataclass(frozen=True)
class ConceptPenalty:
    """Strength times the error of the concepts: cross entropy of yes or no, squared error of numbers.

    The truth stands in `batch.extra[key]` (n, k). An unknown concept is NaN and takes no part; the mean is over the
    known ones.
    """

    strength: float = 1.0
    key: str = "concepts"
    name: str = "concepts"

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:
        """The penalty; runs the encoder once more. Raises InputError for another model or without concepts."""
        if not isinstance(model, ConceptBottleneck):
            raise InputError("concepts are learned by a ConceptBottleneck only")
        truth = batch.extra.get(self.key)
        if truth is None or truth.shape != (len(batch.inputs), len(model.names)):
            raise InputError(f"the batch needs {self.key!r}: {len(model.names)} concepts an example, NaN where unknown")
        known = ~torch.isnan(truth)
        if not bool(known.any()):
            return outputs.new_zeros(())
        raw, filled = model.raw(batch.inputs), truth.nan_to_num(0.0)
        yes_no = functional.binary_cross_entropy_with_logits(raw, filled.clamp(0, 1), reduction="none")
        errors = torch.where(torch.tensor(model.binary, device=raw.device), yes_no, (raw - filled).square())
        return self.strength * errors[known].mean()


def intervention_curve(
    model: ConceptBottleneck,
    inputs: Tensor,
    truth: Tensor,
    measure: Callable[[Tensor], float],
    *,
    order: Sequence[str] = (),
) -> tuple[float, ...]:
    """`measure` of the outputs with 0, 1, ... k concepts set to the truth (n, k; NaN stays predicted), in `order`."""
    names = tuple(order) or model.names
    given = {name: truth[:, model.names.index(name)] for name in names if name in model.names}
    if len(given) != len(names):
        raise InputError(f"the order names what is no concept: there are {', '.join(model.names)}")
    steps = [dict(list(given.items())[:count]) for count in range(len(given) + 1)]
    return tuple(measure(model.answer(inputs, step).outputs) for step in steps)


def _corrected(predicted: Tensor, value: float | Tensor, name: str, *, binary: bool) -> Tensor:
    wanted = torch.as_tensor(value, dtype=predicted.dtype, device=predicted.device).expand_as(predicted)
    known = ~torch.isnan(wanted)
    if binary and bool(((wanted[known] < 0) | (wanted[known] > 1)).any()):
        raise InputError(f"{name} is a yes or no: correct it with 0, 1 or a chance between")
    return torch.where(known, wanted, predicted)
