"""Damaged images read one after another in a process of their own with bounded memory: run by test_read_fuzz.py."""

from __future__ import annotations

import gzip
import io
import json
import random
import resource
import signal
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import nibabel as nib
import numpy as np
import PIL.Image
import pydicom
from pydicom.encaps import encapsulate
from series_maker import enhanced, slice_of

from suwen.errors import SuwenError
from suwen.formats.images import read_study

LIMIT = 128 * 2**20  # of the reader
SPACE = 3 * 2**30  # of the process: codecs and libraries map much that they never touch
RESIDENT = 2**30
SECONDS = 20

_NAMES = (
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "JPGExtended.dcm", "693_J2KI.dcm",
    "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_jls_lossy_line.dcm", "SC_rgb_small_odd_big_endian.dcm",
    "SC_ybr_full_422_uncompressed.dcm", "ExplVR_BigEnd.dcm", "image_dfl.dcm", "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_dcmtk_+eb+cy+n2.dcm", "rtdose_rle.dcm", "test-SR.dcm", "liver_1frame.dcm", "no_meta_group_length.dcm",
)  # fmt: skip
_WILD: dict[str, tuple[object, ...]] = {
    "Rows": (0, 1, 65_535, 512, None),
    "Columns": (0, 1, 65_535, 7, None),
    "BitsAllocated": (0, 1, 8, 12, 16, 32, 64, 65_535, None),
    "BitsStored": (0, 1, 8, 12, 16, 32, 65_535, None),
    "HighBit": (0, 7, 15, 31, 65_535, None),
    "SamplesPerPixel": (0, 1, 2, 3, 4, 65_535, None),
    "PixelRepresentation": (0, 1, 2, None),
    "PlanarConfiguration": (0, 1, 9, None),
    "NumberOfFrames": ("0", "2", "-1", "1000000000", "99999", "1e3", "x", None),
    "PhotometricInterpretation": (
        "MONOCHROME1",
        "PALETTE COLOR",
        "RGB",
        "YBR_FULL",
        "YBR_FULL_422",
        "YBR_ICT",
        "?",
        "",
    ),
    "PixelSpacing": ("0\\0", "-1\\1", "1", "nan\\1", "1e400\\1", "1\\1\\1", "a\\b", "1e-300\\1e300", None),
    "ImagePositionPatient": ("0\\0", "inf\\0\\0", "1e300\\1e300\\1e300", "x", None),
    "ImageOrientationPatient": ("0\\0\\0\\0\\0\\0", "1\\0\\0\\1\\0\\0", "nan\\0\\0\\0\\1\\0", "2\\0\\0\\0\\2\\0", None),
    "SliceThickness": ("0", "-3", "1e308", "nan", None),
    "RescaleSlope": ("0", "1e308", "nan", "-1", "0.1", "1e-320", "2147483647", None),
    "RescaleIntercept": ("-1e308", "99999999999", "x", "0.5", None),
    "RescaleType": ("US", "\\", None),
    "WindowWidth": ("0", "-1", "nan\\2", None),
    "WindowCenter": ("1e308", "x\\1", None),
    "PixelPaddingValue": (65_535, 0, None),
    "Modality": ("CT", "MR", "CR", "US", "PT", "NM", "SEG", "SR", "", None),
    "SOPClassUID": ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4", "", "x" * 200, None),
    "ImagerPixelSpacing": ("0.1\\0.1", "0\\0", "nan\\1"),
    "EstimatedRadiographicMagnificationFactor": ("0", "1e308", "-2", "1.3", "nan"),
    "ViewPosition": ("PA", "\\\\", "?" * 90),
    "SpecificCharacterSet": ("ISO_IR 192", "GB18030", "nonsense", "ISO 2022 IR 87\\ISO 2022 IR 13", None),
}
_SYNTAXES = (
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.100", "1.2.3.4", "",
)  # fmt: skip


def seeds() -> tuple[list[bytes], list[bytes]]:
    """Sound files the damaged ones are made of: DICOM, and all others."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    dicom = [(folder / name).read_bytes() for name in _NAMES if (folder / name).exists()]
    dicom += [_bytes(enhanced(np.arange(3 * 8 * 9).reshape(3, 8, 9))), _bytes(slice_of(np.arange(72).reshape(8, 9), 1))]
    return dicom, [*_nifti(), *_pictures(), _zip(dicom[:2])]


def _bytes(dataset: pydicom.Dataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _nifti() -> list[bytes]:
    made = []
    for kind, shape in ((np.int16, (9, 8, 7)), (np.float32, (5, 6, 4)), (np.uint8, (5, 6, 4, 3))):
        values = np.arange(np.prod(shape)).reshape(shape).astype(kind)
        data = nib.Nifti1Image(values, np.diag([1.0, 2.0, 3.0, 1.0])).to_bytes()
        made += [data, gzip.compress(data)]
    return [*made, nib.Nifti2Image(np.zeros((3, 4, 5), np.int32), np.eye(4)).to_bytes()]


def _pictures() -> list[bytes]:
    made = []
    grey = np.arange(4_096, dtype=np.uint8).reshape(64, 64)
    pictures = [PIL.Image.fromarray(grey), PIL.Image.fromarray(np.stack([grey] * 3, -1))]
    pictures += [PIL.Image.fromarray(grey.astype(np.uint16) * 257), PIL.Image.fromarray(grey).convert("P")]
    for kind in ("PNG", "JPEG"):
        for picture in pictures[: 4 if kind == "PNG" else 2]:
            stream = io.BytesIO()
            picture.save(stream, kind)
            made.append(stream.getvalue())
    return made


def _zip(members: list[bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, data in enumerate(members):
            archive.writestr(f"{at}.dcm", data)
    return stream.getvalue()


def _tagged(data: bytes, rng: random.Random) -> bytes:
    """One to three attributes set to something wild, deleted, or the transfer syntax exchanged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), force=True)
            for _ in range(rng.randint(1, 3)):
                _wound(dataset, rng)
            stream = io.BytesIO()
            dataset.save_as(stream, enforce_file_format=False)
            return stream.getvalue()
        except Exception:
            return _bytewise(data, rng)


def _wound(dataset: pydicom.Dataset, rng: random.Random) -> None:
    kind = rng.randint(0, 9)
    if kind == 0 and "PixelData" in dataset:
        dataset.PixelData = encapsulate([rng.randbytes(rng.choice([0, 2, 50, 5_000]))])
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = rng.choice(_SYNTAXES[4:12])
    elif kind == 1:
        dataset.file_meta.TransferSyntaxUID = rng.choice(_SYNTAXES)
    else:
        keyword = rng.choice(list(_WILD))
        value = rng.choice(_WILD[keyword])
        if value is None:
            dataset.pop(keyword, None)
        else:
            pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
            setattr(dataset, keyword, value)


def _bytewise(data: bytes, rng: random.Random) -> bytes:
    """Bytes flipped, cut, repeated or moved: near the start more often, as headers lie there."""
    made = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 40])):
        at = min(int(rng.random() ** rng.choice([1, 3]) * len(made)), len(made) - 1)
        kind = rng.randint(0, 5)
        if kind <= 2:
            made[at] = rng.choice([0, 255, made[at] ^ (1 << rng.randint(0, 7)), rng.randint(0, 255)])
        elif kind == 3:
            made[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xfe\xff\xdd\xe0"])
        elif kind == 4:
            del made[at : at + rng.choice([1, 2, 4, 100])]
        else:
            made[at:at] = made[at : at + rng.choice([1, 2, 8, 64])]
        if not made:
            return b""
    return bytes(made[: rng.randint(0, len(made))]) if rng.random() < 0.1 else bytes(made)


def mutant(number: int, seed: int, dicom: list[bytes], others: list[bytes]) -> bytes:
    """The damaged file of this number: always the same for the same arguments."""
    rng = random.Random(f"{seed}-{number}")  # noqa: S311 (test data, not secrets)
    if rng.random() < 0.25:
        return _bytewise(rng.choice(others), rng)
    way: Callable[[bytes, random.Random], bytes] = rng.choice([_tagged, _bytewise])
    return way(rng.choice(dicom), rng)


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise RuntimeError(f"not read within {SECONDS} seconds")


def _peak() -> int:
    """The most memory this program held, bytes. ru_maxrss would count what the process was before it, the tests."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(one for one in status.read_text("ascii").splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(start: int, count: int, seed: int, note: Path) -> int:
    """Read mutants; what is neither a Study nor one of the project's errors is written to `note` with its number."""
    dicom, others = seeds()
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    signal.signal(signal.SIGALRM, _late)
    warnings.simplefilter("error")
    outcomes: Counter[str] = Counter()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mutant"
        for number in range(start, start + count):
            note.write_text(json.dumps({"at": number}), "utf-8")  # so that a crash names its file
            file.write_bytes(mutant(number, seed, dicom, others))
            signal.alarm(SECONDS)
            try:
                study = read_study(file, limit=LIMIT)
                outcomes["study" if study.images else "empty"] += 1
            except SuwenError as error:
                outcomes[type(error).__name__] += 1
            except BaseException:
                failed.append({"number": number, "trace": traceback.format_exc()[-1_500:]})
            finally:
                signal.alarm(0)
    peak = _peak()
    note.write_text(json.dumps({"outcomes": outcomes, "failed": failed, "peak": peak}), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
