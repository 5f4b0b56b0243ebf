"""The words of the page about an opened model, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

__all__ = ["MODEL_STRINGS"]

_Said = dict[Literal["en", "zh"], str]

MODEL_STRINGS: dict[str, _Said] = {
    "model_title": {"en": "What this model answers, and why", "zh": "模型的回答及其依据"},
    "model_of": {"en": "{model} on {input}", "zh": "{model}：{input}"},
    "model_caution": {
        "en": "A model's answer for research and teaching; not a diagnosis. An explanation shows what the model goes "
        "by, not what is true of the patient.",
        "zh": "模型的回答仅供研究与教学，不构成诊断。解释所示为模型的依据，而非患者的实情。",
    },
    "model_private": {
        "en": "This page shows the input: handle it as you handle the data.",
        "zh": "本页展示输入数据，请按数据本身的要求保管。",
    },
    "model_answer": {"en": "Answer", "zh": "回答"},
    "model_chance_of": {"en": "Probability of {name}", "zh": "“{name}”的概率"},
    "model_score_of": {"en": "Score of {name} (no probability)", "zh": "“{name}”的得分（非概率）"},
    "model_called": {"en": "Called", "zh": "判定"},
    "model_threshold": {"en": "Threshold", "zh": "阈值"},
    "model_threshold_text": {"en": "{value} for {name}", "zh": "“{name}” {value}"},
    "model_threshold_none": {"en": "none: the class of the highest score is called", "zh": "无：取得分最高的类别"},
    "model_calibration": {"en": "Calibration", "zh": "校准"},
    "model_calibration_none": {
        "en": "none, so the score is no probability",
        "zh": "无，因此得分不是概率",
    },
    "model_all_classes": {"en": "All classes", "zh": "全部类别"},
    "model_class": {"en": "Class", "zh": "类别"},
    "model_score": {"en": "Score", "zh": "得分"},
    "model_bar": {"en": "{name}: {value}", "zh": "{name}：{value}"},
    "model_volume": {"en": "Volume", "zh": "体积"},
    "model_places": {"en": "Places", "zh": "位置数"},
    "model_ml": {"en": "{value} mL", "zh": "{value} mL"},
    "model_input": {"en": "Input", "zh": "输入"},
    "model_looked": {"en": "Where the model looks", "zh": "模型所看之处"},
    "model_heat": {"en": "Heat map: what speaks for {name}", "zh": "热图：支持“{name}”之处"},
    "model_heat_contour": {
        "en": "Heat map: what the outline of {name} goes by (white contour: the outline)",
        "zh": "热图：勾画“{name}”的依据（白线为轮廓）",
    },
    "model_outlines": {"en": "Outlines", "zh": "轮廓"},
    "model_legend": {
        "en": "Bright yellow is the strongest support in this map, no colour is none; the bar gives the map's own "
        "numbers. Maps of different inputs are alike only where their bars are.",
        "zh": "亮黄为本热图中最强的支持，无色为无；色条标出本图的数值。不同输入的热图仅在色条一致时可比。",
    },
    "model_planes_patient": {
        "en": "Sagittal, coronal and axial slice through voxel {voxel} (from 1) of the stored array, where the map is "
        "strongest; up is up, the patient's left is on the right.",
        "zh": "经存储数组体素 {voxel}（从 1 起计，热图最强处）的矢状、冠状与轴位切面；"
        "上方为头侧或前方，患者左侧在图右。",
    },
    "model_planes_axes": {
        "en": "Slices across the first, second and third axis through voxel {voxel} (from 1) of the stored array, "
        "where the map is strongest.",
        "zh": "经存储数组体素 {voxel}（从 1 起计，热图最强处）、垂直于第一、二、三轴的切面。",
    },
    "model_evidence": {"en": "Evidence", "zh": "证据"},
    "model_evidence_lead": {
        "en": "Each line was measured on the model; weights are log10 of the odds, places are counted from 1. "
        "Weights of areas do not add up: the model may need only one of them.",
        "zh": "每行均由模型实测；权重为比值的 log10，位置从 1 起计。各区域权重不可相加：模型可能只需其一。",
    },
    "model_evidence_lead_rows": {
        "en": "Shapley values: how each column moves the log10 odds away from the rows compared with. They add up.",
        "zh": "Shapley 值：各列使 log10 优势偏离对照行的量，可相加。",
    },
    "model_seen": {"en": "Seen", "zh": "所见"},
    "model_bearing": {"en": "Bearing", "zh": "方向"},
    "model_weight": {"en": "Weight", "zh": "权重"},
    "model_sentence": {"en": "What was measured", "zh": "测得结果"},
    "model_for": {"en": "for", "zh": "支持"},
    "model_against": {"en": "against", "zh": "不支持"},
    "model_neutral": {"en": "neither", "zh": "中性"},
    "model_region": {"en": "box {box}", "zh": "区域 {box}"},
    "model_believe": {"en": "Can this explanation be believed?", "zh": "此解释可信吗？"},
    "model_passes": {"en": "It passed its sanity check.", "zh": "已通过合理性检验。"},
    "model_fails": {"en": "It FAILED its sanity check.", "zh": "未通过合理性检验。"},
    "model_unchecked": {"en": "It was not checked.", "zh": "未经检验。"},
    "model_exact": {
        "en": "Shapley values follow from the model's answers alone; a heat map's check does not apply.",
        "zh": "Shapley 值仅由模型回答得出；热图检验不适用。",
    },
    "model_method": {"en": "Method", "zh": "方法"},
    "model_notes": {"en": "How it was made", "zh": "生成方式"},
    "model_surrogate": {"en": "A tree that imitates the model", "zh": "模仿模型的树"},
    "model_limits": {"en": "Limits of the model", "zh": "模型的局限"},
    "model_purpose": {"en": "Made for", "zh": "用途"},
    "model_figures": {"en": "How good it is", "zh": "性能"},
    "model_figure": {"en": "{name} {value} ({part}, {n} examples)", "zh": "{name} {value}（{part}，{n} 例）"},
    "model_figure_range": {
        "en": "{name} {value}, 95% interval {low} to {high} ({part}, {n} examples)",
        "zh": "{name} {value}，95% 区间 {low} 至 {high}（{part}，{n} 例）",
    },
    "model_figure_spread": {
        "en": "{name} {value}, lowest {low}, highest {high} ({part}, {n} examples)",
        "zh": "{name} {value}，最低 {low}，最高 {high}（{part}，{n} 例）",
    },
    "model_figure_single": {"en": "{name} of single networks", "zh": "单个网络的{name}"},
    "model_figure_auc": {"en": "AUC", "zh": "AUC"},
    "model_figure_accuracy": {"en": "accuracy", "zh": "准确率"},
    "model_figure_dice": {"en": "Dice of {name}", "zh": "“{name}”的 Dice 系数"},
    "model_figure_hd95_mm": {"en": "95% Hausdorff distance of {name}, mm", "zh": "“{name}”的 95% 豪斯多夫距离（mm）"},
    "model_figure_volume_error_ml": {"en": "volume error of {name}, mL", "zh": "“{name}”的体积误差（mL）"},
    "model_part_validation": {"en": "validation part", "zh": "验证集"},
    "model_part_test": {"en": "test part", "zh": "测试集"},
    "model_part_calibration": {"en": "calibration part", "zh": "校准集"},
    "model_card": {"en": "Model, data and digests", "zh": "模型、数据与摘要"},
    "model_name": {"en": "Model", "zh": "模型"},
    "model_weights": {"en": "Weights, SHA-256", "zh": "权重 SHA-256"},
    "model_data": {"en": "Learned from, SHA-256", "zh": "训练数据 SHA-256"},
    "model_licence": {"en": "Licence", "zh": "许可"},
    "model_warning": {"en": "Warning", "zh": "警告"},
    "model_no_limits": {
        "en": "The card names no limits; that is itself one.",
        "zh": "模型卡片未载明局限；这本身即是局限。",
    },
}
