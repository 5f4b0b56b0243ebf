"""The learned endpoints of absorption and distribution: what was measured, what the answer means, what limits say."""

from __future__ import annotations

from suwen.drugs.admet.nouns import Endpoint, Level
from suwen.subject import Saying

__all__ = ["ABSORPTION", "DISTRIBUTION"]

_ADMETLAB = "ADMETlab 2.0: Xiong G et al. Nucleic Acids Res 2021;49:W5-W14"
_ASTRAZENECA = "AstraZeneca, deposited in ChEMBL 2016 (CHEMBL3301361)"
_HOU = "Hou T, Wang J, Zhang W, Xu X. J Chem Inf Model 2007;47:208-218"
_MA = "Ma CY, Yang SY, Zhang H et al. J Pharm Biomed Anal 2008;47:677-682"
_BROCCATELLI = "Broccatelli F, Carosati E, Neri A et al. J Med Chem 2011;54:1740-1751"
_MARTINS = "Martins IF, Teixeira AL, Pinheiro L, Falcao AO. J Chem Inf Model 2012;52:1686-1697"
_LOMBARDO = "Lombardo F, Jing Y. J Chem Inf Model 2016;56:2042-2052"
_ESOL = "classes of SwissADME: Daina A, Michielin O, Zoete V. Sci Rep 2017;7:42717"
_FREE = "Smith DA, Di L, Kerns EH. Nat Rev Drug Discov 2010;9:929-939"

ABSORPTION: tuple[Endpoint, ...] = (
    Endpoint(
        "caco2",
        "absorption",
        Saying("permeability of Caco-2 cells", "Caco-2细胞渗透性"),
        "amount",
        "log cm/s",
        Saying(
            "How fast the molecule passes a layer of human colon cancer cells grown on a filter (logarithm of the "
            "apparent permeability): a stand-in for the wall of the gut. A fast one can be taken up from a tablet; a "
            "slow one needs a transporter or another way in.",
            "分子透过滤膜上人结肠癌细胞单层的快慢（表观渗透系数的对数），用以代表肠壁。"
            "通过快者可由口服吸收；通过慢者需借助转运体或改用其他给药途径。",
        ),
        "high",
        (
            Level(
                -5.15,
                Saying("passes the gut wall well", "肠壁通透性良好"),
                Saying("passes the gut wall slowly: uptake from a tablet may be low", "肠壁通透性低：口服吸收可能不足"),
                _ADMETLAB,
            ),
        ),
        "Wang NN, Dong J, Deng YH et al. J Chem Inf Model 2016;56:763-773",
    ),
    Endpoint(
        "hia_hou",
        "absorption",
        Saying("absorbed from the human gut", "可被人体肠道吸收"),
        "chance",
        "",
        Saying(
            "Whether more than 30 % of an oral dose is taken up from the gut of people, collected from the literature. "
            "What is not taken up cannot act outside of the gut.",
            "口服剂量中是否有超过30%被人体肠道吸收（汇集自文献）。未被吸收的部分无法在肠道以外起效。",
        ),
        "high",
        (
            Level(
                0.5,
                Saying("more likely than not more than 30 % is absorbed", "较可能有超过30%被吸收"),
                Saying("more likely than not 30 % or less is absorbed", "较可能吸收不超过30%"),
                f"the table's own limit of 30 %: {_HOU}",
            ),
        ),
        _HOU,
    ),
    Endpoint(
        "bioavailability_ma",
        "absorption",
        Saying("oral bioavailability of 20 % or more", "口服生物利用度不低于20%"),
        "chance",
        "",
        Saying(
            "Whether 20 % or more of an oral dose reaches the blood of people unchanged: after uptake from the gut and "
            "what gut wall and liver take off. Below it doses are large and vary from person to person.",
            "口服剂量中是否有不低于20%以原形进入人体血液循环（经肠道吸收并扣除肠壁与肝脏首过代谢之后）。"
            "低于此值时剂量偏大且个体差异明显。",
        ),
        "high",
        (
            Level(
                0.5,
                Saying("more likely than not 20 % or more reaches the blood", "较可能有不低于20%进入血液循环"),
                Saying("more likely than not less than 20 % reaches the blood", "较可能不足20%进入血液循环"),
                f"the table's own limit of 20 %: {_MA}",
            ),
        ),
        _MA,
    ),
    Endpoint(
        "pgp_broccatelli",
        "absorption",
        Saying("inhibits P-glycoprotein", "抑制P-糖蛋白"),
        "chance",
        "",
        Saying(
            "Whether the molecule inhibits the pump P-glycoprotein in cell assays collected from the literature. An "
            "inhibitor raises the levels of other medicines that the pump keeps out of gut, brain and kidney cells "
            "(digoxin, for one). It does not say whether the molecule itself is pumped.",
            "分子在细胞实验（汇集自文献）中是否抑制外排泵P-糖蛋白。抑制剂会升高经该泵外排药物（如地高辛）的浓度。"
            "此项不说明分子本身是否被外排。",
        ),
        "low",
        (
            Level(
                0.5,
                Saying(
                    "more likely than not an inhibitor: look for interactions with substrates of the pump",
                    "较可能为抑制剂：需关注与该泵底物的相互作用",
                ),
                Saying("more likely than not no inhibitor", "较可能不是抑制剂"),
                f"the table's own definition: {_BROCCATELLI}",
            ),
        ),
        _BROCCATELLI,
    ),
    Endpoint(
        "lipophilicity",
        "absorption",
        Saying("lipophilicity at pH 7.4 (log D)", "pH 7.4时的脂溶性（log D）"),
        "amount",
        "log D",
        Saying(
            "How the molecule, charged and neutral forms together, divides between octanol and water of pH 7.4, "
            "shaken in a flask (logarithm of the ratio). Fatty molecules pass membranes, but dissolve badly, are "
            "broken down fast and bind to much else; very watery ones do not pass.",
            "分子（含离子与中性形式）在正辛醇与pH 7.4水相间的分配比的对数（摇瓶法）。"
            "脂溶性高者易过膜，但溶解差、代谢快、非特异结合多；水溶性过高者难以过膜。",
        ),
        "low",
        (
            Level(
                3.0,
                Saying(
                    "fattier than the range of 1 to 3 that is sought: solubility, metabolism and selectivity suffer",
                    "高于理想范围1–3：不利于溶解性、代谢稳定性与选择性",
                ),
                Saying("within or below the range of 1 to 3 that is sought", "处于或低于理想范围1–3"),
                _ADMETLAB,
            ),
        ),
        f"{_ASTRAZENECA}; Wu Z et al. (MoleculeNet) Chem Sci 2018;9:513-530",
    ),
    Endpoint(
        "solubility_aqsoldb",
        "absorption",
        Saying("solubility in water", "水溶解度"),
        "amount",
        "log mol/L",
        Saying(
            "How much dissolves in water (logarithm of mol/L), collected from nine sets measured by different methods "
            "and, in part, at a pH that is not told. What does not dissolve is not absorbed, and cannot be injected.",
            "在水中的溶解度（mol/L的对数），汇集自九个数据集，测定方法不一，部分未注明pH。"
            "不溶者难以吸收，也无法注射给药。",
        ),
        "high",
        (
            Level(
                -6.0,
                Saying("dissolves at least moderately", "至少为中等溶解"),
                Saying("poorly soluble: under a micromole in a litre", "溶解性差：每升不足1微摩尔"),
                _ESOL,
            ),
            Level(
                -4.0,
                Saying("soluble", "可溶"),
                Saying(
                    "less soluble than is sought (-4 and above): dose and formulation decide",
                    "低于理想范围（-4以上）：取决于剂量与制剂",
                ),
                f"{_ADMETLAB}; {_ESOL}",
            ),
        ),
        "AqSolDB: Sorkun MC, Khetan A, Er S. Sci Data 2019;6:143",
    ),
)  # fmt: skip

DISTRIBUTION: tuple[Endpoint, ...] = (
    Endpoint(
        "bbb_martins",
        "distribution",
        Saying("enters the brain", "可透过血脑屏障"),
        "chance",
        "",
        Saying(
            "Whether the molecule enters the brain: by the ratio of its levels in brain and blood (limit: a tenth) or "
            "by its known effects on the brain, mostly in rodents. Wanted of a medicine for the brain, unwanted of "
            "one that should act elsewhere.",
            "分子是否进入脑组织：依脑血浓度比（界限为十分之一）或已知的中枢作用判定，多来自啮齿动物。"
            "中枢药物需要此性质，外周作用药物则应避免。",
        ),
        "neither",
        (
            Level(
                0.5,
                Saying("more likely than not enters the brain", "较可能入脑"),
                Saying("more likely than not stays out of the brain", "较可能不入脑"),
                f"the table's own definition: {_MARTINS}",
            ),
        ),
        _MARTINS,
    ),
    Endpoint(
        "ppbr",
        "distribution",
        Saying("bound to proteins of plasma", "血浆蛋白结合率"),
        "amount",
        "%",
        Saying(
            "The share of the molecule in plasma, for the most part human, that is bound to proteins. Only the free "
            "share acts, but strong binding is not bad by itself: what counts is the free level at the target.",
            "在血浆（多为人血浆）中与蛋白结合的比例。只有游离部分起效，但高结合本身并非缺点：关键是靶点处的游离浓度。",
        ),
        "neither",
        (
            Level(
                90.0,
                Saying(
                    "highly bound: small changes of binding change the free level much",
                    "高度结合：结合率的微小变化会明显改变游离浓度",
                ),
                Saying("more than a tenth is free", "游离部分超过十分之一"),
                f"{_ADMETLAB}; that binding is no aim by itself: {_FREE}",
            ),
        ),
        _ASTRAZENECA,
    ),
    Endpoint(
        "vdss",
        "distribution",
        Saying("volume of distribution at steady state", "稳态分布容积"),
        "amount",
        "L/kg",
        Saying(
            "The volume that the body would need to have to hold the dose at the level found in plasma, in people "
            "after injection into a vein. Small: it stays in blood; large: it lies in tissue, and stays long.",
            "静脉给药后，以血浆浓度容纳体内全部药物所需的表观容积（人体数据）。"
            "小者主要留在血液；大者分布于组织，体内停留时间长。",
        ),
        "neither",
        (
            Level(
                0.04,
                Saying("spreads beyond the plasma", "分布超出血浆"),
                Saying("stays in the plasma", "限于血浆内"),
                f"{_ADMETLAB}; 0.04 L/kg is the plasma of a person",
            ),
            Level(
                20.0,
                Saying("lies almost all in tissue: more than is usual of medicines", "几乎全在组织中：高于常见药物"),
                Saying("as is usual of medicines", "与常见药物相当"),
                _ADMETLAB,
            ),
        ),
        _LOMBARDO,
        log=True,
    ),
)  # fmt: skip
