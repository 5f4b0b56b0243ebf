"""A loaded model that answers: prepared inputs in, calibrated probabilities or label maps out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.card import Card
from suwen.learn.measure import calibrator_from_json, softmax
from suwen.learn.nouns import Array, Task
from suwen.learn.predict import answers
from suwen.learn.prepare import Prepare

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A network with its card. It answers for stored values; the card's steps of preparation are done here."""

    network: nn.Module
    card: Card

    @property
    def prepare(self) -> Prepare:
        """The steps from stored values to the network's input."""
        return Prepare.of(self.card.prepare)

    def prepared(self, inputs: Sequence[Array] | Array) -> Tensor:
        """Stored inputs, each (channels, *spatial), as one tensor (n, channels, *spatial).

        Raises:
            InputError: there is none, their shapes differ, or an input is not what the network takes.

        """
        if not len(inputs):
            raise InputError("there is no input to answer for", zh="没有可供计算的输入")
        prepare = self.prepare
        rows = [prepare(one) for one in inputs]
        if len({row.shape for row in rows}) > 1:
            raise InputError(
                "the inputs have several shapes; answer for them one by one", zh="各输入的形状不同；请逐个计算"
            )
        self._fits(rows[0].shape)
        return torch.from_numpy(np.stack(rows))

    def _fits(self, shape: tuple[int, ...]) -> None:
        settings = self.card.network["settings"]
        axes, channels = settings.get("axes", len(shape) - 1), settings.get("channels", shape[0])
        if len(shape) != axes + 1:
            raise InputError(
                f"{self.card.name} takes inputs of {axes} axes after the channels, not {len(shape) - 1}",
                zh=f"{self.card.name} 的输入在通道之后有 {axes} 个轴，而非 {len(shape) - 1} 个",
            )
        if shape[0] != channels:
            raise InputError(
                f"{self.card.name} takes inputs of {channels} channels, not {shape[0]}",
                zh=f"{self.card.name} 的输入有 {channels} 个通道，而非 {shape[0]} 个",
            )

    def logits(self, inputs: Sequence[Array] | Array, *, batch: int = 64) -> NDArray[np.float32]:
        """Raw answers (n, classes) or (n, classes, *spatial) of the prepared size, mirrored copies included."""
        found = answers(self.network, self.prepared(inputs), batch=batch, flips=self.card.flips)
        return np.asarray(found.numpy(), np.float32)

    def chances(self, inputs: Sequence[Array] | Array, *, batch: int = 64) -> NDArray[np.float64]:
        """Calibrated probabilities (n, classes) of a classifier."""
        if self.card.task != Task.CLASSES.value:
            raise InputError(
                f"{self.card.name} is no classifier: it answers {self.card.task}",
                zh=f"{self.card.name} 不是分类器：其任务为 {self.card.task}",
            )
        return self.calibrated(self.logits(inputs, batch=batch))

    def calibrated(self, logits: Any) -> NDArray[np.float64]:
        """Probabilities (n, classes) of raw answers, by the card's calibration."""
        if self.card.calibration:
            return np.asarray(calibrator_from_json(self.card.calibration)(logits), np.float64)
        return np.asarray(softmax(np.asarray(logits, np.float64)))

    def labels(self, volume: Array) -> NDArray[np.uint8]:
        """The class of every voxel of one stored input (channels, *spatial), as (*spatial)."""
        if self.card.task != Task.MASKS.value:
            raise InputError(
                f"{self.card.name} draws no outlines: it answers {self.card.task}",
                zh=f"{self.card.name} 不作勾画：其任务为 {self.card.task}",
            )
        found = self.logits([volume], batch=1)[0].argmax(0).astype(np.uint8)
        return np.asarray(self.prepare.back(found, tuple(np.asarray(volume).shape[1:])), np.uint8)
