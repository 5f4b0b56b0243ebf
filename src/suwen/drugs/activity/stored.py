"""Activity models on disk: arrays in safetensors, all else in a JSON card beside them that names their digest.

Format 1. Neither file can hold code. The card holds the assay (structures and values: treat it as you treat these),
its cliffs, the account of errors and the small numbers of the model; the safetensors file the large ones. The threat: a
file exchanged, cut off or made up, so that a model answers wrongly or fills the memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.card import card_of, model_parts
from suwen.drugs.activity.counted import COUNTED, Counts
from suwen.drugs.activity.kernels import Scaling
from suwen.drugs.activity.learners import Boosted, Linear
from suwen.drugs.activity.model import ActivityModel, Core
from suwen.drugs.activity.nouns import MEMBERS, Member
from suwen.drugs.activity.stacking import Stack
from suwen.drugs.activity.views import Views
from suwen.drugs.representation.kinds import width_of
from suwen.errors import FormatError, TamperError
from suwen.learn.tabular.forest import Forest
from suwen.learn.whole_files import read_whole, write_whole

__all__ = ["FORMAT", "card_path", "load_activity", "save_activity"]

FORMAT = 1
Arrays = dict[str, NDArray[Any]]
_ROWS = ("ecfp4", "fcfp4", "descriptors", "language")
_SCALED = ("descriptors", "language")
_MOST = 2**30  # bytes of arrays
_MOST_CARD = 2**27


def card_path(weights: Path) -> Path:
    """Where the card of a model lies."""
    return weights.with_suffix(".json")


def save_activity(model: ActivityModel, path: Path | str) -> None:
    """Write PATH (.safetensors) and its card; each takes its place as a whole, the card last. Raises DataError."""
    from safetensors.numpy import save  # noqa: PLC0415

    weights = _suffixed(Path(path))
    data = save({name: np.ascontiguousarray(one) for name, one in _arrays(model).items()})
    digest = hashlib.sha256(data).hexdigest()
    card = {"format": FORMAT, "kind": "activity", "weights_sha256": digest, **card_of(model)}
    written = json.dumps(card, ensure_ascii=False, allow_nan=False, indent=1).encode()
    write_whole(weights, data)
    write_whole(card_path(weights), written)


def load_activity(path: Path | str) -> ActivityModel:
    """Read a model back; it says the same to the last bit.

    Raises:
        NotFoundError: arrays or card are not there.
        TamperError: the arrays are not those that the card names.
        FormatError: a file is none of ours, of a newer format, or its parts do not fit together.

    """
    weights = _suffixed(Path(path))
    data, written = read_whole(weights, _MOST), read_whole(card_path(weights), _MOST_CARD)
    try:
        card = json.loads(written)
    except (ValueError, RecursionError):
        raise FormatError(f"{card_path(weights).name} is no JSON") from None
    if not isinstance(card, dict) or card.get("kind") != "activity":
        raise FormatError(f"{card_path(weights).name} is no card of an activity model")
    if card.get("format") != FORMAT:
        raise FormatError(f"activity models of format {card.get('format')!r:.20} need a newer Suwen: this reads 1")
    if hashlib.sha256(data).hexdigest() != card.get("weights_sha256"):
        raise TamperError(f"{weights.name} is not the file that its card names: it was changed or cut off")
    try:
        return _model(card, _parsed(weights.name, data))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as wrong:
        if isinstance(wrong, FormatError):
            raise
        raise FormatError(f"{weights.name} and its card do not make an activity model") from wrong


def _suffixed(path: Path) -> Path:
    return path if path.suffix == ".safetensors" else path.with_name(f"{path.name}.safetensors")


def _arrays(model: ActivityModel) -> Arrays:
    found: Arrays = {"weights": model.core.stack.weights}
    for fragment, counts in model.views.counts.items():
        found |= {f"counts.{fragment}.{name}": getattr(counts, name) for name in ("starts", "keys", "counts")}
    for kind in _ROWS:
        rows = model.views.rows[kind]
        found[f"rows.{kind}"] = rows.astype(np.uint16) if kind.startswith(("ecfp", "fcfp")) else rows
    for kind, scaling in model.scalings.items():
        found |= {f"scaling.{kind}.mean": scaling.mean, f"scaling.{kind}.deviation": scaling.deviation}
    for name, made in model.core.stack.members.items():
        if isinstance(made, Linear):
            found[f"member.{name}.shares"] = made.shares
        else:
            found |= {f"member.{name}.{key}": one for key, one in made.forest.to_arrays().items()}
    return found


def _model(card: Mapping[str, Any], arrays: Arrays) -> ActivityModel:
    parts = model_parts(card)
    count = len(parts.assay.molecules)
    views = Views(
        {kind: _counts(arrays, f"counts.{kind}.", count) for kind in COUNTED},
        {kind: _rows(arrays[f"rows.{kind}"], (count, width_of(kind))) for kind in _ROWS},  # type: ignore[arg-type]
    )
    scalings = {kind: _scaling(arrays, kind, parts.widths[kind], views.rows[kind].shape[1]) for kind in _SCALED}
    members = {name: _member(name, arrays, parts.numbers[name], count, views.trees().shape[1]) for name in MEMBERS}
    weights = _finite(arrays["weights"], (len(MEMBERS),))
    core = Core(Stack(members, weights, parts.mean), parts.band, parts.chances, parts.domain)
    return ActivityModel(
        parts.assay,
        parts.cliffs,
        parts.judged,
        parts.shares,
        core,
        views,
        scalings,
        parts.seed,
        parts.out_of_fold,
    )


def _counts(arrays: Arrays, start: str, count: int) -> Counts:
    starts, keys, counts = (arrays[start + name] for name in ("starts", "keys", "counts"))
    sound = starts.dtype == keys.dtype == np.int64 and counts.dtype == np.int32 and starts.shape == (count + 1,)
    if not sound or starts[0] or (np.diff(starts) < 0).any() or (counts < 1).any():
        raise FormatError("counted fragments of the saved model are not sound")
    if keys.shape != counts.shape or starts[-1] != len(keys):
        raise FormatError("counted fragments of the saved model do not fit together")
    return Counts(starts, keys, counts)


def _rows(given: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    if given.shape != shape or given.dtype not in (np.uint16, np.float32):
        raise FormatError(f"rows of shape {given.shape} in the saved model: {shape} were expected")
    return given.astype(np.float32)


def _scaling(arrays: Arrays, kind: str, width: float, columns: int) -> Scaling:
    mean, deviation = (arrays[f"scaling.{kind}.{name}"] for name in ("mean", "deviation"))
    if mean.shape != (columns,) or deviation.shape != (columns,) or not (deviation > 0).all() or not width > 0:
        raise FormatError("the scaling of the saved model is not sound")
    return Scaling(_finite(mean, (columns,)), deviation.astype(np.float64), width)


def _member(name: Member, arrays: Arrays, numbers: Mapping[str, float], count: int, columns: int) -> Linear | Boosted:
    start = f"member.{name}."
    if name != "boosted":
        return Linear(_finite(arrays[f"{start}shares"], (count,)), numbers["mean"], numbers["setting"])
    own = {key.removeprefix(start): one for key, one in arrays.items() if key.startswith(start)}
    forest = Forest.from_arrays(own)
    if forest.outputs != 1 or int(forest.feature.max(initial=-1)) >= columns:
        raise FormatError("the trees of the saved model ask for columns that there are not")
    return Boosted(forest, numbers["mean"])


def _finite(given: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float64]:
    if given.shape != shape or given.dtype != np.float64 or not np.isfinite(given).all():
        raise FormatError("an array of the saved model has another shape, or holds what is no number")
    return given


def _parsed(name: str, data: bytes) -> Arrays:
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load  # noqa: PLC0415

    try:
        found: Arrays = load(data)
    except SafetensorError:
        raise FormatError(f"{name} is not a safetensors file, or cut off") from None
    return found
