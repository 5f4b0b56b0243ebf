"""The pixels of one object: decoded where a region must go, blanked, searched for what looks like text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.formats.images.deidentifying.nouns import DeidentifyOptions, Region
from suwen.formats.images.deidentifying.pixels import (
    blanked,
    cleaned_before,
    device_regions,
    may_be_burnt_in,
    often_burnt_in,
    outside,
    ultrasound_regions,
)
from suwen.formats.images.deidentifying.strokes import text_like
from suwen.formats.images.deidentifying.text import Secrets

__all__ = ["Screened", "screened"]

Pixels = NDArray[Any]
_SYNTAX = "1.2.840.10008.1.2"
_EXPLICIT = _SYNTAX + ".1"
_BIG_ENDIAN = _SYNTAX + ".2"
_NATIVE = frozenset((_SYNTAX, _EXPLICIT, _EXPLICIT + ".99"))
# The quick decoder of RLE ends the whole program at some damaged data, past every handler of errors.
_PLUGIN = {_SYNTAX + ".5": "pydicom"}
_LOSSY = {f"{_SYNTAX}.4.{number}": "ISO_10918_1" for number in (50, 51)} | {
    f"{_SYNTAX}.4.81": "ISO_14495_1",
    f"{_SYNTAX}.4.91": "ISO_15444_1",
}
_UNDECODED = (ValueError, TypeError, RuntimeError, AttributeError, KeyError, NotImplementedError, IndexError)


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """What came of the pixels: whether a person must look, remarks, regions, and new samples with their attributes."""

    held: bool = False
    remarks: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    suspicions: tuple[Region, ...] = ()
    data: bytes | None = None
    changed: Mapping[str, Any] = field(default_factory=dict)


def screened(dataset: Any, secrets: Secrets, options: DeidentifyOptions) -> Screened:
    """Judge and, where regions are known, blank the pixels of a data set, which itself stays as it is."""
    if not dataset.get("PixelData") or int(dataset.get("BitsAllocated") or 1) == 1:
        return Screened()
    if secrets.within(bytes(dataset.PixelData), samples=True):
        return _held(("pixel-bytes",), options)
    risky = may_be_burnt_in(dataset)
    regions = _regions(dataset) if risky and options.pixels else ()
    try:
        if regions:
            return _masked(dataset, regions)
        suspicions = tuple(dict.fromkeys(region for frame in _sampled(dataset) for region in text_like(frame)))
    except _UNDECODED:
        return _held(("undecodable", "burnt-in"), options) if risky else Screened(remarks=("undecodable",))
    return _unmasked(dataset, suspicions, options, risky=risky)


def _held(remarks: tuple[str, ...], options: DeidentifyOptions, suspicions: tuple[Region, ...] = ()) -> Screened:
    if options.accept_burnt_in:
        return Screened(
            remarks=(*(one for one in remarks if one != "burnt-in"), "burnt-in-accepted"), suspicions=suspicions
        )
    return Screened(held=True, remarks=remarks, suspicions=suspicions)


def _unmasked(dataset: Any, suspicions: tuple[Region, ...], options: DeidentifyOptions, *, risky: bool) -> Screened:
    """No region is known: held where text is to be feared; a suspicion alone is told.

    A device that says NO of a kind of image that often has text is not believed where something looks like text.
    """
    remarks = ("suspicion",) if suspicions else ()
    doubted = suspicions and often_burnt_in(dataset) and not cleaned_before(dataset)
    if risky or doubted:
        return _held((*remarks, "burnt-in"), options, suspicions)
    return Screened(remarks=remarks, suspicions=suspicions)


def _regions(dataset: Any) -> tuple[Region, ...]:
    """Regions to blank: those of the device, and all around the calibrated regions of an ultrasound image."""
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    kept = ultrasound_regions(dataset)
    around = outside(kept, rows, columns) if kept else ()
    return (*device_regions(dataset), *around)


def _syntax(dataset: Any) -> str:
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is not None:
        return str(syntax)
    return _SYNTAX if dataset.original_encoding[0] else _EXPLICIT


def _decoded(dataset: Any, index: int | None = None) -> tuple[Pixels, Mapping[str, Any]]:
    """Stored samples, colours as RGB (frames, rows, columns, samples), and what they are now."""
    from pydicom.pixels.decoders.base import get_decoder  # noqa: PLC0415

    found, now = get_decoder(_syntax(dataset)).as_array(
        dataset, index=index, decoding_plugin=_PLUGIN.get(_syntax(dataset), "")
    )
    colours = int(now["samples_per_pixel"])
    return found.reshape(-1, int(now["rows"]), int(now["columns"]), colours), now


def _sampled(dataset: Any) -> list[Pixels]:
    """The first, the middle and the last frame as one grey image each."""
    count = int(dataset.get("NumberOfFrames") or 1)
    return [_grey(*_decoded(dataset, index)) for index in sorted({0, count // 2, count - 1})]


def _grey(samples: Pixels, now: Mapping[str, Any]) -> Pixels:
    grey: Pixels = samples[0, ..., 0] if _is_luminance(now) else samples[0].max(axis=-1)
    return grey


def _is_luminance(now: Mapping[str, Any]) -> bool:
    return str(now["photometric_interpretation"]).startswith("YBR")


def _masked(dataset: Any, regions: tuple[Region, ...]) -> Screened:
    """Samples with the regions blanked, stored native; what stays is searched again."""
    syntax = _syntax(dataset)
    if syntax == _BIG_ENDIAN:
        raise NotImplementedError("samples of the other byte order")
    samples, now = _decoded(dataset)
    after = blanked(samples, regions, _dark(samples, now))
    left = tuple(
        dict.fromkeys(
            region for frame in after[:: max(1, len(after) // 2)] for region in text_like(_grey(frame[None], now))
        )
    )
    remarks = ["masked", *(["region-text"] if "SequenceOfUltrasoundRegions" in dataset else [])]
    remarks += [*(["suspicion"] if left else []), *(["lossy"] if syntax in _LOSSY else [])]
    changed = _attributes(dataset, after, now)
    return Screened(
        False, tuple(remarks), regions, left, _even(after.astype(after.dtype.newbyteorder("<")).tobytes()), changed
    )


def _dark(samples: Pixels, now: Mapping[str, Any]) -> Any:
    """The stored value that is shown black."""
    meaning = str(now["photometric_interpretation"])
    if meaning == "MONOCHROME1":
        return samples.max()
    if meaning == "MONOCHROME2":
        return samples.min() if samples.dtype.kind == "i" else 0
    if _is_luminance(now) and samples.shape[-1] == 3:
        half = 1 << (int(now["bits_stored"]) - 1)
        return np.array([0, half, half], dtype=samples.dtype)
    return 0


def _attributes(dataset: Any, samples: Pixels, now: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that follow from the new storage; a loss once suffered is told for ever (PS3.3 C.7.6.1.1.5)."""
    colours = samples.shape[-1]
    found: dict[str, Any] = {"PhotometricInterpretation": str(now["photometric_interpretation"])}
    if colours > 1:
        found["PlanarConfiguration"] = 0
    found["ExtendedOffsetTable"] = found["ExtendedOffsetTableLengths"] = None
    syntax = _syntax(dataset)
    if syntax in _LOSSY and str(dataset.get("LossyImageCompression", "")) != "01":
        found["LossyImageCompression"] = "01"
        found["LossyImageCompressionRatio"] = round(samples.nbytes / max(len(dataset.PixelData), 1), 2)
        found["LossyImageCompressionMethod"] = _LOSSY[syntax]
    return found


def _even(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)
