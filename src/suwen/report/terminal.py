"""How the differential looks in a terminal, drawn with rich."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.finding import Evidence, Finding
from suwen.report.nouns import NONE_OF_THESE, DifferentialPage
from suwen.report.strings import Language, phrase
from suwen.report.wording import (
    age_text,
    chance_text,
    disease_name,
    evidence_sum,
    feature_name,
    percent,
    plain,
    seen_text,
    signed,
)
from suwen.subject import Code, Feature

__all__ = [
    "AGAINST",
    "FOR",
    "SHOWN_EACH_WAY",
    "SOFT",
    "draw",
    "draw_finding",
    "draw_questions",
    "draw_similar",
    "head",
    "wrapped",
]

FOR, AGAINST, SOFT = "bright_blue", "dark_orange", "dim"
SHOWN_EACH_WAY = 2  # pieces of evidence for and against per disease
WIDE = 100  # columns from which there is room for longer bars
# One Chinese character with the closing marks that may not begin a line, or a word up to the next space.
_PIECES = re.compile(
    r"[（“《]*[\u3000-\u9fff\uff00-\uffef][，。、；：？！）”》]*\s*|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+"
)
_EIGHTHS = " ▏▎▍▌▋▊▉"


def draw(page: DifferentialPage, console: Console, lang: Language) -> None:
    """Print the whole page."""
    console.print(Rule(Text(phrase("title", lang), "bold")))
    _draw_patient(page, console, lang)
    _draw_ranking(page, console, lang)
    if page.questions:
        draw_questions(page.questions, console, lang)
    if page.similar:
        draw_similar(page.similar, console, lang)
    _draw_sources(page, console, lang)


def wrapped(text: str, width: int, style: str = "") -> Text:
    """Break a text into lines at spaces and between Chinese characters, where rich alone breaks at spaces only."""
    lines = [""]
    for piece in _PIECES.findall(plain(text)):
        if cell_len(lines[-1] + piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] or not piece.isspace() else ""
    return Text("\n".join(line.rstrip() for line in lines), style)


def _draw_patient(page: DifferentialPage, console: Console, lang: Language) -> None:
    patient = page.patient
    age = phrase("unknown", lang) if patient.age_years is None else age_text(patient.age_years, lang)
    sex = phrase(f"sex_{patient.sex.value}", lang)
    console.print(Text.assemble((plain(patient.id), "bold"), f" · {sex} · {age}"))
    if patient.observed:
        console.print(_features("+", "present", patient.observed, console.width, lang))
    if patient.excluded:
        console.print(_features("−", "excluded", patient.excluded, console.width, lang))
    for note in page.notes:
        console.print(wrapped(f"! {note}", console.width, SOFT))
    console.print()


def _features(sign: str, title: str, features: Sequence[Feature], width: int, lang: Language) -> Text:
    names = phrase("list_comma", lang).join(feature_name(feature.code) for feature in features)
    text = wrapped(f"{sign} {phrase(title, lang)}{phrase('colon', lang)}{names}", width)
    text.stylize(FOR if sign == "+" else AGAINST, 0, 1)
    return text


def _draw_ranking(page: DifferentialPage, console: Console, lang: Language) -> None:
    if not page.findings:
        console.print(Text(phrase("no_findings", lang), "bold"))
        return
    coverage = percent(page.coverage, lang)
    inside, outside = page.findings[: page.shortlist], page.findings[page.shortlist :]
    ranks = _ranks(page.findings)
    console.print(_ranking(inside, ranks[: len(inside)], True, console.width, lang, header=True))
    if inside and page.set_is_whole:
        console.print(Rule(Text(phrase("set_ends", lang, coverage=coverage), FOR), style=FOR, characters="╌"))
    if outside:
        console.print(_ranking(outside, ranks[len(inside) :], False, console.width, lang, header=False))
    console.print()
    none = page.none_of_these
    words = phrase("none_explained", lang, chance=chance_text(none.chance.value, lang)) if none else ""
    console.print(wrapped(words or phrase("none_absent", lang), console.width, "bold"))
    key = "set_empty" if not page.shortlist else "set_explained" if page.set_is_whole else "set_larger"
    explained = phrase(key, lang, count=page.shortlist, total=len(page.findings), size=page.set_size, coverage=coverage)
    console.print(wrapped(explained, console.width, SOFT))


def draw_finding(finding: Finding, rank: float, console: Console, lang: Language) -> None:
    """Print one disease with all its evidence, strongest first, and where it stands."""
    console.print(Text(f"{disease_name(finding.code, lang)} ({finding.code.value})", "bold"))
    place = phrase("unranked", lang) if math.isinf(rank) else phrase("rank_of", lang, rank=f"{rank:g}")
    console.print(Text(f"{place} · {phrase('probability', lang)} {chance_text(finding.chance.value, lang)}"))
    console.print()
    for evidence in finding.evidence:
        style = FOR if evidence.weight > 0 else AGAINST if evidence.weight < 0 else SOFT
        console.print(Text(f"{signed(evidence.weight):>6}  ", style) + Text(seen_text(evidence, lang), "bold"))
        words = wrapped(f"{evidence.sentence} [{evidence.source}]", console.width - 8, SOFT)
        console.print(Padding(words, (0, 0, 0, 8), expand=False))
    console.print(Text(f"{signed(evidence_sum(finding)):>6}  {phrase('evidence_sum_short', lang)}", "bold"))


def _ranks(findings: Sequence[Finding]) -> list[str]:
    """Rank the diseases; "none of these" is not one and gets a dash."""
    ranks, rank = [], 0
    for finding in findings:
        is_none = finding.code.value == NONE_OF_THESE
        rank += not is_none
        ranks.append("–" if is_none else str(rank))
    return ranks


def _ranking(
    findings: Sequence[Finding], ranks: Sequence[str], in_set: bool, width: int, lang: Language, *, header: bool
) -> Table:
    """Draw one table of rows; widths are fixed so that the table of the set and that of the rest meet."""
    bar = 14 if width >= WIDE else 8
    rest = max(width - 1 - 2 - (8 + bar) - 4, 24)
    name = rest * 2 // 5
    table = Table(box=None, show_header=header, pad_edge=False, padding=(0, 1, 0, 0), header_style=SOFT)
    table.add_column("", width=1, no_wrap=True)
    table.add_column("", width=2, justify="right", no_wrap=True)
    table.add_column(phrase("disease", lang), width=name, overflow="fold")
    table.add_column(phrase("probability", lang), width=8 + bar, no_wrap=True)
    table.add_column(f"{phrase('evidence_main', lang)} ({phrase('log_ratio', lang)})", width=rest - name, no_wrap=True)
    for place, (finding, rank) in enumerate(zip(findings, ranks, strict=True)):
        if place:
            table.add_row()
        table.add_row(*_row(finding, rank, in_set, (name, bar), lang))
    return table


def _row(finding: Finding, rank: str, in_set: bool, widths: tuple[int, int], lang: Language) -> list[Text]:
    evidence = _main_evidence(finding, lang)
    name = wrapped(disease_name(finding.code, lang), widths[0], "bold")
    if rank != "–":
        name.append(f"\n{plain(finding.code.value)}", "not bold dim")
    chance = Text.assemble((f"{chance_text(finding.chance.value, lang):>6} ", "bold"))
    chance.append(_bar(finding.chance.value or 0.0, widths[1]), FOR)
    if interval := _interval(finding):
        chance.append(f"\n{interval:>6}", SOFT)
    lines = max(text.plain.count("\n") + 1 for text in (name, chance, evidence))
    mark = Text("\n".join("▌" * lines), FOR) if in_set else Text("")
    return [mark, Text(rank), name, chance, evidence]


def _interval(finding: Finding) -> str:
    low, high = finding.chance.low, finding.chance.high
    return "" if low is None or high is None else f"{low * 100:.0f}–{high * 100:.0f}%"


def _bar(share: float, width: int) -> str:
    eighths = round(share * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _main_evidence(finding: Finding, lang: Language) -> Text:
    """Choose the strongest reasons for and the strongest against, one line each, cut at the column's edge."""
    ordered = sorted(finding.evidence, key=lambda evidence: -abs(evidence.weight))
    speaking_for = [evidence for evidence in ordered if evidence.weight > 0][:SHOWN_EACH_WAY]
    against = [evidence for evidence in ordered if evidence.weight < 0][:SHOWN_EACH_WAY]
    lines = [_evidence_line(evidence, lang) for evidence in (speaking_for + against or ordered[:1])]
    text = Text("\n").join(lines)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _evidence_line(evidence: Evidence, lang: Language) -> Text:
    # A neutral reason is shown only where there is no other; its feature alone would say nothing.
    words = seen_text(evidence, lang) if evidence.weight else evidence.sentence
    style = FOR if evidence.weight > 0 else AGAINST if evidence.weight < 0 else SOFT
    return Text.assemble((f"{signed(evidence.weight):>6} ", style), plain(words))


def draw_questions(questions: Sequence[Question], console: Console, lang: Language) -> None:
    """Print what to ask, examine or test next."""
    head("questions", console, lang)
    for number, question in enumerate(questions, start=1):
        gain = phrase("bits", lang, bits=f"{question.information:.2f}")
        chance = phrase("chance_present", lang, chance=chance_text(question.chance_present, lang))
        name = plain(feature_name(question.feature))
        console.print(Text.assemble((f"{number:>2}. ", SOFT), (name, "bold"), (f"  {gain} · {chance}", SOFT)))
        console.print(Padding(wrapped(question.sentence, console.width - 4), (0, 0, 0, 4), expand=False))


def draw_similar(cases: Sequence[SimilarCase], console: Console, lang: Language) -> None:
    """Print similar solved cases."""
    head("similar", console, lang)
    first = max(cell_len(phrase("similarity", lang)), 4)
    second = (console.width - first - 4) * 2 // 5
    third = console.width - first - second - 4
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=SOFT)
    table.add_column(phrase("similarity", lang), width=first, justify="right", no_wrap=True)
    table.add_column(phrase("diagnosis", lang), width=second)
    table.add_column(phrase("shared", lang), width=third)
    for case in cases:
        diagnosis = wrapped(feature_name(case.diagnosis), second)
        diagnosis.append(f"\n{plain(case.publication or case.id)}", SOFT)
        shared = phrase("list_comma", lang).join(_pair(own, other) for own, other in case.shared)
        table.add_row(f"{case.similarity:.2f}", diagnosis, wrapped(shared or phrase("none", lang), third))
    console.print(table)


def _pair(own: Code, other: Code) -> str:
    return feature_name(own) if own == other else f"{feature_name(own)} ≈ {feature_name(other)}"


def _draw_sources(page: DifferentialPage, console: Console, lang: Language) -> None:
    head("sources", console, lang)
    for source in page.sources:
        console.print(wrapped(source, console.width, SOFT))
    for maker in dict.fromkeys(finding.maker for finding in page.findings):
        version = phrase("version", lang, version=maker.version) if maker.version else ""
        words = " · ".join(filter(None, [phrase("model_card", lang), maker.name, version]))
        console.print(wrapped(words, console.width, SOFT))
    console.print(wrapped(phrase("limit_decision", lang), console.width, "bold"))


def head(title: str, console: Console, lang: Language) -> None:
    """Print a heading."""
    console.print()
    console.print(Rule(Text(f"── {phrase(title, lang)}", "bold"), align="left", style=SOFT))
