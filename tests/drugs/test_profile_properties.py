"""Proves that the numbers of a molecule are those published or those of independent implementations."""

from __future__ import annotations

import importlib.util
import lzma
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen import datasets
from suwen.drugs.efficiency import efficiencies
from suwen.drugs.profile import profile
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.scores import boiled_egg, central, esol
from suwen.drugs.synthetic_access import fragment_scores, synthetic_access
from suwen.errors import InputError
from suwen.formats.molecules.nouns import Molecule

Chem = pytest.importorskip("rdkit.Chem")
ASPIRIN, CAFFEINE, ETHANOL = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "CCO"
CIMETIDINE, TIOTIDINE, INDOLE = (
    "CNC(=NCCSCc1nc[nH]c1C)NC#N",
    "N=C(CCSCc1csc(N=C(N)N)n1)NS(N)(=O)=O",
    "CCCCCNC(=N)NN=Cc1c[nH]c2ccc(CO)cc12",
)


def molecule(smiles: str) -> Molecule:
    structure = Chem.MolFromSmiles(smiles)
    return Molecule(Chem.MolToSmiles(structure), Chem.MolToInchiKey(structure))


@cache
def zinc() -> tuple[str, ...]:
    place = datasets.folder() / "drugs" / "zinc250k.smi.xz"
    if not place.is_file():
        pytest.skip("the data set zinc250k is not here; set SUWEN_DATA")
    with lzma.open(place, "rt") as file:
        return tuple(line.split()[0] for number, line in enumerate(file) if number % 100 == 0)


@pytest.mark.parametrize(
    ("smiles", "formula", "key", "value"),
    [
        # PubChem CID 2244 and 2519: weight and polar surface; Crippen's logP and QED as published with RDKit
        (ASPIRIN, "C9H8O4", "weight", 180.16),
        (ASPIRIN, "C9H8O4", "exact_mass", 180.0423),
        (ASPIRIN, "C9H8O4", "tpsa", 63.6),
        (ASPIRIN, "C9H8O4", "logp", 1.31),
        (ASPIRIN, "C9H8O4", "heavy_atoms", 13),
        (ASPIRIN, "C9H8O4", "qed", 0.55),
        (CAFFEINE, "C8H10N4O2", "weight", 194.19),
        (CAFFEINE, "C8H10N4O2", "acceptors", 6),
        (CAFFEINE, "C8H10N4O2", "donors", 0),
        (CAFFEINE, "C8H10N4O2", "logp", -1.03),
        (CAFFEINE, "C8H10N4O2", "atoms", 24),
        (ETHANOL, "C2H6O", "fraction_sp3", 1.0),
        (CIMETIDINE, "C10H16N6S", "tpsa_sp", 88.89 + 25.30),  # a thioether counts 25.3 (Ertl 2000)
        # Examples of Bickerton 2012 by its authors' own program
        (TIOTIDINE, "C8H15N7O2S3", "qed", 0.253),
        (CIMETIDINE, "C10H16N6S", "qed", 0.234),
        (INDOLE, "C16H23N5O", "qed", 0.234),
    ],
)
def test_published_numbers(smiles: str, formula: str, key: str, value: float) -> None:
    told = profile(molecule(smiles))
    found = told[key].value
    assert told.formula == formula
    assert found is not None
    assert found == pytest.approx(value, abs=0.006)


def test_every_quantity_is_told_in_order_with_name_source_and_limits_in_both_languages() -> None:
    told = profile(molecule(ASPIRIN))
    assert [one.key for one in told.properties] == list(QUANTITIES)
    for one in told.properties:
        quantity = one.quantity
        assert all((quantity.name.en, quantity.name.zh, quantity.unit, quantity.source))
        assert quantity.limits.en
        assert quantity.limits.zh != quantity.limits.en


def test_qed_parts_make_up_the_whole() -> None:
    qed = profile(molecule(TIOTIDINE))["qed"]
    assert len(qed.parts) == 8
    total = sum(one.weight for one in qed.parts)
    mean = math.prod(one.low ** (one.weight / total) for one in qed.parts)
    assert qed.value == pytest.approx(mean)


def test_qed_is_that_of_rdkit() -> None:
    from rdkit.Chem import QED  # noqa: PLC0415

    for smiles in zinc()[:200]:
        assert profile(Molecule(smiles, "x"))["qed"].value == pytest.approx(QED.qed(Chem.MolFromSmiles(smiles)))


def contrib() -> Callable[[Any], float]:
    from rdkit.Chem import RDConfig  # noqa: PLC0415

    place = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    if not place.is_file():
        pytest.skip("this RDKit came without its Contrib folder")
    spec = importlib.util.spec_from_file_location("sascorer", place)
    assert spec is not None
    assert spec.loader is not None
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    peer.readFragmentScores(str(place.parent / "fpscores.pkl.gz"))
    return peer.calculateScore


def test_synthetic_access_is_that_of_its_authors() -> None:
    peer = contrib()
    hard = ["C", "[Na+].[Cl-]", "C1CCCCCCCCCCC1", "C1C2CC3CC1CC(C2)C3", "C1CC12CC2", "F[C@](Cl)(Br)I"]
    for smiles in (*zinc()[:2000], *hard):
        structure = Chem.MolFromSmiles(smiles)
        assert synthetic_access(structure) == pytest.approx(peer(structure), abs=1e-12)


def test_fragment_scores_are_sorted_and_read_only_numbers() -> None:
    identifiers, scores = fragment_scores()
    assert len(identifiers) == len(scores) == 705_292
    assert bool((identifiers[1:] > identifiers[:-1]).all())


def test_solubility_of_the_paper() -> None:
    # Thiophene and picene with the ClogP behind Delaney's own predictions, -2.23 and -6.62
    assert esol(1.79, 84.14, 0, 1.0) == pytest.approx(-2.23, abs=0.01)
    assert esol(6.84, 278.35, 0, 1.0) == pytest.approx(-6.62, abs=0.01)
    assert esol(1.0, 100.0, 3, 0.5) - esol(1.0, 100.0, 2, 0.5) == pytest.approx(0.066)


def test_logd_is_unknown_and_at_most_logp() -> None:
    told = profile(molecule(ASPIRIN))
    assert told["logd"].value is None
    assert told["logd"].bounds == (None, told["logp"].value)
    assert "logd" not in told.numbers()
    with pytest.raises(InputError, match="logp"):
        told["logP"]


@pytest.mark.parametrize(("polar", "logp", "gut", "brain"), [(71.051, 2.292, 0, 0.81), (38.117, 3.177, 0.5, 0)])
def test_the_egg_is_zero_at_its_centres(polar: float, logp: float, gut: float, brain: float) -> None:
    white, yolk = boiled_egg(polar, logp)
    assert white == pytest.approx(gut, abs=0.05)
    assert yolk == pytest.approx(brain, abs=0.06)


@pytest.mark.parametrize(("polar", "logp"), [(142.0301, 1.0464), (0.0247, 3.5427), (101.882, -2.19), (75.0, 6.5713)])
def test_published_points_of_the_white_lie_on_its_border(polar: float, logp: float) -> None:
    assert boiled_egg(polar, logp)[0] == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(("polar", "logp"), [(40.97, 0.4063), (79.099, 3.094), (-2.9617, 3.2759), (45.4369, 5.8972)])
def test_published_points_of_the_yolk_lie_on_its_border(polar: float, logp: float) -> None:
    assert boiled_egg(polar, logp)[1] == pytest.approx(1.0, abs=0.005)


BEST = {"logp": 1.0, "weight": 300.0, "tpsa": 60.0, "donors": 0.0}


def test_cns_mpo_is_exact_where_all_is_known_and_an_interval_where_not() -> None:
    assert central(BEST, basic=True, pka=7.0, logd=0.5).value == 6.0
    open_ = central(BEST, basic=True)
    assert (open_.value, open_.low, open_.high) == (None, 5.0, 6.0)
    assert central(BEST, basic=False).value == 6.0  # logD is at most logP, and there is nothing basic
    worst = {"logp": 6.0, "weight": 600.0, "tpsa": 200.0, "donors": 5.0}
    assert central(worst, basic=True, pka=11.0, logd=5.0).value == 0.0
    assert central({**BEST, "logp": 4.0, "tpsa": 105.0}, basic=True, pka=9.0, logd=3.0).value == pytest.approx(4.0)


@given(st.floats(-3, 8), st.floats(100, 700), st.floats(0, 200), st.integers(0, 8), st.floats(0, 14), st.floats(0, 6))
def test_the_interval_of_cns_mpo_holds_what_it_becomes(
    logp: float, weight: float, tpsa: float, donors: int, pka: float, less: float
) -> None:
    numbers = {"logp": logp, "weight": weight, "tpsa": tpsa, "donors": float(donors)}
    low, high = central(numbers, basic=True).bounds
    told = central(numbers, basic=True, pka=pka, logd=logp - less).value
    assert told is not None
    assert low is not None
    assert high is not None
    assert low - 1e-9 <= told <= high + 1e-9


def test_efficiencies_of_aspirin() -> None:
    found = efficiencies(profile(molecule(ASPIRIN)), 5.0)
    assert found["ligand"] == pytest.approx(1.37 * 5 / 13)
    assert found["lipophilic"] == pytest.approx(5 - 1.3101)
    assert found["binding"] == pytest.approx(27.75, abs=0.01)
    assert "surface" not in efficiencies(profile(molecule("CCCC")), 5.0)
    with pytest.raises(InputError):
        efficiencies(profile(molecule(ASPIRIN)), math.nan)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_the_order_of_atoms_changes_nothing(data: st.DataObject) -> None:
    smiles = data.draw(st.sampled_from(zinc()))
    structure = Chem.MolFromSmiles(smiles)
    order = data.draw(st.permutations(range(structure.GetNumAtoms())))
    other = Chem.MolToSmiles(Chem.RenumberAtoms(structure, order), canonical=False)
    first, second = profile(Molecule(smiles, "x")), profile(Molecule(other, "x"))
    assert second.formula == first.formula
    assert second.numbers() == pytest.approx(first.numbers())
    assert [(one.set, one.label, len(one.places)) for one in second.alerts] == [
        (one.set, one.label, len(one.places)) for one in first.alerts
    ]
    assert [one.kept for one in second.rules] == [one.kept for one in first.rules]


def test_stereocentres_stated_and_open() -> None:
    stated, open_ = profile(molecule("C[C@H](N)C(=O)O")), profile(molecule("CC(N)C(=O)O"))
    assert (stated["centres_stated"].value, stated["centres_open"].value) == (1, 0)
    assert (open_["centres_stated"].value, open_["centres_open"].value) == (0, 1)
