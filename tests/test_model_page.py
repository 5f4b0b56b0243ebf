"""The page of an opened model holds all that belongs together in both languages, loads nothing, escapes everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

from planted_models import blob, load, teach_films, teach_rows, teach_volumes, write_table, write_volume
from suwen.errors import InputError
from suwen.explain.maps import Verdict
from suwen.explain.opening.card_checks import for_card
from suwen.explain.opening.door import open_model
from suwen.explain.opening.example import Example, read_example
from suwen.explain.opening.opened import Opened
from suwen.explain.opening.panels import panels
from suwen.explain.opening.words import WORDS
from suwen.learn.model import Model
from suwen.report.model_page import ModelPage, model_html, model_json
from suwen.report.model_strings import MODEL_STRINGS
from suwen.report.strings import LANGUAGES, Language

WHEN = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
KINDS = ("film", "volume", "row")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Model, Example]]:
    import numpy as np  # noqa: PLC0415

    folder: Path = tmp_path_factory.mktemp("models")
    verdict = Verdict("parameter randomisation", "consensus", False, {"spearman": 0.9}, 0.5, "why")
    films = load(teach_films(folder))
    films = Model(films.network, replace(films.card, checks=for_card([verdict])))
    scan = write_volume(folder / "scan.nii.gz", blob((20, 14, 18), (6, 9, 12), 3.5, seed=9), np.diag([-1.0, 2, 1, 1]))
    table = write_table(folder / "t.csv")
    return {
        "film": (films, Example(blob((20, 24), (6, 18), seed=11), "picture", "film.png")),
        "volume": (load(teach_volumes(folder)), read_example(str(scan))),
        "row": (load(teach_rows(folder)), read_example(f"{table}:3")),
    }


def page_of(case: tuple[Model, Example], lang: str) -> ModelPage:
    opened = open_model(*case, lang=lang)
    return ModelPage(opened, None if opened.picture is None else panels(opened.picture, target=opened.target))


class _Texts(HTMLParser):
    """Every text a reader meets, those of attributes included."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag == "style"
        self.found += [value or "" for name, value in attrs if name in ("alt", "aria-label", "title")]

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())


def texts(document: str) -> list[str]:
    reader = _Texts()
    reader.feed(document)
    return reader.found


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_stands_alone_and_repeats(cases: dict[str, tuple[Model, Example]], kind: str, lang: Language) -> None:
    page = page_of(cases[kind], lang)
    document = model_html(page, lang=lang, created=WHEN)
    assert document == model_html(page_of(cases[kind], lang), lang=lang, created=WHEN)
    assert not re.search(r"<(script|link|iframe|object|form)\b|https?://|@import|url\(", document)
    assert set(re.findall(r'src="([^"]{10})', document)) <= {"data:image"}
    assert document.count("<img") == {"film": 2, "volume": 3, "row": 0}[kind]
    ids = re.findall(r' id="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', document)) <= set(ids)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_belongs_together_stands_together(
    cases: dict[str, tuple[Model, Example]], kind: str, lang: Language
) -> None:
    page = page_of(cases[kind], lang)
    opened, said = page.opened, texts(model_html(page, lang=lang, created=WHEN))
    whole = "\n".join(said)
    wanted = [one.sentence for one in opened.finding.evidence]
    wanted += [*opened.warnings, *opened.notes, *opened.checks, *opened.card.limits[lang]]
    wanted += [opened.card.weights_sha256, opened.finding.maker.data_digest, opened.card.name, opened.input]
    if opened.scores:
        wanted += [f"{opened.card.threshold:.3f}", opened.finding.chance.calibration, opened.called]
    else:
        wanted += [f"{one.millilitres:.2f} mL" for one in opened.outlines]
    assert [one for one in wanted if one not in whole] == []


def test_a_failed_check_is_told_before_the_map(cases: dict[str, tuple[Model, Example]]) -> None:
    document = model_html(page_of(cases["film"], "en"), created=WHEN)
    assert document.index('role="alert"') < document.index("<img")
    assert "FAILS its sanity check" in document
    assert "It FAILED its sanity check." in document
    assert 'role="alert"' not in model_html(page_of(cases["volume"], "en"), created=WHEN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_chinese_page_has_no_untranslated_string(cases: dict[str, tuple[Model, Example]], kind: str) -> None:
    page = page_of(cases[kind], "zh")
    card, own = (
        page.opened.card,
        {"Suwen", "ball", "ill", "MIT", "UTC", "SHA-256", "AUC", "mL", "consensus", "layer_cam"},
    )
    own |= {card.name, page.opened.input, page.opened.finding.maker.data_digest, card.weights_sha256}
    own |= {one.name for one in card.data} | ({"a", "b", "c"} if kind == "row" else set())
    for text in texts(model_html(page, lang="zh", created=WHEN)):
        left = text
        for word in sorted(own, key=len, reverse=True):
            left = left.replace(word, "")
        chinese = re.search(r"[\u4e00-\u9fff]", left)
        assert chinese or not re.search(r"[A-Za-z]{2}", left), text


@pytest.mark.parametrize("table", [MODEL_STRINGS, WORDS], ids=["page", "sentences"])
def test_words_stand_in_both_languages_with_the_same_fields(table: dict[str, dict[str, str]]) -> None:
    for key, said in table.items():
        assert set(said) == set(LANGUAGES), key
        fields = [sorted(set(re.findall(r"{(\w+)}", said[lang]))) for lang in LANGUAGES]
        assert fields[0] == fields[1], key
        plain = re.sub(r"{\w+}|AUC|mL", "", said["zh"])
        assert re.search(r"[\u4e00-\u9fff]", plain) or not re.search(r"[A-Za-z]{2}", plain), key


def test_what_strangers_wrote_is_escaped(cases: dict[str, tuple[Model, Example]]) -> None:
    hostile = "<script>alert(1)</script>\"'{{ 7*7 }}"
    model, example = cases["film"]
    card = replace(
        model.card,
        name=hostile,
        version=hostile,
        classes=("normal", hostile),
        limits={"en": (hostile,)},
        purpose={"en": hostile},
        licence=hostile,
        training={**model.card.training, "class_names": {"en": [hostile, hostile + "2"]}},
    )
    opened = open_model(Model(model.network, card), replace(example, name=hostile))
    document = model_html(ModelPage(opened, panels(opened.picture) if opened.picture else None), created=WHEN)
    assert "<script" not in document
    assert "49" not in "".join(one for one in texts(document) if hostile in one)
    # A card that says its limits in one language only says them on the other page too.
    assert hostile in "\n".join(texts(model_html(ModelPage(opened), lang="zh", created=WHEN)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_data_hold_what_the_page_shows(cases: dict[str, tuple[Model, Example]], kind: str) -> None:
    opened: Opened = open_model(*cases[kind])
    told: dict[str, Any] = json.loads(json.dumps(model_json(opened), allow_nan=False))
    assert told["format"] == 1
    assert told["chance"] == opened.finding.chance.value
    assert len(told["evidence"]) == len(opened.finding.evidence)
    assert all(("region" in one) ^ ("seen" in one) for one in told["evidence"])
    assert told["limits"] == {lang: list(texts) for lang, texts in opened.card.limits.items()}
    if kind == "film":
        assert told["checks"][0]["passes"] is False


def test_an_unknown_language_is_refused(cases: dict[str, tuple[Model, Example]]) -> None:
    with pytest.raises(InputError, match="en and zh"):
        model_html(page_of(cases["row"], "en"), lang="de", created=WHEN)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="en and zh"):
        open_model(*cases["row"], lang="de")
