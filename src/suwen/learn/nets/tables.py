"""Networks for tables: a perceptron, and a transformer over columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.nets.blocks import activation

__all__ = ["ColumnTransformer", "ColumnTransformerSettings", "Perceptron", "PerceptronSettings"]


@dataclass(frozen=True, slots=True)
class PerceptronSettings:
    """Shape of a perceptron: `widths` of its hidden layers."""

    features: int = 1
    outputs: int = 2
    widths: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    drop: float = 0.1


class Perceptron(nn.Module):
    """Fully connected layers; a column that is not a number (unknown) counts as 0 and says so in a second input."""

    def __init__(self, settings: PerceptronSettings) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 2 * settings.features
        for width in settings.widths:
            layers += [nn.Linear(before, width), activation(settings.activation), nn.Dropout(settings.drop)]
            before = width
        self.body = nn.Sequential(*layers, nn.Linear(before, settings.outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, features), NaN where unknown, to logits (n, outputs)."""
        unknown = torch.isnan(inputs)
        return cast(Tensor, self.body(torch.cat([torch.nan_to_num(inputs), unknown.to(inputs.dtype)], dim=1)))


@dataclass(frozen=True, slots=True)
class ColumnTransformerSettings:
    """Shape of a transformer over columns.

    `kinds` how many values each column can have: 0 for a number, k for categories 0..k-1.
    """

    kinds: tuple[int, ...] = (0,)
    outputs: int = 2
    width: int = 32
    depth: int = 2
    heads: int = 4
    drop: float = 0.1


class ColumnTransformer(nn.Module):
    """Every column a token, attention between columns (TabTransformer, Huang et al. 2020; Gorishniy et al. 2021).

    A column that is not a number (unknown) has a learned token of its own.
    """

    def __init__(self, settings: ColumnTransformerSettings) -> None:
        super().__init__()
        if any(kind < 0 or kind == 1 for kind in settings.kinds):
            raise InputError("a column is a number (0) or has at least 2 categories")
        columns, width = len(settings.kinds), settings.width
        self.kinds = settings.kinds
        self.weight = nn.Parameter(torch.randn(columns, width) * 0.1)
        self.offset = nn.Parameter(torch.randn(columns, width) * 0.1)
        self.unknown = nn.Parameter(torch.randn(columns, width) * 0.1)
        self.categories = nn.ModuleDict(
            {str(n): nn.Embedding(kind, width) for n, kind in enumerate(settings.kinds) if kind}
        )
        self.whole = nn.Parameter(torch.randn(1, 1, width) * 0.1)
        layer = nn.TransformerEncoderLayer(
            width, settings.heads, 4 * width, settings.drop, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, settings.depth, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, settings.outputs))

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, columns), NaN where unknown, to logits (n, outputs)."""
        unknown = torch.isnan(inputs)
        values = torch.nan_to_num(inputs)
        tokens = [self._token(n, values[:, n]) for n in range(len(self.kinds))]
        known = torch.stack(tokens, dim=1)
        columns = torch.where(unknown[:, :, None], self.unknown[None].to(known), known)
        read = self.encoder(torch.cat([self.whole.expand(len(inputs), -1, -1), columns], dim=1))
        return cast(Tensor, self.head(read[:, 0]))

    def _token(self, column: int, values: Tensor) -> Tensor:
        if self.kinds[column]:
            top = self.kinds[column] - 1
            return cast(Tensor, self.categories[str(column)](values.long().clamp(0, top))) + self.offset[column]
        return values[:, None] * self.weight[column] + self.offset[column]
