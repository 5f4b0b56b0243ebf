"""A presentation state is valid, opens over its source with the same greys, and its marks lie on the right pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from write_cases import NOW, blob, case, enclosed, errors_of, hushed, middle, named_rightly, outline, peer, uids
from write_cases import pydicom as dicom

from suwen.errors import InputError
from suwen.formats.images.nouns import Image, Window
from suwen.formats.images.writing.nouns import Language, Mark, Outline, Tracking
from suwen.formats.images.writing.presentation import Presentation, write_presentation

GREY = ("ct", "oblique", "mr", "enhanced", "dx", "cr")


def write(path: Path, image: Image, shown: Presentation, lang: Language = "en") -> Path:
    return write_presentation(path, image, shown, clock=lambda: NOW, uid=uids(), lang=lang).path


@pytest.mark.parametrize("kind", GREY)
def test_every_kind_of_grey_source_carries_a_valid_state_of_its_patient(kind: str, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    mark = Mark(outline(image), "结节 12.3 mm", Tracking("nodule 1", "2.25.5"))
    path = write(tmp_path / "pr.dcm", image, Presentation((mark,), Window(60, 400, "body")), "zh")
    state = named_rightly(path)
    assert errors_of(path) == []
    drawn = state.GraphicAnnotationSequence[0]
    assert (drawn.GraphicObjectSequence[0].GraphicAnnotationUnits, drawn.GraphicLayer) == ("PIXEL", "FINDINGS")
    assert drawn.GraphicObjectSequence[0].TrackingUID == "2.25.5"
    assert drawn.TextObjectSequence[0].UnformattedTextValue == "结节 12.3 mm"
    points = np.array(drawn.GraphicObjectSequence[0].GraphicData).reshape(-1, 2)
    plane = blob(image) if image.values.ndim == 2 else blob(image)[middle(image)]
    np.testing.assert_array_equal(enclosed(points, plane.shape), plane)
    reference, expected = drawn.ReferencedImageSequence[0], image.sources[middle(image)]
    assert len(drawn.ReferencedImageSequence) == 1
    assert reference.ReferencedSOPInstanceUID == expected.sop_instance
    assert int(reference.get("ReferencedFrameNumber") or 1) == expected.frame


def test_dcmtk_accepts_it(tmp_path: Path) -> None:
    """In ASCII: the checker of dcmtk does not know UTF-8, and would call every Chinese word an error."""
    image = case("ct", tmp_path / "ct")
    path = write(tmp_path / "pr.dcm", image, Presentation((Mark(outline(image), "nodule"),), Window(60, 400, "body")))
    with hushed():
        state = dicom.dcmread(path)
        state.PatientName, state.SpecificCharacterSet = "Wang^Xiaoming", "ISO_IR 100"
        state.save_as(path)
    peer("dcmpschk", str(path))


@pytest.mark.parametrize("kind", ["ct", "dx", "cr"])
def test_dcmtk_shows_the_greys_of_the_window(kind: str, tmp_path: Path) -> None:
    """Also where small values are stored bright (cr): what the image says is what the viewer shows."""
    image = case(kind, tmp_path / kind)
    low, high = np.percentile(image.values, (20, 80))
    window = Window(float(low + high) / 2, float(high - low) or 1.0)
    path = write(tmp_path / "pr.dcm", image, Presentation((), window))
    peer("dcmp2pgm", "-p", str(path), str(image.sources[0].file), str(tmp_path / "shown.pgm"))
    shown = read_pgm(tmp_path / "shown.pgm")
    plane = image.values if image.values.ndim == 2 else image.values[0]
    expected = np.clip((plane - (window.centre - 0.5)) / (window.width - 1) + 0.5, 0, 1) * 255
    assert np.abs(shown - expected).max() < 2.5
    assert shown.std() > 40


def read_pgm(path: Path) -> NDArray[np.float64]:
    from PIL import Image as Pictures  # noqa: PLC0415

    with Pictures.open(path) as picture:
        return np.asarray(picture, np.float64)


def test_without_a_window_that_of_the_source_is_kept(tmp_path: Path) -> None:
    image = case("cr", tmp_path / "cr")
    with hushed():
        state = dicom.dcmread(write(tmp_path / "pr.dcm", image, Presentation((Mark(outline(image)),))))
    assert state.PresentationLUTShape == "INVERSE"
    assert (state.SoftcopyVOILUTSequence[0].WindowCenter, state.SoftcopyVOILUTSequence[0].WindowWidth) == (1500, 2000)
    with hushed():  # and the window of the image, as read, is the same one
        again = dicom.dcmread(write(tmp_path / "pr.dcm", image, Presentation((), image.windows[0])))
    assert (again.SoftcopyVOILUTSequence[0].WindowCenter, again.SoftcopyVOILUTSequence[0].WindowWidth) == (1500, 2000)


def test_pixels_that_are_not_square_keep_their_shape(tmp_path: Path) -> None:
    image = case("mr", tmp_path / "mr")
    file = image.sources[0].file
    assert file is not None
    with hushed():
        source = dicom.dcmread(file)
        source.PixelSpacing = [0.5, 0.25]
        source.save_as(file)
        state = dicom.dcmread(write(tmp_path / "pr.dcm", image, Presentation((Mark(outline(image)),))))
    area = state.DisplayedAreaSelectionSequence[0]
    assert [float(one) for one in area.PresentationPixelSpacing] == [0.5, 0.25]
    assert "PresentationPixelAspectRatio" not in area


def test_slices_rescaled_each_in_its_own_way_are_refused(tmp_path: Path) -> None:
    image = case("ct", tmp_path / "ct")
    file = image.sources[0].file
    assert file is not None
    with hushed():
        source = dicom.dcmread(file)
        source.RescaleSlope = "3.5"
        source.save_as(file)
    with pytest.raises(InputError, match="PET"):
        write(tmp_path / "pr.dcm", image, Presentation((Mark(outline(image)),)))


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    grey, colour = case("mr", tmp_path / "mr"), case("us", tmp_path / "us")
    with pytest.raises(InputError, match="outside"):
        write(tmp_path / "pr.dcm", grey, Presentation((Mark(Outline(((0.0, 0.0), (0.0, 64.0)))),)))
    with pytest.raises(InputError, match="secondary capture instead"):
        write(tmp_path / "pr.dcm", colour, Presentation((Mark(outline(colour)),)))
    assert not (tmp_path / "pr.dcm").exists()
