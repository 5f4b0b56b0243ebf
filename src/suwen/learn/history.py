"""What a training went through, epoch by epoch, and what in it deserves a warning."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Epoch", "Notice", "notices"]

_GAP = 1.5  # a validation loss this many times the training loss, and rising, is worth a word
_RECENT = 5


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch (counted from 1): mean loss of both parts, figures of the validation part, seconds it took."""

    number: int
    rate: float
    loss: float
    validation_loss: float
    figures: Mapping[str, float]
    seconds: float

    def values(self) -> dict[str, Any]:
        """Plain values for a checkpoint or a card."""
        return {
            "number": self.number,
            "rate": self.rate,
            "loss": self.loss,
            "validation_loss": self.validation_loss,
            "figures": dict(self.figures),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should look at: `kind` is `gap`, `stall` or `jump`, with what to try, in both languages."""

    kind: str
    epoch: int
    english: str
    chinese: str


def notices(history: Sequence[Epoch], best: int) -> tuple[Notice, ...]:
    """What the course of the losses says: overfitting, standstill, or a rate that is too high."""
    found = [_gap(history, best), _stall(history), _jump(history)]
    return tuple(one for one in found if one is not None)


def _gap(history: Sequence[Epoch], best: int) -> Notice | None:
    if len(history) < _RECENT or history[-1].number - best < _RECENT:
        return None
    last = history[-1]
    lowest = min(epoch.validation_loss for epoch in history)
    if last.validation_loss < _GAP * max(last.loss, 1e-9) or last.validation_loss < 1.1 * lowest:
        return None
    times = last.validation_loss / max(last.loss, 1e-9)
    return Notice(
        "gap",
        last.number,
        f"The validation loss ({last.validation_loss:.3g}) is {times:.1f} times the training loss and rising since "
        f"epoch {best}: the model learns its examples by heart. Try stronger augmentation, weight decay or dropout, a "
        "smaller network, or an earlier stop.",
        f"验证损失（{last.validation_loss:.3g}）为训练损失的 {times:.1f} 倍，"
        f"且自第 {best} 轮起上升：模型在死记样本。可加强数据增强、权重衰减或随机失活，缩小网络，或更早停止。",
    )


def _stall(history: Sequence[Epoch]) -> Notice | None:
    if len(history) < 2 * _RECENT:
        return None
    before = min(epoch.loss for epoch in history[-2 * _RECENT : -_RECENT])
    now = min(epoch.loss for epoch in history[-_RECENT:])
    if now < 0.99 * before or now < 0.05 * history[0].loss:
        return None
    return Notice(
        "stall",
        history[-1].number,
        f"The training loss has stood at {now:.3g} for {_RECENT} epochs. Try another learning rate (the rate finder "
        "shows one), a larger network, or look at the labels.",
        f"训练损失已连续 {_RECENT} 轮停在 {now:.3g}。可换用其他学习率（学习率查找器可给出建议）、"
        "加大网络，或检查标签。",
    )


def _jump(history: Sequence[Epoch]) -> Notice | None:
    for before, after in itertools.pairwise(history):
        if not math.isfinite(after.loss) or after.loss > 2 * before.loss + 1e-6:
            return Notice(
                "jump",
                after.number,
                f"The training loss rose from {before.loss:.3g} to {after.loss:.3g} in epoch {after.number}: the "
                "learning rate is probably too high. Try a third of it, a longer warm-up, or clipping of the gradient.",
                f"第 {after.number} 轮训练损失由 {before.loss:.3g} 升至 {after.loss:.3g}：学习率可能过高。"
                "可降至三分之一、延长预热，或裁剪梯度。",
            )
    return None
