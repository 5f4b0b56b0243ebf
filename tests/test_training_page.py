"""The training report and the card page say all of the card in both languages, load nothing and escape everything."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from suwen.errors import InputError
from suwen.learn.card import Figure
from suwen.learn.fit import Trained
from suwen.learn.history import Epoch, Notice
from suwen.learn.lesson import Lesson
from suwen.learn.nouns import Examples, Task
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare
from suwen.learn.teach import Taught, teach
from suwen.report.card_page import card_html, card_json, print_card
from suwen.report.card_view import card_view, figure_name, figure_number
from suwen.report.strings import LANGUAGES, STRINGS, Language
from suwen.report.training_charts import answers_of, course_charts, performance_charts
from suwen.report.training_page import TrainingPage, subgroups_of, training_html
from suwen.report.training_strings import TRAINING_STRINGS

WHEN = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
NOTICE = Notice("gap", 2, "Learns by heart.", "模型在死记样本。")


def table(n: int, seed: int, classes: tuple[str, ...] = ("甲", "乙")) -> Examples:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(classes)
    return Examples(
        rng.normal(0, 1, (n, 3)) + labels[:, None],
        labels,
        Task.CLASSES,
        classes,
        tuple(f"n{at}" for at in range(n)),
        tuple(f"g{at // 2}" for at in range(n)),
        source="来源",
        licence="CC0",
        attributes={
            "age": tuple(float(rng.integers(1, 90)) for _ in range(n)),
            "sex": tuple((None, "男", "女")[at % 3] for at in range(n)),
            "visit": tuple(str(at) for at in range(n)),
            "one": ("x",) * n,
        },
    )


def volumes(n: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    labels = np.zeros((n, 8, 8), np.int64)
    labels[:, 2:6, 2:6] = 1
    inputs = rng.normal(0, 0.1, (n, 1, 8, 8)) + labels[:, None]
    return Examples(inputs, labels, Task.MASKS, ("背景", "肝"), tuple(f"n{at}" for at in range(n)), spacing=(1.0, 1.0))


def taught(training: Examples, validation: Examples, seeds: tuple[int, ...] = (0, 1)) -> Taught:
    masks = training.task is Task.MASKS
    shape = {"axes": 2, "outputs": 2, "widths": [2, 4]}
    network = (
        {"kind": "unet", "settings": shape}
        if masks
        else {
            "kind": "perceptron",
            "settings": {"features": 3, "outputs": len(training.classes), "widths": [4]},
        }
    )
    lesson = Lesson(
        "样本",
        "1.0",
        {"en": "Purpose in words.", "zh": "用途说明。"},
        {"en": ("First limit.", "Second limit."), "zh": ("局限一。", "局限二。")},
        "MIT",
        network,
        Prepare(scale="none"),
        plan=Plan(epochs=2, batch=16, watch="dice" if masks else "auc"),
        seeds=seeds,
    )
    found = teach(lesson, training, validation)
    figures = {**found.model.card.figures, "test.accuracy": Figure(0.5, None, None, 9, "test")}
    made = {
        **found.model.card.training,
        "energy_wh": 0.125,
        "notices_zh": [NOTICE.chinese],
        "notices": [NOTICE.english],
    }
    card = replace(
        found.model.card, figures=figures, training=made, checks={"heat maps": {"hit": 0.5}}, cohort="ab" * 32
    )
    trainings = tuple(replace(one, notices=(NOTICE,)) for one in found.trainings)
    return Taught(replace(found.model, card=card), trainings)


@pytest.fixture(scope="module")
def page() -> TrainingPage:
    shown = table(60, 2)
    return TrainingPage(taught(table(60, 1), shown), shown, vouched=("signed", "key.pem 1234"))


@pytest.fixture(scope="module")
def mask_page() -> TrainingPage:
    shown = volumes(5, 2)
    return TrainingPage(taught(volumes(8, 1), shown, (0,)), shown)


def words(document: str) -> str:
    """What a reader sees of it: no styles, no code, no tags."""
    bare = re.sub(r"<(style|code)\b.*?</\1>", " ", document, flags=re.S)
    return unescape(re.sub(r"<[^>]+>", "\n", bare))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("which", ["page", "mask_page"])
def test_the_report_holds_everything_of_the_card(lang: Language, which: str, request: pytest.FixtureRequest) -> None:
    page: TrainingPage = request.getfixturevalue(which)
    document = training_html(page, lang=lang, created=WHEN)
    assert document == training_html(page, lang=lang, created=WHEN)
    card, seen = page.taught.model.card, words(document)
    for name, figure in card.figures.items():
        row = re.search(rf'<tr data-figure="{re.escape(name)}">(.*?)</tr>', document)
        assert row is not None, name
        told = words(row[1]).split("\n")
        assert figure_name(name, lang) in told
        assert figure_number(name, figure.value) in told
        assert str(figure.n) in told
        for end in (figure.low, figure.high):
            assert end is None or figure_number(name, end) in words(row[1])
    for part in card.data:
        assert part.digest in document
        assert str(part.n) in seen
    for text in (card.purpose[lang], *card.limits[lang], card.licence, card.version):
        assert text in seen
    assert card.cohort in document
    assert "0.125 Wh" in seen
    assert (NOTICE.chinese if lang == "zh" else NOTICE.english) in seen
    for name in card.training["plan"]:
        assert f"plan.{name}" in document


@pytest.mark.parametrize("which", ["page", "mask_page"])
def test_limits_stand_before_any_figure(which: str, request: pytest.FixtureRequest) -> None:
    page: TrainingPage = request.getfixturevalue(which)
    for lang in LANGUAGES:
        document = training_html(page, lang=lang, created=WHEN)
        limits = page.taught.model.card.limits[lang]
        assert max(document.index(one) for one in limits) < document.index("data-figure")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pages_load_nothing_and_are_whole(page: TrainingPage, mask_page: TrainingPage, lang: Language) -> None:
    card = page.taught.model.card
    documents = [training_html(one, lang=lang, created=WHEN) for one in (page, mask_page)]
    for document in (*documents, card_html(card, ("pinned", ""), lang=lang, created=WHEN)):
        assert document.lstrip().startswith("<!DOCTYPE html>")
        assert not re.search(r"<(script|link|iframe|object|form|img)\b|@import|url\(", document)
        assert set(re.findall(r"https?://[^\"]+", document)) <= {"http://www.w3.org/2000/svg"}
        ids = re.findall(r' id="([^"]+)"', document)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'aria-labelledby="([^"]+)"', document)) <= set(ids)
        for svg in re.findall(r'<svg xmlns.*?role="img".*?</svg>\s*</figure>', document, flags=re.S):
            assert re.search(r"<title>[^<]+</title>\s*<desc>[^<]+</desc>", svg)


def test_the_report_draws_what_was_asked_for(page: TrainingPage, mask_page: TrainingPage) -> None:
    courses = course_charts(page.taught.trainings, "en")
    titles = [re.search("<title>(.*?)</title>", one)[1] for one in courses]  # type: ignore[index]
    measured = [figure_name(name, "en") for name in page.taught.trainings[0].history[0].figures]
    assert titles == ["Loss", *measured, "Learning rate"]
    assert courses[0].count("<polyline") == 4  # training and validation of two networks
    answers = answers_of(page.taught.model, page.shown, "validation")
    drawn = [svg for svg, _ in performance_charts(page.taught.model, answers, "en")]
    assert [re.search("<title>(.*?)</title>", one)[1] for one in drawn] == [  # type: ignore[index]
        "Reliability diagram",
        "ROC curve",
        "Decision curve",
    ]
    answers = answers_of(mask_page.taught.model, mask_page.shown, "validation")
    titles = [one.split("<title>")[1] for one in course_charts(mask_page.taught.trainings, "zh", ("背景", "肝"))]
    assert titles[2].startswith("Dice 系数，肝")
    ((dice, _),) = performance_charts(mask_page.taught.model, answers, "en")
    assert dice.count("<circle") == len(mask_page.shown)


def test_the_points_of_the_loss_are_those_of_the_history() -> None:
    history = tuple(Epoch(n, 0.1, 4.0 - n, 5.0 - n, {"auc": float("nan")}, 1.0) for n in (1, 2, 3))
    trained = Trained(taught(table(20, 1), table(20, 2), (0,)).model.network, Plan(), history, 3, (), 3.0, "cpu")
    charts = course_charts([trained], "en")
    assert len(charts) == 2  # a figure that never had a value is not drawn
    (training, validation) = re.findall(r'<polyline points="([^"]+)"', charts[0])
    for line in (training, validation):
        points = [tuple(map(float, one.split(","))) for one in line.split()]
        steps = [(two[0] - one[0], two[1] - one[1]) for one, two in pairwise(points)]
        assert len(points) == 3
        assert steps[0] == pytest.approx(steps[1], abs=0.02)  # a straight line down
        assert steps[0][1] > 0
    assert float(training.split()[0].split(",")[1]) > float(validation.split()[0].split(",")[1])


def test_three_classes_have_a_curve_each_and_no_decision_curve() -> None:
    three = ("甲", "乙", "丙")
    shown = table(60, 2, three)
    model = taught(table(60, 1, three), shown, (0,)).model
    drawn = [svg for svg, _ in performance_charts(model, answers_of(model, shown, "test"), "zh")]
    assert len(drawn) == 2
    assert drawn[1].count("<polyline") == 4
    assert all(name in drawn[1] for name in three)


def test_a_part_of_one_class_is_told_not_drawn(page: TrainingPage) -> None:
    shown = page.shown.chosen(page.shown.labels == 0)
    for lang in LANGUAGES:
        document = training_html(replace(page, shown=shown), lang=lang, created=WHEN)
        assert TRAINING_STRINGS["training_undrawn"][lang].partition("{what}")[2][:8] in words(document)


def test_subgroups_are_attributes_of_few_values_with_ages_in_bands(page: TrainingPage) -> None:
    model = page.taught.model
    found = subgroups_of(answers_of(model, page.shown, "validation"), model.card.threshold)
    assert found is not None
    assert {one.attribute for one in found.rows} == {"age", "sex"}
    assert {one.value for one in found.rows if one.attribute == "sex"} == {"男", "女", None}
    assert "0-17" in {one.value for one in found.rows}
    assert set(found.overall) == {"auc", "accuracy"}
    for lang in LANGUAGES:
        seen = words(training_html(page, lang=lang, created=WHEN))
        assert STRINGS["unknown"][lang] in seen
        assert TRAINING_STRINGS["training_note_too_few"][lang] in seen


def test_the_chinese_page_says_nothing_in_english(page: TrainingPage, mask_page: TrainingPage) -> None:
    names = {"Suwen", "ROC", "Dice", "SHA", "Hausdorff", "CC", "MIT", "UTC", "Wh", "cpu", "mm", "mL", "key.pem"}
    for one in (page, mask_page):
        card = one.taught.model.card
        for document in (
            training_html(one, lang="zh", created=WHEN),
            card_html(card, ("signed", "key.pem"), lang="zh", created=WHEN),
        ):
            seen = words(document)
            for key, said in {**TRAINING_STRINGS, "created": STRINGS["created"]}.items():
                for piece in re.split(r"{[^}]*}", said["en"]):
                    if len(piece.strip()) > 6 and piece.strip() not in said["zh"]:
                        assert piece.strip() not in seen, key
            left = set(re.findall(r"[A-Za-z][A-Za-z.]{1,}", seen)) - names
            assert [word for word in left if not re.fullmatch(r"[ng]\d*|heat|maps|hit|age|sex|visit|one", word)] == []


def test_the_english_page_says_nothing_in_chinese_but_names(page: TrainingPage) -> None:
    bare = words(training_html(page, lang="en", created=WHEN))
    assert set(re.findall(r"[\u4e00-\u9fff]+", bare)) <= {"甲", "乙", "男", "女", "来源", "样本"}


def test_words_stand_in_both_languages_with_the_same_fields_and_are_used() -> None:
    for key, said in TRAINING_STRINGS.items():
        assert set(said) == set(LANGUAGES), key
        fields = [sorted(set(re.findall(r"{(\w+)[^}]*}", said[lang]))) for lang in LANGUAGES]
        assert fields[0] == fields[1], key
        assert key not in STRINGS


def test_no_word_is_left_over() -> None:
    folder = Path(card_view.__code__.co_filename).parent
    sources = [*folder.glob("*.py"), *folder.glob("templates/*.html")]
    text = "".join(one.read_text("utf-8") for one in sources if one.name != "training_strings.py")
    text += " ".join(f"'training_{key}'" for key in ("source", "part", "n", "digest", "value", "interval", "figure"))
    built = re.findall(r'f"(training_[a-z_]+_)\{', text)
    assert len(built) > 5
    unused = [
        one for one in TRAINING_STRINGS if not re.search(rf"['\"]{one}['\"]", text) and not one.startswith(tuple(built))
    ]
    assert unused == []


def test_every_value_of_a_plan_has_its_words() -> None:
    assert {f"training_plan_{name}" for name in Plan.__dataclass_fields__} <= set(TRAINING_STRINGS)


def test_what_strangers_wrote_is_escaped(page: TrainingPage) -> None:
    hostile = "<script>alert(1)</script>\"'{{ 7*7 }}"
    shown = replace(
        page.shown, classes=("a", hostile), attributes={hostile: tuple((hostile, "b")[at % 2] for at in range(60))}
    )
    card = replace(
        page.taught.model.card,
        name=hostile,
        purpose={"en": hostile, "zh": hostile},
        limits={"en": (hostile,), "zh": (hostile,)},
        classes=(hostile, "b"),
        licence=hostile,
        figures={hostile: Figure(0.5)},
        checks={hostile: hostile},
        cohort=hostile,
    )
    model = replace(page.taught.model, card=card)
    notices = (Notice("gap", 1, hostile, hostile),)
    trainings = tuple(replace(one, notices=notices) for one in page.taught.trainings)
    for lang in LANGUAGES:
        report = TrainingPage(Taught(model, trainings), shown, vouched=("signed", hostile))
        for document in (
            training_html(report, lang=lang, created=WHEN),
            card_html(card, ("signed", hostile), lang=lang, created=WHEN),
        ):
            assert "<script" not in document
            assert ">49<" not in document


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terminal_shows_all_of_the_card_and_no_commands_to_it(page: TrainingPage, lang: Language) -> None:
    card = replace(page.taught.model.card, licence="\x1b[31mred\u202e[bold]x[/bold]")
    console = Console(width=400, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    print_card(card, ("unsigned", ""), console, lang)
    console.file.close()
    text = console.export_text()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in text
    for row in card_view(card, lang).figures:
        assert row.name in text
        assert row.value in text
    assert all(one in text for one in card.limits[lang])
    assert card.weights_sha256 in text
    assert TRAINING_STRINGS["training_vouched_unsigned"][lang] in text


def test_json_is_the_card_itself(page: TrainingPage) -> None:
    card = page.taught.model.card
    told = card_json(card, ("signed", "k"))
    assert told.pop("vouched") == {"how": "signed", "who": "k"}
    assert type(card).from_json(json.dumps(told)) == type(card).from_json(card.to_json())


def test_another_language_is_refused(page: TrainingPage) -> None:
    with pytest.raises(InputError):
        training_html(page, lang="de", created=WHEN)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        card_html(page.taught.model.card, ("pinned", ""), lang="de", created=WHEN)  # type: ignore[arg-type]


def test_nothing_is_less_than_nothing() -> None:
    assert figure_number("volume_error_ml.liver", -0.001) == "0.00"
    assert figure_number("auc", -0.0001) == "0.000"
    assert figure_number("volume_error_ml.liver", -0.1) == "-0.10"


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("auc", "Area under the ROC curve", "ROC 曲线下面积"),
        ("dice.liver", "Dice, liver", "Dice 系数，liver"),
        (
            "test.hd95_mm.liver",
            "95 % Hausdorff distance (mm), liver, test part",
            "95% Hausdorff 距离（mm），liver（测试集）",
        ),
        ("auc of single networks", "Area under the ROC curve, single networks", "ROC 曲线下面积（单个网络）"),
        ("something new", "something new", "something new"),
    ],
)
def test_figures_have_names(name: str, english: str, chinese: str) -> None:
    assert (figure_name(name, "en"), figure_name(name, "zh")) == (english, chinese)
