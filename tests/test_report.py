"""The differential report: what it shows, what it escapes, what it never loads, and that its bars are true to scale."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import string
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import resources

import pytest
from rich.cells import cell_len
from rich.console import Console

from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.report import (
    LANGUAGES,
    NONE_OF_THESE,
    DifferentialPage,
    differential_html,
    differential_json,
    print_differential,
)
from suwen.report import __all__ as face
from suwen.report.chart import evidence_axis
from suwen.report.links import address, linked
from suwen.report.strings import STRINGS, phrase
from suwen.report.wording import age_text, chance_text, onset_text, percent, plain, ratio_text, seen_text, signed
from suwen.subject import Atoms, Code, Feature, Kind, Measurement, Patient, Reference, Region, Sex, Span

WHEN = datetime(2025, 3, 14, 9, 26, tzinfo=UTC)
MAKER = Maker("suwen-differential", "0.1.0", "sha256:4f1c9a2be07d")
HPOA = "HPO annotations 2025-01-16"

# The example: a young man with a marfanoid habitus, as a clinic would enter him. Names in English and Chinese.
TERMS = {
    "ectopia": ("HP:0001083", "Ectopia lentis", "晶状体异位"),
    "root": ("HP:0002616", "Aortic root aneurysm", "主动脉根部动脉瘤"),
    "arachnodactyly": ("HP:0001166", "Arachnodactyly", "蜘蛛样指（趾）"),
    "stature": ("HP:0000098", "Tall stature", "身材高大"),
    "scoliosis": ("HP:0002650", "Scoliosis", "脊柱侧凸"),
    "myopia": ("HP:0000545", "Myopia", "近视"),
    "disability": ("HP:0001249", "Intellectual disability", "智力障碍"),
    "uvula": ("HP:0000193", "Bifid uvula", "悬雍垂裂"),
    "thrombosis": ("HP:0004936", "Venous thrombosis", "静脉血栓形成"),
    "striae": ("HP:0001065", "Striae distensae", "皮肤膨胀纹"),
    "dura": ("HP:0100775", "Dural ectasia", "硬脊膜扩张"),
    "mitral": ("HP:0001634", "Mitral valve prolapse", "二尖瓣脱垂"),
    "homocystine": ("HP:0002160", "Hyperhomocystinemia", "高同型半胱氨酸血症"),
    "tortuosity": ("HP:0005116", "Arterial tortuosity", "动脉迂曲"),
    "hypertelorism": ("HP:0000316", "Hypertelorism", "眼距过宽"),
}
DISEASES = {
    "marfan": ("OMIM:154700", "Marfan syndrome", "马凡综合征"),
    "loeys": ("OMIM:609192", "Loeys-Dietz syndrome 1", "洛伊斯-迪茨综合征 1 型"),
    "homocystinuria": (
        "OMIM:236200",
        "Homocystinuria due to cystathionine beta-synthase deficiency",
        "胱硫醚 β-合酶缺乏型同型半胱氨酸尿症",
    ),
    "contractural": ("OMIM:121050", "Congenital contractural arachnodactyly", "先天性挛缩性蜘蛛指综合征"),
    "ectopia": ("ORPHA:1885", "Isolated ectopia lentis", "孤立性晶状体异位"),
}


class Words:
    """The example's names and sentences in one language."""

    def __init__(self, lang):
        self.chinese = lang == "zh"

    def term(self, key):
        value, english, chinese = TERMS[key]
        return Code(value, chinese if self.chinese else english)

    def disease(self, key):
        value, english, chinese = DISEASES[key]
        return Code(value, chinese if self.chinese else english)

    def reason(self, key, count, total):
        name = self.term(key).label
        share = f"{count / total:.0%} ({count}/{total})"
        return f"已发表病例中 {share} 有{name}" if self.chinese else f"{name} is present in {share} of published cases"

    def evidence(self, key, weight, count, total, bearing=None):
        bearing = bearing or (Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST if weight < 0 else Bearing.NEUTRAL)
        return Evidence(bearing, self.term(key), weight, self.reason(key, count, total), f"PMID:20591885; {HPOA}")

    def pick(self, english, chinese):
        return chinese if self.chinese else english


def example_findings(words):
    broader, narrower, related = Bearing.SUPPORTS_BROADER, Bearing.SUPPORTS_NARROWER, Bearing.SUPPORTS_RELATED
    absent, unexpected = Bearing.SUPPORTS_EXCLUDED, Bearing.AGAINST_EXCLUDED
    e = words.evidence
    subject = Reference(Kind.PATIENT, "CASE-0042")
    calibration = words.pick("4,812 published cases held out from fitting", "4812 例未用于拟合的已发表病例")
    table = [
        ("marfan", (0.914, 0.86, 0.951), (
            e("ectopia", 2.31, 591, 1013), e("root", 1.74, 778, 1013), e("arachnodactyly", 1.42, 790, 1013),
            e("stature", 0.66, 571, 1013, broader), e("scoliosis", 0.41, 534, 1013), e("myopia", 0.22, 380, 1013),
            e("disability", 0.06, 9, 1013, absent), e("uvula", 0.0, 2, 101),
        )),
        ("loeys", (0.041, 0.018, 0.083), (
            e("root", 1.88, 45, 52), e("arachnodactyly", 1.12, 36, 52), e("stature", 0.31, 10, 52, related),
            e("scoliosis", 0.38, 26, 52), e("ectopia", -0.97, 0, 52), e("uvula", -0.74, 47, 52, unexpected),
        )),
        (None, (0.022, None, None), (
            Evidence(Bearing.NEUTRAL, words.term("ectopia"), 0.0, words.pick(
                "In 2.2% of solved cases with a similar profile the disease was not among those listed",
                "特征相似的已确诊病例中，2.2% 的疾病不在所列之中"), HPOA),
        )),
        ("homocystinuria", (0.018, 0.006, 0.044), (
            e("ectopia", 2.12, 142, 168), e("arachnodactyly", 0.52, 44, 168), e("myopia", 0.71, 100, 168, narrower),
            e("root", -1.28, 1, 168), e("disability", -0.49, 101, 168, unexpected),
            e("thrombosis", -0.31, 60, 168, unexpected),
        )),
        ("contractural", (0.003, 0.001, 0.012), (
            e("arachnodactyly", 1.55, 60, 67), e("scoliosis", 0.52, 41, 67), e("ectopia", -1.61, 0, 67),
            e("root", -0.44, 7, 67),
        )),
        ("ectopia", (0.0004, 0.0, 0.002), (
            e("ectopia", 2.61, 40, 40), e("root", -2.2, 0, 40), e("stature", -0.4, 2, 40),
        )),
    ]  # fmt: skip
    return tuple(
        Finding(
            subject,
            words.disease(key) if key else Code(NONE_OF_THESE, "None of these"),
            Chance(*chance, calibration=calibration),
            evidence,
            MAKER,
        )
        for key, chance, evidence in table
    )


def example_page(lang="en"):
    """A page as the platform would hand it over for a Marfan-like patient."""
    words = Words(lang)
    term = words.term
    patient = Patient(
        "CASE-0042",
        (
            Feature(term("ectopia"), onset_years=9.5),
            Feature(term("root")),
            Feature(term("arachnodactyly"), onset_years=0.0),
            Feature(term("stature")),
            Feature(term("scoliosis"), onset_years=12),
            Feature(term("myopia"), onset_years=1.5),
            Feature(term("disability"), excluded=True),
            Feature(term("uvula"), excluded=True),
            Feature(term("thrombosis"), excluded=True),
        ),
        Sex.MALE,
        17.4,
    )
    return DifferentialPage(
        patient,
        example_findings(words),
        shortlist=1,
        coverage=0.9,
        similar=example_cases(words),
        questions=example_questions(words),
        sources=(
            "HPO 2025-01-16 · sha256:9d1f04c2a7b35e6688a1",
            "HPO annotations (phenotype.hpoa) 2025-01-16 · sha256:51c2e09f47ad113b0c22",
            "Phenopacket Store 0.1.24 · sha256:c0ffee5b7e0d9a114f03",
        ),
        notes=(words.pick("HP:0004927 was replaced by HP:0002616", "HP:0004927 已由 HP:0002616 取代"),),
        typical={
            DISEASES["marfan"][0]: (
                (term("arachnodactyly"), 0.78), (term("root"), 0.77), (term("ectopia"), 0.58), (term("mitral"), 0.54),
                (term("striae"), 0.47), (term("dura"), None), (term("disability"), 0.009),
            ),
            DISEASES["loeys"][0]: ((term("uvula"), 0.9), (term("hypertelorism"), 0.9), (term("tortuosity"), 0.84)),
        },
    )  # fmt: skip


def example_cases(words):
    term, disease = words.term, words.disease
    same = [(term(key), term(key)) for key in ("ectopia", "arachnodactyly", "stature")]
    return (
        SimilarCase("PMID_9101298_P3", disease("marfan"), "PMID:9101298", 0.87, (*same, (term("root"), term("root"))),
                    (term("myopia"),), (term("striae"), term("mitral"))),
        SimilarCase("PMID_16222685_II-1", disease("marfan"), "PMID:16222685", 0.79,
                    (*same, (term("myopia"), term("ectopia"))), (term("scoliosis"),), ()),
        SimilarCase("PMID_15731757_F2", disease("loeys"), "PMID:15731757", 0.61, (same[1],),
                    (term("ectopia"), term("myopia")), (term("uvula"), term("hypertelorism"), term("tortuosity"))),
    )  # fmt: skip


def example_questions(words):
    term, disease = words.term, words.disease
    source = f"PMID:20591885; {HPOA}"
    return (
        Question(term("homocystine"), words.pick(
            "Measure total plasma homocysteine: raised in homocystinuria, normal in Marfan syndrome",
            "检测血浆总同型半胱氨酸：同型半胱氨酸尿症升高，马凡综合征正常"),
            0.31, 0.03, ((disease("homocystinuria"), 0.98), (disease("marfan"), 0.01)), source),
        Question(term("dura"), words.pick(
            "Is there dural ectasia on lumbosacral MRI?", "腰骶部 MRI 是否可见硬脊膜扩张？"),
            0.18, 0.66, ((disease("marfan"), 0.69), (disease("loeys"), 0.4), (disease("ectopia"), 0.0)), source),
        Question(term("tortuosity"), words.pick(
            "Is there arterial tortuosity on CT or MR angiography from head to pelvis?",
            "头至盆腔 CT 或 MR 血管成像是否显示动脉迂曲？"),
            0.11, 0.06, ((disease("loeys"), 0.84), (disease("marfan"), 0.02)), source),
    )  # fmt: skip


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


def html_of(page, lang="en"):
    return differential_html(page, lang=lang, created=WHEN)


def printed(page, lang="en", width=80, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    print_differential(page, console, lang)
    return console.file.getvalue()


class Seen(HTMLParser):
    """Everything in a document that a test asks about: tags with attributes in order, and the visible text."""

    VOID = frozenset({"meta"})

    def __init__(self, document):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.text.append(data)

    def all(self, tag, css=None):
        return [
            attrs for name, attrs in self.tags if name == tag and (not css or css in attrs.get("class", "").split())
        ]

    @property
    def visible(self):
        return " ".join(" ".join(self.text).split())


HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/x onerror=alert(1)>{{ 7*7 }}"


def hostile_page():
    """A page whose every free text tries to break out of where it stands."""
    code = Code(f"OMIM:1{HOSTILE}", HOSTILE)
    evidence = Evidence(Bearing.SUPPORTS, code, 1.0, HOSTILE, f'PMID:12 {HOSTILE} PMID:1" onclick="x')
    maker = Maker(HOSTILE, HOSTILE, HOSTILE)
    subject = Reference(Kind.PATIENT, HOSTILE)
    finding = Finding(subject, code, Chance(0.5, 0.4, 0.6, HOSTILE), (evidence,), maker, reviewed_by=maker)
    return DifferentialPage(
        Patient(HOSTILE, (Feature(code), Feature(code, excluded=True))),
        (finding,),
        1,
        0.9,
        similar=(SimilarCase(HOSTILE, code, HOSTILE, 0.5, ((code, Code("HP:2", HOSTILE)),), (code,), (code,)),),
        questions=(Question(code, HOSTILE, 0.5, 0.5, ((code, 0.5),), HOSTILE),),
        sources=(HOSTILE,),
        notes=(HOSTILE,),
        typical={code.value: ((code, 0.5),)},
    )


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
        chinese = re.compile(r"[\u4e00-\u9fff]")
        same_in_both = {"html_lang", "seen_span", "bar_title", "colon", "list_comma"}
        for key, words in STRINGS.items():
            assert not chinese.search(words["en"]), key
            assert key in same_in_both or chinese.search(words["zh"]), key

    def test_every_bearing_and_sex_has_words(self):
        for key in [f"bearing_{bearing.value}" for bearing in Bearing] + [f"sex_{sex.value}" for sex in Sex]:
            assert key in STRINGS

    def test_every_string_is_used(self):
        room = resources.files("suwen.report")
        places = [*room.iterdir(), *room.joinpath("templates").iterdir()]
        files = [place for place in places if place.is_file() and place.name != "strings.py"]
        text = "\n".join(place.read_text(encoding="utf-8") for place in files)
        families = ("bearing_", "sex_", "state_")  # built from the value of an enum
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
            "format", "patient", "coverage", "shortlist", "findings",
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
