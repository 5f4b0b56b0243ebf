"""`suwen heart`: from a file or options to risks, bars, what-if, reasons; as text in both languages and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suwen.cli.errors import SuwenGroup
from suwen.cli.heart import heart

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "person.heart"


def run(*arguments: str, text: str | None = None) -> Result:
    group = SuwenGroup("suwen")
    group.add_command(heart)
    return CliRunner().invoke(group, ["heart", *arguments], input=text)


def answer(*arguments: str, text: str | None = None) -> dict[str, object]:
    ran = run(*arguments, "--json", text=text)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            ("China-PAR", "PREVENT", "QRISK3", "Not applicable", "What if", "before", "modifiable first", "Sources"),
        ),
        (
            "zh",
            ("China-PAR", "PREVENT", "QRISK3", "不适用", "如果改变", "改变前", "可干预者在前", "来源", "按中国指南"),
        ),
    ],
)
def test_the_example(lang: str, words: tuple[str, ...]) -> None:
    ran = run(str(EXAMPLE), "--what-if", "sbp=130,ldl=70 mg/dL", "--lang", lang)
    assert ran.exit_code == 0, ran.output
    for word in words:
        assert word in ran.stdout
    assert "█" in ran.stdout


def test_json_adds_up_and_what_if_lowers() -> None:
    found = answer(str(EXAMPLE), "--what-if", "sbp=130，ldl=1.8", "--equation", "prevent-base-cvd-10")
    (risk,) = found["risks"]  # type: ignore[misc]
    assert risk["value"] == risk["low"] == risk["high"]
    assert {term["key"] for term in risk["terms"]} >= {"sbp", "smoker", "age"}
    assert found["person"]["bmi"] == pytest.approx(81 / 1.72**2)  # type: ignore[index]
    (change,) = found["what_if"]  # type: ignore[misc]
    assert change["after"]["value"] < change["before"]["value"] == risk["value"]
    assert "sbp" in {one["key"] for one in change["moved"]}
    assert change["followed"]


def test_options_stand_above_the_file_under_any_name() -> None:
    found = answer(str(EXAMPLE), "--set", "收缩压=120 mmHg", "--set", "af=yes", "--equation", "cha2ds2-vasc")
    assert found["person"]["sbp"] == 120  # type: ignore[index]
    assert len(found["risks"]) == 1  # type: ignore[arg-type]


def test_options_alone_and_standard_input() -> None:
    stated = ("--equation", "duke-treadmill")
    values = {"exercise_minutes": 7, "st_deviation": "0.2 mV", "exercise_angina": "limiting"}
    alone = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    for found in (answer(*alone, *stated), answer("-", *stated, text=json.dumps(values))):
        (risk,) = found["risks"]  # type: ignore[misc]
        assert risk["points"] == pytest.approx(-11)


def test_points_are_shown_as_points() -> None:
    ran = run(
        "--set", "age=80", "--set", "sex=f", "--set", "af=yes", "--set", "stroke=yes", "--equation", "cha2ds2-vasc"
    )
    assert "Unknown, hence an interval" in ran.stdout
    assert "+2" in ran.stdout


def test_one_model_of_prevent_for_each_outcome_unless_all() -> None:
    def models(*options: str) -> list[str]:
        found = answer(str(EXAMPLE), *options)
        keys = [one["equation"] for part in ("risks", "not_applicable") for one in found[part]]  # type: ignore[attr-defined]
        return [one for one in keys if one.startswith("prevent")]

    assert answer(str(EXAMPLE))["china"]["at_the_cuts_of_2019"]["china-par-ascvd-10"] == "high risk"  # type: ignore[index]
    assert len(models()) == 6
    assert all("uacr" in one for one in models())  # the file has it, and it adds to the base model
    assert len(models("--all")) == 50


def test_nothing_else_is_a_statement_and_is_said() -> None:
    told = ("--set", "lupus=unknown", "--set", "migraine=yes", "--equation", "qrisk3")
    wide, narrow = (answer(str(EXAMPLE), *told, *more)["risks"][0] for more in ((), ("--no-others",)))  # type: ignore[index]
    assert set(narrow["missing"]) == {"lupus", "sbp_sd", "townsend"}  # stated as unknown stays unknown
    assert set(narrow["missing"]) < set(wide["missing"])
    assert wide["low"] - 1e-9 <= narrow["low"] < narrow["high"] < wide["high"]
    said = answer(str(EXAMPLE), *told, "--no-others")["derived"][-1]  # type: ignore[index]
    assert "rheumatoid arthritis" in said
    assert "migraine" not in said
    assert "无其他情况" in run(str(EXAMPLE), "--no-others", "--lang", "zh").stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_equations_are_compared(lang: str) -> None:
    ran = run(str(EXAMPLE), "--lang", lang)
    assert {"en": "differ by more than a factor of 1.5", "zh": "相差超过 1.5 倍"}[lang] in ran.stdout
    assert {"en": "high risk (6/7)", "zh": "高危 (6/7)"}[lang] in ran.stdout
    assert {"en": "heart failure 13.2%", "zh": "心力衰竭 13.2%"}[lang] in ran.stdout


def test_nobody_and_the_old_get_an_answer() -> None:
    ran = run("--set", "age=109", "--set", "sex=female")
    assert ran.exit_code == 0
    assert "No equation applies." in ran.stdout
    assert "outside 20 to 85 years" in ran.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_of_inputs(lang: str) -> None:
    ran = run("--list", "--lang", lang)
    assert ran.exit_code == 0
    for word in ("sbp", "mmol/L", "mg/dL", "60 – 260", "qrisk3", "china-par-ascvd-10"):
        assert word in ran.stdout
    listed = json.loads(run("--list", "--json", "--lang", lang, "--equation", "score2").stdout)
    assert [one["key"] for one in listed["equations"]] == ["score2"]
    assert {one["key"] for one in listed["inputs"]} >= {"age", "sex", "score2_region"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no person was given"),
        (("--set", "total_cholesterol=200"), "did you mean mg/dL?"),
        (("--set", "sbp"), "KEY=VALUE"),
        (("--set", "age=50", "--equation", "scor2"), "nearest: score2"),
        (("--set", "age=50", "--what-if", "hdl=45"), "did you mean mg/dL?"),
        (("absent.yaml",), "no file"),
    ],
)
def test_mistakes_are_one_message(arguments: tuple[str, ...], said: str) -> None:
    ran = run(*arguments)
    assert ran.exit_code == 2
    assert said in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("text", ["", "- 1", "a: [1, 2]", "{", "age: {x: 1}", "\x00", "age: 2020-01-01", "[" * 5000])
def test_files_that_hold_no_person(tmp_path: Path, text: str) -> None:
    file = tmp_path / "person.yaml"
    file.write_text(text, encoding="utf-8")
    ran = run(str(file))
    assert ran.exit_code == 2, ran.output
    assert "Traceback" not in ran.output


def test_a_file_of_other_bytes_or_too_large(tmp_path: Path) -> None:
    file = tmp_path / "person.yaml"
    file.write_bytes(b"\xff\xfe\x00age")
    assert "UTF-8" in run(str(file)).output
    file.write_text("a" * (2**20 + 1))
    assert "1 MiB" in run(str(file)).output
