"""An electrocardiogram for its reader: as a page with the trace drawn and the evidence marked, and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from suwen.diagnosis.rhythm.findings import record_text
from suwen.diagnosis.rhythm.nouns import Sign
from suwen.finding import Bearing, Finding
from suwen.formats.waveforms.names import TWELVE
from suwen.formats.waveforms.notices import notice_text
from suwen.report import ecg_tables as tables
from suwen.report.ecg_layout import MOST_SHEETS, is_long, sheets, undrawn
from suwen.report.ecg_median import median_svg
from suwen.report.ecg_nouns import Paper, ReadEcg
from suwen.report.ecg_paper import legend, sheet_svg
from suwen.report.ecg_strings import say
from suwen.report.ecg_trend import trend_svg
from suwen.report.ecg_words import SaidMark, caption, clock, lasting, rule_text, said_marks, scale_text
from suwen.report.html import environment
from suwen.report.strings import Language
from suwen.report.wording import chance_text, interval_text, maker_text, plain, signed
from suwen.subject import Sex, Stretch

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ecg_html", "limits", "makers", "notices", "print_ecg"]

_WAYS = {Bearing.AGAINST: "against", Bearing.AGAINST_EXCLUDED: "against", Bearing.NEUTRAL: "neutral"}


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A drawing of the page with what stands above it."""

    caption: str
    svg: Markup


def ecg_html(read: ReadEcg, paper: Paper | None = None, *, lang: Language = "en", created: datetime) -> str:
    """Return the page as one self-contained HTML document; everything of the recording is escaped.

    The same reading, paper, language and time give the same text, byte for byte.

    Raises:
        InputError: the report does not speak the language, or the paper does not fit (see `ecg_layout.sheets`).

    """
    asked = paper or Paper()
    drawings = _drawings(read, asked, lang)
    # Markup: drawings escape what the recording says of itself when they are made.
    trend = Markup(trend_svg(read, lang=lang)) if is_long(read, asked) else ""  # noqa: S704
    return (
        environment()
        .get_template("ecg.html")
        .render(
            say=partial(say, lang=lang),
            read=read,
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            facts=tables.facts(read, lang),
            technical=tables.technical(read, lang),
            noticed=notices(read, lang),
            marks=said_marks(read, lang),
            findings=_findings(read, lang),
            scale=scale_text(asked, lang),
            remarks=_remarks(read, asked, lang) + legend("".join(one.svg for one in drawings), lang),
            trend=trend,
            drawings=drawings,
            median=Markup(median_svg(read, lang=lang)),  # noqa: S704
            quality=tables.quality_rows(read, lang),
            intervals=tables.interval_rows(read, lang),
            waves=tables.wave_rows(read),
            variability=tables.variability_rows(read, lang),
            variability_note=tables.variability_note(read, lang),
            limits=limits(read, lang),
            makers=makers(read, lang),
        )
    )


def print_ecg(read: ReadEcg, console: Console, lang: Language = "en") -> None:
    """Print what was read: facts, remarks, signs with figures and places, intervals, variability, limits."""
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    def line(text: str, style: str = "", indent: int = 0) -> None:
        console.print(
            Padding(Text(plain(text), style), (0, 0, 0, indent), expand=False) if indent else Text(plain(text), style)
        )

    colon = say("colon", lang)
    line(f"{say('ecg_title', lang)} · {say('ecg_recording', lang, id=read.recording.id[:12])}", "bold")
    for name, value in tables.facts(read, lang):
        line(f"{name}{colon}{value}")
    for text in notices(read, lang):
        line(f"! {text}", "dark_orange3")
    console.print()
    line(say("ecg_signs", lang), "bold")
    found = _findings(read, lang)
    for mark in said_marks(read, lang):
        line(f"{mark.number}. {mark.name}" + (f" · {mark.urgency}" if mark.level else ""),
             "bold red" if mark.level >= 2 else "bold")  # fmt: skip
        for text in _grounds(mark, found.get(mark.number), lang):
            line(text, indent=3)
    if found:
        line(say("ecg_findings_lead", lang), "dim")
    _print_tables(read, console, lang)
    line(tables.variability_note(read, lang))
    for text in limits(read, lang):
        line(f"! {text}", "dim")
    line(say("ecg_caution", lang), "bold")


def _grounds(mark: SaidMark, found: dict[str, Any] | None, lang: Language) -> list[str]:
    """On what a sign rests, where it is seen, by which rule; of its finding how often it is right and what it means."""
    colon, comma = say("colon", lang), say("ecg_semicolon", lang)
    where = f"{say('ecg_where', lang)}{colon}{mark.where}" if mark.where else ""
    told = [mark.figures, mark.detail, where, rule_text(mark, lang)]
    if found is not None:
        cited = f"[{found['source']}]" if found["source"] else ""
        weight = f"{comma}{say('ecg_weight', lang, weight=found['weight'])}" if found["weight"] else ""
        told.append(f"{say('ecg_record', lang)}{colon}{found['record']}{weight} {cited}")
        told.append(f"{say('ecg_chance', lang)}{colon}{found['chance']}{comma}{found['basis']}")
        told += [f"{say('ecg_meaning', lang)}{colon}{one['sentence']} [{one['source']}]" for one in found["meanings"]]
    return [one for one in told if one]


def _print_tables(read: ReadEcg, console: Console, lang: Language) -> None:
    rows = [
        (one.name, say("ecg_outside", lang, value=one.value) if one.outside else one.value, one.usual, one.source)
        for one in tables.interval_rows(read, lang)
    ]
    _table([say(key, lang) for key in ("ecg_intervals", "ecg_value", "ecg_usual", "source")], rows, console)
    rows_of = tables.quality_rows(read, lang)
    quality = [(row["lead"], row["index"], row["flaws"]) for row in rows_of if row["flaws"] != say("none", lang)]
    _table([say(key, lang) for key in ("ecg_lead", "ecg_index", "ecg_flaws")], quality, console)
    if not quality:
        console.print(f"{say('ecg_quality', lang)}{say('colon', lang)}{say('ecg_flawless', lang)}")
    figures = [(row["name"], row["value"]) for row in tables.variability_rows(read, lang)]
    _table([say(key, lang) for key in ("ecg_variability", "ecg_value")], figures, console)


def _table(heads: list[str], rows: list[Any], console: Console) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if rows:
        table = Table(*heads, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        console.print("", table)


def _drawings(read: ReadEcg, paper: Paper, lang: Language) -> list[_Drawing]:
    return [
        _Drawing(caption(read, one, lang), Markup(sheet_svg(read, one, paper, lang=lang)))  # noqa: S704
        for one in sheets(read, paper)
    ]


def _remarks(read: ReadEcg, paper: Paper, lang: Language) -> list[str]:
    """What of the recording is not drawn."""
    found = []
    whole = read.recording.seconds
    if paper.begin is not None or paper.seconds is not None:
        begin = paper.begin or 0.0
        end = min(whole, begin + (paper.seconds or paper.row))
        found.append(say("ecg_part", lang, begin=clock(begin), end=clock(end)))
    elif is_long(read, paper):
        found.append(say("ecg_pieces", lang, duration=lasting(whole, lang), count=MOST_SHEETS))
    absent = undrawn(read.recording.leads, paper)
    return [*found, say("ecg_undrawn", lang, leads=", ".join(absent[:40]))] if absent else found


def notices(read: ReadEcg, lang: Language) -> list[str]:
    """What was noticed while the file was read, as lines."""
    return [notice_text(one, lang) for one in read.recording.noticed]


def limits(read: ReadEcg, lang: Language) -> list[str]:
    """What this reading cannot tell."""
    found = ["ecg_limit_rules", "ecg_limit_absent"]
    if not set(TWELVE) <= set(read.recording.leads):
        found.append("ecg_limit_leads")
    if read.age is None or read.sex not in {Sex.MALE, Sex.FEMALE}:
        found.append("ecg_limit_person")
    return [say(key, lang) for key in found]


def makers(read: ReadEcg, lang: Language) -> list[str]:
    """Everything that had a part in the reading, once."""
    own = say("ecg_by_reading", lang, version=version("suwen"))
    return list(dict.fromkeys([own, *(maker_text(one.maker, lang) for one in read.findings)]))


def _findings(read: ReadEcg, lang: Language) -> dict[int, dict[str, Any]]:
    signs = {mark.number: mark.sign for mark in read.marks}
    return {number: _finding(signs[number], one, lang) for number, one in read.finding_of.items()}


def _finding(sign: Sign, one: Finding, lang: Language) -> dict[str, Any]:
    """What a finding adds to its sign: how often the rule is right, the chance, and what the sign means.

    The first piece of evidence is the rule, whose figures and words stand with the sign already.
    """
    rule, *others = one.evidence
    return {
        "chance": chance_text(one.chance.value, lang),
        "interval": interval_text(one.chance.low, one.chance.high, lang),
        "basis": one.chance.calibration,
        "record": record_text(sign, lang),
        "way": _WAYS.get(rule.bearing, "for"),
        "weight": signed(rule.weight) if rule.weight else "",
        "source": rule.source.removeprefix(sign.source).removeprefix("; "),
        # where it is seen is marked on the trace
        "meanings": [
            {"sentence": each.sentence, "source": each.source} for each in others if not isinstance(each.seen, Stretch)
        ],
    }
