"""The words of the pages about molecules, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

from suwen.errors import InputError
from suwen.report.strings import LANGUAGES, Language, phrase

__all__ = ["MOLECULE_STRINGS", "say"]

_Said = dict[Literal["en", "zh"], str]

MOLECULE_STRINGS: dict[str, _Said] = {
    "mol_caution": {
        "en": "Decision support for researchers. Computed from the structure or learned from measured molecules; not a "
        "measured value.",
        "zh": "供研究人员参考的决策支持。由结构计算或从已测分子学习得出，并非实测值。",
    },
    "mol_title": {"en": "Profile of a molecule", "zh": "分子概况"},
    "mol_structure": {"en": "Structure", "zh": "结构"},
    "mol_smiles": {"en": "SMILES (standard form)", "zh": "SMILES（标准形式）"},
    "mol_written": {"en": "As it was written", "zh": "原始书写"},
    "mol_key": {"en": "InChIKey", "zh": "InChIKey"},
    "mol_formula": {"en": "Formula", "zh": "分子式"},
    "mol_fields": {"en": "Beside it in the source", "zh": "来源中的其他字段"},
    "mol_noticed": {"en": "What standardising changed, and what is open", "zh": "标准化所作更改及未定之处"},
    "mol_unchanged": {"en": "Nothing was changed, and nothing is open.", "zh": "未作更改，亦无未定之处。"},
    "mol_glance": {"en": "At a glance", "zh": "概览"},
    "mol_rules_kept": {"en": "rules kept", "zh": "满足的规则"},
    "mol_rules_broken": {"en": "rules broken", "zh": "违反的规则"},
    "mol_rules_open": {"en": "cannot be told", "zh": "无法判定"},
    "mol_alerts_hit": {"en": "structural alerts", "zh": "结构警示"},
    "mol_forecasts_count": {"en": "learned endpoints", "zh": "预测终点"},
    "mol_outside_count": {"en": "of them outside the domain", "zh": "其中超出适用域"},
    "mol_concerns": {"en": "Forecasts on the unwanted side of a level", "zh": "处于界值不利一侧的预测"},
    "mol_properties": {"en": "Properties", "zh": "性质"},
    "mol_properties_lead": {
        "en": "Computed from the structure alone. Where a figure can be cited, the band is the usual range in drugs "
        "and the mark is this molecule; outside the band is unusual, not wrong. Numbers in brackets lead "
        "to the sources.",
        "zh": "仅由结构计算。凡有文献可引者，色带为药物中的常见范围，标记为本分子；在色带之外表示少见，而非错误。"
        "方括号内数字指向来源。",
    },
    "mol_group_size": {"en": "Size", "zh": "大小"},
    "mol_group_fat": {"en": "Fat and water", "zh": "脂溶性与水溶性"},
    "mol_group_polar": {"en": "Polarity and hydrogen bonds", "zh": "极性与氢键"},
    "mol_group_shape": {"en": "Rings, flexibility and stereo", "zh": "环、柔性与立体化学"},
    "mol_group_scores": {"en": "Scores of several properties", "zh": "综合评分"},
    "mol_usual": {"en": "usual {span}", "zh": "常见 {span}"},
    "mol_within": {"en": "within the usual range", "zh": "在常见范围内"},
    "mol_outside": {"en": "outside the usual range", "zh": "在常见范围外"},
    "mol_limits": {"en": "What these can and cannot tell", "zh": "这些数值能说明与不能说明的"},
    "mol_parts": {"en": "Its parts, each from 0 (unwanted) to 1 (wanted)", "zh": "各组成部分（0 不理想，1 理想）"},
    "mol_rules": {"en": "Rules of thumb", "zh": "经验规则"},
    "mol_rules_lead": {
        "en": "Each criterion with this molecule's number. A broken rule is a reason to look, not to discard: approved "
        "medicines break them too.",
        "zh": "逐条列出标准与本分子的数值。违反规则是需要留意的理由，而非弃用的依据：已上市药物也有违反者。",
    },
    "mol_kept": {"en": "kept", "zh": "满足"},
    "mol_broken": {"en": "broken", "zh": "违反"},
    "mol_open": {"en": "cannot be told", "zh": "无法判定"},
    "mol_forgiven": {"en": "{count} broken criterion is allowed", "zh": "允许违反 {count} 条"},
    "mol_met": {"en": "met", "zh": "满足"},
    "mol_not_met": {"en": "not met", "zh": "未满足"},
    "mol_alerts": {"en": "Structural alerts", "zh": "结构警示"},
    "mol_alerts_lead": {
        "en": "Parts that published sets of patterns warn of, marked in the drawings. No likelihood ratio of any is "
        "known.",
        "zh": "已发表的结构模式集所警示的部分，标于图中。均无已知的似然比。",
    },
    "mol_alerts_none": {"en": "None of the usual sets was hit.", "zh": "未命中常用警示集。"},
    "mol_places": {"en": "{count} places", "zh": "{count} 处"},
    "mol_forecasts": {"en": "Learned endpoints", "zh": "预测终点"},
    "mol_forecasts_lead": {
        "en": "Forecasts of models that learned from measured molecules; none is a measurement. The dot is the "
        "forecast, the bar its interval, small ticks are what was measured of the most similar molecules, dashed lines "
        "are levels that chemists use. Outside the domain the interval was not checked and may be too narrow.",
        "zh": "由已测分子学习所得模型的预测，均非实测。圆点为预测值，横条为区间，短竖线为最相似分子的实测值，"
        "虚线为化学家常用的界值。超出适用域时区间未经检验，可能过窄。",
    },
    "mol_absorption": {"en": "Absorption", "zh": "吸收"},
    "mol_distribution": {"en": "Distribution", "zh": "分布"},
    "mol_metabolism": {"en": "Metabolism", "zh": "代谢"},
    "mol_excretion": {"en": "Excretion", "zh": "排泄"},
    "mol_toxicity": {"en": "Toxicity", "zh": "毒性"},
    "mol_interval": {"en": "{coverage} interval: {low} to {high}", "zh": "{coverage} 区间：{low} 至 {high}"},
    "mol_chance_of": {"en": "chance", "zh": "概率"},
    "mol_class_yes": {"en": "“no” can be excluded at {coverage}", "zh": "在 {coverage} 水平可排除“否”"},
    "mol_class_no": {"en": "“yes” can be excluded at {coverage}", "zh": "在 {coverage} 水平可排除“是”"},
    "mol_class_both": {
        "en": "neither answer can be excluded at {coverage}",
        "zh": "在 {coverage} 水平两种答案均不能排除",
    },
    "mol_class_none": {
        "en": "neither answer fits at {coverage}: unlike what was learned",
        "zh": "在 {coverage} 水平两种答案均不符：与所学不同",
    },
    "mol_in_domain": {"en": "in the domain", "zh": "在适用域内"},
    "mol_out_domain": {"en": "outside the domain", "zh": "超出适用域"},
    "mol_percentile_short": {"en": "medicines: {share}", "zh": "药物中：{share}"},
    "mol_unsure": {
        "en": "{said} (the interval reaches to the other side)",
        "zh": "{said}（区间跨越界限）",
    },
    "mol_wanted_low": {"en": "lower is usually wanted", "zh": "通常希望较低"},
    "mol_wanted_high": {"en": "higher is usually wanted", "zh": "通常希望较高"},
    "mol_wanted_neither": {"en": "what is wanted depends on the aim", "zh": "取决于目的"},
    "mol_levels": {"en": "Levels", "zh": "界值"},
    "mol_level_above": {"en": "at or above {at}", "zh": "≥ {at}"},
    "mol_level_below": {"en": "below {at}", "zh": "< {at}"},
    "mol_nearest": {"en": "Most similar measured molecules", "zh": "最相似的已测分子"},
    "mol_similarity": {"en": "similarity {share}", "zh": "相似度 {share}"},
    "mol_measured": {"en": "measured: {value}", "zh": "实测：{value}"},
    "mol_shares": {"en": "What each atom adds", "zh": "各原子的贡献"},
    "mol_shares_lead": {
        "en": "Shapley values of the explained trees, which make up {explained} of this forecast, in {unit}. They tell "
        "what the model used, not what causes the effect. Rest on an atom for its number.",
        "zh": "所解释的树模型的 Shapley 值（占本预测的 {explained}），单位：{unit}。反映模型所依据之处，"
        "而非作用的原因。指向原子可见数值。",
    },
    "mol_log_odds": {"en": "log-odds", "zh": "对数优势"},
    "mol_log_unit": {"en": "log₁₀ of {unit}", "zh": "{unit} 的 log₁₀"},
    "mol_plain_number": {"en": "units of the value", "zh": "数值单位"},
    "mol_lowers": {"en": "lowers the value", "zh": "降低数值"},
    "mol_raises": {"en": "raises the value", "zh": "升高数值"},
    "mol_sum": {
        "en": "Start {base}, atoms {atoms}, whole molecule {whole}: together {total}.",
        "zh": "起点 {base}，各原子 {atoms}，整个分子 {whole}：合计 {total}。",
    },
    "mol_columns": {"en": "Strongest descriptors, of atoms or of the whole", "zh": "影响最强的描述符（原子或整体）"},
    "mol_atom_word": {"en": "{symbol}{number}: {share}", "zh": "{symbol}{number}：{share}"},
    "mol_sources": {"en": "Sources", "zh": "来源"},
    "mol_sources_lead": {
        "en": "Properties, rules and alerts are computed from the structure. Endpoints are learned from the "
        "measurements of the source named with them.",
        "zh": "性质、规则与警示由结构计算；终点由其所列来源的实测数据学习得出。",
    },
    "mol_unknown": {"en": "unknown", "zh": "未知"},
    "mol_at_most": {"en": "at most {value}", "zh": "不超过 {value}"},
    "mol_at_least": {"en": "at least {value}", "zh": "不低于 {value}"},
    "mol_between": {"en": "{low} to {high}", "zh": "{low} 至 {high}"},
    "mol_semicolon": {"en": "; ", "zh": "；"},
    # Many molecules
    "mols_title": {"en": "Molecules", "zh": "分子列表"},
    "mols_lead": {
        "en": "{count} molecules. Click the head of a column to sort by it; tick a rule to hide molecules that "
        "break it.",
        "zh": "共 {count} 个分子。点击列标题可按该列排序；勾选规则可隐藏违反该规则的分子。",
    },
    "mols_doubtful": {
        "en": "An asterisk: the molecule lies outside the domain of that forecast.",
        "zh": "星号表示分子超出该预测的适用域。",
    },
    "mols_filter": {"en": "Show only molecules that keep", "zh": "仅显示满足下列规则的分子"},
    "mols_no_alert": {"en": "no structural alert", "zh": "无结构警示"},
    "mols_of": {"en": "of", "zh": "/"},
    "mols_molecule": {"en": "Molecule", "zh": "分子"},
    "mols_rules": {"en": "Rules broken", "zh": "违反的规则"},
    "mols_alerts": {"en": "Alerts", "zh": "警示"},
    "mols_refused": {"en": "Rows that are no molecule", "zh": "未能读为分子的行"},
    "mols_row": {"en": "Row", "zh": "行"},
    "mols_why": {"en": "Why", "zh": "原因"},
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of the pages about molecules, or of the report at large. InputError for a language it does not speak."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    if key not in MOLECULE_STRINGS:
        return phrase(key, lang, **fields)
    return MOLECULE_STRINGS[key][lang].format(**fields)
