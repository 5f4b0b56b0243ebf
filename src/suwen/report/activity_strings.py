"""The words of the page about an activity model, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

from suwen.report.molecule_strings import MOLECULE_STRINGS
from suwen.report.molecule_strings import say as said
from suwen.report.strings import Language

__all__ = ["ACTIVITY_STRINGS", "say"]

ACTIVITY_STRINGS: dict[str, dict[Literal["en", "zh"], str]] = {
    "act_title": {"en": "Activity model", "zh": "活性模型"},
    "act_caution": {
        "en": "Decision support for researchers. Forecasts are learned from the assay's measurements; they are not "
        "measured values.",
        "zh": "供研究人员参考的决策支持。预测由该检测的实测数据学习得出，并非实测值。",
    },
    "act_data": {"en": "What was learned from", "zh": "学习所用数据"},
    "act_column": {"en": "Column", "zh": "数据列"},
    "act_unit": {"en": "Unit in the table", "zh": "表中单位"},
    "act_as_is": {"en": "as it is", "zh": "原值"},
    "act_rows": {"en": "Rows read", "zh": "读取行数"},
    "act_molecules": {"en": "Molecules learned from", "zh": "学习所用分子"},
    "act_merged": {"en": "Molecules measured more than once (median taken)", "zh": "多次测量的分子（取中位数）"},
    "act_left_out": {"en": "Rows left out", "zh": "剔除的行"},
    "act_contradictory": {"en": "Molecules with contradictory measurements", "zh": "测量结果矛盾的分子"},
    "act_contradictory_lead": {
        "en": "Repeats differ over ten times (of classes: in their class). They were left out; look at them.",
        "zh": "重复测量相差超过十倍（分类数据则类别不一）。已剔除，请核查。",
    },
    "act_repeats": {"en": "{count} measurements, spread {spread}", "zh": "{count} 次测量，极差 {spread}"},
    "act_scale": {
        "en": "Values are −log₁₀ of the concentration in mol/L: 6 is 1 µM, 9 is 1 nM; higher is more potent.",
        "zh": "数值为浓度（mol/L）的 −log₁₀：6 为 1 µM，9 为 1 nM；越高活性越强。",
    },
    "act_honest": {"en": "How well it does on molecules it has not seen", "zh": "对未见分子的表现"},
    "act_honest_lead": {
        "en": "Nested cross-validation, {folds} folds: everything, the choice of learners too, was done anew without "
        "the molecules asked about. Bars are 95 % intervals.",
        "zh": "嵌套交叉验证，{folds} 折：包括学习器选择在内的全部步骤均在不含被测分子的条件下重做。横条为 95% 区间。",
    },
    "act_not_judged": {
        "en": "There were too few molecules to tell how well it does.",
        "zh": "分子过少，无法评估其表现。",
    },
    "act_error_amount": {"en": "Root mean square error", "zh": "均方根误差"},
    "act_error_classes": {"en": "Brier score", "zh": "Brier 分数"},
    "act_rank_amount": {"en": "Rank correlation (Spearman)", "zh": "秩相关（Spearman）"},
    "act_rank_classes": {"en": "AUROC", "zh": "AUROC"},
    "act_this": {"en": "this model", "zh": "本模型"},
    "act_baseline": {"en": "usual model (support vectors on ECFP4)", "zh": "常用模型（ECFP4 支持向量机）"},
    "act_average": {"en": "always saying the mean", "zh": "始终取均值"},
    "act_on_cliffs": {"en": "this model on {count} molecules on cliffs", "zh": "本模型在 {count} 个悬崖分子上"},
    "act_held": {"en": "Intervals that held the truth", "zh": "区间包含真值的比例"},
    "act_promised": {"en": "promised: {share}", "zh": "承诺：{share}"},
    "act_lower": {"en": "lower is better", "zh": "越低越好"},
    "act_chart": {"en": "Measured and forecast, each while it was held out", "zh": "实测值与留出时的预测值"},
    "act_chart_lead": {
        "en": "Each point is a molecule, forecast without having been learned from. The lines beside the diagonal are "
        "tenfold errors; diamonds stand on activity cliffs.",
        "zh": "每点为一个分子，预测时未参与学习。对角线两侧为十倍误差线；菱形为活性悬崖上的分子。",
    },
    "act_chart_classes": {
        "en": "Forecast chances of the molecules of each class, each while it was held out.",
        "zh": "各类分子在留出时的预测概率分布。",
    },
    "act_measured": {"en": "measured", "zh": "实测"},
    "act_forecast": {"en": "forecast", "zh": "预测"},
    "act_point": {"en": "molecule", "zh": "分子"},
    "act_cliff_point": {"en": "molecule on a cliff", "zh": "悬崖上的分子"},
    "act_class_yes": {"en": "active (1)", "zh": "有活性（1）"},
    "act_class_no": {"en": "inactive (0)", "zh": "无活性（0）"},
    "act_learners": {"en": "Learners and their weights", "zh": "学习器及其权重"},
    "act_learners_lead": {
        "en": "Each learner's weight in the stack, and its own error out of fold.",
        "zh": "各学习器在集成中的权重及其折外误差。",
    },
    "act_weights_sum": {
        "en": "Together {whole}. Weights are fitted and not made to sum to 1: each times how far its learner departs "
        "from the assay's mean, so that a sum below 1 draws forecasts towards the mean and one above 1 away from it.",
        "zh": "合计 {whole}。权重由拟合得出，不归一为 1：每个权重乘以该学习器偏离测定均值的幅度；合计小于 1 使预测"
        "向均值收缩，大于 1 则使其远离均值。",
    },
    "act_weight": {"en": "weight {weight}", "zh": "权重 {weight}"},
    "act_own_error": {"en": "error {error}", "zh": "误差 {error}"},
    "act_cliffs": {"en": "Activity cliffs", "zh": "活性悬崖"},
    "act_cliffs_lead": {
        "en": "Pairs that are much alike and differ over ten times; what differs is marked. Small changes matter "
        "there, and forecasts are less sure.",
        "zh": "结构极相似而活性相差超过十倍的分子对，差异处已标出。此处微小改动影响很大，预测也较不可靠。",
    },
    "act_cliffs_shown": {
        "en": "The {shown} steepest of {count} are shown.",
        "zh": "仅显示最陡的 {shown} 对，共 {count} 对。",
    },
    "act_times": {"en": "{times} times", "zh": "{times} 倍"},
    "act_likeness": {
        "en": "alike: fragments {fragments}, scaffold {scaffold}, string {string}",
        "zh": "相似度：片段 {fragments}，骨架 {scaffold}，字符串 {string}",
    },
    "act_none_cliffs": {"en": "No pair of this assay is a cliff.", "zh": "该检测中没有活性悬崖。"},
    "act_forecasts": {"en": "Forecasts", "zh": "预测"},
    "act_forecasts_lead": {
        "en": "The dot is the forecast, the bar its interval, small ticks what was measured of similar molecules, the "
        "dashed line what is known of this very molecule.",
        "zh": "圆点为预测值，横条为区间，短竖线为相似分子的实测值，虚线为该分子自身的已知值。",
    },
    "act_shown": {"en": "The first {shown} of {count} are shown.", "zh": "仅显示前 {shown} 个，共 {count} 个。"},
    "act_nearest": {"en": "nearest learned molecule {share}", "zh": "与最近已学分子相似度 {share}"},
    "act_disagreement": {"en": "learners differ by {spread}", "zh": "学习器间差异 {spread}"},
    "act_near_cliff": {
        "en": "near a cliff: a similar molecule stands on one",
        "zh": "邻近悬崖：有相似分子位于悬崖上",
    },
    "act_known": {"en": "measured: {value}", "zh": "已测：{value}"},
    "act_sources_lead": {
        "en": "Measured values come from the table that was given; everything else on this page is learned from them.",
        "zh": "实测值来自所给数据表；本页其余数值均由其学习得出。",
    },
    "act_noticed": {"en": "Noticed", "zh": "注意"},
}


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of this page, of the pages about molecules, or of the report at large; InputError as there."""
    if key in MOLECULE_STRINGS or key not in ACTIVITY_STRINGS or lang not in ACTIVITY_STRINGS[key]:
        return said(key, lang, **fields)
    return ACTIVITY_STRINGS[key][lang].format(**fields)
