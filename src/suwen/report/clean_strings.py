"""The words of the page about a cleaned data set, in English and simplified Chinese."""

from __future__ import annotations

import re
from typing import Literal

__all__ = ["CLEAN_STRINGS", "fault_text"]

_Said = dict[Literal["en", "zh"], str]

CLEAN_STRINGS: dict[str, _Said] = {
    "clean_title": {"en": "What is suspicious in this data set", "zh": "数据集可疑之处"},
    "clean_of": {"en": "{n} {form} of {source}", "zh": "{source}：{n} {form}"},
    "clean_form_images": {"en": "images", "zh": "幅图像"},
    "clean_form_volumes": {"en": "volumes", "zh": "个三维影像"},
    "clean_form_signals": {"en": "signals", "zh": "条信号"},
    "clean_form_tables": {"en": "rows", "zh": "行数据"},
    "clean_caution": {
        "en": "Nothing was changed. These are suspicions, some of them wrong; a person decides.",
        "zh": "数据未作任何改动。以下仅为可疑之处，其中会有误报，须由人判定。",
    },
    "clean_private": {
        "en": "This page shows examples of the data set: handle it as you handle the data.",
        "zh": "本页展示数据集中的样本，请按数据本身的要求保管。",
    },
    "clean_summary": {"en": "Summary", "zh": "概览"},
    "clean_none": {"en": "Nothing suspicious was found by the checks below.", "zh": "各项检查未发现可疑之处。"},
    "clean_suspicion": {"en": "Suspicion", "zh": "可疑类型"},
    "clean_severity": {"en": "Severity", "zh": "程度"},
    "clean_number": {"en": "Found", "zh": "数量"},
    "clean_examples": {"en": "Examples", "zh": "样本"},
    "clean_do": {"en": "What to do", "zh": "建议"},
    "clean_more": {"en": "{n} more stand in the manifest.", "zh": "其余 {n} 项见清单文件。"},
    "clean_and_more": {"en": "and {n} more", "zh": "等，另有 {n} 个"},
    "clean_remarks": {"en": "What was checked, and what not", "zh": "检查范围与限制"},
    "clean_next": {"en": "How to decide", "zh": "如何确认"},
    "clean_next_text": {
        "en": "Write a table with the columns name, label, keep (yes or no), who and why: one row for each decision. "
        "Then run: suwen clean FOLDER --manifest MANIFEST --confirm TABLE. Labels and examples without a decision stay "
        "as they are; each decision is kept with who made it, when and why.",
        "zh": "请建立一张表，列为 name、label、keep（yes 或 no）、who、why，每行一项决定，"
        "然后运行：suwen clean FOLDER --manifest MANIFEST --confirm TABLE。"
        "未作决定的标签与样本保持不变；每项决定均记录何人、何时、为何作出。",
    },
    "clean_picture": {"en": "{name}, label {label}", "zh": "{name}，标签 {label}"},
    "clean_unlabelled": {"en": "none", "zh": "无"},
    "clean_severity_grave": {"en": "grave", "zh": "严重"},
    "clean_severity_notable": {"en": "notable", "zh": "须处理"},
    "clean_severity_hint": {"en": "hint", "zh": "提示"},
    # What may be done
    "clean_do_exclude": {"en": "exclude", "zh": "剔除"},
    "clean_do_repair": {"en": "mend the file or table", "zh": "修复文件或表格"},
    "clean_do_label": {"en": "label it, or exclude it", "zh": "补标，或剔除"},
    "clean_do_relabel": {"en": "look, then confirm or reject the proposed label", "zh": "查看后确认或否决建议标签"},
    "clean_do_one_side": {"en": "put the whole group on one side of the split", "zh": "将同组样本置于划分的同一侧"},
    "clean_do_keep_one": {"en": "keep one of them", "zh": "仅保留其一"},
    "clean_do_normalise": {"en": "normalise each image by itself", "zh": "逐幅归一化"},
    "clean_do_resample": {"en": "resample to one spacing", "zh": "重采样至统一体素间距"},
    "clean_do_reorient": {"en": "turn to one orientation", "zh": "统一方位"},
    "clean_do_drop_column": {"en": "leave this column out", "zh": "去除该列"},
    "clean_do_stratify": {
        "en": "report results for each value; balance or match the examples",
        "zh": "按各取值分层报告结果；平衡或匹配样本",
    },
    "clean_do_look": {"en": "look at it", "zh": "请查看"},
    # The signs
    "clean_sign_unreadable": {"en": "Unreadable", "zh": "无法读取"},
    "clean_sign_mismatched": {"en": "Image and mask do not match", "zh": "影像与掩膜不匹配"},
    "clean_sign_no_label": {"en": "Without a label", "zh": "缺少标签"},
    "clean_sign_no_image": {"en": "Label without an example", "zh": "有标签而无样本"},
    "clean_sign_not_finite": {"en": "Values that are not finite", "zh": "含非有限值"},
    "clean_sign_constant": {"en": "One value everywhere", "zh": "全为同一值"},
    "clean_sign_leak": {"en": "One patient on both sides", "zh": "同一患者跨越划分"},
    "clean_sign_duplicate": {"en": "Duplicates", "zh": "重复"},
    "clean_sign_near_duplicate": {"en": "Near-duplicates", "zh": "近似重复"},
    "clean_sign_label": {"en": "Labels that may be wrong", "zh": "标签可能有误"},
    "clean_sign_scale": {"en": "Wild intensities", "zh": "强度异常"},
    "clean_sign_spike": {"en": "Single values far above the rest", "zh": "个别值远高于其余"},
    "clean_sign_spacing": {"en": "Unusual spacing", "zh": "间距异常"},
    "clean_sign_orientation": {"en": "Unusual orientation", "zh": "方位异常"},
    "clean_sign_empty_mask": {"en": "Empty masks", "zh": "空掩膜"},
    "clean_sign_unknown_class": {"en": "Unknown class in a mask", "zh": "掩膜含未知类别"},
    "clean_sign_missing_class": {"en": "Class missing from a mask", "zh": "掩膜缺少类别"},
    "clean_sign_mask_size": {"en": "Unusual size of a mask", "zh": "掩膜体积异常"},
    "clean_sign_fragment": {"en": "Small separate pieces of a mask", "zh": "掩膜有零散小块"},
    "clean_sign_gives_away": {"en": "A column gives the label away", "zh": "某列泄露标签"},
    "clean_sign_confounder": {"en": "Confounders", "zh": "混杂因素"},
    "clean_sign_outlier": {"en": "Unlike all others", "zh": "离群样本"},
    # One sentence each
    "clean_say_unreadable": {"en": "It {reason}.", "zh": "{reason}。"},
    "clean_say_mismatched_shape": {
        "en": "The image has {image} voxels, the mask {mask}.",
        "zh": "影像为 {image} 体素，掩膜为 {mask}。",
    },
    "clean_say_mismatched_position": {
        "en": "The mask lies up to {mm} mm away from the image.",
        "zh": "掩膜与影像位置最大相差 {mm} mm。",
    },
    "clean_say_no_label": {"en": "It has no label.", "zh": "没有标签。"},
    "clean_say_no_image": {"en": "The label is there, the example is not.", "zh": "有标签，但找不到对应样本。"},
    "clean_say_not_finite": {"en": "{percent} % of its values are not finite.", "zh": "{percent}% 的值不是有限数。"},
    "clean_say_constant": {"en": "All of its values are {value}.", "zh": "所有值均为 {value}。"},
    "clean_say_leak": {
        "en": "{n} examples of group {group} stand in {splits}.",
        "zh": "{group} 组的 {n} 个样本分处 {splits}。",
    },
    "clean_say_duplicate": {"en": "{n} examples have the same values.", "zh": "{n} 个样本的值完全相同。"},
    "clean_say_duplicate_row": {"en": "It stands in {table} more than once.", "zh": "在 {table} 中出现多次。"},
    "clean_say_near_duplicate": {
        "en": "They look the same (correlation {correlation} of their small copies).",
        "zh": "外观相同（缩略图相关系数 {correlation}）。",
    },
    "clean_say_splits": {"en": "They stand in {splits}.", "zh": "分处 {splits}。"},
    "clean_say_labels": {"en": "Their labels contradict each other: {labels}.", "zh": "标签互相矛盾：{labels}。"},
    "clean_say_label": {
        "en": "Labelled {given}; a classifier that did not see it says {proposed} with a chance of {chance}.",
        "zh": "标签为 {given}；未见过该样本的分类器判为 {proposed}，概率 {chance}。",
    },
    "clean_say_label_present": {
        "en": "Labelled without {finding}; a classifier that did not see it says {finding} with a chance of {chance}.",
        "zh": "标签中无 {finding}；未见过该样本的分类器判为有，概率 {chance}。",
    },
    "clean_say_label_absent": {
        "en": "Labelled {finding}; a classifier that did not see it says no {finding} with a chance of {chance}.",
        "zh": "标签中有 {finding}；未见过该样本的分类器判为无，概率 {chance}。",
    },
    "clean_say_scale_above": {
        "en": "Its values run from {low} to {high}, a range {factor} times the usual {usual}.",
        "zh": "值域为 {low} 至 {high}，是通常范围 {usual} 的 {factor} 倍。",
    },
    "clean_say_scale_below": {
        "en": "Its values run from {low} to {high}; the usual range, {usual}, is {factor} times that.",
        "zh": "值域为 {low} 至 {high}；通常范围 {usual} 是其 {factor} 倍。",
    },
    "clean_say_spike": {
        "en": "Single values reach {least} or {most}: {factor} times the range of the rest.",
        "zh": "个别值达到 {least} 或 {most}，为其余值域的 {factor} 倍。",
    },
    "clean_say_spacing": {
        "en": "Its spacing is {spacing}; usual is {usual}.",
        "zh": "间距为 {spacing}；通常为 {usual}。",
    },
    "clean_say_orientation": {
        "en": "Its axes are {axes}; {n} others have {usual}.",
        "zh": "坐标轴为 {axes}；另有 {n} 个为 {usual}。",
    },
    "clean_say_empty_mask": {"en": "Its mask marks nothing.", "zh": "掩膜未标出任何体素。"},
    "clean_say_unknown_class_fraction": {
        "en": "Its mask holds numbers that are not whole: an image may have been given as a mask.",
        "zh": "掩膜含非整数值：可能误将影像当作掩膜。",
    },
    "clean_say_unknown_class_class": {
        "en": "Its mask has {voxels} voxels of class {number}, which only {n} mask(s) hold.",
        "zh": "掩膜有 {voxels} 个 {number} 类体素，仅 {n} 个掩膜含此类别。",
    },
    "clean_say_missing_class": {
        "en": "Its mask lacks class {number}, which {percent} % of the masks hold.",
        "zh": "掩膜缺少 {number} 类，而 {percent}% 的掩膜含此类别。",
    },
    "clean_say_mask_size": {
        "en": "Class {number} has {voxels} voxels; usual are {usual}.",
        "zh": "{number} 类有 {voxels} 个体素；通常为 {usual} 个。",
    },
    "clean_say_fragment": {
        "en": "Class {number} has {n} separate piece(s) of {voxels} voxels in all, beside one of {largest}.",
        "zh": "{number} 类除 {largest} 体素的主体外，另有 {n} 个零散小块，共 {voxels} 体素。",
    },
    "clean_say_gives_away": {
        "en": "{attribute} tells the label by itself (AUROC {area}, n = {n}): {table}.",
        "zh": "仅凭 {attribute} 即可判断标签（AUROC {area}，n = {n}）：{table}。",
    },
    "clean_say_confounder": {
        "en": "{attribute} goes with the label: Cramér's V {v}, p = {p}; it tells the label with an AUROC of {area} "
        "(n = {n}, one example a group). Largest shares: {table}.",
        "zh": "{attribute} 与标签相关：Cramér V {v}，p = {p}；仅凭该属性判断标签的 AUROC 为 {area}"
        "（n = {n}，每组一个样本）。主要占比：{table}。",
    },
    "clean_say_finding": {"en": "{finding} - ", "zh": "{finding}："},
    "clean_say_outlier": {
        "en": "It is {factor} times as far from its neighbours as examples usually are.",
        "zh": "与最近邻样本的距离为通常的 {factor} 倍。",
    },
    # Why it matters, where that is not plain
    "clean_why_scale": {
        "en": "MR has no unit, so a scale of its own is not an error of the scan. A network that is fed such images as "
        "they are learns from nothing else: divide each by its own 99 % quantile, or subtract its mean and divide by "
        "its deviation. Where the images have a unit (CT), such a range is damage.",
        "zh": "磁共振没有统一单位，尺度不同并非扫描错误。但若原样输入网络，这些影像会主导训练："
        "请逐幅除以其 99% 分位数，或减去均值再除以标准差。若影像有单位（如 CT），则此类值域意味着数据损坏。",
    },
    "clean_why_label": {
        "en": "Confident learning (Northcutt 2021) over folds that keep groups together. The classifier sees small "
        "copies only: what it calls wrong may be right and hard. It never decides.",
        "zh": "采用置信学习（Northcutt 2021），同组样本始终在同一折。分类器只看缩小后的样本："
        "它认为有误的标签可能正确而难判。分类器不作决定。",
    },
    "clean_why_duplicate": {
        "en": "Copies on both sides of a split make a result look better than it is.",
        "zh": "副本分处划分两侧会使结果虚高。",
    },
    "clean_why_near_duplicate": {
        "en": "One picture stored twice, or two pictures of one person on one day; groups keep them together.",
        "zh": "可能是同一图像存了两次，或同一人当日的两次拍摄；可用分组使其同侧。",
    },
    "clean_why_leak": {
        "en": "A model that has seen a patient is measured on that patient: the result is worth nothing.",
        "zh": "模型在见过的患者身上评估，结果无意义。",
    },
    "clean_why_confounder": {
        "en": "A model may learn the view, the site or the scanner instead of the disease. The p is by 999 "
        "permutations; an association may also be medicine (the sick are imaged lying down).",
        "zh": "模型可能学到体位、机构或设备而非疾病。p 值由 999 次置换得出；"
        "相关也可能有医学原因（重症患者多卧位拍摄）。",
    },
    "clean_why_outlier": {
        "en": "A rare disease is an outlier too: look before anything is excluded.",
        "zh": "罕见疾病同样会离群：剔除之前请先查看。",
    },
    # Remarks on the cleaning itself
    "clean_remark_columns": {
        "en": "Columns taken: label {label}, group {group}, split {split}.",
        "zh": "所用列：标签 {label}，分组 {group}，划分 {split}。",
    },
    "clean_remark_columns_left": {
        "en": "Columns of many different words were left out: {columns}.",
        "zh": "取值过多的文字列未参与比较：{columns}。",
    },
    "clean_remark_bad_rows": {
        "en": "{n} line(s) do not have the length of the header and were left out: {lines}.",
        "zh": "{n} 行的列数与表头不符，未读入：第 {lines} 行。",
    },
    "clean_remark_class_folders": {"en": "Labels are the names of the folders.", "zh": "以文件夹名为标签。"},
    "clean_remark_hidden": {"en": "{n} hidden file(s) were passed over.", "zh": "略过 {n} 个隐藏文件。"},
    "clean_remark_all_alike": {
        "en": "Near-duplicates could not be told: most of the {n} examples look alike in their small copies.",
        "zh": "无法判断近似重复：{n} 个样本的缩略图大多相似。",
    },
    "clean_remark_too_few": {
        "en": "{n} usable examples are too few for outliers and label noise; at least {least} are needed.",
        "zh": "可用样本仅 {n} 个，不足以检查离群与标签噪声；至少需要 {least} 个。",
    },
    "clean_remark_no_question": {
        "en": "Label noise and confounders were not checked: there are no two classes of {least} examples each, or too "
        "many classes.",
        "zh": "未检查标签噪声与混杂因素：没有两个各含 {least} 个样本的类别，或类别过多。",
    },
    "clean_remark_labels_judged": {
        "en": "Labels were judged by a classifier with an out-of-fold AUROC of {area} against them (n = {n}); it "
        "suspects {found}, and about {percent} % of the labels to be wrong if it were right.",
        "zh": "用于检查标签的分类器折外 AUROC 为 {area}（n = {n}）；可疑标签 {found} 个；"
        "若分类器正确，约 {percent}% 的标签有误。",
    },
    "clean_remark_labels_unjudged": {
        "en": "Labels could not be judged: the classifier reaches an out-of-fold AUROC of only {area} (n = {n}), "
        "because it sees too little or because very many labels are wrong.",
        "zh": "无法检查标签：分类器折外 AUROC 仅 {area}（n = {n}），原因是其所见不足，或错误标签极多。",
    },
    "clean_remark_groups": {
        "en": "Groups: {groups} in {n} examples. Split by group, never by example.",
        "zh": "{n} 个样本属于 {groups} 组。请按组划分，切勿按样本划分。",
    },
    "clean_remark_no_groups": {
        "en": "No column names patients, so leakage by patient could not be checked.",
        "zh": "没有标明患者的列，无法检查患者泄漏。",
    },
    "clean_remark_no_splits": {
        "en": "The data set names no splits, so leakage across splits could not be checked.",
        "zh": "数据集未标明划分，无法检查跨划分泄漏。",
    },
}

# What reading says of files, in Chinese; a test holds every sentence of reading to a line here.
_FAULTS: tuple[tuple[str, str], ...] = (
    (r"its mask (.+)", "掩膜{0}"),
    (r"is not a whole picture", "不是完整的图片"),
    (r"is not a flat picture", "不是平面图片"),
    (r"is not a NIfTI volume", "不是 NIfTI 影像"),
    (r"is cut off or damaged", "被截断或已损坏"),
    (r"claims (.+) pixels", "声称有 {0} 像素，超出上限"),
    (r"claims (.+) voxels", "声称有 {0} 体素，超出上限"),
    (
        r"claims (\d+) channels of (\d+) samples and describes (\d+)",
        "声称有 {0} 个通道、{1} 个采样点，实际描述 {2} 个通道",
    ),
    (r"has values of shape (.+) and type (.+), not one number a voxel", "值的形状为 {0}、类型为 {1}，不是每体素一个数"),
    (r"has a header that is not text", "头文件不是文本"),
    (r"has a header that is not WFDB, or of several segments", "头文件不是 WFDB 格式，或为多段记录"),
    (r"has samples in format (.+); only 16 is read here", "采样格式为 {0}，此处仅能读取格式 16"),
    (r"has its channels in several files, or elsewhere", "通道分散在多个文件，或位于别处"),
    (r"has no samples: (.+) cannot be read", "没有采样数据：无法读取 {0}"),
    (r"has (\d+) of the (\d+) samples that its header claims", "头文件声称有 {1} 个采样点，实际仅 {0} 个"),
    (r"has samples in channel (\d+) that do not have the checksum of its header", "第 {0} 通道与头文件的校验和不符"),
    (r"cannot be read: (.+)", "无法读取：{0}"),
)


def fault_text(reason: str, lang: Literal["en", "zh"]) -> str:
    """Why a file could not be read, in a language; English where it is not in the table."""
    if lang == "en":
        return reason
    for pattern, chinese in _FAULTS:
        found = re.fullmatch(pattern, reason)
        if found:
            return chinese.format(*(fault_text(part, lang) for part in found.groups()))
    return reason
