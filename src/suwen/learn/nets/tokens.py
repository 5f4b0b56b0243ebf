"""A transformer over tokens: what each masked token is, what is true of the whole, and one vector for the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from suwen.errors import InputError

__all__ = ["TokenTransformer", "TokenTransformerSettings"]


@dataclass(frozen=True, slots=True)
class TokenTransformerSettings:
    """Shape: `tokens` kinds (0 is padding), `depth` blocks of `width`, and `outputs` figures told of the whole."""

    tokens: int = 128
    outputs: int = 64
    width: int = 192
    depth: int = 8
    heads: int = 6
    drop: float = 0.1


class TokenTransformer(nn.Module):
    """Encoder with rotary positions (Su et al. 2021), normalised before each part (Xiong et al. 2020).

    The whole is the mean over its tokens (padding left out), as sentence encoders do (Reimers & Gurevych 2019).
    """

    def __init__(self, settings: TokenTransformerSettings) -> None:
        super().__init__()
        if settings.width % (2 * settings.heads):
            raise InputError(f"a width of {settings.width} cannot be shared by {settings.heads} heads of even size")
        self.share = settings.width // settings.heads
        self.embedding = nn.Embedding(settings.tokens, settings.width, padding_idx=0)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.depth))
        self.norm = nn.LayerNorm(settings.width)
        self.tokens = nn.Linear(settings.width, settings.tokens)
        self.whole = nn.Sequential(
            nn.Linear(settings.width, settings.width), nn.GELU(), nn.Linear(settings.width, settings.outputs)
        )

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers of tokens (n, length) to logits (n, length, tokens) and figures of the whole (n, outputs).

        Raises InputError where the numbers are not whole.
        """
        features = self.features(inputs)
        return self.tokens(features), self.whole(self._pooled(features, inputs))

    def features(self, inputs: Tensor) -> Tensor:
        """(n, length) to (n, length, width)."""
        if inputs.is_floating_point():
            raise InputError("a network of tokens reads their numbers, which are whole")
        there = inputs.ne(0)
        turn = _turns(inputs.shape[1], self.share, inputs.device)
        features = self.embedding(inputs)
        for block in self.blocks:
            features = block(features, there, turn)
        return cast(Tensor, self.norm(features))

    def embed(self, inputs: Tensor) -> Tensor:
        """One vector for each row of tokens: (n, length) to (n, width)."""
        return self._pooled(self.features(inputs), inputs)

    @staticmethod
    def _pooled(features: Tensor, inputs: Tensor) -> Tensor:
        there = inputs.ne(0).unsqueeze(2).to(features.dtype)
        return (features * there).sum(1) / there.sum(1).clamp_min(1)


class _Block(nn.Module):
    def __init__(self, settings: TokenTransformerSettings) -> None:
        super().__init__()
        width = settings.width
        self.heads, self.drop = settings.heads, settings.drop
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.joined = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.body = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(settings.drop), nn.Linear(4 * width, width)
        )

    def forward(self, features: Tensor, there: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """(n, length, width) to the same; nothing looks at what is not `there`."""
        n, length, width = features.shape
        parts = self.mixed(self.before(features)).view(n, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            _turned(query, turn),
            _turned(key, turn),
            value,
            attn_mask=there[:, None, None, :],
            dropout_p=self.drop if self.training else 0.0,
        )
        features = features + self.joined(seen.transpose(1, 2).reshape(n, length, width))
        return features + cast(Tensor, self.body(self.between(features)))


def _turns(length: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    speed = 10_000.0 ** (-torch.arange(0, size, 2, device=device, dtype=torch.float32) / size)
    angle = torch.arange(length, device=device, dtype=torch.float32)[:, None] * speed
    return angle.cos(), angle.sin()


def _turned(part: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    cosine, sine = (one.to(part.dtype) for one in turn)
    even, odd = part[..., 0::2], part[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1).flatten(-2)
