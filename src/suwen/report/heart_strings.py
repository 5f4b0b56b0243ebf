"""The words of the page about cardiovascular risk, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

from suwen.errors import InputError
from suwen.report.strings import LANGUAGES, Language, phrase

__all__ = ["HEART_STRINGS", "say"]

_Said = dict[Literal["en", "zh"], str]

HEART_STRINGS: dict[str, _Said] = {
    "heart_title": {"en": "Cardiovascular risk, with its formula shown", "zh": "心血管病风险及其公式"},
    "heart_lead": {
        "en": "{applied} of {asked} equations apply to this person. Each is a published formula; every number can be "
        "computed again from the lines shown under it.",
        "zh": "所查 {asked} 个方程中有 {applied} 个适用。每个方程均为已发表的公式，各数值均可按其下列出的算式复核。",
    },
    "heart_derived": {"en": "Derived, not stated", "zh": "推算所得（非直接提供）"},
    "heart_inputs": {"en": "What is known", "zh": "已知信息"},
    "heart_glance": {"en": "At a glance", "zh": "概览"},
    "heart_glance_lead": {
        "en": "A dot is the risk; a bar spans what unknown inputs leave open. The equations differ in whom they were "
        "made from and in what they count as an event.",
        "zh": "圆点为风险；横条为未知信息所致的区间。各方程的建模人群与事件定义不同。",
    },
    "heart_agree": {
        "en": "agree within a factor of 1.5, intervals considered",
        "zh": "计入区间，相差在 1.5 倍以内",
    },
    "heart_disagree": {"en": "differ by more than a factor of 1.5", "zh": "相差超过 1.5 倍"},
    "heart_china": {"en": "By the Chinese guidelines", "zh": "按中国指南"},
    "heart_2019": {
        "en": "Assessment and management of cardiovascular risk, 2019",
        "zh": "心血管病风险评估和管理指南（2019）",
    },
    "heart_path": {"en": "Path through the guideline", "zh": "评估路径"},
    "heart_not_asked": {"en": "not reached", "zh": "未到此步"},
    "heart_result": {"en": "Result", "zh": "结果"},
    "heart_lifetime": {"en": "lifetime", "zh": "终生"},
    "heart_lipids": {"en": "Lipid guideline, 2023", "zh": "血脂管理指南（2023）"},
    "heart_cannot": {"en": "cannot be told", "zh": "无法判定"},
    "heart_cuts": {
        "en": "The other 10-year equations at the same cuts (5 and 10 %), which were set for China-PAR",
        "zh": "其他 10 年方程按相同切点（5%、10%）对照（切点为 China-PAR 而设）",
    },
    "heart_cuts_count": {"en": "{band}: {count} of {all}", "zh": "{band}：{count}/{all}"},
    "heart_crosses": {"en": "the interval crosses a cut", "zh": "区间跨越切点"},
    "heart_what_if": {"en": "What if", "zh": "如果改变"},
    "heart_what_if_lead": {
        "en": "The same person with these values: {changed}. The difference is between two people, not the effect of a "
        "treatment in a trial.",
        "zh": "同一人改为以下数值：{changed}。差别为两种情形之比，并非试验中的治疗效果。",
    },
    "heart_follows": {"en": "It follows", "zh": "随之改变"},
    "heart_before": {"en": "before", "zh": "改变前"},
    "heart_after": {"en": "after", "zh": "改变后"},
    "heart_points_less": {"en": "{points} points", "zh": "{points} 个百分点"},
    "heart_people": {
        "en": "Of 100 people with these values, about {n}: {outcome}, {horizon}.",
        "zh": "具有这些数值的 100 人中，约 {n} 人：{outcome}，{horizon}。",
    },
    "heart_people_few": {
        "en": "Of 100 people with these values, fewer than 1: {outcome}, {horizon}.",
        "zh": "具有这些数值的 100 人中，不到 1 人：{outcome}，{horizon}。",
    },
    "heart_people_span": {
        "en": "Of 100 people with the known values, between {low} and {high}: {outcome}, {horizon}.",
        "zh": "具有已知数值的 100 人中，{low} 至 {high} 人：{outcome}，{horizon}。",
    },
    "heart_key_ill": {"en": "expected", "zh": "预计发生"},
    "heart_key_may": {"en": "open: inputs unknown", "zh": "未定（信息未知）"},
    "heart_key_well": {"en": "not expected", "zh": "预计不发生"},
    "heart_adds": {
        "en": "What each factor multiplies the odds by, against the reference of the equation",
        "zh": "各因素相对方程参照者使比值变为的倍数",
    },
    "heart_counts": {"en": "Points of each factor", "zh": "各因素分值"},
    "heart_modifiable": {"en": "can be changed by treatment or habit", "zh": "可通过治疗或生活方式改变"},
    "heart_fixed": {"en": "others", "zh": "其他因素"},
    "heart_only_certain": {
        "en": "Only what does not depend on the unknown inputs is shown.",
        "zh": "仅列出不受未知信息影响的因素。",
    },
    "heart_unknown": {
        "en": "Unknown inputs, and the risks each alone spans while the others stand at their least",
        "zh": "未知信息，及其各自单独变动时的风险范围（其余取最低）",
    },
    "heart_formula": {"en": "Formula, written out", "zh": "公式演算"},
    "heart_part": {"en": "Part", "zh": "项"},
    "heart_size": {"en": "Size", "zh": "数值"},
    "heart_coefficient": {"en": "Coefficient", "zh": "系数"},
    "heart_product": {"en": "Product", "zh": "乘积"},
    "heart_no_formula": {
        "en": "Not written out, as inputs are unknown: {names}.",
        "zh": "因信息未知，未演算：{names}。",
    },
    "heart_population": {"en": "Population", "zh": "建模人群"},
    "heart_limits": {"en": "Limits for this person", "zh": "对此人的限制"},
    "heart_unverified": {"en": "Not verified", "zh": "未核对"},
    "heart_notice": {"en": "Notice that must accompany the result", "zh": "须随结果显示的声明"},
    "heart_noticed": {"en": "with a notice", "zh": "附声明"},
    "heart_source": {"en": "Source", "zh": "来源"},
    "heart_points": {"en": "{points} points", "zh": "{points} 分"},
    "heart_refused": {"en": "Equations that do not apply, and why", "zh": "不适用的方程及原因"},
    "heart_none": {"en": "No equation applies.", "zh": "没有适用的方程。"},
    "heart_semicolon": {"en": "; ", "zh": "；"},
    "heart_to": {"en": "{one} → {other}", "zh": "{one} → {other}"},
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of the page about risk, or of the report at large. InputError for a language it does not speak."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    if key not in HEART_STRINGS:
        return phrase(key, lang, **fields)
    return HEART_STRINGS[key][lang].format(**fields)
