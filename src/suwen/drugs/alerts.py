"""Structural alerts: parts of a molecule that published sets of patterns warn of, with their atoms."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.nouns import Alert
from suwen.drugs.screen import Screen
from suwen.errors import InputError
from suwen.subject import Atoms, Saying

__all__ = ["ALERT_SETS", "USUAL_SETS", "AlertSet", "alert_meaning", "alert_name", "alerts_of"]


@dataclass(frozen=True, slots=True)
class AlertSet:
    """A published set of patterns: its name, what a hit means and does not mean, its source, RDKit's name of it."""

    key: str
    name: Saying
    meaning: Saying
    source: str
    catalogue: str


_INTERFERES = Saying(
    "compounds with this part hit in many unrelated assays more often than others; a hit asks for another kind of "
    "assay, it does not prove interference, and some approved drugs have it",
    "含该结构的化合物在多种无关检测中更常出现阳性；提示应换一种检测方法复核，并不证明存在干扰，部分已上市药物也含此结构",
)
_UNWANTED = Saying(
    "this part may be reactive, toxic, unstable or poor in the body; it asks for a reason to keep it, and approved "
    "drugs have it too",
    "该结构可能具反应性、毒性、不稳定或体内性质不佳；保留需有理由，已上市药物中也可见",
)
_PROBLEM = Saying(
    "a functional group that reacts or disturbs assays more often; look at it before trusting a screening hit",
    "较常发生反应或干扰检测的官能团；采信筛选结果前应核查",
)
_LEFT_OUT = Saying("left out of this screening collection by its owners", "该筛选库的建立者剔除此类结构")

_BAELL = "Baell JB, Holloway GA. J Med Chem 2010;53:2719-2740"
_CHEMBL = "ChEMBL's structural alerts (ChEMBL Database and Interface Team), as in RDKit"
_ALL = (
    AlertSet("pains_a", Saying("PAINS, family A", "PAINS（A类）"), _INTERFERES, f"{_BAELL}; over 150 compounds each",
             "PAINS_A"),
    AlertSet("pains_b", Saying("PAINS, family B", "PAINS（B类）"), _INTERFERES, f"{_BAELL}; 15 to 149 compounds each",
             "PAINS_B"),
    AlertSet("pains_c", Saying("PAINS, family C", "PAINS（C类）"), _INTERFERES,
             f"{_BAELL}; under 15 compounds each, little ground", "PAINS_C"),
    AlertSet("brenk", Saying("Brenk's unwanted groups", "Brenk不良基团"), _UNWANTED,
             "Brenk R et al. ChemMedChem 2008;3:435-444", "BRENK"),
    AlertSet("nih", Saying("NIH problematic groups", "NIH问题基团"), _PROBLEM,
             "Jadhav A et al. J Med Chem 2010;53:37-51; Doveston RG et al. Org Biomol Chem 2015;13:859-865", "NIH"),
    AlertSet("glaxo", Saying("Glaxo Wellcome hard filters", "Glaxo Wellcome硬过滤"), _LEFT_OUT,
             f"Hann M et al. J Chem Inf Comput Sci 1999;39:897-902; {_CHEMBL}", "CHEMBL_Glaxo"),
    AlertSet("inpharmatica", Saying("Inpharmatica", "Inpharmatica过滤"), _LEFT_OUT, _CHEMBL, "CHEMBL_Inpharmatica"),
    AlertSet("lint", Saying("Pfizer LINT", "辉瑞LINT过滤"), _LEFT_OUT,
             f"Blake JF. Med Chem 2005;1:649-655; {_CHEMBL}", "CHEMBL_LINT"),
    AlertSet("mlsmr", Saying("MLSMR excluded groups", "MLSMR排除基团"), _LEFT_OUT,
             f"NIH Molecular Libraries Small Molecule Repository; {_CHEMBL}", "CHEMBL_MLSMR"),
    AlertSet("surechembl", Saying("SureChEMBL unfriendly groups", "SureChEMBL不良基团"), _LEFT_OUT,
             f"Sushko I et al. J Chem Inf Model 2012;52:2310-2316; {_CHEMBL}", "CHEMBL_SureChEMBL"),
)  # fmt: skip

ALERT_SETS: Mapping[str, AlertSet] = MappingProxyType({one.key: one for one in _ALL})
"""Every set by its key. Two more of ChEMBL are left out: its Dundee and BMS sets are those of Brenk and the NIH."""

USUAL_SETS = ("pains_a", "pains_b", "pains_c", "brenk", "nih")
"""The sets that are looked at where none are named."""

_NUMBERED = re.compile(r"(_[A-Z][a-z]?)?\(\d+\)$")
_HOW = {
    "thiol": Saying("known to react with thiols of proteins", "已知可与蛋白巯基反应"),
    "redox": Saying("known to cycle between oxidised and reduced and make hydrogen peroxide",
                    "已知可发生氧化还原循环并产生过氧化氢"),
    "redox_thiol": Saying("known to cycle between oxidised and reduced and to react with proteins",
                          "已知可发生氧化还原循环并与蛋白反应"),
    "metal": Saying("known to bind metals", "已知可螯合金属"),
    "redox_metal": Saying("known to cycle between oxidised and reduced and to bind metals",
                          "已知可发生氧化还原循环并螯合金属"),
    "thiol_metal": Saying("known to react with proteins and to bind metals", "已知可与蛋白反应并螯合金属"),
    "coloured": Saying("coloured: disturbs readings by light", "有颜色：干扰光学读数"),
}  # fmt: skip
_HOW_SOURCE = "Baell J, Walters MA. Nature 2014;513:481-483; Dahlin JL et al. J Med Chem 2015;58:2091-2113"


def alerts_of(
    structure: Any, smiles: str, bits: NDArray[np.uint64], *, sets: Iterable[str] = USUAL_SETS
) -> tuple[Alert, ...]:
    """Every alert of `sets` that RDKit's molecule `structure` hits, by set and label, with the atoms of each place.

    `smiles` is what `structure` was read from: atoms are counted along it. `bits` is its screen fingerprint. Raises
    InputError for an unknown set.
    """
    return tuple(alert for key in sets for alert in _hits(structure, smiles, bits, key))


def _hits(structure: Any, smiles: str, bits: NDArray[np.uint64], key: str) -> list[Alert]:
    entries, screen = _entries(key)
    found = []
    for number in screen.possible(bits):
        if not entries[number].HasFilterMatch(structure):
            continue
        places = {place for one in entries[number].GetFilterMatches(structure) for place in _places(structure, one)}
        atoms = tuple(Atoms(smiles, place) for place in sorted(places) if place)
        found.append(Alert(key, entries[number].GetDescription(), atoms))
    return sorted(found, key=lambda one: one.label)


def _places(structure: Any, match: Any) -> Iterator[tuple[int, ...]]:
    """Atoms of each place: the match itself holds only as many as the pattern asks for, mostly one."""
    pattern = getattr(match.filterMatch, "GetPattern", None)
    if pattern is None:
        yield tuple(sorted({pair.target for pair in match.atomPairs}))
        return
    for atoms in structure.GetSubstructMatches(pattern()):
        yield tuple(sorted(atoms))


@cache
def _entries(key: str) -> tuple[list[Any], Screen]:
    """The patterns of a set as RDKit keeps them, and a screen of those whose SMARTS is known."""
    from rdkit.Chem.FilterCatalog import FilterCatalog, FilterCatalogParams  # noqa: PLC0415

    if key not in ALERT_SETS:
        raise InputError(
            f"there is no set of alerts {key!r}; there are {', '.join(ALERT_SETS)}",
            zh=f"没有警示结构集 {key!r}；有 {'、'.join(ALERT_SETS)}",
        )
    kept = FilterCatalog(FilterCatalogParams(FilterCatalogParams.FilterCatalogs.names[ALERT_SETS[key].catalogue]))
    entries = [kept.GetEntryWithIdx(number) for number in range(kept.GetNumEntries())]
    patterns = _pains() if key.startswith("pains") else {}
    return entries, Screen([patterns.get(entry.GetDescription()) for entry in entries])


@cache
def _pains() -> dict[str, Any]:
    """The SMARTS of the PAINS by label, from RDKit's data folder; empty where that was not installed."""
    from rdkit.Chem import MolFromSmarts, RDConfig  # noqa: PLC0415

    source = Path(RDConfig.RDDataDir) / "Pains" / "wehi_pains.csv"
    if not source.is_file():
        return {}
    with source.open(encoding="utf-8") as file:
        return {
            label.removeprefix("<regId=").removesuffix(">"): MolFromSmarts(smarts, mergeHs=True)
            for smarts, label in csv.reader(file)
        }


def alert_name(alert: Alert) -> Saying:
    """What was hit, in plain words; the label of the set where there are none, in Chinese with the name of the set."""
    row = _row(alert)
    if row is not None:
        return Saying(row[0], row[1])
    plain = _NUMBERED.sub("", alert.label).replace("_", " ")
    return Saying(plain, f"{ALERT_SETS[alert.set].name.zh}：{plain}")


def alert_meaning(alert: Alert) -> tuple[Saying, str]:
    """What the hit means, with the kind of interference where one is known for the class, and the source of both."""
    row, one = _row(alert), ALERT_SETS[alert.set]
    if row is None or not row[2]:
        return one.meaning, one.source
    how = _HOW[row[2]]
    said = Saying(f"{how.en}; {one.meaning.en}", f"{how.zh}；{one.meaning.zh}")
    return said, f"{one.source}; {_HOW_SOURCE}"


def _row(alert: Alert) -> tuple[str, str, str] | None:
    if alert.set.startswith("pains"):
        return _names().get(("pains", _NUMBERED.sub("", alert.label)))
    return _names().get((alert.set, alert.label))


@cache
def _names() -> Mapping[tuple[str, str], tuple[str, str, str]]:
    """English name, Chinese name, kind of interference, by set and label (of PAINS: the family of the label)."""
    text = resources.files("suwen.drugs").joinpath("alert_names.tsv").read_text("utf-8")
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows if row and not row[0].startswith("#")}
