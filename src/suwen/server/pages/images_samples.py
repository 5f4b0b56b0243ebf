"""What the viewer in the browser is given: facts of an image, samples by the slice, a volume as NIfTI."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError, NotFoundError
from suwen.subject import Scale

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["facts_of", "nifti_of", "samples_of", "slices_of", "thumbnail_of"]

Language = Literal["en", "zh"]
_LARGEST_VOLUME = 300 * 2**20  # bytes that a browser is given to draw at once
_DRAWN = 3  # slices from which on a volume can be cut in other planes
_WINDOWS = {  # presets of CT in HU, as they are set in most reading rooms
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
    "brain": (40.0, 80.0),
    "abdomen": (50.0, 400.0),
}


def slices_of(image: Image) -> int:
    """How many slices an image has."""
    return image.grid.shape[0] if len(image.grid.shape) == 3 else 1


def facts_of(image: Image, lang: Language) -> dict[str, Any]:
    """What the viewer must know, JSON-ready; lengths in millimetres, values in `unit`."""
    values = image.values
    low, high = float(values.min()), float(values.max())
    spacing = list(image.grid.spacing) if image.grid.spacing else None
    return {
        "rows": image.grid.shape[-2],
        "columns": image.grid.shape[-1],
        "slices": slices_of(image),
        "type": _type(values),
        "low": low,
        "high": high,
        "unit": image.unit,
        "spacing": spacing,  # slices, rows, columns, or rows, columns
        "scale": image.grid.scale.value,
        "magnified": image.grid.scale is Scale.DETECTOR,
        "windows": _windows(image, low, high, lang),
        "volume": slices_of(image) >= _DRAWN and spacing is not None and values.nbytes <= _LARGEST_VOLUME,
        "sides": _sides(image),
    }


def _windows(image: Image, low: float, high: float, lang: Language) -> list[dict[str, Any]]:
    found = [{"name": one.name, "centre": one.centre, "width": max(one.width, 1.0)} for one in image.windows[:6]]
    if image.modality == "CT":
        found += [{"name": name, "centre": centre, "width": width} for name, (centre, width) in _WINDOWS.items()]
    found.append({"name": "all", "centre": (low + high) / 2, "width": max(high - low, 1.0)})
    for one in found:
        one["name"] = _NAMES.get(str(one["name"]).lower(), {}).get(lang, one["name"])
    return found


_NAMES: dict[str, dict[str, str]] = {
    "": {"en": "as stored", "zh": "默认"},
    "all": {"en": "all greys", "zh": "全部灰度"},
    "lung": {"en": "lung", "zh": "肺窗"},
    "mediastinum": {"en": "mediastinum", "zh": "纵隔窗"},
    "bone": {"en": "bone", "zh": "骨窗"},
    "brain": {"en": "brain", "zh": "脑窗"},
    "abdomen": {"en": "abdomen", "zh": "腹部窗"},
}


def _sides(image: Image) -> list[str]:
    """The patient's sides at the left, right, upper and lower edge, "" where they are not known."""
    told = dict(image.acquired).get("PatientOrientation", "").split("\\")
    if image.grid.affine is None or len(image.grid.shape) == 2:
        ends = [one[:1] for one in told] if len(told) == 2 else []
        return (
            [_OTHER[ends[0]], ends[0], _OTHER[ends[1]], ends[1]] if all(one in _OTHER for one in ends) and ends else []
        )
    affine = np.array(image.grid.affine)[:3, :3]
    row, column = (_end(affine[:, at]) for at in (1, 2))
    return [_OTHER[column], column, _OTHER[row], row]


def _end(axis: NDArray[np.float64]) -> str:
    at = int(np.abs(axis).argmax())
    return ("LPH" if axis[at] > 0 else "RAF")[at]


_OTHER = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}


def _type(values: NDArray[Any]) -> str:
    for kind in ("int8", "uint8", "int16", "uint16"):
        if values.dtype == np.dtype(kind):
            return kind
    return "float32"


def samples_of(image: Image, number: int) -> bytes:
    """The samples of a slice (from 0), row by row, in the type of `facts_of`, least significant byte first."""
    if not 0 <= number < slices_of(image):
        raise NotFoundError("there is no such slice in this image", zh="该图像没有此层面")
    values = image.values if len(image.grid.shape) == 2 else image.values[number]
    return np.ascontiguousarray(values).astype(np.dtype(_type(image.values)).newbyteorder("<"), copy=False).tobytes()


def thumbnail_of(image: Image, box: tuple[int, int]) -> bytes:
    """The slice in the middle as a small JPEG within `box`, from its darkest to its brightest hundredth."""
    import io  # noqa: PLC0415

    try:
        import PIL.Image  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pillow", "imaging") from None
    values = image.values if len(image.grid.shape) == 2 else image.values[image.grid.shape[0] // 2]
    low, high = (float(one) for one in np.percentile(values, (1, 99)))
    grey = np.clip((values.astype(np.float64) - low) * 255 / max(high - low, 1e-9), 0, 255).astype(np.uint8)
    small, out = PIL.Image.fromarray(grey), io.BytesIO()
    small.thumbnail(box)
    small.save(out, "JPEG", quality=85)
    return out.getvalue()


def nifti_of(image: Image) -> bytes:
    """A volume as NIfTI-1, gzipped, in its place; nothing in it names a patient. Raises InputError for no volume."""
    from suwen.formats.images.writing.nifti import nifti_affine  # noqa: PLC0415

    if slices_of(image) < _DRAWN or image.values.nbytes > _LARGEST_VOLUME:
        raise InputError(
            "this image is no volume that is drawn in a browser", zh="该图像不是可在浏览器中显示的容积数据"
        )
    try:
        import nibabel  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("nibabel", "imaging") from None
    values = image.values
    kind = np.int16 if values.dtype.kind in "iu" and values.min() >= -(2**15) and values.max() < 2**15 else np.float32
    library: Any = nibabel
    made = library.Nifti1Image(values.transpose(2, 1, 0).astype(kind), nifti_affine(image.grid))
    made.header.set_xyzt_units("mm")
    packed: bytes = gzip.compress(made.to_bytes(), compresslevel=1, mtime=0)
    return packed
