"""Read a folder of WFDB records (a .hea header beside its samples in format 16), as PhysioNet publishes them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suwen.errors import DataError, FormatError
from suwen.learn.clean.labels_table import Columns
from suwen.learn.clean.nouns import Form, Holding, Loaded, Sample, Severity, Sign, Suggestion, Suspicion

__all__ = ["read_signals"]

LARGEST = 200_000_000  # samples of one record
_LABEL = ("dx", "diagnosis", "label", "reason for admission")
_UNKNOWN = frozenset({"", "unknown", "nan", "n/a"})


@dataclass(frozen=True, slots=True)
class _Channel:
    file: str
    skipped: int  # bytes before the first sample
    gain: float
    baseline: float
    checksum: int | None


@dataclass(frozen=True, slots=True)
class _Header:
    """What a header says: shape, channels, and its comment lines as a dict with lower-case keys."""

    length: int
    rate: float
    channels: tuple[_Channel, ...]
    comments: dict[str, str]


def read_signals(folder: Path, columns: Columns) -> Holding:
    """WFDB records; the label is the comment Dx (several with commas) or the one named. Raises FormatError."""
    files = [one for one in sorted(folder.rglob("*.hea")) if not one.name.startswith(".")]
    samples, found = [], []
    for file in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        try:
            comments = _header(file).comments
        except (FormatError, DataError):
            comments = {}  # told when it is measured
        label = _label(comments, columns.label)
        group = comments.get(columns.group.lower(), "") if columns.group else ""
        others = {key: _known(value) for key, value in comments.items() if key not in {*_LABEL, columns.label.lower()}}
        samples.append(Sample(name, label, group, "", None, others))  # its digest is that of the samples
        if label is None:
            found.append(Suspicion(Sign.NO_LABEL, (name,), Severity.GRAVE, Suggestion.LABEL, 1.0))
    return Holding(
        Form.SIGNALS,
        folder.name,
        tuple(samples),
        lambda at: _record(files[at]),
        tuple(found),
    )


def _label(comments: dict[str, str], named: str) -> str | None:
    keys = (named.lower(),) if named else _LABEL
    given = next((comments[key] for key in keys if key in comments), "")
    parts = sorted({part.strip() for part in given.split(",")} - {""})
    return "|".join(parts) if parts and given.lower() not in _UNKNOWN else None


def _known(value: str) -> str | None:
    return None if value.lower() in _UNKNOWN else value


def _header(file: Path) -> _Header:
    """Parse a header: https://physionet.org/physiotools/wag/header-5.htm. Raises FormatError, DataError."""
    try:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    except UnicodeDecodeError:
        raise FormatError("has a header that is not text") from None
    except OSError as reason:
        raise DataError(f"cannot be read: {reason.strerror}") from None
    comments = {}
    for line in lines:
        key, colon, value = line.lstrip("# ").partition(":")
        if line.startswith("#") and colon:
            comments[key.strip().lower()] = value.strip()
    stated = [line.split() for line in lines if line and not line.startswith("#")]
    try:
        number, rate, length = int(stated[0][1]), float(stated[0][2].split("/")[0]), int(stated[0][3])
        channels = tuple(_channel(one) for one in stated[1 : number + 1])
    except (IndexError, ValueError):
        raise FormatError("has a header that is not WFDB, or of several segments") from None
    if len(channels) != number or number < 1 or length < 1 or number * length > LARGEST:
        raise FormatError(f"claims {number} channels of {length} samples and describes {len(channels)}")
    return _Header(length, rate, channels, comments)


def _channel(fields: list[str]) -> _Channel:
    form = re.fullmatch(r"16(?:\+(\d+))?", re.sub(r"x1(?!\d)", "", fields[1]))
    if not form:
        raise FormatError(f"has samples in format {fields[1]}; only 16 is read here")
    gain = re.match(r"([-+.\deE]+)(?:\(([-+]?\d+)\))?", fields[2] if len(fields) > 2 else "200")
    zero = float(fields[4]) if len(fields) > 4 else 0.0
    scale = float(gain[1]) if gain and float(gain[1]) != 0 else 200.0  # 200 is the default of the format
    base = float(gain[2]) if gain and gain[2] else zero
    return _Channel(fields[0], int(form[1] or 0), scale, base, int(fields[6]) if len(fields) > 6 else None)


def _record(file: Path) -> Loaded:
    """Samples in physical units (channels, time). Raises FormatError for missing, short or altered samples."""
    header = _header(file)
    first = header.channels[0]
    if {one.file for one in header.channels} != {first.file} or Path(first.file).name != first.file:
        raise FormatError("has its channels in several files, or elsewhere")  # threat: a header naming ../../ files
    number = len(header.channels)
    try:
        data = (file.parent / first.file).read_bytes()[first.skipped :]
    except OSError:
        raise DataError(f"has no samples: {first.file} cannot be read") from None
    if len(data) < 2 * number * header.length:
        raise FormatError(f"has {len(data) // 2 // number} of the {header.length} samples that its header claims")
    stored = np.frombuffer(data, "<i2", number * header.length).reshape(header.length, number).T
    for at, channel in enumerate(header.channels):
        told = channel.checksum
        if told is not None and (int(stored[at].sum(dtype=np.int64)) - told) % 65536:
            raise FormatError(f"has samples in channel {at + 1} that do not have the checksum of its header")
    gains = np.array([one.gain for one in header.channels])[:, None]
    values = (stored - np.array([one.baseline for one in header.channels])[:, None]) / gains
    spacing = (1000.0 / header.rate,) if math.isfinite(header.rate) and header.rate > 0 else ()
    return Loaded(np.where(stored == -32768, np.nan, values).astype(np.float32), spacing=spacing)
