"""The charges a molecule has in water at pH 7.4, by a table of groups with their typical pKa.

A table knows a group's neighbours only so far as its pattern says: it is right for most drug-like molecules and wrong
for groups whose pKa lies within a unit of 7.4 (imidazoles, anilines with strong donors, phenols with strong acceptors,
thiols, hydroxamic acids are left neutral), and it does not see the pocket, which may shift a pKa by several units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from suwen.formats.molecules.structure import chemistry
from suwen.subject import Saying

__all__ = ["GROUPS", "Group", "protonated"]

_PERRIN = "Perrin DD, Dempsey B, Serjeant EP. pKa Prediction for Organic Acids and Bases. 1981"
_ALBERT = "Albert A, Serjeant EP. The Determination of Ionization Constants. 3rd ed. 1984"
_HERR = "Herr RJ. Bioorg Med Chem 2002;10:3379-3393"
_BALLATORE = "Ballatore C, Huryn DM, Smith AB. ChemMedChem 2013;8:385-395"


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is charged at pH 7.4: the first atom of `pattern` (SMARTS) takes `charge`; `pka` is typical."""

    key: str
    name: Saying
    pattern: str
    charge: int
    pka: float
    source: str


_AMINE = (
    # No amide, amidine, sulfonamide, aniline or enamine; nothing near that takes the pKa below 7.4; and two atoms from
    # a charged nitrogen none is charged again (ethylenediamine 9.9 and 6.9, piperazine 9.7 and 5.3).
    "[NX3;!$(N[!#6;!#1]);!$(N~[#6]=,#[!#6]);!$(N[a]);!$(N[#6]=,#[#6]);!$(NC[F,Cl,Br]);!$(NCC(F)F);"
    "!$(N[CX4][N,O,S]);!$(NCC#N);!$(N(CC=[O,S,N])CC=[O,S,N]);!$(N[#6][#6][#7+]);"
)
_NITROGEN = "!$(N[!#6;!#1]);!$(NC=[O,S]);!$(NC#N)"  # of guanidines and amidines: acyl, cyano, nitro take the base away
GROUPS: tuple[Group, ...] = (
    Group("sulfonic", Saying("sulfonic acid", "磺酸"), "[OX2H1][SX4](=O)=O", -1, -1.0, _PERRIN),
    Group("sulfinic", Saying("sulfinic acid", "亚磺酸"), "[OX2H1][SX3]=O", -1, 2.0, _PERRIN),
    Group("phosphoric", Saying("phosphoric or phosphonic acid", "磷酸或膦酸"), "[OX2H1][PX4;!$(P[O-])]=O", -1, 2.0,
          _PERRIN),
    Group("phosphate", Saying("phosphate, second proton", "磷酸第二质子"), "[OX2H1][PX4]([O-])(=O)O[#6,P]", -1, 6.5,
          _PERRIN),
    Group("carboxylic", Saying("carboxylic acid", "羧酸"), "[OX2H1][CX3]=[OX1]", -1, 4.5, _PERRIN),
    Group("thiocarboxylic", Saying("thiocarboxylic acid", "硫代羧酸"), "[SX2H1][CX3]=[OX1,SX1]", -1, 3.5, _PERRIN),
    Group("tetrazole", Saying("tetrazole", "四氮唑"), "[nX3H1;$(n1nnnc1),$(n1nncn1)]", -1, 4.9, _HERR),
    Group("acylsulfonamide", Saying("acylsulfonamide or sulfonylurea", "酰基磺酰胺或磺酰脲"),
          "[NX3H1]([CX3]=[OX1])[SX4](=O)=O", -1, 4.5, _BALLATORE),
    Group("disulfonimide", Saying("disulfonimide", "双磺酰亚胺"), "[NX3H1]([SX4](=O)=O)[SX4](=O)=O", -1, 1.5, _PERRIN),
    Group("triflamide", Saying("trifluoromethanesulfonamide", "三氟甲磺酰胺"),
          "[NX3H1,NX3H2;!$(NC=O)][SX4](=O)(=O)C(F)(F)F", -1, 6.0, _BALLATORE),
    Group("oxadiazolone", Saying("oxadiazolone", "噁二唑酮"), "[nX3H1]1c(=O)onc1", -1, 6.0, _BALLATORE),
    Group("thiazolidinedione", Saying("thiazolidinedione", "噻唑烷二酮"),
          "[NX3H1]1C(=O)SCC1=O", -1, 6.6, _BALLATORE),
    Group("guanidine", Saying("guanidine", "胍"),
          f"[NX2;{_NITROGEN}]=[CX3]([NX3;{_NITROGEN}])[NX3;{_NITROGEN}]", 1, 12.5, _PERRIN),
    Group("amidine", Saying("amidine", "脒"), f"[NX2;{_NITROGEN}]=[CX3]([#6,#1])[NX3;{_NITROGEN}]", 1, 11.5, _PERRIN),
    Group("formamidine", Saying("formamidine", "甲脒"), f"[NX2;{_NITROGEN}]=[CX3H1][NX3;{_NITROGEN}]", 1, 11.0,
          _PERRIN),
    Group("aminopyridine", Saying("4-aminopyridine", "4-氨基吡啶"),
          "[nX2]1[c;!$(c[F,Cl,Br])][c;!$(c[F,Cl,Br])]c([NX3;!$(N(c)c);!$(N~[#6]=[O,S]);!$(N[!#6;!#1])])cc1", 1, 9.1,
          _ALBERT),
    Group("secondary", Saying("secondary amine", "仲胺"), _AMINE + "H1]([#6])[#6]", 1, 10.5, _PERRIN),
    Group("primary", Saying("primary amine", "伯胺"), _AMINE + "H2][CX4]", 1, 10.0, _PERRIN),
    Group("tertiary", Saying("tertiary amine", "叔胺"), _AMINE + "H0]([#6])([#6])[#6]", 1, 9.5, _PERRIN),
)  # fmt: skip
"""Acids first, then bases, the stronger before the weaker: each is looked for in what those before have made."""
_MOST = 40  # charges of one molecule


def protonated(mol: Any) -> tuple[Any, tuple[Group, ...]]:
    """A copy of RDKit's molecule with its groups charged as at pH 7.4, and the groups that were, each time it was."""
    made = chemistry().RWMol(mol)
    found: list[Group] = []
    for group, pattern in _patterns():
        while len(found) < _MOST and (hit := made.GetSubstructMatch(pattern)):
            _charge(made, hit[0], group.charge)
            found.append(group)
    return made.GetMol(), tuple(found)


def _charge(mol: Any, at: int, charge: int) -> None:
    atom = mol.GetAtomWithIdx(at)
    atom.SetNumExplicitHs(atom.GetTotalNumHs() + charge)
    atom.SetNoImplicit(True)
    atom.SetFormalCharge(atom.GetFormalCharge() + charge)
    with chemistry("rdkit.rdBase").BlockLogs():
        chemistry().SanitizeMol(mol)


@cache
def _patterns() -> tuple[tuple[Group, Any], ...]:
    Chem = chemistry()  # noqa: N806
    return tuple((group, Chem.MolFromSmarts(group.pattern)) for group in GROUPS)
