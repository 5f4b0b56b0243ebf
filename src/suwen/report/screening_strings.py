"""The words of the page about a screening, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

from suwen.report.molecule_strings import MOLECULE_STRINGS
from suwen.report.molecule_strings import say as said
from suwen.report.strings import Language

__all__ = ["SCREENING_STRINGS", "say"]

SCREENING_STRINGS: dict[str, dict[Literal["en", "zh"], str]] = {
    "scr_title": {"en": "Screening of molecules", "zh": "分子筛选"},
    "scr_library": {"en": "Library", "zh": "化合物库"},
    "scr_lead": {
        "en": "{read} molecules came in, {kept} passed every stage. What was dropped was not judged further: it may "
        "well be active.",
        "zh": "共输入 {read} 个分子，{kept} 个通过全部步骤。被剔除者未作进一步评估，仍可能具有活性。",
    },
    "scr_funnel": {"en": "Funnel", "zh": "筛选漏斗"},
    "scr_funnel_lead": {
        "en": "Widths are on a logarithmic scale; the numbers are exact. A molecule counts for the first "
        "thing it fails.",
        "zh": "宽度为对数刻度，数字为准确值。每个分子只计入其首个未满足的条件。",
    },
    "scr_kept": {"en": "kept", "zh": "保留"},
    "scr_failed": {"en": "could not be judged", "zh": "无法判断"},
    "scr_entered": {"en": "of {count}", "zh": "共 {count}"},
    "scr_seconds": {"en": "{count} s", "zh": "{count} 秒"},
    "scr_minutes": {"en": "{count} min", "zh": "{count} 分钟"},
    "scr_asked": {"en": "What was asked", "zh": "各项要求"},
    "scr_survivors": {"en": "Molecules that passed", "zh": "通过的分子"},
    "scr_survivors_lead": {
        "en": "Click the head of a column to sort by it. Merit is the geometric mean of the desirabilities beside it; "
        "it orders molecules and is no chance of success.",
        "zh": "点击列标题可按该列排序。综合评分为各项合意度的几何平均，仅用于排序，并非成功的概率。",
    },
    "scr_shown": {"en": "The first {shown} of {count} are shown.", "zh": "仅显示前 {shown} 个，共 {count} 个。"},
    "scr_none": {"en": "No molecule passed every stage.", "zh": "没有分子通过全部步骤。"},
    "scr_place": {"en": "Place", "zh": "名次"},
    "scr_row": {"en": "row {row}", "zh": "第 {row} 行"},
    "scr_merit": {"en": "Merit", "zh": "综合评分"},
    "scr_front": {"en": "Pareto front", "zh": "帕累托前沿"},
    "scr_parts": {"en": "Desirability", "zh": "合意度"},
    "scr_part": {
        "en": "{name} {value}: {desirability}, weight {weight}",
        "zh": "{name} {value}：{desirability}，权重 {weight}",
    },
    "scr_not_met": {"en": "dropped for not meeting", "zh": "因未满足以下条件而剔除"},
    "scr_failures": {"en": "Molecules that could not be judged", "zh": "无法判断的分子"},
    "scr_failures_lead": {
        "en": "Neither kept nor dropped. {count} in all, the first ones listed.",
        "zh": "既未保留也未剔除。共 {count} 个，列出前若干个。",
    },
    "scr_stage": {"en": "Stage", "zh": "步骤"},
    "scr_column_from": {"en": "{name}: {source}", "zh": "{name}：{source}"},
    "scr_sources_lead": {
        "en": "Filters are computed from the structure, models are learned from measurements, docking is a computed "
        "score: none of the numbers was measured on these molecules.",
        "zh": "筛选条件由结构计算，模型由实测数据学习，对接为计算评分：均未在这些分子上实测。",
    },
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of this page, of the pages about molecules, or of the report at large; InputError as there."""
    if key in MOLECULE_STRINGS or key not in SCREENING_STRINGS or lang not in SCREENING_STRINGS[key]:
        return said(key, lang, **fields)
    return SCREENING_STRINGS[key][lang].format(**fields)
