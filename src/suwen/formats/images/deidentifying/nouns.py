"""Nouns of the de-identification of DICOM: what is asked for, what came of one object, and what a person must know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = [
    "REMARKS",
    "Dates",
    "Deidentified",
    "DeidentifyOptions",
    "Outcome",
    "Region",
]

Region = tuple[int, int, int, int]
"""Left, top, width and height of a rectangle in pixels of the image."""


class Dates(Enum):
    """What becomes of dates and times: moved by one offset a patient, removed, or kept as they are."""

    SHIFT = "shift"
    REMOVE = "remove"
    KEEP = "keep"


class Outcome(Enum):
    """What came of one object: it may be written, a person must look first, or it is not de-identified at all."""

    CLEAN = "clean"
    NEEDS_A_LOOK = "needs-a-look"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DeidentifyOptions:
    """The Basic Application Level Confidentiality Profile with its options (DICOM PS3.15 E.3).

    Without any the profile alone is applied, dates moved. `descriptors`, `structured` and `graphics` keep texts,
    content trees and graphic annotations and clean them; without them they go. `pixels` masks known regions.
    """

    dates: Dates = Dates.SHIFT
    safe_private: bool = False
    uids: bool = False
    device: bool = False
    institution: bool = False
    patient: bool = False
    descriptors: bool = False
    structured: bool = False
    graphics: bool = False
    pixels: bool = True
    visual_features: bool = False
    documents: bool = False
    accept_burnt_in: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Deidentified:
    """One object after de-identification: the new data set (None where refused), and what was done to it.

    `counts` says how many elements met each action: X removed, Z emptied, D dummy, U new UID, C cleaned, P private
    removed, S scrubbed of a name or number. `remarks` are keys of REMARKS. `regions` were blanked; `suspicions` look
    like text and were left as they are. `folder` and `name` are pseudonyms to write it under.
    """

    dataset: Any
    outcome: Outcome
    counts: tuple[tuple[str, int], ...] = ()
    remarks: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    suspicions: tuple[Region, ...] = ()
    folder: str = ""
    name: str = ""


REMARKS: dict[str, dict[str, str]] = {
    "burnt-in": {
        "en": "the pixels may hold burnt-in text and no region of it is known; look, then use --accept-burnt-in",
        "zh": "像素中可能有烧录文字，且其区域未知；请人工查看后使用 --accept-burnt-in",
    },
    "burnt-in-accepted": {
        "en": "the pixels may hold burnt-in text; written because --accept-burnt-in was given",
        "zh": "像素中可能有烧录文字；因指定了 --accept-burnt-in 而写出",
    },
    "suspicion": {
        "en": "something in the pixels looks like burnt-in text; look at it before passing the image on",
        "zh": "像素中有疑似烧录文字；传出图像之前请人工查看",
    },
    "masked": {"en": "regions of burnt-in text were blanked", "zh": "烧录文字区域已涂黑"},
    "region-text": {
        "en": "what is written inside the ultrasound regions themselves was not blanked",
        "zh": "超声区域内部的文字未被涂黑",
    },
    "lossy": {
        "en": "the pixels had been compressed with loss; they are stored uncompressed now",
        "zh": "像素曾经有损压缩，现以未压缩形式保存",
    },
    "pixel-bytes": {
        "en": "the bytes of the pixels hold the name or a number of the patient",
        "zh": "像素字节中含有患者的姓名或号码",
    },
    "undecodable": {
        "en": "the pixels cannot be decoded here, so nothing in them was blanked or looked for",
        "zh": "此处无法解码像素，因此未作涂黑，也未检查",
    },
    "face": {
        "en": "head CT or MR: a face can be rebuilt from the volume; this program does not deface",
        "zh": "头部 CT 或 MR：可由容积重建面貌；本程序不做面部去除",
    },
    "face-refused": {
        "en": "cleaning recognizable visual features was asked for, and this program cannot do it; refused",
        "zh": "要求清除可辨认的面部特征，而本程序不能做到；已拒绝",
    },
    "document": {
        "en": "an encapsulated document (PDF, CDA, model); refused, --keep documents passes it unexamined",
        "zh": "封装文档（PDF、CDA、模型）；已拒绝，--keep documents 可不经检查保留",
    },
    "document-kept": {
        "en": "an encapsulated document was kept and not examined; it names the patient unless somebody cleaned it",
        "zh": "封装文档已保留且未经检查；除非有人清理过，其中会有患者姓名",
    },
    "directory": {"en": "a DICOMDIR; make a new one from what was written", "zh": "DICOMDIR；请由写出的文件重新生成"},
    "no-identity": {
        "en": "no SOP class or instance UID, so this is no stored object",
        "zh": "没有 SOP 类或实例 UID，不是存储对象",
    },
    "no-patient": {
        "en": "no patient ID; the pseudonym follows name and birth date, or the study",
        "zh": "没有患者 ID；化名取自姓名与出生日期，或取自检查",
    },
    "unreadable": {"en": "elements that cannot be read were removed", "zh": "无法读取的元素已移除"},
}
"""What a person must know about one object, in both languages; never with anything of the patient in it."""
