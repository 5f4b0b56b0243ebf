"""What a measurement may hold: points on an image, and values as large as images give them."""

from __future__ import annotations

import pytest

from suwen.consult.imaging_measures import Measured
from suwen.errors import InputError

ENDS = ((0.0, 0.0), (2000.0, 2000.0))


@pytest.mark.parametrize("values", [{"area": (3_141_592.7, "px²")}, {"mean": (2.5e7, "BQML")}])
def test_large_values_are_kept(values: dict[str, tuple[float, str]]) -> None:
    """An ellipse over a picture without scale, an activity in becquerel: both beyond a million."""
    assert Measured("image", "series", 0, "ellipse", ENDS, values).values == values


@pytest.mark.parametrize(
    ("points", "values"),
    [
        (((0.0, 0.0), (1e6, 0.0)), {}),
        (((0.0, 0.0), (float("nan"), 0.0)), {}),
        (ENDS, {"mean": (float("inf"), "")}),
        (ENDS, {"mean": (float("nan"), "")}),
    ],
)
def test_what_is_no_place_or_no_number_is_refused(
    points: tuple[tuple[float, float], ...], values: dict[str, tuple[float, str]]
) -> None:
    with pytest.raises(InputError):
        Measured("image", "series", 0, "ellipse", points, values)
