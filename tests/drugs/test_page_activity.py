"""Proves that the page of an activity model shows its data, errors, cliffs and forecasts truly, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

pytest.importorskip("rdkit")

from page_reading import CHINESE, EVIL, read, words

from suwen.drugs.activity.nouns import MEMBERS, ActivityForecast, Assay, Cliff, Judged, LeftOut, Measured, Share
from suwen.drugs.admet.nouns import Neighbour
from suwen.errors import InputError, Problem
from suwen.learn.measure.intervals import Estimate
from suwen.report.activity_page import MOST_CLIFFS, ActivityPage, render_activity
from suwen.report.activity_strings import ACTIVITY_STRINGS, say
from suwen.report.activity_view import potency_text
from suwen.report.strings import Language
from suwen.subject import Saying

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
SMILES = ("CC(=O)Nc1ccc(O)cc1", "CC(=O)Nc1ccc(OC)cc1", "CCO", "c1ccccc1", "C[C@H](N)C(=O)O")
MOLECULES = tuple(Measured(one, f"K{at}", EVIL if at == 0 else f"m{at}", 5.0 + at) for at, one in enumerate(SMILES))
ASSAY = Assay(
    MOLECULES,
    "Ki " + EVIL,
    "nM",
    "amount",
    12,
    (LeftOut(3, "C1CC" + EVIL, Saying("no molecule", "不是分子")),),
    (replace(MOLECULES[2], repeats=3, spread=1.25),),
    (Problem("", "salt: sodium ion taken off; the rest is the molecule"),),
)


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.05, value + 0.05, 5)


JUDGED = Judged(
    estimate(0.61), estimate(0.83), estimate(0.72), 1.21, estimate(0.79), 2, estimate(0.88), coverage=0.9, folds=5
)
SHARES = tuple(Share(member, 0.1 * at, 0.6 + 0.01 * at) for at, member in enumerate(MEMBERS))
CLIFF = Cliff(1, 0, 2.0, 0.95, 0.9, 0.97)
FORECAST = ActivityForecast(
    "CCN", "K", EVIL, 7.301, 6.0, 8.6, (), 0.9, inside=False, similarity=0.42, disagreement=0.31,
    nearest=(Neighbour("CCO", 0.42, 7.0),), cliffs=(Neighbour("CCO", 0.42, 7.0),), known=7.5,
)  # fmt: skip
PAGE = ActivityPage(ASSAY, JUDGED, SHARES, (5.2, 6.1, 6.9, 8.4, 9.0), (CLIFF,), (FORECAST,))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_figure_is_on_the_page(lang: Language) -> None:
    page = render_activity(PAGE, lang=lang, created=NOON)
    reader = read(page)
    assert reader.scripts == []
    text = words(page)
    for one in ("0.61 (0.56 – 0.66)", "0.72 (0.67 – 0.77)", "0.79 (0.74 – 0.84)", "0.83 (0.78 – 0.88)", "1.21", "12"):
        assert one in text
    for member in MEMBERS.values():
        assert member.said(lang) in text
    assert EVIL in text
    assert say("act_scale", lang) in text
    assert say("act_promised", lang, share="90%") in text
    assert ASSAY.left_out[0].why.said(lang) in text
    assert say("act_repeats", lang, count=3, spread="1.25") in text
    assert say("act_times", lang, times="100") in text
    assert "7.30 (50 nM)" in text
    assert say("mol_out_domain", lang) in text
    assert say("act_near_cliff", lang) in text
    assert say("act_known", lang, value="7.50 (32 nM)") in text
    assert say("act_caution", lang) in text
    assert page == render_activity(PAGE, lang=lang, created=NOON)


@pytest.mark.parametrize(
    ("value", "text"),
    [(9.0, "9.00 (1 nM)"), (6.0, "6.00 (1 µM)"), (4.5, "4.50 (32 µM)"), (11.0, "11.00 (10 pM)"), (2.0, "2.00 (10 mM)"),
     (-1.0, "−1.00 (10 M)")],
)  # fmt: skip
def test_potencies_are_told_as_concentrations_too(value: float, text: str) -> None:
    assert potency_text(value, ASSAY, "en") == text
    assert potency_text(value, replace(ASSAY, unit="as is"), "en") == f"{value:g}".replace("-", "−")


def test_cliffs_are_pairs_with_the_more_potent_first_and_the_steepest_on_top() -> None:
    cliffs = tuple(Cliff(at % 4 + 1, at % 4, 1.0 + at / 10, 0.9, 0.9, 0.9) for at in range(MOST_CLIFFS + 4))
    page = render_activity(replace(PAGE, cliffs=cliffs), created=NOON)
    assert page.count('<div class="pair">') == MOST_CLIFFS
    assert say("act_cliffs_shown", "en", shown=MOST_CLIFFS, count=MOST_CLIFFS + 4) in words(page)
    assert say("act_times", "en", times="5,012") in words(page.split('<div class="pair">')[1])  # 10 to the 3.7
    section = render_activity(PAGE, created=NOON).split('<div class="pair">')[1]
    assert section.index("6.00 (1 µM)") < section.index("5.00 (10 µM)")
    assert "different atoms 不同的原子: C10" in section


def test_the_chart_has_a_point_for_each_molecule_and_a_diamond_on_cliffs() -> None:
    chart = re.findall(r'<svg class="scatter".*?</svg>', render_activity(PAGE, created=NOON), flags=re.DOTALL)[0]
    points, steep = (re.findall(rf'<path class="{name}" d="([^"]*)"', chart)[0] for name in ("points", "steep"))
    assert points.count("M") == 3
    assert steep.count("M") == 2
    x, y = map(float, re.findall(r"M([\d.]+) ([\d.]+)", points)[-1])  # measured 9, forecast 9: on the diagonal
    assert (x - 52) == pytest.approx(460 - (y - 8), abs=0.2)
    assert chart.count('class="tenfold"') == 2


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_assay_of_classes_is_told_as_such(lang: Language) -> None:
    molecules = tuple(replace(one, value=float(at % 2)) for at, one in enumerate(MOLECULES))
    assay = Assay(molecules, "active", "as is", "classes", 5)
    forecast = replace(FORECAST, value=0.87, low=None, high=None, classes=(True,), known=1.0, nearest=(), cliffs=())
    page = render_activity(
        ActivityPage(assay, replace(JUDGED, cliffs=None), SHARES, (0.1, 0.9, 0.2, 0.8, 0.0), (), (forecast,)),
        lang=lang,
        created=NOON,
    )
    read(page)
    text = words(page)
    assert "Brier" in text
    assert "87.0%" in text
    assert say("mol_class_yes", lang, coverage="90%") in text
    assert say("act_none_cliffs", lang) in text
    assert page.count('class="histogram"') == 2
    assert 'class="scatter"' not in page


def test_without_judgement_nothing_is_claimed() -> None:
    page = render_activity(ActivityPage(ASSAY, None, ()), created=NOON)
    read(page)
    assert say("act_not_judged", "en") in words(page)
    assert "0.61" not in words(page)


def test_forecasts_that_do_not_fit_the_assay_are_refused() -> None:
    with pytest.raises(InputError, match="2 forecasts are given for the assay's 5 molecules"):
        ActivityPage(ASSAY, JUDGED, SHARES, (1.0, 2.0))


def test_words_stand_in_both_languages() -> None:
    for key, both in ACTIVITY_STRINGS.items():
        assert set(both) == {"en", "zh"}, key
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in both.values()]
        assert fields[0] == fields[1], key
        assert not CHINESE.search(both["en"]), key
