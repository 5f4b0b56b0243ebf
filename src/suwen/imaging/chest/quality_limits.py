"""Limits of the quality of a chest radiograph, aspect by aspect, each with where criterion and number come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LIMITS", "PROJECTION_SOURCE", "Limit"]

Ends = tuple[float | None, float | None]

_EUR = "European Guidelines on Quality Criteria for Diagnostic Radiographic Images, EUR 16260 EN (1996)"
_HOUSE = "limits: house rule, limited is the outer 1 to 5 % of 351 NIH ChestX-ray14 images at 320 px"
PROJECTION_SOURCE = "projection as the image states it; heart at AP: Chon et al., J Korean Med Sci 2011;26:1446"


@dataclass(frozen=True, slots=True)
class Limit:
    """Ends (low, high) beyond which an aspect is limited, and beyond which the image cannot be used; and the source."""

    limited: Ends
    unusable: Ends
    source: str


LIMITS: Mapping[str, Limit] = {
    "inversion": Limit((0.10, None), (0.0, None), "house rule: air is darker than the mediastinum"),
    "coverage": Limit((None, 0.01), (None, 0.40), f"criterion: whole rib cage, apices and angles, {_EUR}; {_HOUSE}"),
    "rotation": Limit(
        (-0.03, 0.05), (-0.15, 0.15), f"criterion: symmetrical reproduction of the thorax, {_EUR}, by a proxy; {_HOUSE}"
    ),
    "symmetry": Limit(
        (-0.25, 0.50), (-1.50, 1.50), f"criterion: symmetrical reproduction of the thorax, {_EUR}, by a proxy; {_HOUSE}"
    ),
    "inspiration": Limit(
        (0.53, None), (0.30, None), f"criterion: full inspiration, {_EUR}, by height over width, not by ribs; {_HOUSE}"
    ),
    "contrast": Limit((0.34, None), (0.12, None), f"house rule; {_HOUSE}"),
    "clipping": Limit((None, 0.01), (None, 0.25), f"house rule; {_HOUSE}"),
    "penetration": Limit(
        (0.15, None), (None, None), f"criterion: retrocardiac lung and spine visible, {_EUR}, by a proxy; {_HOUSE}"
    ),
    "sharpness": Limit((0.30, None), (0.12, None), f"criterion: sharp vessels and diaphragm, {_EUR}; {_HOUSE}"),
    "noise": Limit((None, 0.012), (None, 0.06), f"measured after Immerkaer, CVIU 1996;64:300; {_HOUSE}"),
    "resolution": Limit(
        (1500.0, None),
        (100.0, None),
        "2.5 line pairs per mm (ACR-AAPM-SIIM technical standard) are 1500 pixels over a thorax of 30 cm; lower end: "
        "house rule",
    ),
    "objects": Limit((None, 0.025), (None, None), f"house rule; {_HOUSE}"),
}
