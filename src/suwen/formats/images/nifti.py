"""NIfTI-1 and NIfTI-2 files: samples in the order (slices, rows, columns), placed in LPS millimetres."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError, MissingExtraError, Problem
from suwen.formats.images.budget import Budget
from suwen.formats.images.geometry import affine_rows
from suwen.formats.images.headers import guarded
from suwen.formats.images.notice_strings import REASONS
from suwen.formats.images.notices import notice, reason, refusal
from suwen.formats.images.nouns import Image, Source
from suwen.formats.images.stored import Stored, kind_of
from suwen.subject import Grid
from suwen.subject.grid import Scale

__all__ = ["open_nifti", "read_nifti"]

_FIRST = 540
_TO_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # NIFTI_UNITS_UNKNOWN, _METER, _MM, _MICRON
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # NIfTI counts to the right and the front, DICOM to the left and the back
_KINDS = "iuf"
_MOST_VOLUMES = 10_000
_DISAGREE = 0.1  # mm by which qform and sform may differ at a corner and still be the same, rounded
_CHUNK = 1 << 20
_FARTHEST = 1e9  # of the unit of length: beyond is damage

Values = NDArray[Any]


def read_nifti(stored: Stored, budget: Budget) -> list[Image]:
    """Read a NIfTI file, packed by gzip or not: one image, or one for each volume where there are several.

    Raises:
        FormatError: damaged, cut short, or with samples that are no numbers (colours, complex, vectors).
        InputError: more samples than the budget has left.
        MissingExtraError: nibabel is not installed.

    """
    values, grid, said = open_nifti(stored, budget)
    count = len(values)
    digest = hashlib.sha256(repr(grid).encode())
    digest.update(np.ascontiguousarray(values).data)
    name = digest.hexdigest()[:32]
    sources = (Source("", "", 1, stored.path),) * grid.shape[0]
    images = []
    for at, volume in enumerate(values):
        more = [notice("volume_of", number=at + 1, count=count)] if count > 1 else []
        own = name if not at else f"{name}#{at + 1}"
        images.append(Image(own, volume, grid, sources=sources, noticed=(*said, *more)))
    return images


def open_nifti(stored: Stored, budget: Budget) -> tuple[Values, Grid, tuple[Problem, ...]]:
    """Samples (volumes, slices, rows, columns) rescaled, their grid and what was noticed; errors as of `read_nifti`."""
    with stored.open() as raw:
        packed = kind_of(stored.head()) == "gzip"
        try:
            stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            return _opened(stream, None if packed else stored.size, budget)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, InputError):
                raise
            raise refusal("gzip") from error


def _opened(stream: BinaryIO, size: int | None, budget: Budget) -> tuple[Values, Grid, tuple[Problem, ...]]:
    head = stream.read(_FIRST)
    if kind_of(head) != "nifti":
        raise refusal("nifti")
    with guarded(reason("nifti"), zh=REASONS["nifti"]["zh"]):
        header = _header(head)
        shape, volumes = _shape(header)
        kind = _kind(header)
        offset = int(header["vox_offset"])
    wanted = math.prod(shape) * volumes * kind.itemsize
    if offset < 0 or (size is not None and offset + wanted > size):
        raise refusal("nifti_short", declared=offset + wanted, there=size or 0)
    budget.take(wanted)
    samples = _read(stream, head, offset, wanted).view(kind).reshape((volumes, *shape))
    samples = samples if kind.isnative else samples.astype(kind.newbyteorder("="))
    values, counted = _rescaled(samples, header, budget)
    grid, said = _grid(header, shape)
    return values, grid, (*said, *counted)


def _header(head: bytes) -> Any:
    try:
        import nibabel as nib  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("nibabel", "imaging") from error
    first = head[4:8] in (b"n+2\0", b"ni2\0")
    if head[344:348] == b"ni1\0" or head[4:8] == b"ni2\0":
        raise refusal("nifti_pair")
    made: Any = nib.Nifti2Header if first else nib.Nifti1Header
    return made(head[: 540 if first else 348], check=False)


def _shape(header: Any) -> tuple[tuple[int, int, int], int]:
    """Slices, rows, columns and the number of volumes; a vector at every place is refused."""
    dims = [int(one) for one in header["dim"]]
    count = dims[0]
    if not 1 <= count <= 7 or min(dims[1 : count + 1]) < 1 or any(one > 1 for one in dims[5 : count + 1]):
        raise refusal("nifti_shape")
    columns, rows, slices, volumes = (dims[at] if at <= count else 1 for at in (1, 2, 3, 4))
    if volumes > _MOST_VOLUMES:
        raise refusal("nifti_shape")
    return (slices, rows, columns), volumes


def _kind(header: Any) -> np.dtype[Any]:
    kind: np.dtype[Any] = header.get_data_dtype()
    if kind.kind not in _KINDS or kind.itemsize > 8 or kind.fields:
        raise refusal("nifti_type", type=str(kind))
    return kind


def _read(stream: BinaryIO, head: bytes, offset: int, wanted: int) -> NDArray[np.uint8]:
    """Exactly the bytes of the samples; the memory grows only as the file yields them."""
    held = io.BytesIO()
    held.write(head[offset:] if offset < len(head) else b"")
    skip = max(offset - len(head), 0)
    while skip:
        got = len(stream.read(min(skip, _CHUNK)))
        if not got:
            break
        skip -= got
    while held.tell() < wanted:
        data = stream.read(min(_CHUNK, wanted - held.tell()))
        if not data:
            raise refusal("nifti_short", declared=offset + wanted, there=offset + held.tell())
        held.write(data)
    return np.frombuffer(held.getbuffer(), np.uint8, wanted)


def _rescaled(samples: Values, header: Any, budget: Budget) -> tuple[Values, list[Problem]]:
    """scl_slope × stored + scl_inter; integers stay so where both are whole, samples that are no numbers become 0."""
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    if not math.isfinite(slope) or not slope:
        slope, inter = 1.0, 0.0  # NIfTI-1: a slope of 0 means that nothing is scaled
    if not math.isfinite(inter):
        raise refusal("nifti")
    whole = slope == int(slope) and inter == int(inter) and max(abs(slope), abs(inter)) < 2**31
    if samples.dtype.kind in "iu" and (slope, inter) == (1.0, 0.0):
        return samples, []
    if samples.dtype.kind in "iu" and whole and (narrow := _narrow(samples, int(slope), int(inter))) is not None:
        budget.require(samples.size * 8)
        return (samples.astype(np.int64) * int(slope) + int(inter)).astype(narrow), []
    budget.require(samples.size * 12)
    found = samples.astype(np.float64) * slope + inter
    wild = ~np.isfinite(found) | (np.abs(found) > np.finfo(np.float32).max)
    count = int(wild.sum())
    found[wild] = 0.0
    return found.astype(np.float32), [notice("no_numbers", count=count)] if count else []


def _narrow(samples: Values, slope: int, inter: int) -> Any:
    ends = sorted(slope * int(one) + inter for one in (samples.min(), samples.max()))
    kinds = (np.uint8, np.int16, np.uint16, np.int32, np.int64)
    return next((one for one in kinds if np.iinfo(one).min <= ends[0] and ends[1] <= np.iinfo(one).max), None)


def _grid(header: Any, shape: tuple[int, int, int]) -> tuple[Grid, list[Problem]]:
    """The grid of the file: sform, else qform, else the spacing alone (NIfTI-1, 3D image orientation)."""
    unit = _TO_MM.get(int(header["xyzt_units"]) & 7)
    said = []
    if unit is None:
        return Grid(shape), [notice("no_scale")]
    if int(header["xyzt_units"]) & 7 == 0:
        said.append(notice("no_units"))
    found, remarks = _placed(header, shape)
    if found is None:
        return _spacing_only(header, shape, unit, [*said, *remarks])
    matrix = (_TO_LPS @ found)[:, [2, 1, 0, 3]]  # the first index of NIfTI runs fastest: it is our last
    matrix[:3] *= unit
    lengths = tuple(float(one) for one in np.linalg.norm(matrix[:3, :3], axis=0))
    try:
        return Grid(shape, lengths, Scale.PATIENT, affine_rows(matrix)), [*said, *remarks]
    except InputError:
        return Grid(shape), [notice("no_scale")]


def _spacing_only(
    header: Any, shape: tuple[int, int, int], unit: float, said: list[Problem]
) -> tuple[Grid, list[Problem]]:
    columns, rows, slices = (abs(float(one)) * unit for one in header["pixdim"][1:4])
    try:
        return Grid(shape, (slices, rows, columns), Scale.PATIENT), [*said, notice("not_oriented")]
    except InputError:
        return Grid(shape), [notice("no_scale"), notice("not_oriented")]


def _placed(header: Any, shape: tuple[int, int, int]) -> tuple[NDArray[np.float64] | None, list[Problem]]:
    sform, qform = _form(header, "sform"), _form(header, "qform")
    if sform is None or qform is None:
        return (sform if sform is not None else qform), []
    corners = np.array([[x, y, z, 1] for x in (0, shape[2]) for y in (0, shape[1]) for z in (0, shape[0])], float)
    apart = float(np.linalg.norm((corners @ (sform - qform).T)[:, :3], axis=1).max())
    return sform, [notice("two_places", most=apart)] if apart > _DISAGREE else []


def _form(header: Any, which: str) -> NDArray[np.float64] | None:
    """One of the two placements where its code says that it holds and it is a usable matrix."""
    try:
        with guarded(""):
            matrix, code = header.get_sform(coded=True) if which == "sform" else header.get_qform(coded=True)
    except FormatError:
        return None
    if not code or matrix is None or not (np.abs(matrix) < _FARTHEST).all() or not np.linalg.det(matrix[:3, :3]):
        return None
    return np.asarray(matrix, np.float64)
