"""Segmentations whose segments overlap: each comes back whole, in a volume and on a radiograph without a place."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("highdicom", reason="the extra imaging is not installed")

from suwen.cli.ward_images import Painted, painted_ct, painted_radiograph
from suwen.errors import FormatError
from suwen.formats.images import Image, read_study
from suwen.formats.images.budget import Budget
from suwen.formats.images.mask import laid_on
from suwen.formats.images.segments import Segments, read_segments
from suwen.formats.images.stored import Stored
from suwen.formats.images.writing.nouns import MORPHOLOGY, Algorithm, Segment, Term
from suwen.formats.images.writing.seg import write_seg
from suwen.subject import Code

NUMBERS = itertools.count(1)


def painted() -> Painted:
    taken = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Painted("N-1", "Nobody^N", "19500101", "F", taken, lambda: f"1.2.8.{next(NUMBERS)}")


def drawn(folder: Path, objects: Sequence[bytes]) -> tuple[Image, list[np.ndarray], Segments]:
    """An image with two boxes that overlap, written as a segmentation and read again."""
    for number, one in enumerate(objects):
        (folder / f"{number}.dcm").write_bytes(one)
    image = read_study(folder).images[0]
    masks = []
    for start in (20, 40):
        mask = np.zeros(image.values.shape, np.bool_)
        mask[..., start : start + 40, 30:60] = True
        masks.append(mask)
    kind, by = Term(Code("SCT:52988006", "Lesion"), "病灶"), Algorithm("drawn by a test", "1")
    segments = [Segment(one, kind, by, MORPHOLOGY, f"box {number}") for number, one in enumerate(masks, 1)]
    write_seg(folder / "seg.dcm", image, segments, clock=time.time, uid=painted().uid)
    return image, masks, read_segments(Stored("seg", None, (folder / "seg.dcm").read_bytes()), Budget())


def test_overlapping_segments_of_a_volume_lie_in_several_planes(tmp_path: Path) -> None:
    image, masks, found = drawn(tmp_path, painted_ct(painted())[20:24])
    assert found.names == ((1, "box 1"), (2, "box 2"))
    assert len(found.planes) == 2
    assert found.grid is not None
    for number, (plane, mask) in enumerate(zip(found.planes, masks, strict=True), 1):
        assert np.array_equal(laid_on(image.grid, plane, found.grid) == number, mask)
    assert found.images == {one.sop_instance for one in image.sources}


def test_a_radiograph_without_a_place_is_outlined_pixel_by_pixel(tmp_path: Path) -> None:
    image, masks, found = drawn(tmp_path, [painted_radiograph(painted())])
    assert found.grid is None
    assert found.images == {image.sources[0].sop_instance}
    for number, (plane, mask) in enumerate(zip(found.planes, masks, strict=True), 1):
        assert np.array_equal(plane[0] == number, mask)


def test_an_image_is_no_segmentation() -> None:
    with pytest.raises(FormatError):
        read_segments(Stored("image", None, painted_ct(painted())[0]), Budget())
