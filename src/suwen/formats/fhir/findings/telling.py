"""What a person reads of a finding in a system that knows none of Suwen's extensions: the text of a FHIR resource."""

from __future__ import annotations

import re
from html import escape
from types import MappingProxyType

from suwen.errors import InputError
from suwen.finding import Chance, Evidence, Maker
from suwen.formats.fhir.findings.claims import Claim, FindingReport
from suwen.formats.fhir.findings.makers import Agent
from suwen.formats.fhir.nouns import Json

__all__ = ["LANGUAGES", "require_language", "tell_agent", "tell_claim", "tell_provenance", "tell_report"]

_MOST = 5  # reasons shown; all of them stand in the resource's extensions
_NOT_XML = re.compile("[\ufffe\uffff]")

_WORDS = MappingProxyType(
    {
        "en": {
            "limits": "Decision support, not a diagnosis.",
            "chance": "Chance: {}",
            "unknown": "Chance: unknown",
            "interval": " (interval {} to {})",
            "calibration": "Calibration: {}",
            "evidence": "Main evidence:",
            "more": "{} more in the resource",
            "reason": "{} (weight {:+.3g}, log10 likelihood ratio; source: {})",
            "stated": "{} (source: {})",
            "maker": "Made by: {}",
            "urgency": "Urgency: {}",
            "0": "for consideration",
            "1": "soon",
            "2": "today",
            "3": "at once",
            "confirmed": "Reviewed: confirmed",
            "amended": "Reviewed: amended",
            "rejected": "Reviewed: rejected",
            "gone": "No longer claimed",
            "report": "Findings",
            "none": "No findings",
            "person": "Person behind findings: {}",
            "model": "Decision support software behind findings: {}",
            "provenance": "Who made and who reviewed findings, and from which data",
        },
        "zh": {
            "limits": "仅供决策参考，并非诊断。",
            "chance": "概率：{}",
            "unknown": "概率：未知",
            "interval": "（区间 {} 至 {}）",
            "calibration": "校准：{}",
            "evidence": "主要依据：",
            "more": "另有 {} 条见资源数据",
            "reason": "{}（权重 {:+.3g}，以 10 为底的对数似然比；来源：{}）",
            "stated": "{}（来源：{}）",
            "maker": "作出者：{}",
            "urgency": "紧急程度：{}",
            "0": "供参考",
            "1": "尽快",
            "2": "今日内",
            "3": "立即",
            "confirmed": "审核：已确认",
            "amended": "审核：已修正",
            "rejected": "审核：已否定",
            "gone": "现已不再提出",
            "report": "结论",
            "none": "没有结论",
            "person": "作出或审核结论的人员：{}",
            "model": "作出结论的决策支持软件：{}",
            "provenance": "结论由谁作出、由谁审核、依据哪些数据",
        },
    }
)
LANGUAGES = tuple(_WORDS)


def require_language(lang: str) -> None:
    """Raise InputError for a language that narratives are not written in."""
    if lang not in _WORDS:
        raise InputError(f"narratives are written in {' and '.join(LANGUAGES)}; choose one of them")


def tell_claim(claim: Claim, lang: str) -> Json:
    """The finding, its chance, the strongest reasons with their sources, and what people said of it."""
    say, finding = _WORDS[lang], claim.worded(lang)
    strongest = sorted(finding.evidence, key=lambda one: -abs(one.weight))
    reasons = [_reason(one, lang) for one in strongest[:_MOST]]
    left, calibration = len(strongest) - len(reasons), finding.chance.calibration
    return _narrative(
        [
            str(finding.code),
            _chance(finding.chance, lang),
            say["calibration"].format(calibration) if calibration else "",
            *(say["evidence"], *reasons),
            say["more"].format(left) if left else "",
            say["urgency"].format(say[str(claim.urgency)]),
            say["maker"].format(_name(finding.maker)),
            *_standing(claim, lang),
            say["limits"],
        ],
        lang,
    )


def tell_report(report: FindingReport, lang: str) -> Json:
    """Title and one line for each claim."""
    say = _WORDS[lang]
    heading = report.title.get(lang) or report.title.get("en") or say["report"]
    lines = [_line(claim, lang) for claim in report.findings] or [say["none"]]
    return _narrative([heading, *lines, say["limits"]], lang)


def tell_agent(agent: Agent, lang: str) -> Json:
    """Who it is: name and version."""
    say = _WORDS[lang]["person" if agent.person else "model"]
    return _narrative([say.format(_name(agent.maker))], lang)


def tell_provenance(lang: str) -> Json:
    """What the resource is for."""
    return _narrative([_WORDS[lang]["provenance"]], lang)


def _narrative(lines: list[str], lang: str) -> Json:
    """A paragraph for each line, everything escaped: what a finding says is text, whatever it looks like."""
    paragraphs = "".join(f"<p>{escape(_NOT_XML.sub('', line))}</p>" for line in lines if line)
    attributes = f'xmlns="http://www.w3.org/1999/xhtml" lang="{lang}" xml:lang="{lang}"'
    return {"status": "generated", "div": f"<div {attributes}>{paragraphs}</div>"}


def _line(claim: Claim, lang: str) -> str:
    finding = claim.worded(lang)
    return " · ".join(filter(None, (str(finding.code), _chance(finding.chance, lang), *_standing(claim, lang))))


def _reason(one: Evidence, lang: str) -> str:
    say = _WORDS[lang]
    if one.weight == 0.0:  # what speaks neither way has no weight to show, such as an issue of the record
        return say["stated"].format(one.sentence, one.source)
    return say["reason"].format(one.sentence, one.weight, one.source)


def _standing(claim: Claim, lang: str) -> tuple[str, str]:
    say = _WORDS[lang]
    return say.get(claim.verdict, ""), "" if claim.standing else say["gone"]


def _chance(chance: Chance, lang: str) -> str:
    say = _WORDS[lang]
    if chance.value is None:
        return say["unknown"]
    told = say["chance"].format(_percent(chance.value))
    if chance.low is None or chance.high is None:
        return told
    return told + say["interval"].format(_percent(chance.low), _percent(chance.high))


def _percent(share: float) -> str:
    """Three digits or more, but never 0 % for what may be, nor 100 % for what may not be."""
    if 0.0 < share < 0.0001:
        return "< 0.01 %"
    if 0.9999 < share < 1.0:
        return "> 99.99 %"
    return f"{100 * share:.3g} %" if share < 0.99 else f"{100 * share:.4g} %"


def _name(maker: Maker) -> str:
    return " ".join(filter(None, (maker.name, maker.version)))
