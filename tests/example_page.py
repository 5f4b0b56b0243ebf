"""A made-up page with everything a report can show, and helpers to read what was rendered."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from html.parser import HTMLParser

from rich.console import Console

from suwen.diagnosis.nouns import Question, SimilarCase
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.report import (
    NONE_OF_THESE,
    DifferentialPage,
    differential_html,
    print_differential,
)
from suwen.subject import Code, Feature, Kind, Patient, Reference, Sex

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
