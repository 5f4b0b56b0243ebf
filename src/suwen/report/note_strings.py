"""The words of the page that shows a note with its mentions, in English and simplified Chinese."""

from __future__ import annotations

from typing import Literal

__all__ = ["NOTE_STRINGS"]

NOTE_STRINGS: dict[str, dict[Literal["en", "zh"], str]] = {
    "note_title": {"en": "What was read in this note", "zh": "病历文本解读"},
    "note_text": {"en": "The note", "zh": "原文"},
    "note_lead": {
        "en": "Marked is what names a concept; sign and colour say how the text puts it. Numbers lead to the table.",
        "zh": "标出的是与概念对应的文字；符号与颜色表示原文对其的陈述。数字对应下表。",
    },
    "note_mentions": {"en": "Mentions", "zh": "所见概念"},
    "note_none": {"en": "Nothing that is known was named in this text.", "zh": "文中未出现可识别的概念。"},
    "note_words": {"en": "Words", "zh": "原文"},
    "note_concept": {"en": "Concept", "zh": "概念"},
    "note_status": {"en": "Status", "zh": "状态"},
    "note_details": {"en": "Details", "zh": "补充"},
    "note_rule": {"en": "Decided by", "zh": "判定依据"},
    "note_uncoded": {"en": "without a code", "zh": "无编码"},
    "note_status_present": {"en": "present", "zh": "有"},
    "note_status_absent": {"en": "absent", "zh": "无"},
    "note_status_possible": {"en": "possible", "zh": "可能"},
    "note_status_conditional": {"en": "conditional", "zh": "假设"},
    "note_status_family": {"en": "of a relative", "zh": "家族"},
    "note_status_past": {"en": "past", "zh": "既往"},
    "note_status_planned": {"en": "planned", "zh": "计划"},
    "note_about": {"en": "of the {who}", "zh": "{who}"},
    "note_when": {"en": "when: {text}", "zh": "时间：{text}"},
    "note_question": {"en": "doubted: {text}", "zh": "存疑：{text}"},
    "note_person": {"en": "Patient as the note says: {sex}, {age}", "zh": "文中患者：{sex}，{age}"},
    "note_limits": {
        "en": "Read by rules, which miss things and misread some. Check before relying on it; put right what is wrong.",
        "zh": "由规则解读，可能有遗漏或误读。使用前请核对，并更正错误之处。",
    },
    "note_used": {
        "en": "Counted for the differential: {present} present, {absent} absent.",
        "zh": "用于鉴别诊断：有 {present} 项，无 {absent} 项。",
    },
}
