"""What is told of a molecule: key, name in both languages, unit, source, usual range and limits of each quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["QUANTITIES", "Quantity", "Usual"]


@dataclass(frozen=True, slots=True)
class Usual:
    """Where most drugs lie: from `low` to `high` (None: open), of which drugs, and who counted."""

    low: float | None
    high: float | None
    of: Saying
    source: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of a molecule; `unit` is a UCUM code, "1" for a bare number. `limits` says what it cannot tell."""

    key: str
    name: Saying
    unit: str
    source: str
    limits: Saying
    usual: Usual | None = None


_GHOSE = "Ghose AK, Viswanadhan VN, Wendoloski JJ. J Comb Chem 1999;1:55-68"
_OPREA = "Oprea TI. J Comput Aided Mol Des 2000;14:251-264"
_PROUDFOOT = "Proudfoot JR. Bioorg Med Chem Lett 2005;15:1087-1090"
_CRIPPEN = "Wildman SA, Crippen GM. J Chem Inf Comput Sci 1999;39:868-873"
_ERTL = "Ertl P, Rohde B, Selzer P. J Med Chem 2000;43:3714-3717"
_LIPINSKI = "Lipinski CA et al. Adv Drug Deliv Rev 1997;23:3-25"
_RDKIT = "counted on the structure by RDKit"
_EGG = "Daina A, Zoete V. ChemMedChem 2016;11:1117-1121"
_CMC = Saying("more than 80 % of the drugs of the CMC database", "CMC数据库中80%以上的药物")
_DATABASES = Saying("70 % of the compounds of drug databases", "药物数据库中70%的化合物")
_ORAL = Saying("90 % of oral drugs lie at or below", "90%的口服药物不超过此值")

_EXACT = Saying("exact for the structure as drawn", "对所绘结构是精确值")
_COUNT = Saying("a count on the structure as drawn; says nothing of shape or charge state",
                "按所绘结构计数；不反映构象或电离状态")  # fmt: skip
_LOGP = Saying(
    "sum of atom contributions for the neutral form; off by about 0.5 to 1 log unit for drugs, more for zwitterions, "
    "metals and permanent charges",
    "中性形式的原子贡献加和；对药物误差约0.5–1个对数单位，两性离子、金属与永久电荷误差更大",
)
_TPSA = Saying("nitrogen and oxygen only; sulfur and phosphorus are counted in another quantity",
               "仅计氮和氧；硫和磷另列")  # fmt: skip

_ALL = (
    Quantity("weight", Saying("molecular weight", "分子量"), "g/mol", "IUPAC standard atomic weights, RDKit", _EXACT,
             Usual(160, 480, _CMC, _GHOSE)),
    Quantity("exact_mass", Saying("mass of the commonest isotopes", "单一同位素质量"), "u", "RDKit", _EXACT),
    Quantity("heavy_atoms", Saying("heavy atoms", "重原子数"), "1", _RDKIT, _EXACT),
    Quantity("atoms", Saying("atoms with hydrogens", "原子总数（含氢）"), "1", _RDKIT, _EXACT,
             Usual(20, 70, _CMC, _GHOSE)),
    Quantity("carbons", Saying("carbon atoms", "碳原子数"), "1", _RDKIT, _EXACT),
    Quantity("heteroatoms", Saying("atoms other than carbon and hydrogen", "杂原子数"), "1", _RDKIT, _EXACT),
    Quantity("logp", Saying("logP (octanol/water, Crippen)", "脂水分配系数logP（Crippen）"), "1", _CRIPPEN, _LOGP,
             Usual(-0.4, 5.6, _CMC, _GHOSE)),
    Quantity("logd", Saying("logD at pH 7.4", "pH 7.4时的logD"), "1", _CRIPPEN, Saying(
             "unknown without the pKa; only bounded from above by logP, as ions partition less than the neutral form",
             "无pKa时未知；离子的分配低于中性形式，故只知不高于logP")),
    Quantity("refractivity", Saying("molar refractivity (Crippen)", "摩尔折射率（Crippen）"), "cm3/mol", _CRIPPEN,
             Saying("sum of atom contributions", "原子贡献加和"), Usual(40, 130, _CMC, _GHOSE)),
    Quantity("tpsa", Saying("topological polar surface area", "拓扑极性表面积"), "Ao2", _ERTL, _TPSA),
    Quantity("tpsa_sp", Saying("polar surface area with sulfur and phosphorus", "极性表面积（含硫、磷）"), "Ao2", _ERTL,
             Saying("the form of the paper and of the BOILED-Egg; rules by name use the one without sulfur",
                    "原论文及BOILED-Egg所用形式；各规则使用不含硫磷的值")),
    Quantity("donors", Saying("hydrogen bond donors (N-H and O-H)", "氢键供体数（N-H与O-H）"), "1", _LIPINSKI, _COUNT,
             Usual(None, 3, _ORAL, _PROUDFOOT)),
    Quantity("acceptors", Saying("hydrogen bond acceptors (N and O)", "氢键受体数（N与O）"), "1", _LIPINSKI, _COUNT,
             Usual(None, 9, _ORAL, _PROUDFOOT)),
    Quantity("donors_strict", Saying("donor atoms", "供氢原子数（严格）"), "1",
             "Gobbi A, Poppinger D. Biotechnol Bioeng 1998;61:47-54, as in RDKit", _COUNT),
    Quantity("acceptors_strict", Saying("acceptor atoms, amide nitrogen and the like left out", "受氢原子数（严格）"),
             "1", "Gobbi A, Poppinger D. Biotechnol Bioeng 1998;61:47-54, as in RDKit", _COUNT),
    Quantity("hydrogen_bonds", Saying("hydrogen bond donors and acceptors", "氢键供体与受体总数"), "1",
             "Veber DF et al. J Med Chem 2002;45:2615-2623", _COUNT),
    Quantity("rotatable_bonds", Saying("rotatable bonds", "可旋转键数"), "1",
             "Veber DF et al. J Med Chem 2002;45:2615-2623, strict definition of RDKit",
             Saying("amides, esters and bonds that cannot turn freely are left out",
                    "不计酰胺、酯及不能自由旋转的键"), Usual(2, 8, _DATABASES, _OPREA)),
    Quantity("rings", Saying("rings", "环数"), "1", _RDKIT, _COUNT, Usual(1, 4, _DATABASES, _OPREA)),
    Quantity("aromatic_rings", Saying("aromatic rings", "芳香环数"), "1", _RDKIT,
             Saying("by RDKit's rule of what is aromatic", "按RDKit的芳香性规则")),
    Quantity("aliphatic_rings", Saying("rings that are not aromatic", "非芳香环数"), "1", _RDKIT, _COUNT),
    Quantity("heterocycles", Saying("rings with an atom other than carbon", "杂环数"), "1", _RDKIT, _COUNT),
    Quantity("largest_ring", Saying("atoms of the largest ring", "最大环的原子数"), "1", _RDKIT,
             Saying("0: no ring", "0表示无环")),
    Quantity("bridgeheads", Saying("bridgehead atoms", "桥头原子数"), "1", _RDKIT, _COUNT),
    Quantity("spiro", Saying("spiro atoms", "螺原子数"), "1", _RDKIT, _COUNT),
    Quantity("fraction_sp3", Saying("share of carbons that are sp3 (Fsp3)", "sp3碳占比（Fsp3）"), "1",
             "Lovering F, Bikker J, Humblet C. J Med Chem 2009;52:6752-6756", _COUNT),
    Quantity("centres_stated", Saying("stereocentres that are stated", "已注明的立体中心数"), "1", _RDKIT, _EXACT),
    Quantity("centres_open", Saying("stereocentres that are not stated", "未注明的立体中心数"), "1", _RDKIT,
             Saying("each leaves two molecules possible", "每一个都意味着两种可能的分子")),
    Quantity("charge", Saying("formal charge", "形式电荷"), "1", _RDKIT,
             Saying("as drawn; not that at the pH of the body", "按所绘结构；并非生理pH下的电荷")),
    Quantity("aromatic_share", Saying("share of heavy atoms that are aromatic", "芳香原子占重原子比例"), "1",
             "Delaney JS. J Chem Inf Comput Sci 2004;44:1000-1005", _COUNT),
    Quantity("qed", Saying("quantitative estimate of drug-likeness (QED)", "类药性定量估计（QED）"), "1",
             "Bickerton GR et al. Nat Chem 2012;4:90-98, mean weights",
             Saying("likeness to 771 oral drugs in eight properties; says nothing of activity or safety",
                    "与771种口服药物在八项性质上的相似度；不反映活性或安全性")),
    Quantity("synthetic_access", Saying("synthetic accessibility, 1 easy to 10 hard", "合成可及性（1易–10难）"), "1",
             "Ertl P, Schuffenhauer A. J Cheminform 2009;1:8, as changed in RDKit 2013",
             Saying("how common the fragments are and how complex the whole; not a route, nor a price",
                    "衡量片段常见程度与整体复杂度；不是合成路线，也不是成本")),
    Quantity("solubility", Saying("log10 of solubility in water in mol/L (ESOL)", "水溶解度对数，mol/L（ESOL）"), "1",
             "Delaney JS. J Chem Inf Comput Sci 2004;44:1000-1005",
             Saying("the paper's equation with Crippen's logP in place of ClogP; off by 1.05 on average on 5,469 "
                    "compounds of AqSolDB, by more than 2.2 in one of ten",
                    "原论文方程，以Crippen logP代替ClogP；在AqSolDB的5469个化合物上平均误差1.05，十分之一超过2.2")),
    Quantity("egg_intestine", Saying("place in the white of the BOILED-Egg (under 1: absorbed)",
                                     "BOILED-Egg蛋白区位置（小于1：可吸收）"), "1", _EGG,
             Saying("passive absorption from the gut; transporters are not seen", "仅反映肠道被动吸收；不考虑转运体")),
    Quantity("egg_brain", Saying("place in the yolk of the BOILED-Egg (under 1: enters the brain)",
                                 "BOILED-Egg蛋黄区位置（小于1：可入脑）"), "1", _EGG,
             Saying("passive entry; pumped out by P-glycoprotein or not is not seen",
                    "仅反映被动入脑；不考虑P-糖蛋白外排")),
    Quantity("cns_mpo", Saying("CNS MPO, 0 to 6", "中枢神经系统多参数评分（CNS MPO，0–6）"), "1",
             "Wager TT et al. ACS Chem Neurosci 2010;1:435-449 and 2016;7:767-775",
             Saying("logD and pKa are not computed: where they matter an interval is given",
                    "未计算logD与pKa：有影响时给出区间")),
    Quantity("forecast_index", Saying("intrinsic property forecast index (logP and aromatic rings)",
                                      "本征性质预测指数（logP与芳香环数之和）"), "1",
             "Young RJ et al. Drug Discov Today 2011;16:822-830",
             Saying("the paper takes the chromatographic logP, here it is Crippen's: compare within a series only",
                    "原论文用色谱logP，此处用Crippen logP：仅宜在同系物内比较")),
)  # fmt: skip

QUANTITIES: Mapping[str, Quantity] = MappingProxyType({one.key: one for one in _ALL})
"""Every quantity by its key, in the order they are shown."""
