"""Measures of a region: diameters, area, volume, surface, shape, margin, intensities, radiomics; each with a unit."""

from __future__ import annotations

from suwen.imaging.measure.nouns import Bins, Box, Diameter, Feature, Margin, Measures, Settings, Spread
from suwen.imaging.measure.perturb import Disturbance, perturbed
from suwen.imaging.measure.radiomics import radiomics
from suwen.imaging.measure.region import measure
from suwen.imaging.measure.words import called

__all__ = [
    "Bins",
    "Box",
    "Diameter",
    "Disturbance",
    "Feature",
    "Margin",
    "Measures",
    "Settings",
    "Spread",
    "called",
    "measure",
    "perturbed",
    "radiomics",
]
