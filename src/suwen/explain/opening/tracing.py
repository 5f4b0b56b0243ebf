"""A stored input brought to what a model takes, and where every place of that lies in the stored array.

The size of an input, in this order: the card's `prepare.shape` (cut or padded about the middle, never resampled); the
size in training that the card states (`training.shape`), else the one that was asked for, to which pictures are cut
about their middle and resized, and which arrays and volumes must have; else arrays and volumes as they are stored,
with a note, while a picture, which may have any size, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from suwen.errors import InputError
from suwen.explain.maps import Geometry
from suwen.explain.opening.example import Example
from suwen.explain.opening.words import said, shape_text
from suwen.learn.card import Card
from suwen.learn.model import Model
from suwen.learn.nets.catalogue import CATALOGUE
from suwen.learn.nouns import Array
from suwen.learn.prepare import Prepare

__all__ = ["Traced", "axes_of", "prepared_geometry", "traced"]

_TABLES, _SIGNALS = ("perceptron", "columns"), ("temporal", "transformer")
_SHOWN = {0: "rows of a table (file.csv:3)", 2: "images", 3: "volumes (NIfTI, or an array of them)"}


@dataclass(frozen=True, slots=True)
class Traced:
    """An input as the card's preparation takes it, (channels, *spatial), and its geometry.

    `stored` (*spatial) is what the reader knows, grey; `geometry` leads from the network's input to it. `notes` say
    what was done.
    """

    inputs: Array
    stored: Array
    geometry: Geometry
    notes: tuple[str, ...] = ()


def axes_of(card: Card) -> int:
    """Spatial axes of what the model takes: 0 for rows of a table. Raises InputError for a model of signals."""
    kind, settings = str(card.network.get("kind")), card.network.get("settings", {})
    if kind in _TABLES:
        return 0
    entry = CATALOGUE.get(kind)
    axes = settings.get("axes", getattr(entry.settings(), "axes", 1) if entry else 1)
    if kind in _SIGNALS or axes not in (2, 3):
        raise InputError(f"{card.name} takes signals; models of images, volumes and tables can be explained so far")
    return int(axes)


def traced(model: Model, example: Example, *, size: tuple[int, ...] | None = None, lang: str = "en") -> Traced:
    """Bring an example to what the model takes, by the rule above.

    Raises:
        InputError: the model takes something else, or the input's size cannot be used; says which it takes.

    """
    axes = axes_of(model.card)
    grey, notes = _grey(model, example, axes, lang)
    prepare = model.prepare
    wanted = _wanted(model.card, size, axes)
    geometry, inputs = Geometry.of(grey.shape), grey
    if wanted is not None and len(wanted) != axes:
        raise InputError(f"{model.card.name} takes {_SHOWN[axes]}: a size has {axes} sides, not {len(wanted)}")
    if wanted is not None and example.kind == "picture" and tuple(wanted) != grey.shape:
        geometry, inputs = _resized(grey, wanted)
        where = said("size_card" if _stated(model.card, axes) else "size_asked", lang)
        notes += (said("resized", lang, given=shape_text(grey.shape), wanted=shape_text(wanted), from_=where),)
    else:
        notes += _sizes(model.card, example, grey.shape, wanted, lang)
    finished = prepared_geometry(prepare, geometry)
    return Traced(inputs[None], grey, finished, notes + _fitted_notes(prepare, inputs.shape, lang))


def prepared_geometry(prepare: Prepare, geometry: Geometry) -> Geometry:
    """The grid of the network's input: the card's cut or padding about the middle, then its pooling."""
    if prepare.shape is not None:
        pairs = list(zip(geometry.shape, prepare.shape, strict=True))
        low = [max(0, have - want) // 2 for have, want in pairs]
        geometry = geometry.crop(low, [a + min(pair) for a, pair in zip(low, pairs, strict=True)])
        left = [max(0, want - have) // 2 for have, want in pairs]
        geometry = geometry.pad(left, [max(0, w - h) - a for a, (h, w) in zip(left, pairs, strict=True)])
    if prepare.pool > 1:
        cells = [side // prepare.pool for side in geometry.shape]
        geometry = geometry.crop([0] * len(cells), [side * prepare.pool for side in cells]).resize(cells)
    return geometry


def _grey(model: Model, example: Example, axes: int, lang: str) -> tuple[Array, tuple[str, ...]]:
    """The example (*spatial), as the reading of training data makes it: colours become their mean."""
    values = np.asarray(example.values)
    if example.kind == "row" or axes == 0 or values.ndim not in (axes, axes + 1):
        given = "a row of a table" if example.kind == "row" else f"values of shape {values.shape}"
        raise InputError(f"{model.card.name} takes {_SHOWN[axes]}, and {example.name} holds {given}")
    notes: tuple[str, ...] = ()
    if values.ndim == axes + 1:
        values, notes = _one_channel(values, example.name), (said("colour", lang),) if values.shape[-1] > 1 else ()
    if not np.isfinite(values).all():
        raise InputError(f"{example.name} holds values that are not finite numbers; replace them first")
    if example.kind == "picture" and values.dtype.itemsize > 1 and float(values.max()) > 255:
        if model.card.prepare.get("scale") != "each":
            notes += (said("deep_grey", lang, bits=16),)
        values = values / 257.0  # 65535 becomes 255
    channels = model.card.network.get("settings", {}).get("channels", 1) // (2 if model.prepare.distance else 1)
    if channels > 1:
        raise InputError(f"{model.card.name} takes {channels} channels; only models of grey images can be explained")
    return values, notes


def _one_channel(values: Array, name: str) -> Array:
    if values.shape[-1] in (1, 3, 4):
        return np.asarray(values[..., :3].mean(axis=-1))
    if values.shape[0] == 1:
        return np.asarray(values[0])
    raise InputError(f"{name} holds values of shape {values.shape}: store one grey value a place")


def _wanted(card: Card, size: tuple[int, ...] | None, axes: int) -> tuple[int, ...] | None:
    """The size of the card, else the one asked for; None where the card's preparation cuts and pads by itself."""
    named, stated = card.prepare.get("shape"), _stated(card, axes)
    known = tuple(named) if named else stated
    if size is not None and known is not None and size != known:
        raise InputError(f"the card of {card.name} names the size {shape_text(known)}; leave out --size")
    return None if named else stated or size


def _stated(card: Card, axes: int) -> tuple[int, ...] | None:
    shape = card.training.get("shape")
    if not isinstance(shape, list | tuple) or not all(isinstance(side, int) and side > 0 for side in shape):
        return None
    return tuple(shape)[-axes:] if len(shape) >= axes else None


def _sizes(
    card: Card, example: Example, given: tuple[int, ...], wanted: tuple[int, ...] | None, lang: str
) -> tuple[str, ...]:
    """Nothing to say where the size is right; a note where nobody knows; an error where it is wrong."""
    if card.prepare.get("shape"):
        return ()
    if wanted is None and example.kind == "picture":
        raise InputError(
            f"the card of {card.name} does not say which size its pictures have: say it with --size, HEIGHTxWIDTH"
        )
    if wanted is None:
        return (said("own_size", lang, given=shape_text(given)),)
    if tuple(wanted) != given:
        raise InputError(
            f"{card.name} takes inputs of {shape_text(wanted)}, and {example.name} has {shape_text(given)}; cut or "
            "resample it as the training data were"
        )
    return ()


def _resized(grey: Array, wanted: tuple[int, ...]) -> tuple[Geometry, Array]:
    """The middle part of the wanted proportions, averaged (or interpolated) to the wanted size."""
    share = min(have / want for have, want in zip(grey.shape, wanted, strict=True))
    kept = [min(have, max(1, round(share * want))) for have, want in zip(grey.shape, wanted, strict=True)]
    low = [(have - keep) // 2 for have, keep in zip(grey.shape, kept, strict=True)]
    geometry = Geometry.of(grey.shape).crop(low, [a + keep for a, keep in zip(low, kept, strict=True)]).resize(wanted)
    part = grey[tuple(slice(a, a + keep) for a, keep in zip(low, kept, strict=True))]
    batch = torch.from_numpy(np.ascontiguousarray(part, np.float32))[None, None]
    small = functional.interpolate(batch, size=tuple(wanted), mode="bilinear", antialias=True, align_corners=False)
    return geometry, np.asarray(small[0, 0].numpy(), np.float32)


def _fitted_notes(prepare: Prepare, given: tuple[int, ...], lang: str) -> tuple[str, ...]:
    if prepare.shape is None or tuple(prepare.shape) == given:
        return ()
    pairs = list(zip(given, prepare.shape, strict=True))
    cut, padded = any(have > want for have, want in pairs), any(have < want for have, want in pairs)
    key = "cut_padded" if cut and padded else "cut" if cut else "padded"
    fields: Mapping[str, Any] = {"given": shape_text(given), "wanted": shape_text(prepare.shape)}
    return (said(key, lang, **fields),)
