"""The words of an opened model, in English and simplified Chinese: notes, warnings, calibration, names of classes."""

from __future__ import annotations

from collections.abc import Mapping

from suwen.errors import InputError
from suwen.learn.card import Card

__all__ = ["WORDS", "class_name", "said", "shape_text"]

WORDS: Mapping[str, Mapping[str, str]] = {
    # The input
    "resized": {
        "en": "The picture of {given} pixels was cut about its middle to the shape of {wanted} and resized to it: "
        "{from_}.",
        "zh": "图片为 {given} 像素，已按 {wanted} 的长宽比居中裁剪并缩放至该尺寸：{from_}。",
    },
    "size_card": {"en": "the size the card names", "zh": "模型卡片所载尺寸"},
    "size_asked": {"en": "the size that was asked for", "zh": "此次指定的尺寸"},
    "own_size": {
        "en": "The card names no size, so the input was taken as it is stored ({given}); that is right only where it "
        "is stored as the training data were.",
        "zh": "模型卡片未载明尺寸，因此按原样输入（{given}）；仅当存储方式与训练数据一致时才成立。",
    },
    "cut": {
        "en": "Of the {given} voxels of each axis the model sees {wanted} about the middle; what lies outside was not "
        "looked at.",
        "zh": "各轴体素数为 {given}，模型只看居中的 {wanted}；其外未被查看。",
    },
    "padded": {
        "en": "The input of {given} was padded to {wanted} about its middle.",
        "zh": "输入为 {given}，已居中填充至 {wanted}。",
    },
    "cut_padded": {
        "en": "The input of {given} was brought to {wanted} about its middle, cut on some axes and padded on others; "
        "what was cut off was not looked at.",
        "zh": "输入为 {given}，已居中调整至 {wanted}：部分轴裁剪，部分轴填充；被裁去的部分未被查看。",
    },
    "deep_grey": {
        "en": "The picture has {bits} bits a pixel; its values were brought to 0..255, which the model takes.",
        "zh": "图片每像素 {bits} 位，已换算至模型所用的 0..255。",
    },
    "colour": {
        "en": "The picture is in colour; the model sees the mean of its channels.",
        "zh": "图片为彩色；模型所见为各通道均值。",
    },
    # The answer
    "calibration": {
        "en": "{kind}, fitted on {data} ({part}, {n} examples)",
        "zh": "{kind}，拟合于 {data}（{part}，{n} 例）",
    },
    "calibration_nowhere": {
        "en": "{kind}; the card does not say on which data it was fitted",
        "zh": "{kind}；模型卡片未说明拟合所用数据",
    },
    "kind_temperature": {"en": "temperature scaling", "zh": "温度缩放"},
    "kind_one_vs_rest": {"en": "calibrated class by class", "zh": "逐类校准"},
    "kind_other": {"en": "calibrated ({kind})", "zh": "已校准（{kind}）"},
    "part_validation": {"en": "validation part", "zh": "验证集"},
    "part_calibration": {"en": "calibration part", "zh": "校准集"},
    "uncalibrated": {
        "en": "The card holds no calibration, so the model's scores are no probabilities and none is given.",
        "zh": "模型卡片未含校准，其得分不是概率，因此不给出概率。",
    },
    # The explanation
    "baseline": {
        "en": "Where an area is taken away, {filler} stands in its place: of the replacements tried, the one with "
        "which the model's score for “{name}” is lowest ({share}).",
        "zh": "移除区域时以{filler}替代：在所试替代方式中，它使模型对“{name}”的得分最低（{share}）。",
    },
    "baseline_speaks": {
        "en": "To this model an input without any content is itself “{name}” (score {share}): what the map and the "
        "evidence say against it means little.",
        "zh": "对此模型而言，毫无内容的输入本身即为“{name}”（得分 {share}）：热图与证据与之比较，意义有限。",
    },
    "filler_mean": {"en": "the image's mean", "zh": "图像均值"},
    "filler_blur": {"en": "a blurred copy", "zh": "模糊图像"},
    "filler_zero": {"en": "zero", "zh": "零值"},
    "before_calibration": {
        "en": "The evidence is measured in the network's own log-odds, before calibration.",
        "zh": "证据以网络自身的对数比值计量，未经校准。",
    },
    "members": {
        "en": "The map is the mean of the maps of {n} networks; the evidence is measured on all of them together.",
        "zh": "热图为 {n} 个网络热图的均值；证据由全部网络共同测得。",
    },
    "whole_supports": {
        "en": "No area of the map alone speaks for “{name}”; the input as a whole does: with {filler} in its place the "
        "model's odds fall to {share} of what they were",
        "zh": "热图中无单独区域支持“{name}”；整体而言输入支持之：以{filler}替换后，模型给出的比值降至原来的 {share}",
    },
    "whole_against": {
        "en": "No area of the map speaks for “{name}”; the input as a whole speaks against it: with {filler} in its "
        "place the model's odds rise to {share} times what they were",
        "zh": "热图中无区域支持“{name}”；整体而言输入不支持之：以{filler}替换后，模型给出的比值升至原来的 {share} 倍",
    },
    "whole_neutral": {
        "en": "Neither an area of the map nor the input as a whole speaks for or against “{name}”: with {filler} in "
        "its place the model's odds become {share} times what they were",
        "zh": "热图区域与输入整体均不支持也不反对“{name}”：以{filler}替换后，模型给出的比值变为原来的 {share} 倍",
    },
    "box_supports": {
        "en": "What lies in the box around the outline speaks for “{name}”: with {filler} in its place the model's "
        "odds there fall to {share} of what they were",
        "zh": "轮廓外接区域内的内容支持“{name}”：以{filler}替换后，模型在该处给出的比值降至原来的 {share}",
    },
    "box_against": {
        "en": "What lies in the box around the outline speaks against “{name}”: with {filler} in its place the model's "
        "odds there rise to {share} times what they were; the outline rests on what is around it",
        "zh": "轮廓外接区域内的内容不支持“{name}”：以{filler}替换后，模型在该处给出的比值升至原来的 {share} 倍；"
        "轮廓所依据的是周围结构",
    },
    "box_neutral": {
        "en": "What lies in the box around the outline hardly matters for “{name}”: with {filler} in its place the "
        "model's odds there become {share} times what they were; the outline rests on what is around it",
        "zh": "轮廓外接区域内的内容对“{name}”几乎无影响：以{filler}替换后，模型在该处给出的比值变为原来的 {share} 倍；"
        "轮廓所依据的是周围结构",
    },
    "outline_explained": {
        "en": "Explained is the mean log-odds of “{name}” over the {n} places that the model gives to it.",
        "zh": "所解释的是模型划归“{name}”的 {n} 个位置上的平均对数比值。",
    },
    "outline_empty": {
        "en": "The model gives no place to “{name}”, so there is nothing to explain by a heat map.",
        "zh": "模型未将任何位置划归“{name}”，因此无可用热图解释之处。",
    },
    "outline_ml": {
        "en": "The outline of “{name}” holds {ml} mL: {n} voxels of {each} mm³",
        "zh": "“{name}”的轮廓体积为 {ml} mL：{n} 个体素，每个 {each} mm³",
    },
    "outline_voxels": {
        "en": "The outline of “{name}” holds {n} of {every} places; the size of a place is not known, so no volume is "
        "given",
        "zh": "“{name}”的轮廓占 {every} 个位置中的 {n} 个；位置的大小未知，因此不给出体积",
    },
    "no_chance": {
        "en": "The model draws outlines and gives no probability that a structure is there.",
        "zh": "模型只勾画轮廓，不给出结构存在的概率。",
    },
    # Its check
    "check_failed": {
        "en": "This explanation FAILS its sanity check ({method}): the map hardly changes when the model is made "
        "random, so it shows the image rather than what the model goes by. Do not rely on it.",
        "zh": "此解释未通过合理性检验（{method}）：模型随机化后热图几乎不变，说明它反映图像而非模型依据。请勿采信。",
    },
    "check_unknown": {
        "en": "Nobody has checked whether {method} explains this model: the card says nothing of it. Ask for the check "
        "(--check).",
        "zh": "{method} 能否解释此模型尚未检验：模型卡片未载明。可要求检验（--check）。",
    },
    "check_here": {
        "en": "The check was made now, on this input alone; the card's, over several inputs, would say more.",
        "zh": "检验于此刻仅就此输入进行；基于多个输入的卡片检验更可靠。",
    },
    # Tables
    "compared": {
        "en": "Compared with {n} other rows of {file}: the weights say what sets this row apart from them.",
        "zh": "与 {file} 的其他 {n} 行比较：权重说明该行与它们的差异所在。",
    },
    "columns_header": {
        "en": "The card does not name the model's columns; they were taken from the table in its order: {columns}.",
        "zh": "模型卡片未列出列名，已按表中顺序取用：{columns}。",
    },
    "sums": {
        "en": "The weights add up: {total} is the row's log10 odds of “{name}” ({row}) less the mean of the rows it is "
        "compared with ({base}).",
        "zh": "权重可加：{total} 即该行“{name}”的 log10 优势（{row}）减去对照行均值（{base}）。",
    },
    "method_enumerated": {"en": "Shapley values, every coalition of columns", "zh": "Shapley 值（穷举全部列组合）"},
    "method_sampled": {"en": "Shapley values, sampled orders of columns", "zh": "Shapley 值（抽样列顺序）"},
    # Surrogates
    "surrogate_refused": {
        "en": "The tree beside this model is not shown: on {n} held-out rows it decides as the network does in "
        "{agreement} (at least {least} is needed) and explains {r2} of its variance (at least {least_r2}): it "
        "does not explain the network.",
        "zh": "此模型所附的树不予展示：在 {n} 个留出样本上与网络判断一致率为 {agreement}（至少须 {least}），"
        "解释方差 R² 为 {r2}（至少须 {least_r2}），不足以解释网络。",
    },
    "surrogate_differs": {
        "en": "The tree decides this row otherwise than the network does (chance {tree} against {network}), so it does "
        "not explain it.",
        "zh": "树对该行的判断与网络不同（概率 {tree} 对 {network}），因此不能解释它。",
    },
    "surrogate_columns": {
        "en": "The tree beside this model has other columns than the table, so it is not shown.",
        "zh": "此模型所附的树与表的列不符，不予展示。",
    },
}

# Classes of the shipped models; the classes of a site's own model are named as its maker named them.
_CLASSES_ZH: Mapping[str, str] = {
    "normal": "正常",
    "pneumonia": "肺炎",
    "hyperplasia or mass": "增生或肿块",
    "background": "背景",
    "anterior": "海马前部",
    "posterior": "海马后部",
}


def said(key: str, lang: str, **fields: object) -> str:
    """The words for `key` with the fields filled in. Raises InputError for a language that is neither en nor zh."""
    if lang not in ("en", "zh"):
        raise InputError(f"there are words in en and zh, not in {lang!r}")
    return WORDS[key][lang].format(**fields)


def class_name(card: Card, target: int, lang: str) -> str:
    """What a reader calls a class: the card's own name for it in `lang`, else the name in the card."""
    named = card.training.get("class_names")
    own = named.get(lang) if isinstance(named, Mapping) else None
    if isinstance(own, list | tuple) and len(own) == len(card.classes):
        return str(own[target])
    plain = card.classes[target]
    return _CLASSES_ZH.get(plain, plain) if lang == "zh" else plain


def shape_text(shape: tuple[int, ...]) -> str:
    """Sides as they are read: 28 × 28."""
    return " × ".join(str(side) for side in shape)
