"""The patient report as PDF: it says what the HTML says, it is an archive's and a screen reader's, it never varies."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from importlib import resources
from pathlib import Path

import pytest

from example_consultation import (
    CREATED,
    HOSTILE,
    LONG,
    RARE,
    empty_consultation,
    example_consultation,
    hostile_consultation,
)
from example_page import Seen
from suwen.errors import InputError
from suwen.report import LANGUAGES, patient_report_html, patient_report_pdf
from suwen.report import patient_pdf as room
from suwen.report.patient_page import patient_view
from suwen.report.strings import phrase

pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed; run: pip install pypdf")

FONTS = resources.files("suwen.report").joinpath("fonts")
NOT_SHOWN = ("lang", "anchor", "kind", "verdict_kind", "side", "axis", "rows", "title")


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


def pdf_of(consultation, lang="en", **more):
    return patient_report_pdf(consultation, lang=lang, created=CREATED, **more)


def read(content):
    return pypdf.PdfReader(io.BytesIO(content))


def texts(noun):
    """Every text of a noun that a reader of the paper sees."""
    if isinstance(noun, str):
        yield noun
    elif isinstance(noun, tuple):
        for one in noun:
            yield from texts(one)
    elif is_dataclass(noun):
        for one in fields(noun):
            if one.name not in NOT_SHOWN:
                yield from texts(getattr(noun, one.name))


def squeezed(text):
    """Without blanks and line ends; digits below the line as digits."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def text_of(content, view):
    """The text of all pages in reading order, without what stands at the head and foot of each."""
    pages = [squeezed(page.extract_text()) for page in read(content).pages]
    say = {key: squeezed(phrase(key, view.lang)) for key in ("brand", "not_a_diagnosis")}
    edges = [squeezed(view.head.label), squeezed(phrase("created", view.lang, when=view.head.created))]
    edges.append(f"{say['brand']}·{say['not_a_diagnosis']}")
    for number in range(1, len(pages) + 1):
        edges_here = [*edges, squeezed(phrase("page_of", view.lang, page=number, pages=len(pages)))]
        for edge in edges_here:
            assert edge in pages[number - 1], (number, edge)
            pages[number - 1] = pages[number - 1].replace(edge, "")
    return "".join(pages)


def view_of(consultation, lang="en"):
    return patient_view(consultation, lang=lang, created=CREATED)


class TestWhatItSays:
    def test_it_says_what_the_html_says(self, lang):
        """Every sentence, chance and source of the one view stands in both, and on each page whose report it is."""
        found = example_consultation()
        view = view_of(found, lang)
        paper = text_of(pdf_of(found, lang), view)
        screen = squeezed(Seen(patient_report_html(found, lang=lang, created=CREATED)).visible)
        history = tuple(replace(one, by="") for one in view.reviews)  # there name and time stand in two columns
        shown = {squeezed(text) for text in texts(replace(view, reviews=history))} - {squeezed(view.head.label)}
        only_paper = {squeezed(one.more) for one in view.findings}
        assert len(shown) > 100
        assert {text for text in shown if text not in paper} == set()
        assert {text for text in shown - only_paper if text not in screen} == set()

    def test_chapters_stand_in_order(self, lang):
        text = text_of(pdf_of(example_consultation(), lang), view_of(example_consultation(), lang))
        keys = ("report_title", "matters", "evidence_of_findings", "areas_lead", "silent_areas", "makers", "on_version")
        places = [text.index(squeezed(phrase(key, lang))) for key in keys]
        assert places == sorted(places)

    def test_evidence_beyond_the_strongest_is_counted_and_not_printed(self):
        found = example_consultation()
        text = text_of(pdf_of(found), view_of(found))
        finding = view_of(found).findings[1]
        hidden = {row.sentence for row in finding.rows} - {row.sentence for row in finding.paper}
        assert len(hidden) == 3
        assert [one for one in hidden if squeezed(one) in text] == []
        assert squeezed(finding.more) in text

    def test_an_empty_consultation_is_one_page_that_says_so(self, lang):
        content = pdf_of(empty_consultation(), lang)
        assert len(read(content).pages) == 1
        text = text_of(content, view_of(empty_consultation(), lang))
        for key in ("no_findings_patient", "no_areas", "empty_record", "no_reviews", "limit_report"):
            assert squeezed(phrase(key, lang)) in text

    def test_the_number_of_pages_grows_with_what_is_said(self):
        found = example_consultation()
        assert len(read(pdf_of(found)).pages) in range(4, 8)
        many = replace(found, findings=found.findings * 10)
        assert len(read(pdf_of(many)).pages) in range(20, 45)

    def test_reviewers_can_be_named(self):
        found = example_consultation()
        one = found.findings[4]
        only = replace(found, findings=(replace(one, reviews=(replace(one.reviews[0], name="", by="a7"),)),))
        assert "Dr Lin-Roe" in read(pdf_of(only, people={"a7": "Dr Lin-Roe"})).pages[0].extract_text()


class TestWhatPeopleType:
    def test_markup_is_shown_as_it_was_typed(self, lang):
        found = example_consultation()
        name = f'{HOSTILE} #import "@preview/x:1.0.0" #read("/etc/passwd") #{{1+1}} <a> ~ --- ... \'q\' "q"'
        typed = replace(found, demographics=replace(found.demographics, names=(name,)))
        text = text_of(pdf_of(typed, lang), view_of(typed, lang))
        assert squeezed(name) in text

    def test_hostile_texts_make_a_document(self, lang):
        found = hostile_consultation()
        content = pdf_of(found, lang)
        assert squeezed(HOSTILE) in text_of(content, view_of(found, lang))
        assert squeezed(LONG) in text_of(content, view_of(found, lang))

    def test_what_no_font_holds_is_printed_by_its_number(self, monkeypatch):
        """As on a machine without fonts of its own: the name stays whole, and the document one for archives."""
        monkeypatch.setattr(room, "_fonts", lambda real=room._fonts, **_: real(machine=False))
        found = example_consultation()
        typed = replace(found, demographics=replace(found.demographics, names=(RARE,)))
        text = squeezed(read(pdf_of(typed)).pages[0].extract_text())
        for shown in ("〔U+20BB7〕野", "〔U+1F600〕", "〔U+E000〕", "〔U+0905〕"):
            assert squeezed(shown) in text

    def test_long_words_stay_on_the_page(self):
        """A word without a blank breaks anywhere: no line holds more of it than fits, and nothing begins beside it."""
        found = example_consultation()
        typed = replace(found, demographics=replace(found.demographics, names=(LONG, "x" * 400, "长" * 200)))
        lines, right = Counter(), 0.0
        for text, x, y in placed(pdf_of(typed)):
            lines[y] += len(re.findall("[x长]", text))
            right = max(right, x)
        assert 5 < max(lines.values()) < 50
        assert 400 < right < 595 - 48

    def test_words_can_be_found_and_copied(self, lang):
        """Nothing invisible stands between letters, not in a digest either, which is broken to fit."""
        content = pdf_of(example_consultation(), lang)
        text = "\n".join(page.extract_text() for page in read(content).pages)
        assert not re.search("[\u200b-\u200d\ufeff\u00ad]", text)
        assert view_of(example_consultation(), lang).findings[1].name in text
        assert "c0ffee5b7e0d9a11" * 4 in text

    def test_nothing_is_lost_below_a_page(self, lang):
        """Rows are kept whole where they fit on a page; what is longer than a page goes on on the next."""
        found = example_consultation()
        words = " ".join(f"w{number}" for number in range(2500))
        one = found.findings[4]
        for_each = tuple(replace(evidence, sentence=words) for evidence in one.worded(lang).evidence[:2])
        finding = replace(one.finding, evidence=for_each)
        review = replace(one.reviews[0], reason=words)
        told = replace(one, finding=finding, words={"zh": finding}, reviews=(review,), found={})
        area = replace(found.areas[0], sources=(words,), reason={"en": words}, status=found.areas[3].status)
        long = replace(found, findings=(told,), areas=(area,))
        text = text_of(pdf_of(long, lang), view_of(long, lang))
        # twice as evidence, as the reason on the first page, with the finding and in the history, four times with the
        # area: its reason in its place and among what was not available, and its sources
        assert text.count("w2499") == 8
        assert text.count("w1250") == 8
        # What runs off a page is still in the file, where no reader sees it: everything stands between the margins.
        assert all(28 < y < 820 for _, _, y in placed(pdf_of(long, lang)))

    def test_bold_rare_characters_come_from_the_regular_weight(self):
        found = example_consultation()
        typed = replace(found, demographics=replace(found.demographics, names=("龘靐 喆堃祎 鬱龜",)))
        content = pdf_of(typed)
        assert squeezed("龘靐 喆堃祎 鬱龜") in squeezed(read(content).pages[0].extract_text())
        assert fonts_of(content) == {"NotoSansCJKsc-Regular", "NotoSansCJKsc-Bold"}


def placed(content):
    """Every run of text with the place where it begins, in points from the lower left corner of its page."""
    found = []

    def visit(text, page, line, _font, _size):
        if text.strip():
            found.append((text, line[4] * page[0] + page[4], round(line[5] * page[3] + page[5], 1)))

    for page in read(content).pages:
        page.extract_text(visitor_text=visit)
    return found


def fonts_of(content):
    """Names of the embedded fonts, without the mark of a subset."""
    found = set()
    for page in read(content).pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile3" in below["/FontDescriptor"].get_object()
            found.add(below["/BaseFont"].split("+")[1].removesuffix("-Identity-H"))
    return found


class TestTheDocument:
    def test_the_same_input_gives_the_same_bytes(self, lang):
        assert pdf_of(example_consultation(), lang) == pdf_of(example_consultation(), lang)

    def test_another_process_gives_the_same_bytes(self, tmp_path):
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); from example_consultation import *;"
            "from suwen.report import patient_report_pdf as p;"
            "sys.stdout.buffer.write(p(example_consultation(), lang='zh', created=CREATED))"
        )
        command = [sys.executable, "-c", code, str(Path(__file__).parent)]
        made = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
        assert made == pdf_of(example_consultation(), "zh")

    def test_it_is_dated_when_the_report_was_made(self):
        document = read(pdf_of(example_consultation()))
        assert document.metadata.creation_date == CREATED
        assert document.metadata.title == f"Patient report {example_consultation().patient}"

    def test_it_is_for_archives_and_screen_readers(self, lang):
        """PDF/A-2a and PDF/UA-1, as the document says of itself; no verifier of these is here."""
        content = pdf_of(example_consultation(), lang)
        root = read(content).trailer["/Root"]
        stated = root["/Metadata"].get_object().get_data().decode()
        assert "<pdfaid:part>2</pdfaid:part>" in stated
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in stated
        assert "<pdfuaid:part>1</pdfuaid:part>" in stated
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == {"en": "en-GB", "zh": "zh-CN"}[lang]
        assert "/StructTreeRoot" in root

    def test_it_runs_nothing_and_leads_nowhere(self):
        content = pdf_of(hostile_consultation())
        assert not re.search(rb"/(JavaScript|JS|URI|Launch|OpenAction|EmbeddedFile|SubmitForm)\b", content)

    def test_pages_are_a4(self):
        for page in read(pdf_of(example_consultation())).pages:
            assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx((595.28, 841.89), abs=0.1)

    def test_it_asks_no_network(self, monkeypatch):
        """Python's side; Typst's own would need a package named in the template, and there is none."""

        def refuse(*_):
            raise AssertionError("the network was asked")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert pdf_of(example_consultation()).startswith(b"%PDF-1.7")
        template = resources.files("suwen.report").joinpath("templates/patient.typ").read_text(encoding="utf-8")
        assert not re.search(r"@preview|#?\bimport\b|\binclude\b|\bread\(|\beval\(|https?:", template)

    def test_an_unknown_language_is_refused(self):
        with pytest.raises(InputError, match="'fr'"):
            pdf_of(example_consultation(), "fr")

    def test_it_is_made_from_a_folder_with_blanks_and_chinese(self, tmp_path):
        """Installed anywhere: template and fonts are found beside the code."""
        place = tmp_path / "an other 地方"
        package = Path(str(resources.files("suwen")))
        shutil.copytree(package, place / "suwen", ignore=shutil.ignore_patterns("__pycache__"))
        code = (
            "import sys; sys.path[:0] = sys.argv[1:]; from example_consultation import *; import suwen.report as r;"
            "assert ' other ' in r.__file__, r.__file__;"
            "sys.stdout.buffer.write(r.patient_report_pdf(example_consultation(), lang='zh', created=CREATED))"
        )
        command = [sys.executable, "-c", code, str(place), str(Path(__file__).parent)]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env={**os.environ})
        assert ran.returncode == 0, ran.stderr.decode()
        assert ran.stdout == pdf_of(example_consultation(), "zh")


class TestFonts:
    @pytest.fixture(params=["Regular", "Bold"])
    def held(self, request):
        return request.param, characters(FONTS.joinpath(f"NotoSansCJKsc-{request.param}.otf").read_bytes())

    def test_they_hold_gb2312_and_what_the_report_says(self, held):
        weight, points = held
        codec = "gbk" if weight == "Regular" else "gb2312"
        hanzi = {point for point in range(0x4E00, 0xA000) if chr(point).encode(codec, errors="ignore")}
        assert len(hanzi) == {"gbk": 20902, "gb2312": 6763}[codec]
        assert hanzi <= points
        words = "".join(text for lang in LANGUAGES for text in texts(view_of(example_consultation(), lang)))
        made = set("₀₁⁸")  # from ordinary digits
        assert {letter for letter in words if ord(letter) not in points and letter not in made} == set()

    def test_the_list_of_characters_is_that_of_the_regular_font(self, held):
        weight, points = held
        matches = room._uncovered().fullmatch
        missing = {point for point in points if matches(chr(point))}
        assert (not missing) or weight == "Bold"
        if weight == "Regular":
            listed = {point for point in range(0x20, 0x30000) if not matches(chr(point))}
            assert listed - points == {ord(letter) for letter in "⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"} - points

    def test_their_licence_lies_beside_them(self):
        licence = FONTS.joinpath("OFL.txt").read_text(encoding="utf-8")
        assert "© 2014-2021 Adobe" in licence
        assert "SIL OPEN FONT LICENSE" in licence
        assert "Version 1.1 - 26 February 2007" in licence

    def test_they_are_small_enough_to_ship(self):
        assert sum(len(one.read_bytes()) for one in FONTS.iterdir()) < 8_000_000


def characters(font):
    """Code points of an OpenType font: its character map, format 12 (OpenType 1.9.1, cmap)."""
    tables = {font[at : at + 4]: struct.unpack_from(">II", font, at + 8) for at in range(12, 12 + 16 * font[5], 16)}
    start = tables[b"cmap"][0]
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        offset = start + struct.unpack_from(">I", font, start + 8 + 8 * number)[0]
        if struct.unpack_from(">H", font, offset)[0] == 12:
            groups = struct.unpack_from(">I", font, offset + 12)[0]
            spans = (struct.unpack_from(">II", font, offset + 16 + 12 * n) for n in range(groups))
            return {point for first, last in spans for point in range(first, last + 1)}
    raise AssertionError("the font has no character map of format 12")
