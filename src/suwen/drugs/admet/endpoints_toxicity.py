"""The learned endpoints of toxicity: what was measured, in which assay or species, what the answer means."""

from __future__ import annotations

from suwen.drugs.admet.nouns import Endpoint, Level
from suwen.subject import Saying

__all__ = ["TOXICITY"]

_WANG = "Wang S, Sun H, Liu H et al. Mol Pharm 2016;13:2855-2866"
_XU_AMES = "Xu C, Cheng F, Chen L et al. J Chem Inf Model 2012;52:2840-2847"
_XU_LIVER = "Xu Y, Dai Z, Chen F et al. J Chem Inf Model 2015;55:2085-2093"
_GAYVERT = "Gayvert KM, Madhukar NS, Elemento O. Cell Chem Biol 2016;23:1294-1301"
_LAGUNIN = "Lagunin A, Filimonov D, Zakharov A et al. QSAR Comb Sci 2009;28:806-810"
_ALVES = "Alves VM, Muratov E, Fourches D et al. Toxicol Appl Pharmacol 2015;284:262-272"
_ZHU = "Zhu H, Martin TM, Ye L et al. Chem Res Toxicol 2009;22:1913-1921"
_GHS = "UN Globally Harmonized System (GHS), chapter 3.1, oral: 300 and 2000 mg/kg, for a molecule of 400 g/mol"


def _harm(key: str, name: Saying, meaning: Saying, above: Saying, source: str) -> Endpoint:
    """A harm that is there or not; its limit is even chances, of the kind that the table itself defines."""
    below = Saying("more likely than not absent", "较可能为阴性")
    level = Level(0.5, above, below, f"the table's own definition: {source}")
    return Endpoint(key, "toxicity", name, "chance", "", meaning, "low", (level,), source)


TOXICITY: tuple[Endpoint, ...] = (
    _harm(
        "herg",
        Saying("blocks the hERG channel", "阻断hERG通道"),
        Saying(
            "Whether the molecule blocks the potassium channel hERG of the heart in cells, half of it at 40 "
            "micromoles per litre or less, as collected from the literature. Blocking prolongs the QT interval and can "
            "set off torsades de pointes; how likely depends on the free level at the dose: 30 times less is sought.",
            "分子在细胞实验中是否阻断心脏钾通道hERG（半数抑制浓度不超过40微摩尔每升，汇集自文献）。"
            "阻断可延长QT间期并诱发尖端扭转型室速；风险取决于治疗剂量下的游离浓度，通常要求有30倍余量。",
        ),
        Saying("more likely than not blocks hERG: QT prolongation is to be ruled out",
               "较可能阻断hERG：需排除QT间期延长"),
        _WANG,
    ),
    _harm(
        "ames",
        Saying("mutagenic in the Ames test", "Ames试验致突变"),
        Saying(
            "Whether the molecule brings about mutations in Salmonella, with or without enzymes of rat liver (Ames "
            "test). A positive one may cause cancer and stops most developments, save those against cancer.",
            "分子在沙门氏菌回复突变试验（Ames试验，加或不加大鼠肝酶）中是否致突变。"
            "阳性提示可能致癌，除抗肿瘤药外通常会终止开发。",
        ),
        Saying("more likely than not mutagenic: test it early", "较可能致突变：应尽早试验"),
        _XU_AMES,
    ),
    _harm(
        "dili",
        Saying("injures the liver", "致药物性肝损伤"),
        Saying(
            "Whether a medicine is known to injure the liver of people, by labels and reports judged at the FDA's "
            "National Center for Toxicological Research. A few hundred medicines only, dose left aside: a weak sign.",
            "药物是否已知会损伤人的肝脏，依据美国FDA国家毒理研究中心对说明书与报告的判定。"
            "仅有数百种药物且未考虑剂量，属较弱的提示。",
        ),
        Saying("more likely than not of the kind that injures the liver", "较可能属于致肝损伤的药物"),
        _XU_LIVER,
    ),
    _harm(
        "clintox",
        Saying("failed in trials for toxicity", "因毒性在临床试验中失败"),
        Saying(
            "Whether a molecule is like those that failed in trials for toxicity rather than like approved ones. "
            "Some eighty failures of many causes: a weak sign, and a low chance is no proof of safety.",
            "分子更像因毒性在临床试验中失败者，还是更像已获批药物。失败例仅约八十个且原因不一："
            "属较弱的提示，概率低也不能证明安全。",
        ),
        Saying("more likely than not like those that failed for toxicity", "较可能类似因毒性失败的分子"),
        _GAYVERT,
    ),
    _harm(
        "carcinogens_lagunin",
        Saying("carcinogenic in rodents", "对啮齿动物致癌"),
        Saying(
            "Whether the substance caused cancer in long studies on mice and rats. Some two hundred substances, many "
            "of them industrial; rodents and people do not always agree.",
            "物质在小鼠与大鼠的长期试验中是否致癌。仅约两百种物质，许多为工业化学品；啮齿动物结果与人未必一致。",
        ),
        Saying("more likely than not carcinogenic in rodents", "较可能对啮齿动物致癌"),
        _LAGUNIN,
    ),
    _harm(
        "skin_reaction",
        Saying("sensitises the skin", "致皮肤过敏"),
        Saying(
            "Whether the substance on the skin brings about an allergy, in the local lymph node assay of mice. Of "
            "weight for what is put on the skin, and for those who make it.",
            "物质接触皮肤后是否引起过敏（小鼠局部淋巴结试验）。对外用药物及生产人员尤为重要。",
        ),
        Saying("more likely than not sensitises the skin", "较可能致皮肤过敏"),
        _ALVES,
    ),
    Endpoint(
        "ld50",
        "toxicity",
        Saying("acute oral toxicity in rats", "大鼠急性经口毒性"),
        "amount",
        "-log10(mol/kg)",
        Saying(
            "The dose by mouth that kills half of the rats, as the negative logarithm of moles per kg of body: the "
            "larger the number, the more poisonous; one more is a tenth of the dose. It says nothing of slow harm.",
            "使半数大鼠死亡的经口剂量，以每千克体重摩尔数的负对数表示：数值越大毒性越强，每增加1即剂量为十分之一。"
            "不反映慢性毒性。",
        ),
        "low",
        (
            Level(
                2.30,
                Saying("harmful if swallowed (2000 mg/kg or less, at 400 g/mol)",
                       "吞咽有害（按400 g/mol计，不超过2000 mg/kg）"),
                Saying("not classed as acutely toxic by mouth (above 2000 mg/kg, at 400 g/mol)",
                       "不属于急性经口毒性分类（按400 g/mol计，高于2000 mg/kg）"),
                _GHS,
            ),
            Level(
                3.12,
                Saying("toxic if swallowed (300 mg/kg or less, at 400 g/mol)",
                       "吞咽会中毒（按400 g/mol计，不超过300 mg/kg）"),
                Saying("not toxic if swallowed (above 300 mg/kg, at 400 g/mol)",
                       "未达吞咽中毒级别（按400 g/mol计，高于300 mg/kg）"),
                _GHS,
            ),
        ),
        _ZHU,
    ),
)  # fmt: skip
