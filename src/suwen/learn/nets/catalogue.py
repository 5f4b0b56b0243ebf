"""Every network that a card can name, with the reason for it; to add one, write it and add a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from torch import nn

from suwen.errors import InputError, NotFoundError
from suwen.learn.nets.ensemble import Ensemble
from suwen.learn.nets.residual import Residual, ResidualSettings
from suwen.learn.nets.signals import Temporal, TemporalSettings, Transformer, TransformerSettings
from suwen.learn.nets.tables import ColumnTransformer, ColumnTransformerSettings, Perceptron, PerceptronSettings
from suwen.learn.nets.tokens import TokenTransformer, TokenTransformerSettings
from suwen.learn.nets.unet import UNet, UNetSettings

__all__ = ["CATALOGUE", "Entry", "build", "completed", "settings_of"]

_MOST = 4096  # a width, depth or count above this is no network of ours but an attempt to fill the memory


@dataclass(frozen=True, slots=True)
class Entry:
    """A network of the catalogue: its settings, how it is built, and what it is good for in both languages.

    `taught` says that `suwen train` can teach it from labelled examples; others learn by a recipe of their own.
    """

    settings: type[Any]
    build: Callable[[Any], nn.Module]
    english: str
    chinese: str
    taught: bool = True


CATALOGUE: Mapping[str, Entry] = {
    "residual": Entry(
        ResidualSettings,
        Residual,
        "Classifier of small images, volumes and signals: residual blocks, anti-aliased subsampling so that a shift by "
        "a pixel changes nothing, channels weighed by context.",
        "小图像、体数据与信号的分类器：残差块，抗混叠下采样（平移一个像素结果不变），按上下文加权通道。",
    ),
    "unet": Entry(
        UNetSettings,
        UNet,
        "Segmenter of images and volumes: residual encoder, skip connections, deep supervision.",
        "图像与体数据的分割网络：残差编码器、跳跃连接、深监督。",
    ),
    "temporal": Entry(
        TemporalSettings,
        Temporal,
        "Long signals and streams: dilated convolution, on request causal.",
        "长信号与数据流：膨胀卷积，可选因果结构。",
    ),
    "transformer": Entry(
        TransformerSettings,
        Transformer,
        "Signals in which distant parts belong together: attention between patches.",
        "远处片段相互关联的信号：片段间注意力。",
    ),
    "perceptron": Entry(
        PerceptronSettings,
        Perceptron,
        "Small tables of numbers, unknown values allowed; the network that surrogates and constraints are shown on.",
        "小型数值表，允许缺失值；用于演示代理模型与训练约束。",
    ),
    "columns": Entry(
        ColumnTransformerSettings,
        ColumnTransformer,
        "Tables with categories and unknown values: every column a token, attention between columns.",
        "含类别与缺失值的表格：每列为一个标记，列间注意力。",
    ),
    "tokens": Entry(
        TokenTransformerSettings,
        TokenTransformer,
        "Text of tokens, such as the SMILES of molecules: what hidden tokens are, and one vector for the whole.",
        "由标记组成的文本（如分子的 SMILES）：还原被遮蔽的标记，并给出整体的向量。",
        taught=False,
    ),
}


def build(kind: str, settings: Mapping[str, Any], *, members: int = 1) -> nn.Module:
    """A new network, weights drawn at random; `members` above 1 make an ensemble of such networks.

    Raises:
        NotFoundError: no network of the catalogue has this name.
        InputError: a setting is unknown, of the wrong kind, or absurdly large.

    """
    entry = _entry(kind)
    made = _settings(entry.settings, settings)
    if not 1 <= members <= 64:
        raise InputError(f"an ensemble has 1 to 64 members, not {members}")
    if _blocks(made) * members > _MOST:
        raise InputError(f"these settings ask for more than {_MOST} blocks; no network of ours has as many")
    if members == 1:
        return entry.build(made)
    if not entry.taught:
        raise InputError(f"an ensemble joins networks that answer classes; {kind} is none")
    return Ensemble([entry.build(made) for _ in range(members)])


def completed(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with every default written out, as plain values: a card must not change when a default does.

    Raises:
        NotFoundError, InputError: as `build`.

    """
    return settings_of(_settings(_entry(kind).settings, settings))


def settings_of(settings: Any) -> dict[str, Any]:
    """Settings as plain values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def _entry(kind: str) -> Entry:
    entry = CATALOGUE.get(kind)
    if entry is None:
        raise NotFoundError(f"no network is called {kind}; there are {', '.join(CATALOGUE)}")
    return entry


def _settings(kind: type[Any], values: Mapping[str, Any]) -> Any:
    defaults = kind()
    known = {one.name: getattr(defaults, one.name) for one in fields(kind)}
    strange = sorted(set(values) - set(known))
    if strange:
        raise InputError(f"{kind.__name__} has no {', '.join(strange)}; it has {', '.join(known)}")
    return kind(**{name: _checked(name, value, known[name]) for name, value in values.items()})


def _blocks(settings: Any) -> int:
    """How many blocks the settings ask for: each within its limit, their product may still fill the memory."""
    stages = max((len(getattr(settings, name)) for name in ("widths", "kinds") if hasattr(settings, name)), default=1)
    return int(max(stages, 1) * max(getattr(settings, "depth", 1), 1))


def _checked(name: str, value: Any, like: Any) -> Any:
    """The value, if it is of the default's kind and of a size that a network of ours can have."""
    if isinstance(like, tuple):
        if not isinstance(value, list | tuple) or not value or len(value) > _MOST:
            raise InputError(f"{name} is a list of whole numbers")
        return tuple(_checked(name, one, 0) for one in value)
    right = isinstance(value, type(like)) or (isinstance(like, float) and type(value) is int)
    if not right or (isinstance(value, bool) and not isinstance(like, bool)):
        raise InputError(f"{name} must be a {type(like).__name__}, not {value!r:.40}")
    if isinstance(value, int | float) and not 0 <= value <= _MOST:
        raise InputError(f"{name} must lie in 0..{_MOST}, not {value}")
    return value
