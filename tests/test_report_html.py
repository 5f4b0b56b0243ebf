"""The HTML report: what it escapes, what it never loads, and that its bars are true to scale."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from importlib import resources

import pytest

from example_page import (
    HOSTILE,
    MAKER,
    Seen,
    example_page,
    hostile_page,
    html_of,
)
from suwen.errors import InputError
from suwen.finding import Chance, Maker
from suwen.report import (
    LANGUAGES,
    NONE_OF_THESE,
    DifferentialPage,
)
from suwen.report.strings import phrase
from suwen.report.wording import signed
from suwen.subject import Patient


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


class TestHtml:
    def test_it_is_well_formed_and_in_the_asked_language(self, lang):
        document = html_of(example_page(lang), lang)
        seen = Seen(document)
        assert seen.open == []
        assert seen.all("html") == [{"lang": {"en": "en", "zh": "zh-Hans"}[lang]}]
        assert {"charset": "utf-8"} in seen.all("meta")
        ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
        assert len(ids) == len(set(ids))

    def test_nothing_is_loaded_and_nothing_runs(self, lang):
        seen = Seen(html_of(example_page(lang), lang))
        tags = {tag for tag, _ in seen.tags}
        assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
        for tag, attrs in seen.tags:
            assert not [name for name in attrs if name.startswith("on")], tag
            assert "src" not in attrs
            assert "style" not in attrs
        allowed = re.compile(
            r"#[a-z0-9-]+|https://(pubmed\.ncbi\.nlm\.nih\.gov|omim\.org/entry|www\.orpha\.net/en/disease/detail)/[0-9]+"
        )
        links = [attrs["href"] for tag, attrs in seen.tags if "href" in attrs]
        assert links
        assert all(allowed.fullmatch(link) for link in links)

    def test_the_policy_forbids_everything_but_its_own_style(self):
        document = html_of(example_page())
        assert "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"" in document
        style = document.split("<style>")[1].split("</style>")[0]
        assert "url(" not in style
        assert "@import" not in style

    def test_links_within_the_page_lead_somewhere(self):
        seen = Seen(html_of(example_page()))
        ids = {attrs["id"] for _, attrs in seen.tags if "id" in attrs}
        assert {attrs["href"][1:] for attrs in seen.all("a") if attrs["href"].startswith("#")} <= ids

    def test_hostile_text_stays_text(self, lang):
        document = html_of(hostile_page(), lang)
        seen = Seen(document)
        assert "<script" not in document.lower()
        assert not seen.all("img")
        assert not [name for _, attrs in seen.tags for name in attrs if name.startswith("on")]
        outside = {attrs["href"] for attrs in seen.all("a") if not attrs["href"].startswith("#")}
        assert outside == {
            "https://omim.org/entry/1",
            "https://pubmed.ncbi.nlm.nih.gov/1",
            "https://pubmed.ncbi.nlm.nih.gov/12",
        }
        assert "{{ 7*7 }}" in seen.visible  # not evaluated as a template
        assert HOSTILE.split('"', maxsplit=1)[0] in seen.visible

    def test_bars_are_true_to_one_scale(self, lang):
        page = example_page(lang)
        rects = [attrs for attrs in Seen(html_of(page, lang)).all("rect") if "data-weight" in attrs]
        weights = [e.weight for finding in page.findings for e in finding.evidence if e.weight]
        assert sorted(float(rect["data-weight"]) for rect in rects) == sorted(weights)
        zero = {round(self.zero_end(rect), 3) for rect in rects}
        assert len(zero) == 1
        scales = [float(rect["width"].rstrip("%")) / abs(float(rect["data-weight"])) for rect in rects]
        assert scales == pytest.approx([100 / 6] * len(scales), rel=1e-3)  # the axis runs from -3 to +3

    @staticmethod
    def zero_end(rect):
        x, width = float(rect["x"].rstrip("%")), float(rect["width"].rstrip("%"))
        supports = float(rect["data-weight"]) > 0
        assert rect["class"] == ("for" if supports else "against")
        return x if supports else x + width

    def test_bars_stand_at_the_ticks_they_claim(self):
        page = example_page()
        subject = page.findings[0]
        evidence = tuple(replace(subject.evidence[0], weight=weight) for weight in (3.0, 1.0))
        document = html_of(replace(page, findings=(replace(subject, evidence=evidence),), shortlist=0))
        ticks = dict(re.findall(r'<text x="([0-9.]+)%" y="30" text-anchor="middle">([^<]+)<', document))
        ends = {
            rect["data-weight"]: float(rect["x"].rstrip("%")) + float(rect["width"].rstrip("%"))
            for rect in Seen(document).all("rect")
            if "data-weight" in rect
        }
        places = {text: float(x) for x, text in ticks.items()}
        assert ends["3.0"] == pytest.approx(places["+3.0"], abs=1e-3)
        assert ends["1.0"] == pytest.approx(places["+1.0"], abs=1e-3)

    def test_the_sums_shown_are_the_sums_of_the_weights(self, lang):
        page = example_page(lang)
        shown = re.findall(r'class="number sum">([^<]+)<', html_of(page, lang))
        assert shown == [signed(math.fsum(e.weight for e in finding.evidence)) for finding in page.findings]

    def test_probability_bars_are_as_long_as_the_probability(self):
        page = example_page()
        fills = Seen(html_of(page)).all("rect", "fill")[: len(page.findings)]
        assert [float(rect["width"].rstrip("%")) for rect in fills] == pytest.approx(
            [finding.chance.value * 100 for finding in page.findings], abs=1e-3
        )

    def test_everything_known_is_on_the_page(self, lang):
        page = example_page(lang)
        visible = Seen(html_of(page, lang)).visible
        named = [code.label for typical in page.typical.values() for code, _ in typical]
        named += [feature.code.label for feature in page.patient.features]
        named += [e.sentence for finding in page.findings for e in finding.evidence]
        named += [f.code.label for f in page.findings if f.code.value != NONE_OF_THESE]
        named += [question.sentence for question in page.questions] + [case.id for case in page.similar]
        named += [*page.sources, *page.notes, MAKER.name, MAKER.data_digest, page.findings[0].chance.calibration]
        named += [phrase("none_of_these", lang), phrase("limit_decision", lang), phrase("not_a_diagnosis", lang)]
        assert [text for text in named if text not in visible] == []
        for bearing in {e.bearing for finding in page.findings for e in finding.evidence}:
            assert phrase(f"bearing_{bearing.value}", lang) in visible

    def test_signs_are_printed_beside_the_colours(self):
        visible = Seen(html_of(example_page())).visible
        assert "+2.31" in visible
        assert "−1.28" in visible

    def test_the_set_is_marked_and_explained(self):
        document = html_of(replace(example_page(), shortlist=2))
        assert len(re.findall(r'<tr role="row" class="in-set', document)) == 2
        assert "The 90% set ends here" in document
        assert "(2 of 6) form the 90% set" in Seen(document).visible

    def test_a_missing_set_and_a_missing_none_are_said(self):
        page = example_page()
        visible = Seen(html_of(replace(page, findings=page.findings[:2], shortlist=0))).visible
        assert "No 90% set could be formed" in visible
        assert "was not estimated" in visible

    def test_it_warns_when_none_of_these_leads(self):
        page = example_page()
        first = page.findings[2]
        assert "Look beyond this list" in html_of(replace(page, findings=(first, *page.findings[:2])))
        assert "Look beyond this list" not in html_of(page)

    def test_an_empty_page_and_unknown_chances_are_said_in_words(self, lang):
        page = DifferentialPage(Patient("P"), (), 0, 0.9)
        visible = Seen(html_of(page, lang)).visible
        for key in ("no_findings", "no_similar", "no_questions", "none_recorded", "not_calibrated"):
            assert phrase(key, lang) in visible
        finding = replace(example_page().findings[0], chance=Chance(None), reviewed_by=Maker("Dr Lin"))
        visible = Seen(html_of(replace(page, findings=(finding,)), lang)).visible
        assert phrase("unknown", lang) in visible
        assert "Dr Lin" in visible

    def test_headings_descend_one_step_at_a_time(self):
        levels = [int(tag[1]) for tag, _ in Seen(html_of(example_page())).tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))

    def test_headers_have_a_scope_and_drawings_a_label(self):
        seen = Seen(html_of(example_page()))
        assert all(attrs.get("scope") in {"col", "row"} for attrs in seen.all("th"))
        assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in seen.all("svg"))

    def test_paper_and_night_are_cared_for(self):
        document = html_of(example_page())
        paper = ("@media print", "size: A4", "print-color-adjust: exact", "details::details-content")
        screens = ("prefers-color-scheme: dark", "prefers-reduced-motion", "max-width: 44rem", "Noto Sans CJK SC")
        for rule in (*paper, *screens):
            assert rule in document

    def test_colours_of_text_reach_contrast_aa(self):
        style = resources.files("suwen.report").joinpath("templates/differential.css").read_text(encoding="utf-8")
        for scheme in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]:
            colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme))
            for ink in ("ink", "soft", "for", "against"):
                for ground in ("card", "paper"):
                    assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
            assert contrast(colour["against"], colour["against-soft"]) >= 4.5
            assert contrast(colour["soft"], colour["for-soft"]) >= 4.5
            for bar in ("bar-for", "bar-against"):
                assert contrast(colour[bar], colour["card"]) >= 3.0, bar

    def test_the_same_page_gives_the_same_bytes(self):
        assert html_of(example_page()) == html_of(example_page())

    def test_an_unknown_language_is_refused(self):
        with pytest.raises(InputError, match="'fr'"):
            html_of(example_page(), "fr")


def contrast(one, other):
    """Contrast ratio of two colours, WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
