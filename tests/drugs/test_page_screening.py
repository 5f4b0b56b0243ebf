"""Proves that the page of a screening tells every count and reason, escapes names, and is whole in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

pytest.importorskip("rdkit")

from page_reading import CHINESE, EVIL, read, words

from suwen.drugs.screening.nouns import Column, Criterion, Desired, Failed, Kept, Screened, StageCount
from suwen.errors import InputError, Problem
from suwen.formats.molecules import Molecule
from suwen.report.screening_page import MOST_SURVIVORS, render_screening
from suwen.report.screening_strings import SCREENING_STRINGS, say
from suwen.report.strings import Language
from suwen.subject import Saying

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
CRITERIA = (
    Criterion("weight", "filters", Saying("weight at most 500", "分子量不超过500")),
    Criterion("herg", "models", Saying("hERG chance below 0.3", "hERG概率低于0.3")),
)
COLUMNS = (
    Column("weight", "filters", Saying("molecular weight", "分子量"), "g/mol", "RDKit"),
    Column("herg", "models", Saying("blocks hERG", "阻断hERG"), "1", "Wang S 2016"),
    Column("unused", "docking", Saying("never measured", "从未出现"), "kcal/mol", "Nowhere 1900"),
)
STAGES = (
    StageCount("read", 12_345, 12_300, (("duplicate", 40),), 5, 1.5),
    StageCount("filters", 12_300, 700, (("weight", 11_600),), 0, 3.0),
    StageCount("models", 700, 2, (("herg", 698),), 0, 600.0),
)


def kept(place: int, name: str = "") -> Kept:
    values = (("weight", 300.0 + place), *((("herg", 0.25),) if place == 1 else ()))
    parts = (Desired("herg", 0.25, 0.75, 2.0),)
    return Kept(place, 10 * place, Molecule("CCO", "K", name=name), values, 0.9 - place / 1000, 1, parts)


SCREENED = Screened(
    "screen " + EVIL,
    "library " + EVIL,
    CRITERIA,
    COLUMNS,
    STAGES,
    (kept(1, EVIL), kept(2, "second")),
    (Failed(17, EVIL, "read", Problem("", "ring not closed: number 1 at place 2 stands alone")),),
)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_count_reason_and_number_is_told(lang: Language) -> None:
    page = render_screening(SCREENED, lang=lang, created=NOON)
    reader = read(page)
    assert len(reader.scripts) == 1
    text = words(page)
    for one in ("12,345", "12,300", "700", "11,600", "698", "40", "second"):
        assert one in text
    for criterion in CRITERIA:
        assert text.count(criterion.asked.said(lang)) == 2  # among what was asked, and as a reason
    assert EVIL in text
    assert "duplicate" in text  # a key that no criterion explains is told as it is
    assert "never measured" not in text
    assert "从未出现" not in text
    assert "301" in text
    assert "0.25" in text
    assert say("mol_caution", lang) in text
    assert page == render_screening(SCREENED, lang=lang, created=NOON)


def test_a_number_that_is_not_there_is_empty_and_sorts_last() -> None:
    page = render_screening(SCREENED, created=NOON)
    rows = re.findall(r"<tr>\s*<th scope=\"row\".*?</tr>", page, flags=re.DOTALL)
    assert 'data-value="0.25">0.25' in rows[0]
    assert '<td class="number" data-value=""></td>' in rows[1]


def test_the_funnel_narrows_on_a_logarithmic_scale() -> None:
    page = render_screening(SCREENED, created=NOON)
    widths = []
    for points in re.findall(r'<polygon points="([^"]+)"', page):
        xs = [float(one.split(",")[0]) for one in points.split()]
        widths += [xs[1] - xs[0], xs[2] - xs[3]]
    assert widths[0] == 100
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(100 * 0.4771 / 4.0915, abs=0.05)  # log10(3) / log10(12346)


def test_more_survivors_than_are_drawn_are_said() -> None:
    many = replace(SCREENED, kept=tuple(kept(place) for place in range(1, MOST_SURVIVORS + 6)))
    page = render_screening(many, created=NOON)
    assert page.count('<th scope="row"') == MOST_SURVIVORS
    assert say("scr_shown", "en", shown=MOST_SURVIVORS, count=MOST_SURVIVORS + 5) in words(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_kept_is_a_page_that_says_so(lang: Language) -> None:
    page = render_screening(replace(SCREENED, kept=(), stages=()), lang=lang, created=NOON)
    read(page)
    assert say("scr_none", lang) in words(page)


def test_words_stand_in_both_languages() -> None:
    for key, both in SCREENING_STRINGS.items():
        assert set(both) == {"en", "zh"}, key
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in both.values()]
        assert fields[0] == fields[1], key
        assert not CHINESE.search(both["en"]), key
    with pytest.raises(InputError):
        render_screening(SCREENED, lang="fr", created=NOON)  # type: ignore[arg-type]
