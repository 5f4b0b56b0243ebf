"""Every word the report says by itself, in English and simplified Chinese, in one table."""

from __future__ import annotations

from typing import Literal, get_args

from suwen.errors import InputError
from suwen.report.note_strings import NOTE_STRINGS
from suwen.report.patient_strings import PATIENT_STRINGS

__all__ = ["LANGUAGES", "STRINGS", "Language", "phrase"]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

STRINGS: dict[str, dict[Language, str]] = {
    # The page as a whole
    "html_lang": {"en": "en", "zh": "zh-Hans"},
    "title": {"en": "Differential diagnosis", "zh": "鉴别诊断"},
    "brand": {"en": "Suwen", "zh": "素问 Suwen"},
    "created": {"en": "Created {when}", "zh": "生成时间 {when}"},
    "not_a_diagnosis": {
        "en": "Decision support for clinicians; not a diagnosis.",
        "zh": "供临床医生参考的决策支持，不构成诊断。",
    },
    "contents": {"en": "On this page", "zh": "本页内容"},
    "page_footer": {
        "en": "Suwen - decision support for clinicians; not a diagnosis",
        "zh": "素问 Suwen · 供临床医生参考的决策支持，不构成诊断",
    },
    "colon": {"en": ": ", "zh": "："},
    "list_comma": {"en": ", ", "zh": "、"},
    "none": {"en": "none", "zh": "无"},
    "none_recorded": {"en": "none recorded", "zh": "无记录"},
    "unknown": {"en": "unknown", "zh": "不详"},
    "notes": {"en": "Remarks on the input", "zh": "输入说明"},
    # Patient
    "patient": {"en": "Patient", "zh": "患者"},
    "patient_id": {"en": "Identifier", "zh": "编号"},
    "sex": {"en": "Sex", "zh": "性别"},
    "sex_female": {"en": "female", "zh": "女"},
    "sex_male": {"en": "male", "zh": "男"},
    "sex_other": {"en": "other", "zh": "其他"},
    "sex_unknown": {"en": "unknown", "zh": "不详"},
    "age": {"en": "Age", "zh": "年龄"},
    "age_years": {"en": "{n} y", "zh": "{n} 岁"},
    "age_months": {"en": "{n} mo", "zh": "{n} 个月"},
    "age_days": {"en": "{n} d", "zh": "{n} 天"},
    "onset": {"en": "since age {age}", "zh": "{age}起病"},
    "onset_birth": {"en": "since birth", "zh": "出生即有"},
    "onset_antenatal": {"en": "before birth", "zh": "产前即有"},
    "present": {"en": "Present", "zh": "存在"},
    "excluded": {"en": "Excluded (looked for, absent)", "zh": "已排除（查过，不存在）"},
    # Ranking
    "ranking": {"en": "Ranked diseases", "zh": "候选疾病排序"},
    "rank": {"en": "Rank", "zh": "排序"},
    "disease": {"en": "Disease", "zh": "疾病"},
    "probability": {"en": "Probability", "zh": "概率"},
    "probability_bar": {"en": "Probability, 0 to 100%", "zh": "概率（0 至 100%）"},
    "interval": {"en": "Interval", "zh": "区间"},
    "interval_range": {"en": "{low} to {high}", "zh": "{low} 至 {high}"},
    "set_tag": {"en": "{coverage} set", "zh": "{coverage} 候选集"},
    "set_ends": {"en": "The {coverage} set ends here", "zh": "{coverage} 候选集到此为止"},
    "set_larger": {
        "en": "The {coverage} set holds {size} answers, of which the first {count} are listed: the features given "
        "leave many diseases possible. A set made this way is meant to hold the right answer in {coverage} of "
        "patients like those it was calibrated on.",
        "zh": "{coverage} 候选集共含 {size} 项，此处列出前 {count} 项：现有表现尚不足以区分众多疾病。"
        "对于与校准数据相似的患者，按此方法得出的候选集预期在 {coverage} 的病例中包含正确答案。",
    },
    "rank_of": {"en": "rank {rank}", "zh": "第 {rank} 位"},
    "unranked": {"en": "not ranked: nothing is known about it", "zh": "未排序：缺乏相关知识"},
    "evidence_sum_short": {
        "en": "sum: log10 likelihood ratio against the mean disease",
        "zh": "合计：相对于平均疾病的似然比（log10）",
    },
    "no_library": {"en": "no library of solved cases", "zh": "未使用病例库"},
    "library_of": {"en": "library of {count} solved cases", "zh": "病例库：{count} 例已确诊病例"},
    "set_explained": {
        "en": "The rows marked with a bar at the left ({count} of {total}) form the {coverage} set: a list made this "
        "way is meant to hold the right answer in {coverage} of patients like those it was calibrated on.",
        "zh": "左侧带竖线的行（{total} 行中的 {count} 行）构成 {coverage} 候选集：对于与校准数据相似的患者，"
        "按此方法得出的候选集预期在 {coverage} 的病例中包含正确答案。",
    },
    "set_empty": {
        "en": "No {coverage} set could be formed for this patient.",
        "zh": "未能为该患者得出 {coverage} 候选集。",
    },
    "none_of_these": {"en": "None of these", "zh": "未列入的疾病"},
    "none_explained": {
        "en": "Chance that the disease is none of those listed: {chance}.",
        "zh": "真正的疾病未列入上表的概率：{chance}。",
    },
    "none_absent": {
        "en": "The chance that the disease is none of those listed was not estimated.",
        "zh": "未估计真正的疾病未列入上表的概率。",
    },
    "none_leads": {
        "en": "No listed disease explains these features well. Look beyond this list.",
        "zh": "所列疾病均不能很好地解释这些表现，请在此列表之外继续考虑。",
    },
    "no_findings": {"en": "No disease could be ranked.", "zh": "没有可排序的疾病。"},
    # Evidence
    "evidence": {"en": "Evidence by disease", "zh": "各疾病的证据"},
    "evidence_lead": {
        "en": "Bars show log₁₀ likelihood ratios on one scale for all diseases. To the right (+) a feature supports "
        "the disease, to the left (−) it contradicts; ±1 is a factor of 10.",
        "zh": "条形长度为似然比的常用对数（log₁₀），所有疾病采用同一标尺。向右（+）为支持，向左（−）为反对；"
        "±1 相当于 10 倍。",
    },
    "evidence_for_against": {"en": "Evidence for and against", "zh": "支持与反对的证据"},
    "evidence_main": {"en": "Main evidence", "zh": "主要证据"},
    "feature": {"en": "Feature", "zh": "表型特征"},
    "feature_reason": {"en": "Feature, reason and source", "zh": "表型特征、理由与来源"},
    "log_ratio": {"en": "log₁₀ LR", "zh": "log₁₀ 似然比"},
    "axis_against": {"en": "← against", "zh": "← 反对"},
    "axis_for": {"en": "supports →", "zh": "支持 →"},
    "axis_title": {
        "en": "Axis from {low} to {high}, log₁₀ likelihood ratio",
        "zh": "坐标轴：{low} 至 {high}，似然比的常用对数",
    },
    "bar_title": {"en": "{name}: {weight}", "zh": "{name}：{weight}"},
    "source": {"en": "Source", "zh": "来源"},
    "sum": {"en": "Sum", "zh": "合计"},
    "sum_ratio": {"en": "combined likelihood ratio {ratio}", "zh": "合并似然比 {ratio}"},
    "sum_explained": {
        "en": "Sum of the weights = log₁₀ of posterior over prior, before normalisation over all diseases.",
        "zh": "权重之和 = 后验概率与先验概率之比的常用对数（log₁₀），尚未在所有疾病间归一化。",
    },
    "reviewed_by": {"en": "Reviewed by {name}", "zh": "审核者：{name}"},
    "absent": {"en": "Absent: {name}", "zh": "无{name}"},
    "seen_region": {"en": "Region of {image}, voxels {box}", "zh": "{image} 中的区域，体素 {box}"},
    "seen_stretch": {"en": "{when} s of the signal", "zh": "信号第 {when} 秒"},
    "seen_stretch_in": {"en": "{when} s of {leads}", "zh": "{leads} 导联第 {when} 秒"},
    "seen_atoms": {"en": "Atoms {indices} of {smiles}", "zh": "{smiles} 的原子 {indices}"},
    "seen_span": {"en": "“{text}”", "zh": "“{text}”"},
    "bearing_supports": {"en": "Supports", "zh": "支持"},
    "bearing_supports_narrower": {"en": "Supports (more specific finding)", "zh": "支持（表现更具体）"},
    "bearing_supports_broader": {"en": "Supports (more general finding)", "zh": "支持（表现较笼统）"},
    "bearing_supports_related": {"en": "Supports (related finding)", "zh": "支持（相关表现）"},
    "bearing_supports_excluded": {"en": "Supports (fits that it is absent)", "zh": "支持（不出现此表现，与该病相符）"},
    "bearing_against": {"en": "Against", "zh": "反对"},
    "bearing_against_excluded": {"en": "Against (expected but absent)", "zh": "反对（应有而未见）"},
    "bearing_neutral": {"en": "Neutral", "zh": "中性"},
    # Typical features
    "typical": {"en": "Typical features of this disease", "zh": "该病的典型表现"},
    "frequency": {"en": "Frequency", "zh": "出现频率"},
    "in_patient": {"en": "This patient", "zh": "本例患者"},
    "state_present": {"en": "present", "zh": "有"},
    "state_excluded": {"en": "absent", "zh": "无"},
    "state_unknown": {"en": "not recorded", "zh": "未记录"},
    # Similar cases
    "similar": {"en": "Similar solved cases", "zh": "相似的已确诊病例"},
    "similarity": {"en": "Similarity", "zh": "相似度"},
    "diagnosis": {"en": "Diagnosis", "zh": "诊断"},
    "publication": {"en": "Publication", "zh": "文献"},
    "shared": {"en": "Shared features", "zh": "共同表现"},
    "different": {"en": "Different features", "zh": "不同表现"},
    "only_patient": {"en": "Only this patient", "zh": "仅本例患者"},
    "only_case": {"en": "Only the case", "zh": "仅该病例"},
    "no_similar": {"en": "No similar solved case was found.", "zh": "未找到相似的已确诊病例。"},
    # Questions
    "questions": {"en": "What to ask or examine next", "zh": "建议询问或检查"},
    "questions_lead": {
        "en": "Ordered by expected information: how much the answer is expected to reduce the uncertainty "
        "about the diagnosis, in bits.",
        "zh": "按预期信息量排序：得到答案后，诊断的不确定性预计可减少多少（以比特计）。",
    },
    "bits": {"en": "{bits} bits", "zh": "{bits} 比特"},
    "information": {"en": "Expected information", "zh": "预期信息量"},
    "chance_present": {"en": "Chance that it is present: {chance}", "zh": "预计存在的概率：{chance}"},
    "present_if": {"en": "How often it is present in", "zh": "在下列疾病中的出现频率"},
    "no_questions": {
        "en": "No further feature is expected to change the ranking.",
        "zh": "预计没有其他表现会改变排序。",
    },
    # Sources and limits
    "sources": {"en": "Sources, versions and limits", "zh": "来源、版本与局限"},
    "knowledge": {"en": "Knowledge releases", "zh": "知识库版本"},
    "model_card": {"en": "Model card", "zh": "模型卡"},
    "version": {"en": "version {version}", "zh": "版本 {version}"},
    "digest": {"en": "data digest {digest}", "zh": "数据摘要 {digest}"},
    "calibration": {"en": "Calibration of the probabilities", "zh": "概率的校准"},
    "not_calibrated": {
        "en": "Not stated: treat the probabilities as a ranking only.",
        "zh": "未说明：概率仅可用于排序。",
    },
    "limits": {"en": "Limits", "zh": "局限"},
    "limit_decision": {
        "en": "This page is decision support for clinicians; it is not a diagnosis. "
        "Confirm by examination, testing and clinical judgement before acting.",
        "zh": "本页为供临床医生参考的决策支持，不构成诊断。采取行动前，请结合体格检查、辅助检查和临床判断予以确认。",
    },
    "limit_features": {
        "en": "The probabilities hold for the features listed above and no others; "
        "a wrong or missing feature changes them.",
        "zh": "概率仅基于上列表型特征；特征有误或缺失都会改变结果。",
    },
    "limit_knowledge": {
        "en": "Only diseases described in the knowledge releases above can be ranked, "
        "and published frequencies may differ from those in your population.",
        "zh": "只能对上述知识库收录的疾病排序；文献中的频率可能与当地人群不同。",
    },
    **PATIENT_STRINGS,
    **NOTE_STRINGS,
}


def phrase(key: str, lang: Language, **fields: object) -> str:
    """Return the words for `key` in a language with the fields filled in; raises InputError for an unknown language."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    return STRINGS[key][lang].format(**fields)
