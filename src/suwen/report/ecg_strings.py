"""Every word about electrocardiograms that the report says, in English and simplified Chinese."""

from __future__ import annotations

from suwen.errors import InputError
from suwen.report.strings import LANGUAGES, Language, phrase

__all__ = ["ECG_STRINGS", "say"]

ECG_STRINGS: dict[str, dict[Language, str]] = {
    "ecg_title": {"en": "Electrocardiogram", "zh": "心电图"},
    "ecg_recording": {"en": "Recording {id}", "zh": "记录 {id}"},
    "ecg_caution": {
        "en": "Decision support for clinicians; not a diagnosis. Signs are read by rules and must be confirmed on the "
        "trace.",
        "zh": "供临床医生参考的决策支持，不构成诊断。各征象按规则判读，须在波形上核实。",
    },
    "ecg_private": {
        "en": "This page holds the trace of a patient: keep it as you keep the recording.",
        "zh": "本页含患者波形，请与原始记录同等保管。",
    },
    "ecg_facts": {"en": "Recording", "zh": "记录"},
    "ecg_leads": {"en": "Leads", "zh": "导联"},
    "ecg_rate": {"en": "Sampling", "zh": "采样率"},
    "ecg_hertz": {"en": "{rate} Hz", "zh": "{rate} Hz"},
    "ecg_duration": {"en": "Duration", "zh": "时长"},
    "ecg_beats": {"en": "Beats", "zh": "心搏"},
    "ecg_beats_found": {"en": "{count}, found by {method}", "zh": "{count} 次，{method}检出"},
    "ecg_method_learned": {"en": "the shipped network", "zh": "由内置网络"},
    "ecg_method_rules": {"en": "rules", "zh": "按规则"},
    "ecg_method_none": {"en": "nothing: {why}", "zh": "未能：{why}，"},
    "ecg_no_beats_found": {"en": "none: {why}", "zh": "无：{why}"},
    "ecg_kinds": {"en": "{count} {kind}", "zh": "{kind}{count} 次"},
    "ecg_kind_V": {"en": "ventricular (V)", "zh": "室性（V）"},
    "ecg_kind_S": {"en": "premature atrial (S)", "zh": "房性早搏（S）"},
    "ecg_format": {"en": "Format", "zh": "格式"},
    "ecg_age": {"en": "Age", "zh": "年龄"},
    "ecg_sex": {"en": "Sex", "zh": "性别"},
    "ecg_mean_rate": {"en": "Ventricular rate", "zh": "心室率"},
    "ecg_noticed": {"en": "Noticed while reading the file", "zh": "读取文件时的提示"},
    "ecg_technical": {"en": "Technical facts of the file", "zh": "文件技术信息"},
    "ecg_Format": {"en": "Format", "zh": "格式"},
    "ecg_Filters": {"en": "Filters", "zh": "滤波"},
    "ecg_Variable": {"en": "Variable", "zh": "变量"},
    "ecg_Signal formats": {"en": "Signal formats", "zh": "信号格式"},
    "ecg_table_file": {"en": "table (CSV)", "zh": "表格（CSV）"},
    # the drawing
    "ecg_drawing": {"en": "Trace", "zh": "波形"},
    "ecg_scale": {"en": "{speed} mm/s · {gain} mm/mV", "zh": "{speed} mm/s · {gain} mm/mV"},
    "ecg_raw": {
        "en": "samples as recorded, no filter; each row is shifted to its median",
        "zh": "按原始采样绘制，未滤波；每行以其中位数为零位",
    },
    "ecg_leveled": {
        "en": "baseline taken out (below 0.67 Hz), no other filter; each row is shifted to its median",
        "zh": "已去除基线（0.67 Hz 以下），无其他滤波；每行以其中位数为零位",
    },
    "ecg_cut": {
        "en": "Arrows at the edge: the trace leaves the paper and is cut off there.",
        "zh": "纸边箭头：波形超出纸面，已在该处截断。",
    },
    "ecg_window": {"en": "{begin} to {end}", "zh": "{begin} 至 {end}"},
    "ecg_sheet": {"en": "Trace from {begin} to {end}, leads {leads}", "zh": "{begin} 至 {end} 波形，导联 {leads}"},
    "ecg_legend": {
        "en": "Ticks below are beats; ▲ V ventricular, ◇ S premature atrial. Boxed numbers are those of the list.",
        "zh": "下方短线为心搏；▲ V 室性，◇ S 房性早搏。方框数字对应列表编号。",
    },
    "ecg_undrawn": {"en": "Not drawn: {leads}", "zh": "未绘出：{leads}"},
    "ecg_pieces": {
        "en": "Of the {duration}, the pieces around the evidence are drawn, the most urgent first ({count} at most).",
        "zh": "全程 {duration}，仅绘出证据附近的片段，按紧急程度排列（至多 {count} 段）。",
    },
    "ecg_part": {"en": "Drawn is the part asked for, {begin} to {end}.", "zh": "仅绘出所选部分：{begin} 至 {end}。"},
    "ecg_scroll": {"en": "The paper is in real millimetres; scroll it sideways.", "zh": "图纸为实际毫米，可左右滚动。"},
    "ecg_overview": {"en": "Heart rate over the whole recording", "zh": "全程心率趋势"},
    "ecg_trend": {
        "en": "Heart rate over the whole time; dark line the median, band lowest to highest, below the signs by number",
        "zh": "全程心率：深线为中位数，色带为最低至最高，下方为各编号征象的位置",
    },
    "ecg_trend_axis": {
        "en": "Heart rate (/min); below, where each sign is seen, by its number",
        "zh": "心率（次/分）；下方按编号标示各征象出现的时段",
    },
    "ecg_per_minute": {"en": "/min", "zh": "次/分"},
    "ecg_median": {"en": "Median beat", "zh": "中位心搏"},
    "ecg_median_lead": {
        "en": "Median of the beats that look alike, 50 mm/s and 20 mm/mV, filtered from 0.3 to 100 Hz. Dotted lines: "
        "begin of P, begin and end of QRS, end of T.",
        "zh": "相似心搏的中位数，50 mm/s、20 mm/mV，0.3–100 Hz 滤波。虚线：P 起点、QRS 起点与终点、T 终点。",
    },
    "flaw_MISSING": {"en": "missing", "zh": "缺失"},
    "flaw_FLAT": {"en": "flat", "zh": "平线"},
    "flaw_SATURATED": {"en": "saturated", "zh": "饱和"},
    # signs
    "ecg_signs": {"en": "What is seen", "zh": "所见"},
    "ecg_signs_lead": {
        "en": "Numbers are those on the trace, the most urgent first. Each sign stands with the figures it rests on, "
        "where it is seen, and the rule with its source.",
        "zh": "编号与波形上一致，较紧急者在前。每一征象均列出所依据的数值、位置、判据及其出处。",
    },
    "ecg_no_signs": {"en": "No sign was found.", "zh": "未见征象。"},
    "ecg_where": {"en": "Where", "zh": "位置"},
    "ecg_source": {"en": "Rule", "zh": "判据"},
    "ecg_whole": {"en": "whole recording", "zh": "全程"},
    "ecg_at": {"en": "at {times}", "zh": "{times}"},
    "ecg_times_of": {"en": "{count} places, first at {time}", "zh": "{count} 处，首处 {time}"},
    "ecg_in_leads": {"en": "leads {leads}", "zh": "{leads} 导联"},
    "ecg_urgency_0": {"en": "for consideration", "zh": "供参考"},
    "ecg_urgency_1": {"en": "soon", "zh": "尽早处理"},
    "ecg_urgency_2": {"en": "today", "zh": "当日处理"},
    "ecg_urgency_3": {"en": "at once", "zh": "立即处理"},
    "ecg_findings_lead": {
        "en": "The likelihood ratio says how many times as often the rule calls a sign where readers see it as where "
        "they do not: above 1 speaks for it, about 1 says nothing, below 1 speaks against it. The weight is its "
        "base-10 logarithm: +1 makes the odds ten times as high, −1 a tenth. From a trace alone no chance follows, so "
        "it stays unknown.",
        "zh": "似然比：医师判有该征象的记录中判据成立的频率，是判无者的多少倍；大于 1 为支持，接近 1 无意义，小于 1 "
        "为反对。权重为似然比的常用对数：+1 使优势（odds）增至 10 倍，−1 减至 1/10。仅凭心电图不能得出概率，"
        "故标为不详。",
    },
    "ecg_chance": {"en": "Chance", "zh": "概率"},
    "ecg_record": {"en": "Accuracy", "zh": "准确性"},
    "ecg_weight": {"en": "weight {weight}", "zh": "权重 {weight}"},
    "ecg_meaning": {"en": "What it means", "zh": "意义"},
    "ecg_territory": {"en": "territory by leads: {parts}", "zh": "导联对应部位：{parts}"},
    "ecg_semicolon": {"en": "; ", "zh": "；"},
    # quality
    "ecg_quality": {"en": "Quality of the leads", "zh": "各导联信号质量"},
    "ecg_index": {"en": "Index", "zh": "指数"},
    "ecg_lead": {"en": "Lead", "zh": "导联"},
    "ecg_flaws": {"en": "What is wrong", "zh": "问题"},
    "ecg_flawless": {"en": "no flaw found", "zh": "未见问题"},
    "ecg_seconds_of": {"en": "{what} ({count} of {total} s)", "zh": "{what}（{total} 秒中 {count} 秒）"},
    "ecg_quality_lead": {"en": "1 is flawless, 0 useless.", "zh": "1 为无瑕，0 为不可用。"},
    # intervals
    "ecg_intervals": {"en": "Intervals", "zh": "间期"},
    "ecg_measure": {"en": "Measure", "zh": "项目"},
    "ecg_value": {"en": "Value", "zh": "数值"},
    "ecg_usual": {"en": "Usual in adults", "zh": "成人参考"},
    "ecg_pr": {"en": "PR interval", "zh": "PR 间期"},
    "ecg_qrs": {"en": "QRS duration", "zh": "QRS 时限"},
    "ecg_qt": {"en": "QT interval", "zh": "QT 间期"},
    "ecg_rr": {"en": "RR interval", "zh": "RR 间期"},
    "ecg_qtc": {"en": "corrected QT, {formula}", "zh": "校正 QT（{formula}）"},
    "ecg_axis": {"en": "frontal QRS axis", "zh": "额面 QRS 电轴"},
    "ecg_unmeasured": {"en": "not measurable", "zh": "无法测量"},
    "ecg_no_p_wave": {"en": "no P wave in fibrillation or flutter", "zh": "房颤或房扑时无P波"},
    "ecg_not_judged": {"en": "not judged in this rhythm", "zh": "该心律下不作判断"},
    "ecg_outside": {"en": "{value} (outside)", "zh": "{value}（超出）"},
    "ecg_medians": {
        "en": "Medians over {count} intervals between beats; the rate is their mean, pauses left out. Limits are for "
        "adults at rest; ACC/AHA/HRS 2018 counts bradycardia from under 50.",
        "zh": "为 {count} 个 RR 间期内的中位数；心室率为平均值（不计长间歇）。参考范围适用于静息成人；"
        "ACC/AHA/HRS 2018 指南以低于 50 次/分为心动过缓。",
    },
    "ecg_below": {"en": "< {value} ms", "zh": "< {value} ms"},
    "ecg_qtc_limit": {
        "en": "< 450 ms (men), < 460 ms (women)",
        "zh": "< 450 ms（男），< 460 ms（女）",
    },
    # waves
    "ecg_waves": {"en": "Waves of each lead in the median beat", "zh": "各导联中位心搏的波幅"},
    "ecg_waves_lead": {
        "en": "mV against the level at the begin of QRS; durations in ms. Dashes: not seen.",
        "zh": "单位 mV，以 QRS 起点为零位；时限单位 ms。短横表示未见。",
    },
    "ecg_no_waves": {"en": "No waves could be measured.", "zh": "未能测量波幅。"},
    # variability
    "ecg_variability": {"en": "Heart-rate variability", "zh": "心率变异性"},
    "ecg_variability_lead": {
        "en": "Task Force of the ESC and NASPE 1996; {used} of {total} intervals are between normal beats.",
        "zh": "按 ESC/NASPE 1996 工作组标准；{total} 个间期中 {used} 个为正常心搏间期。",
    },
    "ecg_variability_short": {
        "en": "Not computed: the Task Force of 1996 asks for at least 5 minutes, the recording lasts {duration}.",
        "zh": "未计算：1996 年工作组标准要求至少 5 分钟，本记录时长 {duration}。",
    },
    "ecg_variability_none": {
        "en": "Not computed: too few normal beats were found.",
        "zh": "未计算：正常心搏过少。",
    },
    "ecg_variability_af": {
        "en": "In atrial fibrillation or flutter these figures say nothing of the autonomic nervous system.",
        "zh": "心房颤动或扑动时，这些数值不反映自主神经功能。",
    },
    "ecg_mean_nn": {"en": "mean NN", "zh": "平均 NN 间期"},
    "ecg_sdnn": {"en": "SDNN", "zh": "SDNN"},
    "ecg_rmssd": {"en": "RMSSD", "zh": "RMSSD"},
    "ecg_pnn50": {"en": "pNN50", "zh": "pNN50"},
    "ecg_sdann": {"en": "SDANN (5 min)", "zh": "SDANN（5 分钟）"},
    "ecg_sdnn_index": {"en": "SDNN index (5 min)", "zh": "SDNN 指数（5 分钟）"},
    "ecg_triangular": {"en": "triangular index", "zh": "三角指数"},
    "ecg_vlf": {"en": "very low frequency (0.0033–0.04 Hz)", "zh": "极低频（0.0033–0.04 Hz）"},
    "ecg_lf": {"en": "low frequency (0.04–0.15 Hz)", "zh": "低频（0.04–0.15 Hz）"},
    "ecg_hf": {"en": "high frequency (0.15–0.40 Hz)", "zh": "高频（0.15–0.40 Hz）"},
    "ecg_lf_hf": {"en": "LF / HF", "zh": "LF/HF"},
    "ecg_lf_nu": {"en": "LF, normalised", "zh": "LF（标准化）"},
    "ecg_hf_nu": {"en": "HF, normalised", "zh": "HF（标准化）"},
    # limits and makers
    "ecg_limits": {"en": "Limits", "zh": "局限"},
    "ecg_limit_rules": {
        "en": "Signs follow published criteria for adults; artefacts, wrong electrodes and paced hearts deceive rules.",
        "zh": "征象依据已发表的成人标准；伪差、电极错接和起搏心律可误导规则。",
    },
    "ecg_limit_absent": {
        "en": "That a sign is not listed does not rule the disease out; a normal trace does not exclude ischaemia.",
        "zh": "未列出的征象不代表已排除相应疾病；心电图正常不能排除心肌缺血。",
    },
    "ecg_limit_leads": {
        "en": "With fewer than twelve leads, axis, territories and voltage criteria are not judged.",
        "zh": "导联不足 12 个时，不判断电轴、部位和电压标准。",
    },
    "ecg_limit_person": {
        "en": "Age or sex was not stated: limits that depend on them are those the rule names for that case.",
        "zh": "未提供年龄或性别：相关界值按判据在此情况下的规定。",
    },
    "ecg_by": {"en": "Made by", "zh": "由何而来"},
    "ecg_by_reading": {"en": "suwen rhythm reading {version}", "zh": "素问心律判读 {version}"},
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of the page, or of the report at large. InputError for a language it does not speak."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    if key not in ECG_STRINGS:
        return phrase(key, lang, **fields)
    return ECG_STRINGS[key][lang].format(**fields)
