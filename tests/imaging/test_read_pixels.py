"""Samples come back bit for bit from every lossless coding, and in the unit and direction the header gives."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from series_maker import DX, described, enhanced, saved, series_of, slice_of

from suwen.errors import FormatError
from suwen.formats.images import Image, notice_key, read_study

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
RNG = np.random.default_rng(3)
SIGNED = RNG.integers(-2_000, 3_000, (41, 37)).astype(np.int16)
UNSIGNED = RNG.integers(0, 4_096, (41, 37)).astype(np.uint16)


def _image(dataset: pydicom.Dataset, tmp_path: Path) -> Image:
    return read_study(saved([dataset], tmp_path / "one")).images[0]


def _keys(image: Image) -> set[str]:
    return {notice_key(one) for one in image.noticed}


def _through_gdcm(dataset: pydicom.Dataset, file: Path) -> None:
    """Write a data set as lossless JPEG (process 14, first order)."""
    gdcm = pytest.importorskip("gdcm")
    stream = file.with_suffix(".plain")
    dataset.save_as(stream, enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(stream))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(file))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    stream.unlink()


@pytest.mark.parametrize("values", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize("coding", ["rle", "jpeg-ls", "jpeg 2000", "jpeg lossless", "deflated", "implicit", "big"])
def test_every_lossless_coding_gives_the_same_bits(values: np.ndarray, coding: str, tmp_path: Path) -> None:
    made = slice_of(values, 1, RescaleIntercept=0)
    file = tmp_path / "coded.dcm"
    syntaxes = {"rle": RLELossless, "jpeg-ls": JPEGLSLossless, "jpeg 2000": JPEG2000Lossless}
    if coding == "jpeg lossless":
        _through_gdcm(made, file)
        assert pydicom.dcmread(file).file_meta.TransferSyntaxUID == JPEGLosslessSV1
    elif coding in syntaxes:
        if coding != "rle" and values is SIGNED:
            made.BitsStored, made.HighBit = 16, 15
        made.compress(syntaxes[coding], generate_instance_uid=False)
        made.save_as(file)
    elif coding == "deflated":
        made.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
        made.save_as(file)
    elif coding == "implicit":
        made.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        made.save_as(file, implicit_vr=True, little_endian=True)
    else:
        made.PixelData = values.astype(values.dtype.newbyteorder(">")).tobytes()
        made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pydicom.dcmwrite(file, made, implicit_vr=False, little_endian=False, force_encoding=True)
    (image,) = read_study(file).images
    assert np.array_equal(image.values[0], values)
    assert "lossy" not in _keys(image)


def test_frames_of_a_compressed_object_are_told_apart(tmp_path: Path) -> None:
    volume = RNG.integers(0, 4_000, (5, 12, 9)).astype(np.int16)
    made = enhanced(volume)
    made.compress(RLELossless, generate_instance_uid=False)
    assert np.array_equal(_image(made, tmp_path).values, volume - 1024)


def test_monochrome1_is_turned_over_with_its_window(tmp_path: Path) -> None:
    made = _radiograph(UNSIGNED, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    made.WindowCenter, made.WindowWidth = 1000, 500
    image = _image(made, tmp_path)
    assert np.array_equal(image.values, 4095 - UNSIGNED.astype(int))
    assert "turned_over" in _keys(image)
    # A sample as bright as before: the window of the turned samples is the mirror of the window (PS3.3 C.11.2.1.2).
    window = image.windows[0]
    for sample in (760, 1000, 1249):
        before = (sample - (1000 - 0.5)) / (500 - 1)
        after = ((4095 - sample) - (window.centre - 0.5)) / (window.width - 1)
        assert after == pytest.approx(-before)


def test_monochrome1_of_signed_samples_is_turned_over(tmp_path: Path) -> None:
    image = _image(_radiograph(SIGNED, PhotometricInterpretation="MONOCHROME1"), tmp_path)
    assert np.array_equal(image.values, -1 - SIGNED.astype(int))


def test_hounsfield_units_shown_inverted_keep_their_values(tmp_path: Path) -> None:
    image = _image(slice_of(SIGNED, 1, PhotometricInterpretation="MONOCHROME1", RescaleIntercept=0), tmp_path)
    assert np.array_equal(image.values[0], SIGNED)
    assert "not_turned_over" in _keys(image)


def test_bits_beyond_bits_stored_are_cleared_and_noticed(tmp_path: Path) -> None:
    dirty = UNSIGNED | RNG.integers(0, 16, UNSIGNED.shape).astype(np.uint16) << 12
    image = _image(slice_of(dirty, 1, BitsStored=12, HighBit=11), tmp_path)
    assert np.array_equal(image.values[0], UNSIGNED.astype(int) - 1024)
    assert "stray_bits" in _keys(image)


def test_signed_samples_of_twelve_bits_keep_their_sign(tmp_path: Path) -> None:
    values = RNG.integers(-2_048, 2_048, (9, 8)).astype(np.int16)
    dirty = (values.astype(np.uint16) & 0x0FFF | 0x5000).astype(np.uint16)
    image = _image(slice_of(dirty, 1, BitsStored=12, HighBit=11, PixelRepresentation=1), tmp_path)
    assert np.array_equal(image.values[0], values.astype(int) - 1024)


def test_samples_above_a_gap_of_low_bits_are_moved_down(tmp_path: Path) -> None:
    image = _image(slice_of(UNSIGNED << 4 | 9, 1, BitsStored=12, HighBit=15), tmp_path)
    assert np.array_equal(image.values[0], UNSIGNED.astype(int) - 1024)


def test_padding_that_bits_stored_cannot_hold_does_not_become_tissue(tmp_path: Path) -> None:
    values = UNSIGNED.copy()
    values[:3] = 63_536  # -2000, as some devices pad unsigned samples of 12 bits
    made = slice_of(values, 1, BitsStored=12, HighBit=11)
    made.add_new(0x00280120, "US", 63_536)
    image = _image(made, tmp_path)
    assert (image.values[0, :3] == -1024).all()
    assert "from -1024 to -1024" in next(one.what for one in image.noticed if notice_key(one) == "padding")


def test_a_rescale_wider_than_the_samples_widens_the_image(tmp_path: Path) -> None:
    values = np.array([[-32_768, 32_767], [0, 1]], np.int16)
    image = _image(slice_of(values, 1, RescaleIntercept=-1024), tmp_path)
    assert np.array_equal(image.values[0], values.astype(int) - 1024)
    other = read_study(saved(series_of(np.stack([values * 0, values])), tmp_path / "two")).images[0]
    assert np.array_equal(other.values, np.stack([values * 0, values]).astype(int) - 1024)


def test_whole_rescales_stay_whole_and_others_become_float(tmp_path: Path) -> None:
    whole = _image(slice_of(SIGNED, 1, RescaleSlope=2, RescaleIntercept=-5), tmp_path)
    assert whole.values.dtype.kind == "i"
    assert np.array_equal(whole.values[0], SIGNED.astype(int) * 2 - 5)
    broken = read_study(saved([slice_of(SIGNED, 1, RescaleSlope="0.1")], tmp_path / "b")).images[0]
    assert broken.values.dtype == np.float32
    assert np.allclose(broken.values[0], SIGNED * 0.1 - 1024, rtol=1e-6)


def test_each_slice_has_its_own_rescale(tmp_path: Path) -> None:
    """PET series scale every slice by itself."""
    volume = RNG.integers(0, 30_000, (4, 6, 5)).astype(np.int16)
    made = series_of(volume, Modality="PT", RescaleIntercept=0, Units="BQML", RescaleType=None)
    for at, one in enumerate(made):
        one.RescaleSlope = f"{1.5 + at}"
    (image,) = read_study(saved(made, tmp_path / "pet")).images
    assert np.allclose(image.values, volume * (1.5 + np.arange(4))[:, None, None])
    assert (image.unit, "mixed_rescale" in _keys(image)) == ("Bq/ml", True)


def test_the_modality_table_is_applied(tmp_path: Path) -> None:
    made = _radiograph(UNSIGNED, BitsStored=12, HighBit=11)
    table = pydicom.Dataset()
    curve = (np.arange(4_096) ** 2 // 300).astype(np.uint16)
    table.add_new(0x00283002, "US", [4_096, 0, 16])
    table.add_new(0x00283006, "OW", curve.tobytes())
    table.ModalityLUTType = "US"
    made.ModalityLUTSequence = Items([table])
    assert np.array_equal(_image(made, tmp_path).values, curve[UNSIGNED])


def test_colours_and_palettes_become_grey_and_are_noticed() -> None:
    for name in ("SC_rgb_rle.dcm", "examples_palette.dcm", "examples_ybr_color.dcm", "SC_rgb_jpeg_gdcm.dcm"):
        image = read_study(FILES / name).images[0]
        assert "colour" in _keys(image), name
    image = read_study(FILES / "SC_rgb_rle.dcm").images[0]
    colours = pydicom.dcmread(FILES / "SC_rgb_rle.dcm").pixel_array.astype(float)
    assert np.abs(image.values - colours @ [0.299, 0.587, 0.114]).max() <= 0.5


def test_the_same_picture_in_three_codings_is_equally_grey() -> None:
    first, *others = (
        read_study(FILES / name).images[0].values.astype(int)
        for name in ("SC_rgb_rle.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_jpeg_dcmtk.dcm")
    )
    assert all(np.abs(first - other).max() <= 3 for other in others)


def test_a_frame_of_another_size_than_the_header_says_is_refused(tmp_path: Path) -> None:
    made = slice_of(UNSIGNED, 1)
    made.compress(JPEGLSLossless, generate_instance_uid=False)
    made.Rows = 5_000
    with pytest.raises(FormatError, match="the header says 5000"):
        _image(made, tmp_path)


def test_a_frame_that_ends_gdcm_is_an_error_and_the_next_is_read(tmp_path: Path) -> None:
    """A damaged frame of lossless JPEG may end the process that decodes it; ours goes on."""
    sound, broken = tmp_path / "sound.dcm", tmp_path / "broken.dcm"
    _through_gdcm(slice_of(SIGNED, 1, RescaleIntercept=0, ImagePositionPatient=[0, 0, 0]), sound)
    dataset = pydicom.dcmread(sound)
    frame = bytearray(dataset.PixelData[16:])
    for at in range(30, len(frame) - 40, 7):
        frame[at] ^= 0x55
    dataset.PixelData = encapsulate([bytes(frame)])
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.save_as(broken)
    with pytest.raises(FormatError):
        read_study(broken)
    study = read_study(tmp_path)
    assert np.array_equal(study.images[0].values[0], SIGNED)
    assert [one.where for one in study.left_out] == ["broken.dcm"]


def test_an_object_packed_by_gzip_is_read(tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415

    stream = io.BytesIO()
    slice_of(SIGNED, 1).save_as(stream, enforce_file_format=True)
    (tmp_path / "one.dcm.gz").write_bytes(gzip.compress(stream.getvalue()))
    assert np.array_equal(read_study(tmp_path / "one.dcm.gz").images[0].values[0], SIGNED - 1024)


def _radiograph(values: np.ndarray, **more: object) -> pydicom.Dataset:
    made = described(values, DX, "1.2.3.9")
    made.Modality, made.SeriesInstanceUID = "DX", "1.2.3.8"
    made.ImagerPixelSpacing = [0.2, 0.2]
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made
