"""The learned endpoints of metabolism and excretion: what was measured, what the answer means, what limits say."""

from __future__ import annotations

from suwen.drugs.admet.nouns import Endpoint, Level
from suwen.subject import Saying

__all__ = ["EXCRETION", "METABOLISM"]

_VEITH = "Veith H, Southall N, Huang R et al. Nat Biotechnol 2009;27:1050-1055"
_HUTTER = "Carbon-Mangels M, Hutter MC. Mol Inform 2011;30:885-895"
_ASTRAZENECA = "AstraZeneca, deposited in ChEMBL 2016 (CHEMBL3301361)"
_OBACH = "Obach RS, Lombardo F, Waters NJ. Drug Metab Dispos 2008;36:1385-1405"
_HALF_LIFE = "ADMETlab 3.0: Fu L et al. Nucleic Acids Res 2024;52:W422-W431"
# A well-stirred liver takes the share E = c / (c + q) of a drug that is wholly free, c being the intrinsic clearance of
# all its cells and q its blood flow. With 20 g liver, 20 mL/min of blood, 45 mg microsomal protein and 120 million
# cells per g liver (for each kg of body), E = 0.3 is 9.5 mL/min/g or 3.6 uL/min/10^6 cells, and E = 0.7 is 52 or 19.
_LIVER = (
    "extraction of {share} % by a well-stirred liver of 20 g, 20 mL/min of blood per kg, 45 mg microsomal protein and "
    "120 million cells per g, all drug free (Davies B, Morris T. Pharm Res 1993;10:1093-1095; Obach RS et al. "
    "J Pharmacol Exp Ther 1997;283:46-58)"
)

_ENZYMES = {
    "cyp1a2": (
        Saying("caffeine, theophylline and clozapine", "咖啡因、茶碱、氯氮平"),
        Saying("of the liver; smoking raises it", "肝脏酶；吸烟可诱导"),
    ),
    "cyp2c9": (
        Saying("warfarin, phenytoin and many pain killers", "华法林、苯妥英及多种解热镇痛药"),
        Saying("of the liver; it differs between people by their genes", "肝脏酶；活性因基因型而异"),
    ),
    "cyp2c19": (
        Saying("clopidogrel, omeprazole and diazepam", "氯吡格雷、奥美拉唑、地西泮"),
        Saying("of the liver; it differs between people by their genes", "肝脏酶；活性因基因型而异"),
    ),
    "cyp2d6": (
        Saying("codeine, metoprolol and many antidepressants", "可待因、美托洛尔及多种抗抑郁药"),
        Saying("of the liver; some people have none of it, some too much", "肝脏酶；部分人缺失，部分人活性过高"),
    ),
    "cyp3a4": (
        Saying("about half of all medicines that the body breaks down", "约半数经代谢清除的药物"),
        Saying("of liver and gut wall", "存在于肝脏与肠壁"),
    ),
}


def _inhibited(enzyme: str) -> Endpoint:
    name = enzyme.upper()
    others, where = _ENZYMES[enzyme]
    return Endpoint(
        f"{enzyme}_veith",
        "metabolism",
        Saying(f"inhibits {name}", f"抑制{name}"),
        "chance",
        "",
        Saying(
            f"Whether the molecule inhibits the human enzyme {name}, made in cells, in a screen by light at up to some "
            f"tens of micromoles per litre. {name} ({where.en}) breaks down {others.en}: an inhibitor raises their "
            "levels. The screen sees direct inhibition only, and more of it than there is at the levels in a patient.",
            f"分子在发光筛选实验（浓度至数十微摩尔每升）中是否抑制重组人源酶{name}。{name}（{where.zh}）代谢{others.zh}："
            "抑制剂会升高其血药浓度。该实验仅反映直接抑制，且比体内浓度下更易呈阳性。",
        ),
        "low",
        (
            Level(
                0.5,
                Saying(
                    f"more likely than not inhibits {name}: interactions with {others.en} are to be looked for",
                    f"较可能抑制{name}：需关注与{others.zh}的相互作用",
                ),
                Saying(f"more likely than not no inhibitor of {name}", f"较可能不抑制{name}"),
                f"the screen's own class of active: {_VEITH}",
            ),
        ),
        _VEITH,
    )


def _broken_down(enzyme: str) -> Endpoint:
    name = enzyme.upper()
    others, where = _ENZYMES[enzyme]
    return Endpoint(
        f"{enzyme}_substrate_carbonmangels",
        "metabolism",
        Saying(f"is broken down by {name}", f"是{name}的底物"),
        "chance",
        "",
        Saying(
            f"Whether the enzyme {name} ({where.en}) is known to break the molecule down, collected from six papers. "
            f"If so, inhibitors of it, or a patient's genes, change the level. It handles {others.en}, too.",
            f"分子是否为{name}（{where.zh}）的底物，汇集自六篇文献。若是，该酶的抑制剂或患者基因型会改变血药浓度。"
            f"该酶亦代谢{others.zh}。",
        ),
        "neither",
        (
            Level(
                0.5,
                Saying(f"more likely than not a substrate of {name}", f"较可能是{name}的底物"),
                Saying(f"more likely than not no substrate of {name}", f"较可能不是{name}的底物"),
                f"the table's own definition: {_HUTTER}",
            ),
        ),
        _HUTTER,
    )


def _cleared(low: float, high: float) -> tuple[Level, ...]:
    return (
        Level(
            low,
            Saying("broken down at a middling rate or faster", "代谢速率中等或更快"),
            Saying("broken down slowly", "代谢缓慢"),
            _LIVER.format(share=30),
        ),
        Level(
            high,
            Saying(
                "broken down fast: little of an oral dose may get past the liver",
                "代谢快：口服剂量通过肝脏后可能所剩无几",
            ),
            Saying("not broken down fast", "代谢不快"),
            _LIVER.format(share=70),
        ),
    )


METABOLISM: tuple[Endpoint, ...] = (
    *(_inhibited(one) for one in ("cyp1a2", "cyp2c9", "cyp2c19", "cyp2d6", "cyp3a4")),
    *(_broken_down(one) for one in ("cyp2c9", "cyp2d6", "cyp3a4")),
)

EXCRETION: tuple[Endpoint, ...] = (
    Endpoint(
        "half_life",
        "excretion",
        Saying("half-life", "半衰期"),
        "amount",
        "h",
        Saying(
            "Hours until half of the molecule has left the plasma of people, after injection into a vein. It decides "
            "how often a dose is needed, and how long an overdose lasts.",
            "静脉给药后人体血浆浓度下降一半所需的小时数。决定给药间隔，也决定过量后作用持续多久。",
        ),
        "neither",
        (
            Level(
                1.0,
                Saying("lasts an hour or more", "半衰期不短于1小时"),
                Saying("gone within the hour", "1小时内即消除过半"),
                _HALF_LIFE,
            ),
            Level(
                4.0,
                Saying("lasts four hours or more", "半衰期不短于4小时"),
                Saying("short: several doses a day", "短：每日需多次给药"),
                _HALF_LIFE,
            ),
            Level(
                8.0,
                Saying("long: one or two doses a day may do", "长：每日一至两次给药可能足够"),
                Saying("shorter than eight hours", "短于8小时"),
                _HALF_LIFE,
            ),
        ),
        _OBACH,
        log=True,
    ),
    Endpoint(
        "cl_hepa",
        "excretion",
        Saying("intrinsic clearance by liver cells", "肝细胞内在清除率"),
        "amount",
        "uL/min/10^6 cells",
        Saying(
            "How much fluid a million liver cells in suspension clear of the molecule in a minute; results are cut at "
            "3 and 150. The collection holds cells of people and of rats, and does not tell which.",
            "悬浮的一百万个肝细胞每分钟清除该分子的液体体积；测定范围限于3–150。数据混有人与大鼠肝细胞，未加区分。",
        ),
        "low",
        _cleared(3.6, 19.0),
        _ASTRAZENECA,
        log=True,
    ),
    Endpoint(
        "cl_micro",
        "excretion",
        Saying("intrinsic clearance by liver microsomes", "肝微粒体内在清除率"),
        "amount",
        "mL/min/g",
        Saying(
            "How much fluid a gram of protein of human liver microsomes clears of the molecule in a minute (the same "
            "number as in uL/min/mg); results are cut at 3 and 150. Microsomes hold the CYP enzymes, not all others.",
            "每克人肝微粒体蛋白每分钟清除该分子的液体体积（数值同µL/min/mg）；测定范围限于3–150。"
            "微粒体含CYP酶，但不含全部其他代谢酶。",
        ),
        "low",
        _cleared(9.5, 52.0),
        _ASTRAZENECA,
        log=True,
    ),
)  # fmt: skip
