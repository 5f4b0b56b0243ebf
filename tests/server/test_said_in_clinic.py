"""What pages say as a clinic says it: ages, pressures, units, names of terms in both languages; others' words stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra server is not installed")

from suwen.diagnosis.heart.factors import FACTORS
from suwen.server.pages.heart_said import clinic_value
from suwen.server.pages.notes_rules import rule_in
from suwen.server.pages.patient_frame import aged
from suwen.server.pages.patient_said import printed, said_of
from suwen.subject import Saying

LOINC, HPO = "http://loinc.org", "http://human-phenotype-ontology.org"


def measured(code: str, display: str, value: float, unit: str, *, text: str = "") -> dict[str, Any]:
    concept = {"coding": [{"system": LOINC, "code": code, "display": display}], **({"text": text} if text else {})}
    quantity = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    return {"resourceType": "Observation", "status": "final", "code": concept, "valueQuantity": quantity}


def pressure(*parts: dict[str, Any]) -> dict[str, Any]:
    concept = {"coding": [{"system": LOINC, "code": "85354-9", "display": "Blood pressure panel"}]}
    return {"resourceType": "Observation", "code": concept, "component": list(parts)}


HIGH, LOW = (measured(code, "x", value, "mm[Hg]") for code, value in (("8480-6", 138), ("8462-4", 84)))


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2026-11-25", (0, "days")),
        ("2026-11-24", (1, "day")),
        ("2026-10-29", (27, "days")),
        ("2026-10-28", (4, "weeks")),
        ("2026-08-27", (12, "weeks")),
        ("2026-08-25", (3, "months")),
        ("2024-11-26", (23, "months")),
        ("2024-11-25", (2, "years")),
        ("1968-11-26", (57, "years")),
        ("2027-01-01", (0, "days")),  # said by a record to be born tomorrow: no age below nothing
    ],
)
def test_an_age_as_it_is_said_at_that_age(born: str, said: tuple[int, str]) -> None:
    assert aged(date.fromisoformat(born), date(2026, 11, 25)) == said


@pytest.mark.parametrize(("lang", "what"), [("en", "Blood pressure"), ("zh", "血压")])
def test_a_pressure_is_one_value(lang: str, what: str) -> None:
    said = said_of(pressure(HIGH, LOW), lang)
    assert (said.what, said.value) == (what, "138/84 mmHg")


def test_half_a_pressure_or_one_in_other_units_is_not_joined() -> None:
    other = measured("8462-4", "x", 11.2, "kPa")
    assert "/" not in said_of(pressure(HIGH), "en").value
    assert "138/11.2" not in said_of(pressure(HIGH, other), "en").value


def test_units_are_printed_and_unknown_ones_kept() -> None:
    warm = measured("8310-5", "Body temperature", 36.1, "Cel")
    assert (said_of(warm, "en").what, said_of(warm, "en").value) == ("Body temperature", "36.1 °C")
    assert (said_of(warm, "zh").what, said_of(warm, "zh").value) == ("体温", "36.1 °C")
    assert printed("mmol/L", "zh") == "mmol/L"


def test_a_text_of_the_writer_is_never_replaced() -> None:
    said = said_of(measured("8867-4", "Heart rate", 120, "/min", text="pulse while crying"), "zh")
    assert (said.what, said.value) == ("pulse while crying", "120 次/分")


def test_a_term_in_the_reader_s_language_where_it_is_known() -> None:
    coding = {"system": HPO, "code": "HP:0001250", "display": "Seizure"}
    one = {"resourceType": "Observation", "code": {"coding": [coding]}, "valueBoolean": True}
    assert said_of(one, "zh", {"HP:0001250": "癫痫发作"}.get).what == "癫痫发作"  # type: ignore[arg-type]
    assert said_of(one, "zh", lambda _: "").what == "Seizure"


def test_a_lipid_is_said_in_both_units_and_an_age_in_whole_years() -> None:
    assert clinic_value("total_cholesterol", 212 * FACTORS["hdl"].others["mg/dL"], "en") == "5.48 mmol/L (212 mg/dL)"
    assert clinic_value("age", 58.75, "en") == "58 years"
    assert clinic_value("age", 58.75, "zh") == "58 岁"
    assert clinic_value("sbp", 138.0, "en") == "138 mmHg"
    assert clinic_value("smoker", 0.0, "zh") == Saying("no", "否").zh


def test_the_rules_of_a_note_in_words() -> None:
    assert rule_in("variant; absent: denies", "en") == "variant of a name; said to be absent (denies)"
    assert rule_in("literal; absent: 否认", "zh") == "原文名称；表示无（否认）"
    assert rule_in("something new", "zh") == "something new"
