"""The report says the same in both languages, loads nothing, escapes everything; the command keeps what was decided."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from dirty import write_volumes

from suwen.cli.clean import clean as command
from suwen.errors import InputError
from suwen.learn.clean.cleaning import clean
from suwen.learn.clean.manifest import read_manifest
from suwen.learn.clean.nouns import Cleaning, Form, Sample, Severity, Sign, Suggestion, Suspicion
from suwen.learn.clean.pictures import pictures_of
from suwen.learn.clean.reading import read_holding
from suwen.report.clean_page import CleanPage, clean_html, clean_json, shown_names, suspicion_text
from suwen.report.clean_strings import CLEAN_STRINGS, fault_text
from suwen.report.strings import LANGUAGES, Language

WHEN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SOURCES = Path(read_holding.__code__.co_filename).parent


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> CleanPage:
    folder = tmp_path_factory.mktemp("page") / "vol"
    write_volumes(folder)
    holding = read_holding(folder)
    cleaning = clean(holding)
    return CleanPage(cleaning, pictures_of(holding, shown_names(cleaning)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_each_example_and_loads_nothing(page: CleanPage, lang: Language) -> None:
    document = clean_html(page, lang=lang, created=WHEN)
    assert document == clean_html(page, lang=lang, created=WHEN)
    for one in page.cleaning.suspicions:
        assert all(name in document for name in one.where)
    assert set(re.findall(r'src="([^"]{10})', document)) == {"data:image"}
    assert not re.search(r"<(script|link|iframe|object|form)\b|https?://|@import|url\(", document)
    ids = re.findall(r' id="([^"]+)"', document)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', document)) <= set(ids)


def test_what_strangers_wrote_is_escaped() -> None:
    hostile = "<script>alert(1)</script>\"'{{ 7*7 }}"
    facts = {"group": hostile, "splits": hostile, "n": 2}
    suspicion = Suspicion(Sign.LEAK, (hostile,), Severity.GRAVE, Suggestion.ONE_SIDE, 1.0, facts)
    document = clean_html(CleanPage(Cleaning(Form.IMAGES, hostile, (), (suspicion,))), created=WHEN)
    assert "<script" not in document
    assert "49" not in re.sub(r"<style>.*?</style>", "", document, flags=re.S)


def test_words_stand_in_both_languages_with_the_same_fields() -> None:
    for key, said in CLEAN_STRINGS.items():
        assert set(said) == set(LANGUAGES), key
        fields = [sorted(set(re.findall(r"{(\w+)}", said[lang]))) for lang in LANGUAGES]
        assert fields[0] == fields[1], key
        assert re.search(r"[\u4e00-\u9fff]", said["zh"]) or not re.search(
            r"[a-z]{3}", re.sub(r"{\w+}", "", said["zh"])
        ), key


def test_every_sign_suggestion_and_fault_has_its_words() -> None:
    for sign in Sign:
        assert f"clean_sign_{sign.value}" in CLEAN_STRINGS
        assert any(key.startswith(f"clean_say_{sign.value}") for key in CLEAN_STRINGS)
    for suggestion in Suggestion:
        assert f"clean_do_{suggestion.value}" in CLEAN_STRINGS
    # Remarks and faults are looked for in the source itself, so that a new one cannot be forgotten.
    sources = {file.name: file.read_text("utf-8") for file in SOURCES.rglob("*.py")}
    keys = {key for text in sources.values() for key in re.findall(r'Remark\("(\w+)"', text)}
    assert len(keys) > 8
    assert {key for key in keys if f"clean_remark_{key}" not in CLEAN_STRINGS} == set()
    faults = [
        re.sub(r"\{[^{}]*\}", "7", fault)
        for name in ("reading_images.py", "reading_volumes.py", "reading_signals.py")
        for fault in re.findall(r'(?:Format|Data)Error\(f?"((?:is|has|claims|cannot|its) [^"]+)"', sources[name])
    ]
    assert len(faults) > 10
    untold = [fault for fault in faults if not re.search(r"[\u4e00-\u9fff]", fault_text(fault, "zh"))]
    assert untold == []


def test_sentences_of_json_are_whole_in_both_languages(page: CleanPage) -> None:
    told = json.loads(json.dumps(clean_json(page.cleaning)))
    assert told["format"] == 1
    assert len(told["suspicions"]) == len(page.cleaning.suspicions)
    for one in told["suspicions"]:
        assert one["sentence"]["en"].endswith(".")
        assert one["sentence"]["zh"].endswith("。")
        assert "{" not in "".join(one["sentence"].values())


def test_an_unknown_language_is_refused(page: CleanPage) -> None:
    with pytest.raises(InputError, match="en and zh"):
        clean_html(page, lang="de", created=WHEN)  # type: ignore[arg-type]


def test_a_finding_is_told_as_present_or_absent() -> None:
    facts = {"finding": "mass", "given": "-", "proposed": "mass", "chance": 0.9}
    one = Suspicion(Sign.LABEL, ("a",), Severity.NOTABLE, Suggestion.RELABEL, 1.0, facts, "mass")
    assert "Labelled without mass" in suspicion_text(one, "en")
    other = replace(one, facts={**facts, "given": "mass", "proposed": "-"})
    assert "Labelled mass" in suspicion_text(other, "en")


def test_the_command_writes_and_keeps_decisions(tmp_path: Path) -> None:
    write_volumes(tmp_path / "vol")
    manifest, html, table = tmp_path / "m.csv", tmp_path / "r.html", tmp_path / "d.csv"
    folder = str(tmp_path / "vol")
    run = CliRunner()
    first = run.invoke(command, [folder, "--manifest", str(manifest), "--html", str(html), "--lang", "zh"])
    assert first.exit_code == 0, first.output
    assert "须处理" in first.output
    assert 'lang="zh-Hans"' in html.read_text("utf-8")
    table.write_text("name,label,keep,who,why\nc09.nii.gz,,no,Li,one value\n", "utf-8")
    asked = [folder, "--manifest", str(manifest), "--confirm", str(table)]
    assert run.invoke(command, asked).exit_code == 0
    again = run.invoke(command, [folder, "--manifest", str(manifest)])
    assert again.exit_code == 0
    (row,) = [one for one in read_manifest(manifest) if one.name == "c09.nii.gz"]
    assert (row.keep, row.confirmed_by, row.why) == ("no", "Li", "one value")
    assert not [one.name for one in read_manifest(manifest) if one.status == "confirmed" and one.name != row.name]


def test_decisions_need_a_manifest_of_this_data_set(tmp_path: Path) -> None:
    write_volumes(tmp_path / "vol")
    table, manifest = tmp_path / "d.csv", tmp_path / "m.csv"
    table.write_text("name,label,keep,who,why\nx,,no,Li,\n", "utf-8")
    run = CliRunner()
    refused = run.invoke(command, [str(tmp_path / "vol"), "--confirm", str(table)])
    assert isinstance(refused.exception, InputError)
    other = clean(read_holding(tmp_path / "vol"))
    lines = [replace(one, sample=Sample(f"other {at}")) for at, one in enumerate(other.measured)]
    from suwen.learn.clean.manifest import manifest_lines, manifest_rows  # noqa: PLC0415

    text = "".join(manifest_lines(manifest_rows(replace(other, measured=tuple(lines), suspicions=(), orphans=()))))
    manifest.write_text(text, "utf-8")
    refused = run.invoke(command, [str(tmp_path / "vol"), "--manifest", str(manifest), "--confirm", str(table)])
    assert "another data set" in str(refused.exception)
