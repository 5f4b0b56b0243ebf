"""The differential report in words, in the terminal and as JSON."""

from __future__ import annotations

import json
import math
import re
import string
import subprocess
import sys
from dataclasses import replace
from importlib import resources

import pytest
from rich.cells import cell_len

from example_page import (
    MAKER,
    example_page,
    hostile_page,
    printed,
)
from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Evidence, Maker
from suwen.report import (
    LANGUAGES,
    DifferentialPage,
    differential_json,
)
from suwen.report import __all__ as face
from suwen.report.chart import evidence_axis
from suwen.report.links import address, linked
from suwen.report.strings import STRINGS, phrase
from suwen.report.wording import age_text, chance_text, onset_text, percent, plain, ratio_text, seen_text, signed
from suwen.subject import Atoms, Code, Feature, Measurement, Patient, Region, Sex, Span


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


class TestWords:
    def test_every_string_stands_in_both_languages(self):
        for key, words in STRINGS.items():
            assert set(words) == set(LANGUAGES), key
            assert all(text.strip() for text in words.values()), key

    def test_placeholders_agree_between_languages(self):
        for key, words in STRINGS.items():
            fields = [
                sorted({name for _, name, _, _ in string.Formatter().parse(text) if name}) for text in words.values()
            ]
            assert fields[0] == fields[1], key

    def test_chinese_is_chinese_and_english_is_not(self):
        chinese, placeholder = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"\{\w*\}")
        for key, words in STRINGS.items():
            assert not chinese.search(words["en"]), key
            says_nothing = not re.search(r"\w", placeholder.sub("", words["zh"]))  # punctuation alone
            assert key == "html_lang" or says_nothing or chinese.search(words["zh"]), key

    def test_every_bearing_and_sex_has_words(self):
        for key in [f"bearing_{bearing.value}" for bearing in Bearing] + [f"sex_{sex.value}" for sex in Sex]:
            assert key in STRINGS

    def test_every_string_is_used(self):
        room = resources.files("suwen.report")
        places = [*room.iterdir(), *room.joinpath("templates").iterdir()]
        files = [place for place in places if place.is_file() and not place.name.endswith("strings.py")]
        text = "\n".join(place.read_text(encoding="utf-8") for place in files)
        # built from the value of an enum
        families = (
            "bearing_",
            "chance_",
            "note_status_",
            "rerun_",
            "sex_",
            "state_",
            "status_",
            "type_",
            "urgency_",
            "verdict_",
        )
        unused = [key for key in STRINGS if not key.startswith(families) and not re.search(rf"['\"]{key}['\"]", text)]
        assert unused == []

    def test_an_unknown_language_is_refused(self):
        with pytest.raises(InputError, match="en and zh, not 'fr'"):
            phrase("title", "fr")

    @pytest.mark.parametrize(
        ("value", "words"),
        [(None, "unknown"), (0.0, "<0.1%"), (0.0004, "<0.1%"), (0.9137, "91.4%"), (0.9996, ">99.9%"), (1.0, ">99.9%")],
    )
    def test_a_chance_is_never_zero_or_certain(self, value, words):
        assert chance_text(value, "en") == words

    @pytest.mark.parametrize(
        ("value", "words"), [(None, "unknown"), (0.0, "0%"), (0.004, "<1%"), (0.58, "58%"), (1.0, "100%")]
    )
    def test_frequency(self, value, words):
        assert percent(value, "en") == words

    @pytest.mark.parametrize(
        ("weight", "words"), [(1.234, "+1.23"), (-0.5, "−0.50"), (0.001, "0.00"), (-0.001, "0.00")]
    )
    def test_weights_carry_their_sign(self, weight, words):
        assert signed(weight) == words

    @pytest.mark.parametrize(
        ("weight", "words"),
        [
            (0.0, "≈ 1.0"),
            (0.3, "≈ 2.0"),
            (-0.3, "≈ 1 / 2.0"),
            (-0.001, "≈ 1.0"),
            (0.999, "≈ 10"),
            (2.0, "≈ 100"),
            (5.32, "≈ 210,000"),
            (-3.0, "≈ 1 / 1,000"),
            (5.9999, "≈ 1.0 × 10⁶"),
            (6.82, "≈ 6.6 × 10⁶"),
            (-12.0, "≈ 1 / (1.0 × 10¹²)"),
        ],
    )
    def test_ratio(self, weight, words):
        assert ratio_text(weight) == words

    @pytest.mark.parametrize(
        ("years", "words"),
        [(0.03, "10 d"), (0.5, "6 mo"), (1.5, "18 mo"), (2.0, "2 y"), (17.49, "17.4 y"), (0.0, "0 d")],
    )
    def test_age(self, years, words):
        assert age_text(years, "en") == words

    @pytest.mark.parametrize(
        ("years", "words"), [(None, ""), (0, "出生即有"), (-0.2, "产前即有"), (12, "12 岁起病"), (1.5, "18 个月起病")]
    )
    def test_onset(self, years, words):
        assert onset_text(Feature(Code("HP:1"), onset_years=years), "zh") == words

    @pytest.mark.parametrize(
        ("seen", "words"),
        [
            (Code("HP:1"), "HP:1"),
            (Code("HP:1", "Cough"), "Cough"),
            (Measurement(Code("LOINC:1", "Height"), 191.0, "cm"), "Height 191 cm"),
            (Region("ct-1", (1, 2, 3), (4, 5, 6)), "Region of ct-1, voxels 1–4 × 2–5 × 3–6"),
            (Atoms("CCO", (0, 2)), "Atoms 0, 2 of CCO"),
            (Span("note", 0, 4, "tall"), "“tall”"),
        ],
    )
    def test_whatever_was_seen_has_a_name(self, seen, words):
        assert seen_text(Evidence(Bearing.SUPPORTS, seen, 1.0, "s", "s"), "en") == words

    def test_what_counts_because_it_is_absent_says_so(self):
        evidence = Evidence(Bearing.AGAINST_EXCLUDED, Code("HP:1", "咳嗽"), -1.0, "s", "s")
        assert seen_text(evidence, "zh") == "无咳嗽"
        assert seen_text(evidence, "en") == "Absent: 咳嗽"

    def test_plain_text_cannot_drive_a_terminal(self):
        assert plain("a\x1b[31mb\u202ec\nd") == "a\ufffd[31mb\ufffdc d"


class TestLinks:
    def test_only_digits_after_a_known_prefix_become_an_address(self):
        assert address("PMID:20591885") == "https://pubmed.ncbi.nlm.nih.gov/20591885"
        assert address("OMIM:154700") == "https://omim.org/entry/154700"
        assert address("ORPHA:558") == "https://www.orpha.net/en/disease/detail/558"
        for other in (
            "HP:0001166",
            "PMID:1/../x",
            "PMID:",
            "PMID:１２",
            "javascript:1",
            "PMID:1 ",
            "XPMID:1",
            "PMID:1a",
        ):
            assert address(other) == ""

    def test_the_text_around_identifiers_is_escaped(self):
        text = str(linked("<b>PMID:12</b> & OMIM:1x"))
        assert text.startswith('&lt;b&gt;<a href="https://pubmed.ncbi.nlm.nih.gov/12"')
        assert text.endswith("</a>&lt;/b&gt; &amp; OMIM:1x")


class TestPage:
    def test_a_set_larger_than_the_list_is_refused(self):
        with pytest.raises(InputError, match="0 to 6 of the findings, not 7"):
            replace(example_page(), shortlist=7)

    def test_coverage_is_a_share(self):
        with pytest.raises(InputError, match="not 90"):
            replace(example_page(), coverage=90)

    def test_none_of_these_is_found(self):
        page = example_page()
        assert page.none_of_these is page.findings[2]
        assert replace(page, findings=page.findings[:1]).none_of_these is None


class TestAxis:
    @pytest.mark.parametrize(
        "weights", [[], [0.0], [0.1], [-0.2], [2.31, -2.2], [40, -3], [-250.5], [1e9], [0.5, -0.5], [3.0, 3.0001]]
    )
    def test_the_axis_holds_every_weight_with_few_round_ticks(self, weights):
        axis = evidence_axis(weights)
        assert axis.low <= min([0, *weights]) <= 0 <= max([0, *weights]) <= axis.high
        assert 3 <= len(axis.ticks) <= 8
        assert (axis.ticks[0].x, axis.ticks[-1].x) == (0.0, 100.0)
        assert [tick.text for tick in axis.ticks].count("0") == 1

    def test_bars_point_from_zero(self):
        axis = evidence_axis([2.0, -1.0])
        up, down = axis.bar(2.0), axis.bar(-1.0)
        assert (up.side, down.side, axis.bar(0.0).side) == ("for", "against", "zero")
        assert up.x == pytest.approx(axis.at(0))
        assert down.x + down.width == pytest.approx(axis.at(0), abs=1e-3)


class TestConsole:
    @pytest.mark.parametrize("width", [40, 80, 120])
    def test_no_line_is_wider_than_the_terminal(self, lang, width):
        text = printed(example_page(lang), lang, width)
        assert max(cell_len(line) for line in text.splitlines()) <= width

    def test_it_shows_ranks_evidence_set_questions_and_cases(self, lang):
        page = example_page(lang)
        text = printed(page, lang, 120)
        for words in (
            "91.4%",
            "+2.31",
            "−1.28",
            "OMIM:154700",
            "PMID:9101298",
            "0.31",
            "0.87",
            MAKER.name,
            *page.sources,
        ):
            assert words in text
        assert phrase("set_ends", lang, coverage="90%") in text
        assert phrase("none_explained", lang, chance="2.2%") in text
        assert page.questions[0].sentence in text
        assert text.index("91.4%") < text.index(phrase("set_ends", lang, coverage="90%")) < text.index("4.1%")

    def test_at_most_two_reasons_each_way(self):
        text = printed(example_page(), width=120)
        assert "+1.42" not in text  # the third for Marfan syndrome
        assert "−0.31" not in text  # the third against homocystinuria

    def test_no_colour_off_a_terminal_and_colour_on_one(self):
        assert "\x1b" not in printed(example_page())
        assert "\x1b" in printed(example_page(), force_terminal=True, color_system="standard", no_color=False)

    def test_hostile_text_neither_styles_nor_drives_the_terminal(self):
        page = example_page()
        hostile = replace(page.patient, id="[red]x[/red]\x1b]0;owned\x07")
        text = printed(replace(page, patient=hostile))
        assert "[red]x[/red]" in text
        assert "\x1b" not in text
        assert printed(hostile_page())

    def test_an_empty_page_prints(self, lang):
        assert phrase("no_findings", lang) in printed(DifferentialPage(Patient("P"), (), 0, 0.9), lang)

    def test_an_unknown_chance_and_no_set_print(self):
        finding = replace(example_page().findings[0], chance=Chance(None))
        text = printed(DifferentialPage(Patient("P"), (finding,), 0, 0.9))
        assert "unknown" in text
        assert "was not estimated" in text


class TestJson:
    def test_round_trip(self, lang):
        data = differential_json(example_page(lang))
        assert json.loads(json.dumps(data, allow_nan=False)) == data

    def test_layout(self):
        data = differential_json(example_page())
        assert list(data) == [
            "format", "patient", "coverage", "shortlist", "set_size", "findings",
            "typical", "similar", "questions", "sources", "notes",
        ]  # fmt: skip
        assert data["format"] == 1
        first, none = data["findings"][0], data["findings"][2]
        assert (first["code"], first["probability"], first["in_set"], first["none_of_these"]) == (
            "OMIM:154700", 0.914, True, False
        )  # fmt: skip
        assert (none["place"], none["in_set"], none["none_of_these"]) == (3, False, True)
        assert first["evidence_sum"] == pytest.approx(sum(item["weight"] for item in first["evidence"]))
        assert first["evidence"][0]["seen"] == {"type": "code", "code": "HP:0001083", "label": "Ectopia lentis"}

    def test_numbers_are_rounded_and_never_nan(self):
        page = example_page()
        finding = replace(page.findings[0], chance=Chance(0.123456789))
        question = replace(page.questions[0], information=math.nan)
        data = differential_json(replace(page, findings=(finding,), shortlist=0, questions=(question,)))
        assert data["findings"][0]["probability"] == 0.123457
        assert data["findings"][0]["low"] is None
        assert data["questions"][0]["information_bits"] is None

    def test_every_kind_of_seen_thing_has_a_form(self):
        seen = [
            Code("HP:1"),
            Measurement(Code("L:1"), 1.5, "cm"),
            Region("i", (0,), (1,)),
            Atoms("C", (0,)),
            Span("d", 0, 1, "x"),
        ]
        page = example_page()
        evidence = tuple(Evidence(Bearing.NEUTRAL, thing, -0.0, "s", "s") for thing in seen)
        finding = replace(page.findings[0], evidence=evidence, region=seen[2], reviewed_by=Maker("Dr Lin"))
        data = differential_json(replace(page, findings=(finding,), shortlist=1))["findings"][0]
        kinds = ["code", "measurement", "region", "atoms", "span"]
        assert [item["seen"]["type"] for item in data["evidence"]] == kinds
        assert str(data["evidence"][0]["weight"]) == "0.0"
        assert (data["region"]["image"], data["reviewed_by"]["name"]) == ("i", "Dr Lin")
        assert json.dumps(data, allow_nan=False)


class TestRoom:
    def test_the_face_is_sorted_and_complete(self):
        assert face == sorted(face, key=lambda name: (not name.isupper(), not name[0].isupper(), name))

    def test_rich_is_loaded_only_to_print(self):
        code = "import sys, suwen.report; sys.exit('rich' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_files_say_their_purpose_and_stay_short(self):
        for place in resources.files("suwen.report").iterdir():
            if place.name.endswith(".py"):
                lines = place.read_text(encoding="utf-8").splitlines()
                assert lines[0].startswith('"""'), place.name
                assert len(lines) < 400, place.name
