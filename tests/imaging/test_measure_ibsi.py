"""Radiomics meet the IBSI 1 consensus on both phantoms, and organs the statistics published with their masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.bench.lesion_measures import CONFIGURATIONS, Reference, compared, consensus, organs, phantom, within
from suwen.imaging.measure import measure, radiomics
from suwen.imaging.measure.catalogue import FAMILIES, of_family

COUNTS = {"digital": 482, "ct_a": 346, "ct_b": 346, "ct_c": 210, "ct_d": 210, "ct_e": 210}


def _data(name: str) -> Path:
    folder = datasets.folder() / "imaging" / name
    if not folder.is_dir():
        pytest.skip(f"reference data 'imaging/{name}' are not in the data folder (SUWEN_DATA)")
    return folder


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_feature_with_a_consensus_is_within_its_tolerance(name: str) -> None:
    found = compared(name, _data("ibsi"))
    assert len(found) == COUNTS[name]
    assert [feature for feature, right in found.items() if not right] == []


def test_the_consensus_names_exactly_the_features_that_are_computed() -> None:
    place, settings = CONFIGURATIONS["ct_c"]
    mask, grid, values = phantom(_data("ibsi") / place)
    assert list(consensus()["ct_c"]) == list(radiomics(mask, grid, values, settings=settings))


def test_tolerances_refuse_what_is_out_and_take_what_rounds_in() -> None:
    assert within(0.5194, Reference(0.519, 0.0))
    assert not within(0.5196, Reference(0.519, 0.0))
    assert within(561, Reference(556, 4.0)) is False
    assert within(-1290, Reference(-1250, 40.0))


def test_identifiers_are_those_of_ibsi_each_once() -> None:
    rows = [row for family in FAMILIES for row in of_family(family)]
    ids = [ibsi for _, ibsi, _ in rows]
    assert all(len(one) == 4 and one.isalnum() and one.upper() == one for one in ids)
    # Volume and intensity fractions of the intensity-volume histogram share one identifier each.
    assert len(ids) - len(set(ids)) == 2
    assert {name: ibsi for name, ibsi, _ in of_family("morph")}["volume"] == "RNU0"


def test_organs_of_the_abdomen_equal_the_published_statistics() -> None:
    found = organs(_data("abdomen_ct"))
    assert found["abdomen.structures"] == 117
    assert found["abdomen.structures_not_empty"] == 40
    assert found["abdomen.volume.max_relative_error"] == 0
    assert found["abdomen.intensity.max_error"] < 1e-9


def test_measures_and_radiomics_of_the_tumour_agree() -> None:
    mask, grid, values = phantom(_data("ibsi") / CONFIGURATIONS["ct_a"][0])
    found = measure(mask, grid, values=values)
    features = radiomics(mask, grid, values, settings=CONFIGURATIONS["ct_a"][1])
    assert found.mesh_volume == pytest.approx(features["morph_volume"].value, rel=1e-9)
    assert found.mesh_surface == pytest.approx(features["morph_area_mesh"].value, rel=1e-9)
    assert found.volume == pytest.approx(features["morph_vol_approx"].value, rel=1e-9)
    assert found.widest.length == pytest.approx(features["morph_diam"].value, rel=1e-9)
    assert found.axis_lengths[0] == pytest.approx(features["morph_pca_maj_axis"].value, rel=1e-5)
    assert (found.surface or 0.0) < (found.mesh_surface or 0.0)
    assert found.longest.length <= found.widest.length
    assert np.isfinite(list(found.numbers().values())).all()
