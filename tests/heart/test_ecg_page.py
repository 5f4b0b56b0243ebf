"""The page, the terminal and the JSON of an electrocardiogram: complete, in both languages, safe, and stable."""

from __future__ import annotations

import io
import json
import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from suwen.diagnosis.rhythm import Flaw, LeadWaves, Place, Reading, Sign, Variability, read_rhythm, variability
from suwen.diagnosis.rhythm.findings import figure_text, findings, record_text
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg
from suwen.errors import InputError
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.nouns import Recording
from suwen.report import ecg_strings
from suwen.report.ecg_data import ecg_json
from suwen.report.ecg_median import median_lines, median_svg
from suwen.report.ecg_nouns import Paper, ReadEcg
from suwen.report.ecg_page import ecg_html, print_ecg
from suwen.report.ecg_paper import ecg_svg
from suwen.report.ecg_strings import ECG_STRINGS, say
from suwen.report.ecg_tables import INTERVAL_ROWS, interval_rows, variability_note, variability_rows, wave_rows
from suwen.report.ecg_words import clock, said_marks
from suwen.report.strings import Language
from suwen.subject import Saying, Sex

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIELDS = Variability.__slots__
BOTH: tuple[Language, Language] = ("en", "zh")
VOID = {"meta", "path", "rect", "br"}


def read_of(
    *, rhythm: str = "sinus", seconds: float = 10, names: tuple[str, ...] = LEADS, called: tuple[str, ...] = (),
    signs: tuple[Sign, ...] | None = None, sex: Sex | None = None, lang: str | None = None, bpm: float = 70,
) -> ReadEcg:  # fmt: skip
    made = synthetic_ecg(np.random.default_rng(4), seconds=seconds, rate=200, rhythm=rhythm, names=names, bpm=bpm)
    noticed = (notice("flat", where="II"),)
    one = Recording(
        "c0ffee" * 5 + "00", called or names, 200, made.values, acquired=(("Format", "table"),), noticed=noticed
    )
    reading = read_rhythm(one.samples, one.rate, one.leads, method="rules", sex=sex)
    if signs is not None:
        reading = _with(reading, signs=signs)
    varied = variability(reading.beats.seconds, kinds=reading.kinds) if seconds >= 300 else None
    return ReadEcg(one, reading, findings(reading, lang) if lang else (), varied, 60.0 if sex else None, sex)


@pytest.fixture(scope="module")
def ectopic() -> ReadEcg:
    return read_of(rhythm="pvc", lang="en", sex=Sex.FEMALE)


class Page(HTMLParser):
    """Tags that are open, addresses that would be fetched, and all words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"], attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("lang", BOTH)
def test_the_page_is_one_file_that_asks_for_nothing(ectopic: ReadEcg, lang: Language) -> None:
    """Proves that the page is well formed, has no script or inline style, fetches nothing, and is stable."""
    text = ecg_html(ectopic, lang=lang, created=NOON)
    assert text == ecg_html(ectopic, lang=lang, created=NOON)
    page = Page(text)
    assert page.open == []
    assert not page.seen & {"script", "iframe", "object", "embed", "img", "link"}
    assert page.fetched == []
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert len(text) < 450_000


@pytest.mark.parametrize("lang", BOTH)
def test_the_page_says_all_of_it(lang: Language) -> None:
    """Proves that facts, signs with their evidence, intervals with limits, quality, waves and limits are there."""
    read = read_of(rhythm="pvc", lang=lang, sex=Sex.MALE)
    words = " ".join(Page(ecg_html(read, lang=lang, created=NOON)).words)
    marks = said_marks(read, lang)
    assert len(marks) == len(read.reading.signs) > 0
    for one in marks:
        assert one.name in words
        assert record_text(read.marks[one.number - 1].sign, lang) in words
        assert read.finding_of[one.number].chance.calibration in words
        assert one.rule in words
        assert one.source in words
    for row in interval_rows(read, lang):
        assert row.name in words
        assert row.value in words
    assert "450 ms" in words
    assert "460 ms" not in words
    for key in (
        "ecg_quality",
        "ecg_variability",
        "ecg_waves",
        "ecg_median",
        "ecg_limits",
        "ecg_caution",
        "ecg_noticed",
    ):
        assert say(key, lang) in words
    assert say("ecg_limit_leads", lang) not in words
    assert ("平直：" if lang == "zh" else "flat: the lead") in words


@pytest.mark.parametrize("lang", BOTH)
def test_signs_stand_alone_without_findings(lang: Language) -> None:
    """Proves that figures with units, places and rules are shown where there is no finding."""
    sign = Sign(
        "st_elevation", {"elevation": 0.254, "axis": -31.0}, (Place(1, 1.1, "V2"), Place(2, 2.1, "V3")), "Rule 9"
    )
    read = read_of(signs=(sign,))
    text = " ".join(Page(ecg_html(read, lang=lang, created=NOON)).words)
    shown = {"en": ("highest ST at J 0.25 mV", "frontal axis −31°"), "zh": ("J 点最大抬高 0.25 mV", "额面电轴 −31°")}
    for said in (*shown[lang], "Rule 9", "V2", "V3", "SNOMEDCT:164931005"):
        assert said in text


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("found", [True, False], ids=["findings", "signs"])
def test_rule_detail_and_territory_are_shown_everywhere(lang: Language, found: bool) -> None:
    """Proves that page, terminal, drawing and JSON all tell them in the reader's language, and the bare citation."""
    rule, detail = Saying("ST raised so much", "ST 段抬高若干"), Saying("two criteria met", "符合两项标准")
    where = (Place(1, 1.1, "II"), Place(1, 1.1, "aVF"))
    read = read_of(
        signs=(Sign("st_elevation", {"elevation": 0.2}, where, "Thygesen 2018", rule, (detail,)),),
        lang=lang if found else None,
    )
    out = io.StringIO()
    print_ecg(read, Console(file=out, width=200, highlight=False), lang)
    page = " ".join(Page(ecg_html(read, lang=lang, created=NOON)).words)
    wall, other = ("inferior", "zh") if lang == "en" else ("下壁", "en")
    for text in (page, out.getvalue(), ecg_svg(read, lang=lang)):
        for said in (rule.said(lang), detail.said(lang), wall, "Thygesen 2018"):
            assert said in text
        assert rule.said(other) not in text
        assert text.count(rule.said(lang)) == 1
    (one,) = ecg_json(read, lang)["signs"]
    assert one["rule"] == rule.said(lang)
    assert one["source"] == "Thygesen 2018"
    assert one["detail"] == [detail.said(lang)]
    assert one["territory"] == [wall]


def test_every_string_is_in_both_languages() -> None:
    """Proves that each phrase exists in both, with the same places to fill in, and that each is used somewhere."""
    room = Path(ecg_strings.__file__).parent
    files = [one for one in room.glob("ecg_*.py") if one.name != "ecg_strings.py"] + list(room.glob("templates/ecg.*"))
    used = "".join(one.read_text("utf-8") for one in files)
    made = {f"ecg_{key}" for key in (*INTERVAL_ROWS, *FIELDS, "Format", "Filters", "Variable", "Signal formats")}
    made |= {f"flaw_{one.name}" for one in Flaw} | {f"ecg_method_{one}" for one in ("learned", "rules", "none")}
    made |= {f"ecg_kind_{one}" for one in "VS"} | {f"ecg_urgency_{one}" for one in range(4)}
    for key, words in ECG_STRINGS.items():
        assert set(words) == set(BOTH), key
        fields = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in words.values()]
        assert fields[0] == fields[1], key
        assert key in made or re.search(rf"""["']{key}["']|say\.{key}\b""", used), key
        if re.search(r"[a-z]{5}", words["zh"]) is None and words["en"] != words["zh"]:
            assert re.search(r"[\u4e00-\u9fff]", words["zh"]) or words["zh"] in {"LF/HF", "；"}, key
    with pytest.raises(InputError, match="en and zh"):
        say("ecg_title", "fr")  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", BOTH)
def test_pages_speak_one_language(lang: Language) -> None:
    """Proves that no English phrase of the table is left on the Chinese page, and none of Chinese on the English."""
    read = read_of(rhythm="pvc", seconds=330, names=("I", "II"))
    words = " ".join(Page(ecg_html(read, lang=lang, created=NOON)).words)
    if lang == "en":
        assert not re.search(r"[\u4e00-\u9fff]", words)
        return
    for key, both in ECG_STRINGS.items():
        if both["en"] != both["zh"] and "{" not in both["en"] and len(both["en"]) > 12:
            assert both["en"] not in words, key


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "\u202eII"]
)
def test_what_a_recording_says_of_itself_is_escaped(name: str) -> None:
    """Proves that a hostile lead name reaches page and terminal as text only."""
    read = read_of(names=("II",), called=(name,), signs=(Sign("st_elevation", {}, (Place(1, 2, name),)),))
    text = ecg_html(read, created=NOON)
    page = Page(text)
    assert not page.seen & {"script", "img"}
    out = io.StringIO()
    print_ecg(read, Console(file=out, width=100))
    assert "\u202e" not in out.getvalue()


@pytest.mark.parametrize("lang", BOTH)
def test_the_terminal_says_the_same(lang: Language) -> None:
    """Proves that signs, places, intervals and the warning are printed, lists in order of their numbers."""
    read = read_of(rhythm="pvc", lang=lang)
    out = io.StringIO()
    print_ecg(read, Console(file=out, width=200, highlight=False), lang)
    text = out.getvalue()
    places = [text.index(f"{one.number}. {one.name}") for one in said_marks(read, lang)]
    assert places == sorted(places)
    for key in ("ecg_caution", "ecg_intervals", "ecg_signs", "ecg_limit_person"):
        assert say(key, lang) in text


def test_json_is_stable_and_holds_everything(ectopic: ReadEcg) -> None:
    """Proves the fields of format 1, that places and figures are those of the signs, and that it is strict JSON."""
    made = json.dumps(ecg_json(ectopic), allow_nan=False)
    assert made == json.dumps(ecg_json(ectopic), allow_nan=False)
    found = json.loads(made)
    assert set(found) == {
        "format", "recording", "age", "sex", "beats", "signs", "intervals", "median_beat", "waves", "variability",
        "quality", "limits",
    }  # fmt: skip
    assert (found["format"], found["sex"], found["recording"]["leads"]) == (1, "female", list(LEADS))
    assert found["beats"]["count"] == len(found["beats"]["seconds"]) == len(found["beats"]["kinds"])
    assert {one["key"] for one in found["signs"]} == {one.key for one in ectopic.reading.signs}
    for one in found["signs"]:
        sign = ectopic.reading.sign(one["key"])
        assert sign is not None
        assert one["figures"] == pytest.approx(dict(sign.figures), abs=1e-5)
        assert [place["begin"] for place in one["places"]] == pytest.approx([p.begin for p in sign.places], abs=1e-3)
        assert one["finding"]["code"] == one["code"]
    assert found["intervals"]["qtc_fridericia"]["unit"] == "ms"
    assert found["intervals"]["pr"]["value"] == pytest.approx(ectopic.reading.intervals.pr)


@pytest.mark.parametrize("lang", BOTH)
def test_variability_only_from_five_minutes_on(lang: Language) -> None:
    """Proves that a short recording says why there are no figures, and that a long one has them with units."""
    short, long = read_of(names=("II",)), read_of(names=("II",), seconds=320)
    assert variability_rows(short, lang) == []
    assert "5" in variability_note(short, lang)
    assert "10" in variability_note(short, lang)
    rows = {row["name"]: row["value"] for row in variability_rows(long, lang)}
    assert rows["SDNN"].endswith(" ms")
    assert rows["LF / HF" if lang == "en" else "LF/HF"]
    fibrillating = read_of(names=("II",), seconds=320, signs=(Sign("af"),))
    assert say("ecg_variability_af", lang) in variability_note(fibrillating, lang)


def test_limits_of_intervals() -> None:
    """Proves that what is outside is told: fast and slow rates, and QTc by the sex of the patient."""
    assert {row.key for row in interval_rows(read_of(bpm=130), "en") if row.outside} >= {"rate"}
    assert not {row.key for row in interval_rows(read_of(), "en") if row.outside} & {"rate", "qrs", "axis"}
    rows = {sex: {row.key: row for row in interval_rows(read_of(sex=sex), "en")} for sex in (Sex.MALE, Sex.FEMALE)}
    assert rows[Sex.MALE]["qtc_bazett"].usual == "< 450 ms"
    assert rows[Sex.FEMALE]["qtc_bazett"].usual == "< 460 ms"
    assert all(row.source for row in rows[Sex.MALE].values() if row.usual)


def test_no_pr_and_no_judged_qtc_in_atrial_fibrillation() -> None:
    """Proves that what fibrillation makes meaningless is neither given as a number nor called outside."""
    plain, uneven = (
        {row.key: row for row in interval_rows(read_of(signs=signs), "en")} for signs in ((), (Sign("af"),))
    )
    assert plain["pr"].value.endswith(" ms")
    assert not uneven["pr"].value.endswith(" ms")
    assert uneven["qtc_bazett"].value == plain["qtc_bazett"].value
    assert not any(row.outside for key, row in uneven.items() if key == "pr" or key.startswith("qtc"))
    assert uneven["qtc_bazett"].usual != plain["qtc_bazett"].usual
    for qtc, sex, outside in (
        (455, Sex.MALE, True),
        (455, Sex.FEMALE, False),
        (460, Sex.FEMALE, True),
        (449, None, False),
    ):
        read = read_of(sex=sex)
        measured = replace(read.reading.intervals, qtc={"bazett": float(qtc)})
        object.__setattr__(read, "reading", _with(read.reading, intervals=measured))
        found = {row.key: row.outside for row in interval_rows(read, "en")}
        assert found["qtc_bazett"] is outside
        assert found["qtc_hodges"] is False


def test_no_beats_is_an_answer() -> None:
    """Proves that a page, JSON and text come out where nothing beats, and say so in both languages."""
    one = Recording("0" * 32, ("II",), 200, np.zeros((1, 2000), np.float32))
    read = ReadEcg(one, read_rhythm(one.samples, 200, ("II",), method="rules"))
    for lang in BOTH:
        words = " ".join(Page(ecg_html(read, lang=lang, created=NOON)).words)
        assert ("no heartbeat could be found" if lang == "en" else "未能检出心搏") in words
        assert say("ecg_unmeasured", lang) in words
        assert say("ecg_no_waves", lang) in words
    assert ecg_json(read)["beats"]["count"] == 0
    assert median_svg(read) == ""


def test_waves_and_the_median_beat_are_shown() -> None:
    """Proves that absent waves are dashes, and that lines of the median beat lie where its fiducials are."""
    read = read_of()
    object.__setattr__(read, "reading", _with(read.reading, waves={"V1": LeadWaves(r=0.31, q_ms=18.4, s=-1.2)}))
    (row,) = wave_rows(read)
    assert (row["lead"], row["r"], row["q_ms"], row["s"], row["p"]) == ("V1", "0.31", "18", "−1.20", "–")
    lines = median_lines(read)
    assert lines["p_on"] < lines["qrs_on"] < 0 < lines["qrs_off"] < lines["t_off"]
    spans = 1000 * (lines["qrs_off"] - lines["qrs_on"])
    assert spans == pytest.approx(read.reading.intervals.qrs, abs=8)
    x = 1 + (0.38 + lines["qrs_on"]) * 50
    assert f"M{x:.2f}".rstrip("0") in median_svg(read)


def _with(reading: Reading, **parts: object) -> Reading:
    return Reading(**{key: parts.get(key, getattr(reading, key)) for key in Reading.__slots__})


def test_findings_go_with_their_signs() -> None:
    """Proves that a finding stands at the number of its own sign, though numbers go by urgency."""
    signs = (Sign("sinus", {"rate": 70}), Sign("vt", {"beats": 5}, (Place(1, 2),)))
    read = read_of(signs=signs, lang="en")
    assert [one.sign.key for one in read.marks] == ["vt", "sinus"]
    assert {number: one.code.value for number, one in read.finding_of.items()} == {
        1: "SNOMEDCT:164895002", 2: "SNOMEDCT:426783006",
    }  # fmt: skip
    with pytest.raises(InputError, match="do not go with"):
        ReadEcg(read.recording, read.reading, read.findings[:1])


def test_a_part_and_paper_are_said() -> None:
    read = read_of(names=("II",), seconds=400)
    text = ecg_html(read, Paper(begin=30, seconds=12, gain=20.0), created=NOON)
    assert "20 mm/mV" in text
    assert "the part asked for, 0:30 to 0:42" in text
    assert "pieces around the evidence" in ecg_html(read, created=NOON)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (0, "0:00"),
        (3.24, "0:03.2"),
        (59.96, "1:00"),
        (61, "1:01"),
        (3599.95, "1:00:00"),
        (3723.4, "1:02:03"),
        (86399, "23:59:59"),
    ],
)
def test_times_are_read_as_on_a_clock(second: float, said: str) -> None:
    assert clock(second) == said


def test_figures_have_their_units() -> None:
    assert figure_text("rate", 71.6, "zh") == "心室率 72 次/分"
    assert figure_text("rate", float("nan"), "en") == "ventricular rate unknown"
    assert figure_text("percent", 12.34, "en") == "share of beats 12.3%"
