"""The patient report in HTML, terminal and JSON: complete in both languages, safe against what people type."""

from __future__ import annotations

import io
import itertools
import json
import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from importlib import resources

import pytest
from rich.console import Console

from example_consultation import (
    CREATED,
    HOSTILE,
    empty_consultation,
    example_consultation,
    filed,
    hostile_consultation,
    interaction,
    order,
)
from example_page import Seen
from suwen.consult.nouns import Status, Verdict
from suwen.errors import InputError
from suwen.finding import Bearing, Chance
from suwen.report import LANGUAGES, consultation_json, patient_report_html, print_consultation
from suwen.report.patient_page import patient_view
from suwen.report.patient_strings import PATIENT_STRINGS
from suwen.report.strings import phrase
from suwen.report.wording import chance_word, maker_text
from suwen.subject import Atoms, Code, Measurement, Region, Span, Stretch

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


def view_of(consultation, lang="en", **more):
    return patient_view(consultation, lang=lang, created=CREATED, **more)


def html_of(consultation, lang="en", **more):
    return patient_report_html(consultation, lang=lang, created=CREATED, **more)


def texts(noun, skip=()):
    """Every text in a noun, depth first; `skip` names fields that are no text for a reader."""
    if isinstance(noun, str):
        yield noun
    elif isinstance(noun, tuple):
        for one in noun:
            yield from texts(one, skip)
    elif is_dataclass(noun):
        for one in fields(noun):
            if one.name not in skip:
                yield from texts(getattr(noun, one.name), skip)


NOT_SHOWN = ("lang", "anchor", "kind", "verdict_kind", "side", "axis", "paper", "more")
HTML_ELSEWHERE = ("label", "title")  # of the head: for the pages of a PDF, and the title of the document


def squeezed(text):
    return "".join(text.split())


class TestTheExample:
    def test_it_holds_everything_there_is(self):
        """Or the tests below prove less than they say."""
        found = example_consultation()
        assert {one.status for one in found.areas} == set(Status)
        assert {one.verdict for one in found.findings} == {*Verdict, None}
        assert {one.urgency for one in found.findings} == {0, 1, 2, 3}
        assert {one.standing for one in found.findings} == {True, False}
        seen = {type(e.seen) for one in found.findings for e in one.finding.evidence}
        assert seen == {Code, Measurement, Region, Stretch, Atoms, Span}
        assert {one.finding.chance.value is None for one in found.findings} == {True, False}
        assert Bearing.NEUTRAL in {e.bearing for one in found.findings for e in one.finding.evidence}


class TestView:
    def test_findings_keep_the_order_given(self):
        found = example_consultation()
        back = replace(found, findings=found.findings[::-1])
        names = [one.finding.code.label for one in back.findings]
        assert [one.name for one in view_of(back).findings] == names

    def test_a_chance_is_told_in_words_numbers_and_interval(self):
        chance = view_of(example_consultation()).findings[0].chance
        assert (chance.text, chance.interval) == ("likely, 72.0%", "interval 60.0% to 81.0%")
        assert (chance.value, chance.low, chance.high) == (72.0, 60.0, 81.0)

    @pytest.mark.parametrize(
        ("value", "word"),
        [(0.0, 0), (0.0099, 0), (0.01, 1), (0.099, 1), (0.1, 2), (0.329, 2), (0.33, 3), (0.5, 3), (0.659, 3), (0.66, 4),
         (0.899, 4), (0.9, 5), (0.989, 5), (0.99, 6), (1.0, 6)],
    )  # fmt: skip
    def test_words_of_chances_follow_the_scale_that_is_printed(self, value, word, lang):
        assert chance_word(value, lang) == phrase(f"chance_{word}", lang)
        assert phrase(f"chance_{word}", lang) in phrase("chance_scale", lang)

    def test_no_probability_is_said_to_be_a_statement_about_the_record(self):
        by_area, by_hand = (view_of(example_consultation()).findings[place] for place in (2, 5))
        assert by_area.chance.text == "no probability: a statement about the record"
        assert by_hand.chance.text == "no probability: filed by a person"
        assert (by_area.total, by_area.ratio, by_area.chance.value) == ("", "", None)

    def test_a_known_chance_without_calibration_says_so(self):
        lesion = view_of(example_consultation()).findings[3]
        assert any(phrase("not_calibrated", "en") in fact.texts for fact in lesion.facts)

    def test_the_latest_verdict_leads_and_all_are_kept_in_time(self):
        view = view_of(example_consultation())
        assert view.findings[1].verdict == "confirmed"
        assert view.findings[1].review.by == "Dr Lin, 2026-03-13 12:00 CST"
        assert [one.when for one in view.reviews] == sorted(one.when for one in view.reviews)
        assert len(view.reviews) == sum(len(one.reviews) for one in example_consultation().findings)

    def test_what_changed_since_a_verdict_is_said(self):
        view = view_of(example_consultation())
        before = phrase("verdict_before", "en")
        assert [before in one.notes for one in view.findings] == [False, False, False, True, False, False]
        assert [one.number for one in view.reviews if one.before] == [4]

    def test_an_amended_finding_still_says_what_the_area_said(self):
        notes = view_of(example_consultation()).findings[3].notes
        assert "The area itself says: New lesion since the last scan, about as likely as not, 50.0%" in notes

    def test_what_no_longer_stands_is_said(self):
        view = view_of(example_consultation())
        assert [phrase("not_standing", "en") in one.notes for one in view.findings] == [
            not one.standing for one in example_consultation().findings
        ]

    def test_a_finding_without_chinese_says_that_it_has_none(self):
        found = example_consultation()
        bare = replace(found, findings=tuple(replace(one, words={}) for one in found.findings))
        view = view_of(bare, "zh")
        assert [phrase("not_worded", "zh") in one.notes for one in view.findings] == [True] * 5 + [False]
        assert view.findings[1].name == "Marfan syndrome"

    def test_paper_holds_the_strongest_for_and_all_against(self):
        found = example_consultation()
        evidence = found.findings[1].finding.evidence
        against = tuple(replace(evidence[-1], weight=-0.1 * n, sentence=f"against {n}") for n in range(1, 12))
        much = replace(found.findings[1].finding, evidence=(*evidence, *against))
        finding = view_of(replace(found, findings=(replace(found.findings[1], finding=much),))).findings[0]
        assert [row.weight for row in finding.paper if row.weight > 0] == sorted(
            (e.weight for e in evidence if e.weight > 0), reverse=True
        )[:8]
        assert len([row for row in finding.paper if row.weight < 0]) == 12
        assert finding.more == "3 more supporting or neutral pieces of evidence in the electronic report."
        assert len(finding.rows) == len(much.evidence)

    def test_paper_holds_a_few_neutral_places(self):
        """A record may contradict itself in a hundred places; the paper shows some and counts the others."""
        found = example_consultation()
        place = found.findings[2].finding.evidence[0]
        many = replace(
            found.findings[2].finding, evidence=tuple(replace(place, source=f"Observation/{n}") for n in range(30))
        )
        finding = view_of(replace(found, findings=(replace(found.findings[2], finding=many),))).findings[0]
        assert len(finding.paper) == 8
        assert finding.more.startswith("22 more")

    def test_all_bars_share_one_axis(self):
        view = view_of(example_consultation())
        rows = [row for finding in view.findings for row in finding.rows if row.weight]
        scales = {round(row.bar.width / abs(row.weight), 2) for row in rows}
        assert max(scales) - min(scales) < 0.05  # positions are rounded to a hundredth of a percent

    def test_areas_say_what_they_used_and_what_they_left_out(self):
        facts = {fact.label: fact.texts for fact in view_of(example_consultation()).areas[0].facts}
        assert facts["Used"] == ("Conditions 14 of 18; Observations 40 of 56; Patient details 1 of 1",)
        assert facts["Left out"] == ("code without a usable phenotype term: 3; entered in error: 1",)
        assert facts["Data digest"] == ("c0ffee5b7e0d9a11" * 4,)
        assert facts["Limits"] == ("Only coded features, sex and age are weighed.",)

    def test_areas_speak_the_language_of_the_report(self):
        facts = {fact.label: fact.texts for fact in view_of(example_consultation(), "zh").areas[0].facts}
        assert facts["备注"] == ("SNOMEDCT:65801008 按 HP:0001083 理解",)
        assert facts["局限"] == ("仅权衡已编码的表型、性别与年龄。",)
        assert facts["已略去"] == ("编码无可用的表型术语：3 项；录入有误：1 项",)

    def test_what_was_not_available_is_all_there(self):
        silent, unread, left = view_of(example_consultation()).gaps.facts
        assert silent.texts == (
            "ECG (nothing to weigh): the record holds no ECG",
            "Brain lesions (not available): the model of lesions is not installed",
            "Genome (failed): the variant file could not be read",
        )
        assert unread.texts == ("Care plans 2; Immunizations 12; VisionPrescription 1",)
        assert [text.split(":")[0] for text in left.texts] == ["Rare disease differential", "Genome"]

    def test_an_area_that_failed_has_read_nothing(self):
        found = example_consultation()
        failed = replace(found.areas[5], used={"Immunization": 12})
        unread = view_of(replace(found, areas=(failed,))).gaps.facts[1]
        assert "Immunizations 12" in unread.texts[0]

    def test_nothing_missing_is_said_as_well(self):
        found = example_consultation()
        whole = replace(found, areas=found.areas[:1], available={"Condition": 14, "Care": 0})
        facts = view_of(replace(whole, areas=(replace(found.areas[0], left_out={}),))).gaps.facts
        assert [fact.texts for fact in facts] == [
            (phrase("all_areas_answered", "en"),),
            (phrase("all_types_read", "en"),),
        ]
        assert view_of(whole).head.gaps == ""

    def test_times_are_told_in_the_zone_of_the_report(self):
        view = patient_view(example_consultation(), lang="en", created=CREATED.astimezone(UTC))
        assert view.head.created == "2026-03-14 09:26 UTC"
        assert view.findings[1].review.by == "Dr Lin, 2026-03-13 04:00 UTC"

    def test_a_reviewer_is_named_as_then_else_as_now_else_by_account(self):
        found = example_consultation()
        one = found.findings[4]
        nameless = replace(one, reviews=(replace(one.reviews[0], name="", by="a7"),))
        only = replace(found, findings=(nameless,))
        assert view_of(found, people={"account-Dr Lin": "Dr Lin-Roe"}).reviews[-1].name == "Dr Lin"
        assert view_of(only, people={"a7": "Dr Lin-Roe"}).reviews[0].name == "Dr Lin-Roe"
        assert view_of(only).reviews[0].name == "a7"

    @pytest.mark.parametrize(
        ("born", "said"),
        [("1990-03-14", "36 y"), ("1990-03-15", "35 y"), ("2025-03-14", "11 mo"), ("2026-03-10", "4 d"),
         ("2026-03-15", ""), ("", "unknown")],
    )  # fmt: skip
    def test_age_on_the_day_of_the_report(self, born, said):
        found = example_consultation()
        view = view_of(replace(found, demographics=replace(found.demographics, birth_date=born)))
        shown = view.head.facts[1].texts[0]
        assert shown == (f"{born} ({said})" if born and said else born or said)
        assert date.fromisoformat("2026-03-14") == CREATED.date()

    def test_nothing_can_turn_the_direction_or_drive_a_terminal(self, lang):
        for text in texts(view_of(hostile_consultation(), lang)):
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text), text

    def test_an_unknown_language_and_a_time_without_zone_are_refused(self):
        with pytest.raises(InputError, match="'fr'"):
            patient_view(example_consultation(), lang="fr", created=CREATED)
        with pytest.raises(InputError, match="time zone"):
            patient_view(example_consultation(), lang="en", created=datetime(2026, 3, 14, 9, 26))  # noqa: DTZ001


class TestWords:
    def test_every_string_is_used(self):
        room = resources.files("suwen.report")
        files = [*room.iterdir(), *room.joinpath("templates").iterdir()]
        sources = [one.read_text(encoding="utf-8") for one in files if one.name.endswith((".py", ".html", ".typ"))]
        said = "\n".join(text for text in sources if "PATIENT_STRINGS: dict" not in text)
        families = ("chance_", "rerun_", "status_", "type_", "urgency_", "verdict_")
        assert [key for key in PATIENT_STRINGS if not key.startswith(families) and f'"{key}"' not in said
                and f"'{key}'" not in said] == []  # fmt: skip

    def test_every_status_verdict_and_urgency_has_words(self):
        keys = [f"status_{one.value}" for one in Status] + [f"verdict_{one.value}" for one in Verdict]
        keys += ["verdict_none", *(f"urgency_{level}" for level in range(4)), *(f"chance_{n}" for n in range(7))]
        assert [key for key in keys if key not in PATIENT_STRINGS] == []

    def test_a_chinese_report_speaks_no_english_of_its_own(self):
        """Only names, codes, sources and what people typed may be English; every label and status is Chinese."""
        view = view_of(example_consultation(), "zh")
        own = [view.head.lead, view.head.gaps, *view.provenance.limits]
        for facts in (view.head.facts, view.gaps.facts, view.provenance.facts, *(one.facts for one in view.areas)):
            own += [fact.label for fact in facts]
        for one in view.findings:
            own += [one.name, one.area, one.urgency, one.chance.text, one.verdict, *one.notes]
            own += [row.sentence for row in one.rows] + [row.bearing for row in one.rows]
        own += [text for one in view.areas for text in (one.title, one.status, one.reason or one.title)]
        assert [text for text in own if not CHINESE.search(text)] == []
        assert [text for text in own if re.search(r"[A-Za-z]{4,}", text)] == []


class TestHtml:
    def test_it_is_well_formed_and_in_the_asked_language(self, lang):
        seen = Seen(html_of(example_consultation(), lang))
        assert seen.open == []
        assert seen.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[lang]}]
        ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        assert {attrs["href"][1:] for attrs in seen.all("a") if attrs["href"].startswith("#")} <= set(ids)

    @pytest.mark.parametrize("make", [example_consultation, hostile_consultation, empty_consultation])
    def test_everything_in_the_view_is_on_the_page(self, make, lang):
        view = view_of(make(), lang)
        head = [*texts(view.head, HTML_ELSEWHERE), *(fact.label for fact in view.head.facts)]
        visible = squeezed(Seen(html_of(make(), lang)).visible)
        history = tuple(replace(one, by="") for one in view.reviews)  # there name and time stand in two columns
        shown = [*head, *texts(replace(view, head=None, reviews=history), NOT_SHOWN)]
        assert [text for text in shown if squeezed(text) not in visible] == []

    def test_nothing_is_loaded_and_nothing_runs(self, lang):
        for make in (example_consultation, hostile_consultation, empty_consultation):
            document = html_of(make(), lang)
            seen = Seen(document)
            tags = {tag for tag, _ in seen.tags}
            assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
            for tag, attrs in seen.tags:
                assert not [name for name in attrs if name.startswith("on") or name in {"src", "style", "srcset"}], tag
            outside = [attrs["href"] for _, attrs in seen.tags if not attrs.get("href", "#").startswith("#")]
            sites = re.compile(
                r"https://(pubmed\.ncbi\.nlm\.nih\.gov|omim\.org/entry|www\.orpha\.net/en/disease/detail)/\d+"
            )
            assert all(sites.fullmatch(one) for one in outside)
            style = document.split("<style>")[1].split("</style>")[0]
            assert "url(" not in style
            assert "@import" not in style
            assert "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"" in document

    def test_hostile_text_stays_text(self, lang):
        document = html_of(hostile_consultation(), lang)
        assert "<script" not in document.lower()
        assert "{{ 7*7 }}" in Seen(document).visible
        assert squeezed(HOSTILE) in squeezed(Seen(document).visible)

    def test_headings_descend_one_step_at_a_time_and_headers_have_a_scope(self):
        for make in (example_consultation, empty_consultation):
            seen = Seen(html_of(make()))
            levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
            assert levels[0] == 1
            assert levels.count(1) == 1
            assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
            assert all(attrs.get("scope") in {"col", "row"} for attrs in seen.all("th"))
            assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in seen.all("svg"))

    def test_bars_are_as_long_as_the_probability(self):
        fills = [float(one["width"].rstrip("%")) for one in Seen(html_of(example_consultation())).all("rect", "fill")]
        chances = [one.finding.chance.value for one in example_consultation().findings]
        assert fills == pytest.approx([100 * one for one in chances if one is not None])

    def test_what_matters_holds_chance_interval_and_verdict(self, lang):
        document = html_of(example_consultation(), lang)
        table = re.search('<table class="matters".*?</table>', document, re.DOTALL)[0]
        first = squeezed(Seen(table).visible)
        for one in view_of(example_consultation(), lang).findings:
            told = [one.name, one.urgency, one.chance.text, one.chance.interval, one.verdict]
            told += [one.review.reason, one.review.by] if one.review else []
            assert [text for text in told if squeezed(text) not in first] == []

    def test_urgent_findings_are_open_and_the_others_can_be_opened(self):
        found = example_consultation()
        late = replace(found, findings=(*found.findings[2:], *found.findings[:2]))
        opened = ["open" in attrs for attrs in Seen(html_of(late)).all("details")]
        assert opened == [True, True, True, False, True, True]

    def test_colours_reach_contrast_aa(self):
        from test_report_html import contrast  # noqa: PLC0415

        read = resources.files("suwen.report").joinpath
        styles = [read(f"templates/{name}.css").read_text(encoding="utf-8") for name in ("differential", "patient")]
        schemes = zip(*(re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2] for style in styles), strict=True)
        for scheme in schemes:
            colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", " ".join(scheme)))
            for ink, ground in (
                ("urgent", "urgent-soft"),
                ("good", "good-soft"),
                ("card", "urgent"),
                ("for", "for-soft"),
            ):
                assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)

    def test_the_same_input_gives_the_same_bytes(self, lang):
        assert html_of(example_consultation(), lang) == html_of(example_consultation(), lang)


class TestTerminal:
    @staticmethod
    def printed(consultation, lang="en", width=80):
        console = Console(file=io.StringIO(), width=width, highlight=False)
        print_consultation(consultation, console, lang)
        return console.file.getvalue()

    def test_what_matters_stands_before_the_areas_and_what_was_missing(self, lang):
        text = self.printed(example_consultation(), lang)
        places = [text.index(f"── {phrase(key, lang)} ") for key in ("matters", "areas", "not_available")]
        assert places == sorted(places)

    def test_findings_verdicts_and_gaps_are_printed(self, lang):
        text = squeezed(self.printed(example_consultation(), lang))
        view = view_of(example_consultation(), lang)
        wanted = [one.name for one in view.findings] + [one.chance.text for one in view.findings]
        wanted += [one.verdict for one in view.findings] + [one.reason for one in view.reviews[1:]]
        wanted += [note for one in view.findings for note in one.notes]
        wanted += [text for fact in view.gaps.facts for text in fact.texts] + [view.head.lead, view.head.gaps]
        assert [one for one in wanted if squeezed(one) not in text] == []

    @pytest.mark.parametrize("width", [60, 80, 120])
    def test_no_line_is_wider_than_the_terminal(self, width, lang):
        from rich.cells import cell_len  # noqa: PLC0415

        lines = self.printed(example_consultation(), lang, width).splitlines()
        assert max(cell_len(line.rstrip()) for line in lines) <= width

    def test_hostile_text_cannot_drive_the_terminal(self):
        text = self.printed(hostile_consultation())
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)

    def test_an_empty_consultation_says_so(self, lang):
        text = squeezed(self.printed(empty_consultation(), lang))
        for key in ("no_findings_patient", "no_areas", "empty_record"):
            assert squeezed(phrase(key, lang)) in text


class TestJson:
    def test_it_is_json_and_holds_everything(self):
        found = example_consultation()
        data = json.loads(json.dumps(consultation_json(found), ensure_ascii=False, allow_nan=False))
        assert data["format"] == 1
        assert data["patient"] == found.patient
        assert data["demographics"]["names"] == list(found.demographics.names)
        assert [one["claim"] for one in data["findings"]] == [one.claim for one in found.findings]
        assert [one["place"] for one in data["findings"]] == [1, 2, 3, 4, 5, 6]
        assert data["findings"][1]["reviews"][0]["verdict"] == "rejected"
        assert data["findings"][1]["verdict"] == "confirmed"
        assert data["findings"][0]["verdict"] is None
        assert data["findings"][5]["area"] is None
        assert data["findings"][3]["found"]["en"]["label"] == "New lesion since the last scan"
        assert data["findings"][3]["words"]["zh"]["label"] == "陈旧性梗死"
        assert data["findings"][2]["finding"]["probability"] is None
        assert data["areas"][0]["remarks"]["zh"] == ["SNOMEDCT:65801008 按 HP:0001083 理解"]
        assert data["areas"][3]["reason"]["zh"] == "病历中没有心电图"
        assert data["available"]["Observation"] == 56
        assert data["at"] == "2026-03-14T04:00:00.000000Z"

    def test_every_field_of_the_nouns_is_there(self):
        """A field that is added to a noun must be added here, or said to be left out."""
        found = example_consultation()
        data = consultation_json(found)
        assert set(data) - {"format"} == {one.name for one in fields(found)}
        assert set(data["findings"][0]) - {"place", "verdict"} == {one.name for one in fields(found.findings[0])}
        review = found.findings[1].reviews[0]
        assert set(data["findings"][1]["reviews"][0]) == {one.name for one in fields(review)}
        assert set(data["areas"][0]) == {one.name for one in fields(found.areas[0])} - {"remarks_in"}

    def test_keys_are_sorted_and_the_same_input_gives_the_same_text(self):
        one, other = (json.dumps(consultation_json(example_consultation())) for _ in range(2))
        assert one == other
        assert list(consultation_json(example_consultation())["available"]) == sorted(example_consultation().available)


def test_the_makers_of_all_findings_are_named(lang):
    view = view_of(example_consultation(), lang)
    makers = {maker_text(one.worded(lang).maker, lang) for one in example_consultation().findings}
    assert set(view.provenance.facts[0].texts) == makers


def test_two_findings_of_one_claim_stay_apart():
    found = example_consultation()
    twice = replace(found, findings=(filed(interaction, "interactions", 1), filed(interaction, "interactions", 2)))
    anchors = [one.anchor for one in view_of(twice).findings]
    assert len(set(anchors)) == 2
    assert Chance(None) == order(False).chance
