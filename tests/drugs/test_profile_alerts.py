"""Proves that alerts are those of the published sets, on the right atoms, in both languages, without a chance."""

from __future__ import annotations

import lzma
from functools import cache

import pytest

from suwen import datasets
from suwen.drugs.alerts import ALERT_SETS, USUAL_SETS, alert_meaning, alert_name
from suwen.drugs.findings import findings
from suwen.drugs.nouns import Profile
from suwen.drugs.profile import profile
from suwen.errors import InputError
from suwen.finding import Bearing
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Atoms, Kind

Chem = pytest.importorskip("rdkit.Chem")
RHODANINE = "O=C1NC(=S)SC1=Cc1ccccc1"
WORRYING = "O=Cc1ccc(O)c(O)c1"  # an aldehyde and a catechol


@cache
def zinc() -> tuple[str, ...]:
    place = datasets.folder() / "drugs" / "zinc250k.smi.xz"
    if not place.is_file():
        pytest.skip("the data set zinc250k is not here; set SUWEN_DATA")
    with lzma.open(place, "rt") as file:
        return tuple(line.split()[0] for number, line in enumerate(file) if number % 1000 == 7)


def of(smiles: str, *sets: str) -> Profile:
    return profile(Molecule(smiles, "key"), alert_sets=sets or USUAL_SETS)


def test_a_rhodanine_hits_pains_on_its_ring() -> None:
    (hit,) = of(RHODANINE, "pains_a", "pains_b", "pains_c").alerts
    assert hit.label.startswith("ene_rhod")
    (place,) = hit.places
    ring = {number for number, atom in enumerate(Chem.MolFromSmiles(RHODANINE).GetAtoms()) if not atom.GetIsAromatic()}
    assert place.smiles == RHODANINE
    assert {1, 2, 3, 5, 6} <= set(place.indices) <= ring | set(range(7, 14))
    assert alert_name(hit).zh == "亚基取代罗丹宁"


def test_an_aldehyde_hits_brenk_on_its_two_atoms_and_a_catechol_pains() -> None:
    hits = {(one.set, one.label): one.places for one in of(WORRYING).alerts}
    assert hits["brenk", "aldehyde"] == (Atoms(WORRYING, (0, 1)),)
    assert ("pains_b", "catechol_A(92)") in hits
    assert of("CCO").alerts == ()


def test_each_place_is_its_own() -> None:
    (hit,) = (one for one in of("O=CCCCC=O").alerts if one.set == "brenk" and one.label == "aldehyde")
    assert hit.places == (Atoms("O=CCCCC=O", (0, 1)), Atoms("O=CCCCC=O", (5, 6)))


def test_the_quick_look_misses_nothing_that_rdkit_finds() -> None:
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams  # noqa: PLC0415

    parameters = FilterCatalogParams(FilterCatalogParams.FilterCatalogs.PAINS)
    whole, hit = FilterCatalog(parameters), 0
    more = [RHODANINE, WORRYING, "CN(C)c1ccc(N=Nc2ccccc2)cc1", "O=C1C=CC(=O)C=C1", "Oc1ccccc1C=NNC(=O)c1ccccc1"]
    for smiles in (*zinc(), *more):
        structure = Chem.MolFromSmiles(smiles)
        expected = sorted(entry.GetDescription() for entry in whole.GetMatches(structure))
        assert sorted(one.label for one in of(smiles, "pains_a", "pains_b", "pains_c").alerts) == expected
        hit += len(expected)
    assert hit > 8


def test_an_unknown_set_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="brenk"):
        of("CCO", "brenck")


def test_every_set_works_and_is_named_in_both_languages() -> None:
    every = of("O=C(Cl)CC(=O)C=CN=NC(=S)SSCC[N+](=O)[O-]", *ALERT_SETS).alerts
    assert {one.set for one in every} >= {"brenk", "nih", "glaxo", "mlsmr", "surechembl", "lint"}
    for one in every:
        name, (meaning, source) = alert_name(one), alert_meaning(one)
        assert all((name.en, name.zh, meaning.en, meaning.zh, source))
        assert meaning.en != meaning.zh


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_findings_have_evidence_of_weight_nought_and_no_chance(lang: str) -> None:
    told = of("O=Cc1ccc(CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC)c(O)c1O")
    found = findings(told, lang)
    broken = [one for one in told.rules if one.kept is False]
    assert len(found) == len(broken) + len(told.alerts)
    assert broken
    assert told.alerts
    for one in found:
        assert (one.subject.kind, one.subject.id) == (Kind.MOLECULE, "key")
        assert one.chance.value is None
        assert one.code.label
        assert all((each.weight, each.bearing) == (0.0, Bearing.NEUTRAL) for each in one.evidence)
        for each in one.evidence:
            if isinstance(each.seen, Atoms):
                assert all(index < told["heavy_atoms"].value for index in each.seen.indices)


def test_findings_of_a_catechol_say_how_it_interferes() -> None:
    said = " ".join(each.sentence for one in findings(of(WORRYING), "zh") for each in one.evidence)
    assert "氧化还原循环" in said
    assert "螯合金属" in said


def test_a_rule_that_cannot_be_decided_is_no_finding() -> None:
    told = of("CC(C)Cc1ccc(C(C)C(=O)NCCO)cc1")
    assert {one.key for one in told.rules if one.kept is None} == {"golden_triangle"}
    assert not any("golden" in one.code.value for one in findings(told, "en"))
