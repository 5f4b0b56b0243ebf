"""What happens to a recorded signal: gain, noise, wandering baseline, mains hum, shift, changing pace, lost leads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.augment.draws import between, drawn, noise

__all__ = ["Signals"]


@dataclass(frozen=True, slots=True)
class Signals:
    """Random change of signals (n, channels, time) after normalisation; each example draws its own.

    `scale` is the largest departure of the gain from 1 on a log scale, one for all leads, as their ratios give the axis
    of the heart; `noise` the largest standard deviation of Gaussian noise; `wander` the largest amplitude of a baseline
    that sways at 0.05 to 0.5 Hz (breathing, movement); `powerline` that of a hum at one of `hum` Hz, as it is in the
    mains. `shift` is the most the record is moved, in fractions of its length; `warp` the largest departure of the
    local pace from 1 on a log scale, on `knots` points: it changes intervals (QRS, QT, RR) by as much. `dropout` is the
    chance of each lead to be silent; one always stays. Polarity is never turned: exchanged electrodes are a finding.
    `rate` is in samples a second. Each kind of change happens with `probability`.
    """

    rate: float = 500.0
    scale: float = 0.1
    noise: float = 0.05
    wander: float = 0.1
    powerline: float = 0.05
    hum: tuple[float, ...] = (50.0, 60.0)
    shift: float = 0.05
    warp: float = 0.0
    knots: int = 6
    dropout: float = 0.0
    probability: float = 0.5

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise InputError(f"a signal has a rate above 0, not {self.rate}")
        if self.powerline > 0 and not self._heard():
            raise InputError(f"{self.rate:g} samples a second hold no hum of {self.hum} Hz; set `powerline` to 0")

    def __call__(
        self, inputs: Tensor, masks: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Change (n, channels, time); masks (n, time), a class for each step, move with shift and pace."""
        if inputs.ndim != 3:
            raise InputError(f"signals are (n, channels, time), not an input of {inputs.ndim} dimensions")
        out = inputs
        if self.shift > 0 or self.warp > 0:
            places = self._places(out, generator)
            out, masks = _read(out, places), None if masks is None else _nearest(masks, places)
        if self.scale > 0:
            out = out * torch.exp(drawn(out, math.log1p(self.scale), self.probability, generator))
        if self.wander > 0:
            out = out + self._swayed(out, generator)
        if self.powerline > 0:
            out = out + self._hummed(out, generator)
        if self.noise > 0:
            out = out + drawn(out, self.noise, self.probability, generator).abs() * noise(out, generator)
        if self.dropout > 0:
            out = out * self._kept(out, generator)
        return out, masks

    def _heard(self) -> list[float]:
        return [one for one in self.hum if one < self.rate / 2]

    def _places(self, like: Tensor, generator: torch.Generator) -> Tensor:
        """(n, time): where each step is read, in steps; the middle stays unless the record is shifted."""
        n, time = len(like), like.shape[2]
        move = drawn(like[:, 0], self.shift * time, self.probability, generator)
        places = torch.arange(time, device=like.device, dtype=like.dtype).expand(n, time)
        if self.warp > 0:
            knots = between((n, 1, self.knots), generator) * math.log1p(self.warp)
            chosen = torch.rand((n, 1, 1), generator=generator) < self.probability
            there = (knots * chosen).to(like.device, like.dtype)
            pace = torch.exp(functional.interpolate(there, size=time, mode="linear", align_corners=True))[:, 0]
            walked = torch.cumsum(pace, dim=1)
            middle = time // 2
            places = walked - walked[:, middle : middle + 1] + middle
        return places + move

    def _swayed(self, like: Tensor, generator: torch.Generator) -> Tensor:
        """A slow sine for each example, its amplitude and sign another in each lead."""
        pace = 0.05 + 0.45 * torch.rand((len(like), 1, 1), generator=generator)
        share = between((len(like), like.shape[1], 1), generator).to(like.device, like.dtype)
        most = drawn(like, self.wander, self.probability, generator).abs()
        return most * share * self._sine(like, pace, generator)

    def _hummed(self, like: Tensor, generator: torch.Generator) -> Tensor:
        mains = torch.tensor(self._heard())
        pace = mains[torch.randint(len(mains), (len(like), 1, 1), generator=generator)]
        most = drawn(like, self.powerline, self.probability, generator).abs()
        return most * self._sine(like, pace, generator)

    def _sine(self, like: Tensor, pace: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 1, time) of frequencies `pace` (n, 1, 1) in Hz, each from a phase of its own."""
        phase = torch.rand(pace.shape, generator=generator)
        seconds = torch.arange(like.shape[2]) / self.rate
        return torch.sin(2 * math.pi * (pace * seconds + phase)).to(like.device, like.dtype)

    def _kept(self, like: Tensor, generator: torch.Generator) -> Tensor:
        """(n, channels, 1): 0 for a lead that fell off, 1 for others and for one that never does."""
        n, leads = like.shape[:2]
        fallen = torch.rand((n, leads), generator=generator) < self.dropout
        chosen = torch.rand((n, 1), generator=generator) < self.probability
        always = functional.one_hot(torch.randint(leads, (n,), generator=generator), leads).bool()
        return (~(fallen & chosen) | always)[:, :, None].to(like.device, like.dtype)


def _read(inputs: Tensor, places: Tensor) -> Tensor:
    """Values at `places` (n, time) between the steps, by straight lines; beyond the ends the last value stands."""
    last = inputs.shape[2] - 1
    at = places.clamp(0, last)
    low = at.floor().clamp(max=max(0, last - 1))
    share = (at - low)[:, None]
    before = low.long()[:, None].expand(-1, inputs.shape[1], -1)
    after = (before + 1).clamp(max=last)
    return torch.lerp(inputs.gather(2, before), inputs.gather(2, after), share)


def _nearest(masks: Tensor, places: Tensor) -> Tensor:
    """Classes (n, time) at the step nearest to each place, 0 beyond the ends."""
    last = masks.shape[1] - 1
    at = places.round().long()
    inside = (at >= 0) & (at <= last)
    return masks.gather(1, at.clamp(0, last)) * inside.to(masks.dtype)
