"""What each number on the pages means: how it came to be, where it is from, where it ends; English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from suwen.server.showing import Words
from suwen.subject import Saying

__all__ = ["MEANINGS", "WORDS", "Meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One kind of number: what it says, its source, what it does not say."""

    key: str
    name: Saying
    says: Saying
    source: str | Saying
    limits: Saying


WORDS: Words = MappingProxyType(
    {
        "title": Saying("Help", "帮助"),
        "lead": Saying(
            "What each number means, where it comes from, and where it ends. Every page names its sources as well.",
            "各项数值的含义、来源与局限。每个页面也都注明出处。",
        ),
        "says": Saying("What it says", "含义"),
        "source": Saying("Source", "来源"),
        "limits": Saying("What it does not say", "局限"),
        "numbers": Saying("Numbers on the pages", "页面上的数值"),
        "equations": Saying("Cardiovascular equations and scores", "心血管风险方程与评分"),
        "equation": Saying("Equation", "方程"),
        "endpoints": Saying("Endpoints of molecules", "分子性质终点"),
        "endpoint": Saying("Endpoint", "终点"),
        "unit": Saying("Unit", "单位"),
        "meaning": Saying("Meaning", "意义"),
        "keys": Saying("Keys", "快捷键"),
        "key_go": Saying("then a letter: go to a part of the house", "再按字母键：前往相应页面"),
        "key_search": Saying("to the search field", "跳到搜索框"),
        "key_help": Saying("this page", "本页"),
        "caution": Saying(
            "Suwen supports decisions of clinicians. It is not approved as a medical device; nothing on these pages is "
            "a diagnosis or an order.",
            "素问为临床医师的决策提供参考，未获医疗器械批准；页面内容均不构成诊断或医嘱。",
        ),
    }
)

MEANINGS: tuple[Meaning, ...] = (
    Meaning(
        "probability",
        Saying("Probability of a finding", "发现的概率"),
        Saying(
            "Of a hundred patients with such a number, about so many have it. It is calibrated on cases that were not "
            "used to fit the model; the finding says on which.",
            "在得到同样数值的一百名患者中，约有这么多人确有此情况。概率经未参与建模的病例校准，各项发现均注明所用数据。",
        ),
        "Van Calster B et al. Calibration: the Achilles heel of predictive analytics. BMC Med 2019;17:230",
        Saying(
            "It holds for patients like those it was calibrated on. “Unknown” stays unknown and is not zero.",
            "仅适用于与校准人群相似的患者。“未知”即未知，并不等于零。",
        ),
    ),
    Meaning(
        "interval",
        Saying("Interval", "区间"),
        Saying(
            "Where the true value lies in 95 % (of a forecast: 90 %) of cases, as far as the data tell.",
            "就现有数据而言，真值落在其中的比例为95%（预测为90%）。",
        ),
        "Vovk V, Gammerman A, Shafer G. Algorithmic Learning in a Random World, 2005 (conformal forecasts)",
        Saying(
            "An error in the data themselves, a wrong side or a wrong patient, is not in it.",
            "数据本身的错误（如左右颠倒、患者错误）不在其内。",
        ),
    ),
    Meaning(
        "evidence",
        Saying("Weight of evidence", "证据权重"),
        Saying(
            "The base-10 logarithm of a likelihood ratio: +1 makes the finding ten times likelier against the others, "
            "−1 ten times less likely. Weights of one finding add up.",
            "似然比以10为底的对数：+1表示该发现相对于其他的可能性增至10倍，−1表示降至十分之一。同一发现的权重可相加。",
        ),
        "Good IJ. Weight of evidence: a brief survey. Bayesian Statistics 2, 1985",
        Saying(
            "Features that go together are weighed as if apart unless the page says otherwise.",
            "相伴出现的特征按相互独立计算，页面另有说明者除外。",
        ),
    ),
    Meaning(
        "shortlist",
        Saying("The list that is meant to hold the answer", "应含正确答案的名单"),
        Saying(
            "In 90 % of calibration cases the right disease was among those marked so. It is long where the case is "
            "unclear.",
            "在校准病例中，90%的正确疾病位于所标示的名单内。病情不明确时名单较长。",
        ),
        "Angelopoulos AN, Bates S. Conformal prediction: a gentle introduction. 2023",
        Saying("It is no promise for a single patient.", "对单个患者不构成保证。"),
    ),
    Meaning(
        "information",
        Saying("Expected information of a question", "提问的预期信息量"),
        Saying(
            "By how many bits the answer is expected to narrow the differential; beside it, how likely it is yes.",
            "预计回答可使鉴别诊断的不确定性减少多少比特；其旁为回答“有”的可能性。",
        ),
        "Lindley DV. On a measure of the information provided by an experiment. Ann Math Stat 1956;27:986",
        Saying("It does not know what an examination costs or what it risks.", "未计入检查的费用与风险。"),
    ),
    Meaning(
        "similar-cases",
        Saying("Similarity to a solved case", "与已确诊病例的相似度"),
        Saying(
            "From 0 (nothing in common) to 1 (the same features): the cosine of both sets of features, each weighted "
            "by its information, so that what is rare counts for more.",
            "从0（无共同之处）到1（表型相同）：两组表型按信息量加权的余弦，少见的表型权重更高。",
        ),
        Saying(
            "solved cases of phenopacket-store, each named by its publication; benchmark similar-cases",
            "phenopacket-store 的已确诊病例，均注明出处；基准测试 similar-cases",
        ),
        Saying(
            "Published cases are the striking ones; a similar case is no diagnosis.",
            "发表的病例多较典型；相似并不等于确诊。",
        ),
    ),
    Meaning(
        "urgency",
        Saying("Urgency", "紧急程度"),
        Saying(
            "At once, today, soon, or for consideration: how soon somebody should look.",
            "立即、当日、尽快或供参考：应多快查看。",
        ),
        Saying(
            "Suwen: set by each area for each kind of finding, and named with it",
            "素问：由各领域按发现类别设定，并随发现注明",
        ),
        Saying("It says how soon to look, not how sick the patient is.", "表示应多快查看，并非病情轻重。"),
    ),
    Meaning(
        "risk",
        Saying("Cardiovascular risk", "心血管风险"),
        Saying(
            "The share of people with these values who had the event within the years named, by the equation named. "
            "Where a value is unknown, the span over its usual range is shown.",
            "具有同样数值的人群在所注年限内发生事件的比例，按所注方程计算。数值未知时，显示其常见范围所对应的区间。",
        ),
        Saying("the paper of each equation, listed below", "各方程的论文，见下表"),
        Saying(
            "Equations hold for the people they were made from: country, decade, age. Two equations may differ widely.",
            "方程仅适用于其建模人群（国家、年代、年龄），不同方程结果可能相差甚远。",
        ),
    ),
    Meaning(
        "heat",
        Saying("Heat map", "热图"),
        Saying(
            "Which parts of the image the answer of the network hangs on.",
            "网络的判断取决于图像的哪些部位。",
        ),
        "Selvaraju RR et al. Grad-CAM, 2017; Adebayo J et al. Sanity checks for saliency maps, 2018",
        Saying(
            "It is not the outline of a lesion. Each model's card says which checks its maps passed.",
            "热图并非病灶轮廓。各模型卡注明其热图通过了哪些检验。",
        ),
    ),
    Meaning(
        "measures",
        Saying("Measures of lesions", "病灶测量"),
        Saying(
            "Diameters, area and volume in millimetres from the spacing that the image states, with the span when the "
            "outline moves by half a pixel.",
            "依据图像所载间距以毫米计算直径、面积与体积，并给出轮廓移动半个像素时的范围。",
        ),
        "Zwanenburg A et al. IBSI, Radiology 2020;295:328; Eisenhauer EA et al. RECIST 1.1, 2009",
        Saying("Without a spacing in the image there are no millimetres.", "图像未注明间距时无法给出毫米值。"),
    ),
    Meaning(
        "forecast",
        Saying("Forecast of a molecule", "分子性质预测值"),
        Saying(
            "What a model that learned from measured molecules expects, with the interval that held for 90 % of "
            "molecules it had not seen, and whether this one lies among those it knows (in the domain).",
            "模型由已测分子学得的预期值，附对未见分子90%成立的区间，并说明该分子是否在其已知范围（适用域）之内。",
        ),
        "Vovk V, Gammerman A, Shafer G. Algorithmic Learning in a Random World, 2005; the data of each endpoint below",
        Saying(
            "It is no measurement. Outside the domain the interval does not hold.",
            "预测不等于实测；超出适用域时区间不成立。",
        ),
    ),
    Meaning(
        "likeness",
        Saying("Likeness of molecules", "分子相似度"),
        Saying(
            "Tanimoto: of the parts of both molecules (circles of two bonds around each atom, ECFP4) the share that "
            "both have; 1 is the same parts.",
            "Tanimoto 系数：两分子的结构片段（各原子周围两键的环境，ECFP4）中共有者所占比例；1 表示片段相同。",
        ),
        "Rogers D, Hahn M. Extended-connectivity fingerprints. J Chem Inf Model 2010;50:742",
        Saying(
            "Alike in parts is not alike in effect: one atom can change everything.",
            "结构相似不等于作用相似，一个原子之差即可截然不同。",
        ),
    ),
    Meaning(
        "times",
        Saying("Dates and times", "日期与时间"),
        Saying(
            "A date in a record is what the record says; when something was filed or changed is the time of this "
            "server, in the audit log in UTC.",
            "病历中的日期按病历所载；归档与更改时间为本服务器时间，审计日志中为 UTC。",
        ),
        "ISO 8601; RFC 3339",
        Saying(
            "The time a record was brought in is not the time of what it tells.",
            "记录导入的时间并非所述事件发生的时间。",
        ),
    ),
    Meaning(
        "qtc",
        Saying("Intervals of the ECG", "心电图间期"),
        Saying(
            "PR, QRS and QT in milliseconds; QTc by the formula named beside it.",
            "PR、QRS、QT以毫秒计；QTc按所注公式计算。",
        ),
        "Rautaharju PM et al. AHA/ACCF/HRS recommendations part IV, 2009",
        Saying(
            "Measured by a program; a person checks the marks on the trace.", "由程序测量，须由人员核对波形上的标记。"
        ),
    ),
)
