"""The rules that read a note, in words: how a name was recognised, and what decided whether it is so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["rule_in"]

_RULES: Mapping[str, Saying] = MappingProxyType(
    {
        # how a name was recognised
        "label": Saying("name of the term", "术语名称"),
        "synonym": Saying("synonym of the term", "术语同义词"),
        "lexicon": Saying("word list", "词表"),
        "variant": Saying("variant of a name", "名称变体"),
        "literal": Saying("name as written", "原文名称"),
        "coordinated": Saying("joined by and/or", "并列表达"),
        "divided": Saying("words apart", "词语分开"),
        "composed": Saying("composed of parts", "组合表达"),
        "enumeration": Saying("enumeration", "列举"),
        "slip": Saying("likely misspelling", "可能为错别字"),
        "pattern": Saying("grammar", "句式"),
        "disease name": Saying("name of a disease", "疾病名称"),
        "in the name of a syndrome": Saying("in the name of a syndrome", "位于综合征名称中"),
        # what decided
        "absent": Saying("said to be absent", "表示无"),
        "possible": Saying("said to be possible", "表示可疑"),
        "nothing": Saying("says nothing of it", "不影响判断"),
        "past": Saying("said of the past", "表示既往"),
        "conditional": Saying("said under a condition", "表示条件"),
        "planned": Saying("said of what is planned", "表示计划"),
        "family": Saying("said of a relative", "表示家属"),
        "patient": Saying("said of the patient", "表示患者本人"),
        "ongoing": Saying("said to go on", "表示持续"),
        "section": Saying("section of the note", "所在段落"),
        "corrected": Saying("corrected", "已更正"),
    }
)


def rule_in(rule: str, lang: str) -> str:
    """A rule as the reader of notes names it, in words; the cue it found, and what has no words here, stays."""
    said = []
    for one in filter(None, rule.split("; ")):
        name, colon, cue = one.partition(": ")
        words = _RULES[name].said(lang) if name in _RULES else name
        said.append(f"{words}（{cue}）" if colon and lang == "zh" else f"{words} ({cue})" if colon else words)
    return ("；" if lang == "zh" else "; ").join(said)
