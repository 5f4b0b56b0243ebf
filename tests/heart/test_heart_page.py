"""The page of risk: self-contained, the same every time, every figure of the answer on it, notices with each result."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from suwen.cli.errors import SuwenGroup
from suwen.cli.heart import heart
from suwen.diagnosis.heart.answer import Answer, answer_of
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.foremost import foremost
from suwen.diagnosis.heart.formula import formula_of
from suwen.diagnosis.heart.person import read_inputs
from suwen.errors import InputError
from suwen.report.heart_charts import added_axis, people, risk_axis
from suwen.report.heart_page import heart_html
from suwen.report.heart_strings import HEART_STRINGS
from suwen.report.strings import Language

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "person.heart"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WELL = "https://qrisk.org"


def answered(changes: dict[str, Any] | None = None, /, **more: Any) -> Answer:
    told = {**yaml.safe_load(EXAMPLE.read_text("utf-8")), **more}
    read = read_inputs(told)
    return answer_of(read, foremost(EQUATIONS.values(), read.person), changes)


@pytest.fixture(scope="module")
def answer() -> Answer:
    return answered({"sbp": 130.0, "ldl": 1.8})


@pytest.fixture(scope="module")
def pages(answer: Answer) -> dict[Language, str]:
    return {lang: heart_html(answer, lang=lang, created=NOON) for lang in LANGUAGES}


def words(page: str) -> str:
    """What a reader sees: tags and style away, one space between words."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


class Balanced(HTMLParser):
    """Refuses a tag that closes another than the one last opened; keeps ids and where links go."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in {"meta", "br", "link", "img"}:
            self.open.append(tag)
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.targets += [named["href"] or ""] if "href" in named else []
        assert not any(name.startswith("on") for name in named)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_stands_alone(pages: dict[Language, str], lang: Language) -> None:
    page = pages[lang]
    parsed = Balanced()
    parsed.feed(page)
    assert not parsed.open
    assert not parsed.seen & {"script", "link", "img", "iframe", "object", "form"}
    assert "url(" not in page
    assert "@import" not in page
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(one.startswith("#") and one[1:] in parsed.ids for one in parsed.targets)  # nothing leads elsewhere
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_answer_is_the_same_page(pages: dict[Language, str], lang: Language) -> None:
    assert heart_html(answered({"sbp": 130.0, "ldl": 1.8}), lang=lang, created=NOON) == pages[lang]
    assert "2026-11-26 12:00 UTC" in pages[lang]


def test_english_is_english_and_chinese_chinese(answer: Answer, pages: dict[Language, str]) -> None:
    told = words(pages["en"])
    for source in (
        "中国心血管病风险评估和管理指南",
        "中国血脂管理指南（2023年）",
        "中国心血管病一级预防指南",
        "中华心血管病杂志",
        "中华预防医学杂志",
    ):
        told = told.replace(source, "")  # titles stay in their language
    assert not CHINESE.search(told)
    said = words(pages["zh"])
    for one in answer.risks:
        assert EQUATIONS[one.equation].name.zh in said
    assert 'lang="zh-Hans"' in pages["zh"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_risk_has_its_hundred_people(answer: Answer, pages: dict[Language, str], lang: Language) -> None:
    for risk in answer.risks:
        card = pages[lang].split(f'id="eq-{risk.equation}"')[1].split("</section>")[0]
        counted = {
            kind: drawn.count("<use")
            for kind, drawn in re.findall(r'<g class="(ill|may|well)">(.*?)</g>', card, flags=re.DOTALL)
        }
        ill, upto = round(100 * risk.low), round(100 * risk.high)
        assert sum(counted.values()) == 100
        assert counted.get("ill", 0) == ill
        assert counted.get("may", 0) == upto - ill


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_formula_is_shown_line_by_line(answer: Answer, pages: dict[Language, str], lang: Language) -> None:
    for risk in answer.risks:
        equation = EQUATIONS[risk.equation]
        card = words(pages[lang].split(f'id="eq-{risk.equation}"')[1].split("</section>")[0])
        formula = formula_of(equation, answer.read.person)
        assert (formula is None) is bool(risk.missing)
        if formula is None:
            assert HEART_STRINGS["heart_no_formula"][lang].split("{")[0] in card
            continue
        for row in formula.rows:
            assert row.said.said(lang) in card
            assert f"{row.coefficient:.6g}".replace("-", "−") in card
        assert all(step.said(lang) in card for step in formula.steps)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_modifiable_factors_come_first(pages: dict[Language, str], lang: Language) -> None:
    card = words(pages[lang].split('id="eq-china-par-ascvd-10"')[1].split("</section>")[0])
    first, then = (HEART_STRINGS[key][lang] for key in ("heart_modifiable", "heart_fixed"))
    pressure, north = {"en": ("systolic", "northern"), "zh": ("收缩压", "居住于中国北方")}[lang]
    assert card.index(first) < card.index(pressure) < card.index(then) < card.index(north)
    assert "×2.45" in card


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_if_stands_side_by_side(answer: Answer, pages: dict[Language, str], lang: Language) -> None:
    part = words(pages[lang].split('id="what-if"')[1].split("</section>")[0])
    for change in answer.changes:
        for one in (change.before, change.after):
            assert f"{100 * one.low:.1f}%" in part
    assert {"en": "156 mmHg → 130 mmHg", "zh": "156 mmHg → 130 mmHg"}[lang] in part
    assert {"en": "−7.9 points", "zh": "−7.9 个百分点"}[lang] in part
    assert {"en": "total cholesterol changes with", "zh": "总胆固醇随"}[lang] in part


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_path_through_the_guideline(pages: dict[Language, str], lang: Language) -> None:
    flow = pages[lang].split('<ol class="flow"')[1].split("</ol>")[0]
    assert flow.count('class="asked"') == 3
    assert flow.count('class="skipped"') == 1  # high in ten years: a lifetime is not asked
    assert flow.count('class="result"') == 1
    assert {"en": "14.9%: high risk", "zh": "14.9%：高危"}[lang] in flow
    low = heart_html(answered(sbp=115, smoking="never", north="no", age=45), lang=lang, created=NOON)
    assert '"skipped"' not in low.split('<ol class="flow"')[1].split("</ol>")[0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_unknown_inputs_the_widest_first(pages: dict[Language, str], lang: Language) -> None:
    card = pages[lang].split('id="eq-qrisk3"')[1].split("</section>")[0]
    spans = re.findall(r"<div class=\"number\">(\d+\.\d)% – (\d+\.\d)%</div>", card)
    widths = [float(high) - float(low) for low, high in spans]
    assert len(widths) == 9
    assert widths == sorted(widths, reverse=True)


def test_what_could_be_markup_is_escaped() -> None:
    page = heart_html(answered(egfr=50, creatinine=None, score2_region="low"), lang="zh", created=NOON)
    assert "eGFR &lt;60" in page
    assert "eGFR <60" not in page


def test_nobody_to_whom_an_equation_applies() -> None:
    read = read_inputs({"age": 109, "sex": "female"})
    for lang in LANGUAGES:
        page = heart_html(answer_of(read, EQUATIONS.values()), lang=lang, created=NOON)
        assert HEART_STRINGS["heart_none"][lang] in page
        Balanced().feed(page)


def test_every_equation_can_be_drawn() -> None:
    told = {
        "age": 69.5,
        "sex": "female",
        "sbp": 150,
        "treated": "yes",
        "total_cholesterol": "220 mg/dL",
        "race": "other",
    }
    told |= {"hdl": "50 mg/dL", "af": "yes", "stroke": "no", "egfr": 48, "heart_rate": 92, "killip": "II", "cac": 100}
    told |= {"score2_region": "moderate", "asia_pacific_region": "high", "chest_pain": "typical angina"}
    told |= {"creatinine": "120 umol/L", "exercise_minutes": 6, "st_deviation": 1, "exercise_angina": "limiting"}
    told |= {"st_changed": "yes", "raised_markers": "yes", "anterior_st": "yes", "heart_history": "high"}
    told |= {"heart_ecg": "normal", "heart_troponin": "normal", "uacr": "40 mg/g", "hba1c": "6 %", "sdi": 3}
    read = read_inputs(told)
    found = answer_of(read, EQUATIONS.values())
    assert len(found.risks) > 40
    for lang in LANGUAGES:
        page = heart_html(found, lang=lang, created=NOON)
        parsed = Balanced()
        parsed.feed(page)
        assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).casefold().replace("finance", "")
        for one in found.risks:
            unverified = EQUATIONS[one.equation].unverified
            if unverified is not None:
                assert unverified.said(lang) in unescape(page)


def test_a_language_it_does_not_speak() -> None:
    with pytest.raises(InputError, match="en and zh"):
        heart_html(answered(), lang="fr", created=NOON)  # type: ignore[arg-type]


def test_strings_have_both_languages_and_the_same_fields() -> None:
    for key, said in HEART_STRINGS.items():
        assert set(said) == {"en", "zh"}, key
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in said.values()]
        assert fields[0] == fields[1], key


def test_axes_hold_what_they_show() -> None:
    for risks in ([0.001], [0.04, 0.2], [0.51], [0.81], [1.0], []):
        axis = risk_axis(risks)
        assert all(0 <= axis.at(one) <= 100 for one in risks)
        assert axis.ticks[0].text == "0%"
    for numbers in ([0.3, -0.2], [0.0], [5.0], [-3.0], [2.0, -25.0, -8.0]):
        for counts in (True, False):
            axis = added_axis(numbers, counts=counts)
            assert all(0 <= axis.at(one) <= 100 for one in (0.0, *numbers))
            places = [one.x for one in axis.ticks]
            assert places == sorted(places)
            assert all(after - before >= 18 for before, after in itertools.pairwise(places))
            assert [axis.bar(one).side for one in numbers if one > 0] == ["up"] * sum(one > 0 for one in numbers)
    assert str(people(0.0, 0.0, "<b>")).count("&lt;b&gt;") == 1


# The command


def run(*arguments: str) -> Any:
    group = SuwenGroup("suwen")
    group.add_command(heart)
    return CliRunner().invoke(group, ["heart", *arguments])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_notice_of_qrisk3_stands_with_every_result(tmp_path: Path, lang: Language) -> None:
    """In text, JSON and page: alone, among others, with all, in the list, and with a what-if."""
    notice = EQUATIONS["qrisk3"].notice
    assert notice is not None
    said = notice.said(lang)
    assert WELL in said
    for options in (("--equation", "qrisk3"), (), ("--all",), ("--what-if", "sbp=130")):
        file = tmp_path / "out.html"
        ran = run(str(EXAMPLE), *options, "--lang", lang, "--report", str(file))
        assert ran.exit_code == 0, ran.output
        assert said in ran.stdout
        assert said in unescape(file.read_text("utf-8"))
        found = json.loads(run(str(EXAMPLE), *options, "--lang", lang, "--json").stdout)
        (risk,) = (one for one in found["risks"] if one["equation"] == "qrisk3")
        assert risk["notice"] == said
    listed = json.loads(run("--list", "--json", "--lang", lang, "--equation", "qrisk3").stdout)
    assert listed["equations"][0]["notice"] == said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_happens_within_0_years(tmp_path: Path, lang: Language) -> None:
    file = tmp_path / "out.html"
    ran = run(str(EXAMPLE), "--lang", lang, "--report", str(file))
    shown = ran.stdout + words(file.read_text("utf-8"))
    assert not re.search(r"(?<![\d.])0(?:\.0)? ?(?:years|年)", shown)
    assert {"en": "lifetime (to 85)", "zh": "终生（至 85 岁）"}[lang] in shown
    found = json.loads(run(str(EXAMPLE), "--lang", lang, "--json", "--equation", "china-par-ascvd-lifetime").stdout)
    assert found["risks"][0]["years"] is None
    assert found["risks"][0]["horizon"] == {"en": "lifetime (to 85)", "zh": "终生（至 85 岁）"}[lang]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_and_json_say_what_is_not_verified(lang: Language) -> None:
    options = ("--set", "exercise_minutes=7", "--set", "st_deviation=2", "--set", "exercise_angina=limiting")
    made = EQUATIONS["duke-treadmill"].unverified
    assert made is not None
    chosen = (*options, "--equation", "duke-treadmill", "--lang", lang)
    assert made.said(lang) in run(*chosen).stdout
    assert json.loads(run(*chosen, "--json").stdout)["risks"][0]["unverified"] == made.said(lang)


def test_json_has_the_formula_and_the_comparison() -> None:
    found = json.loads(run(str(EXAMPLE), "--json").stdout)
    (risk,) = (one for one in found["risks"] if one["equation"] == "china-par-ascvd-10")
    total = sum(row["coefficient"] * row["size"] for row in risk["formula"]["rows"])
    assert f"{total:.4f}" in risk["formula"]["steps"][0]
    (ten,) = (one for one in found["compared"] if one["horizon"] == "10 years")
    assert "china-par-ascvd-10" in ten["equations"]
    assert ten["agree"] is False
    assert [one["answer"] for one in found["china"]["2019"]["path"]][-1] is None
    (open_one,) = (one for one in found["risks"] if one["equation"] == "qrisk3")
    assert open_one["formula"] is None
    assert len(open_one["missing_alone"]) == len(open_one["missing"])


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    ran = run(str(EXAMPLE), "--report", str(tmp_path / "absent" / "out.html"))
    assert ran.exit_code != 0
    assert "cannot be written" in ran.output
    assert "Traceback" not in ran.output
