"""The commands `suwen records ecg` and `suwen consult` with the areas of the heart, as typed, in both languages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from bedside import patient_resource
from tracings import edf_of, sampled
from typist import CHEAP, Desk

from suwen.diagnosis import Engine
from suwen.formats.fhir import render


@pytest.fixture(scope="module")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one physician, copied for each test."""
    desk = Desk(tmp_path_factory.mktemp("made"))
    for line in desk.run("init", *CHEAP).splitlines()[1:]:
        if line.split()[-2] == "administrator":
            desk.first_login("administrator", line.split()[-1])
    desk.first_login("dr.lin", desk.run("account", "open", "dr.lin", "--role", "physician", by="administrator").strip())
    return desk.home


@pytest.fixture
def desk(made_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(made_store, tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path / "home")


def taken_in(desk: Desk, *resources: dict) -> str:
    who = patient_resource("p", birthDate="1960-06-15", gender="male")
    del who["telecom"]
    about = [{**one, "subject": {"reference": "Patient/p"}} for one in resources]
    entries = [{"resource": one} for one in (who, *about)]
    Path("in.json").write_bytes(render({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return desk.run("import", "in.json", by="dr.lin").strip()


def test_an_electrocardiogram_is_put_in_and_both_areas_answer_in_both_languages(
    desk: Desk, tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves the whole way at the keyboard: import, a file put in by id or identifier, and the consult of it."""
    monkeypatch.setattr("suwen.cli.consulting.open_engine", lambda *_: tiny_engine)  # of rare diseases, not asked here
    pressure = {
        "resourceType": "Observation", "id": "bp", "status": "final", "effectiveDateTime": "2020-01-02",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "valueQuantity": {"value": 150, "code": "mm[Hg]", "system": "http://unitsofmeasure.org"},
    }  # fmt: skip
    patient = taken_in(desk, pressure, sampled("sinus", "2019-12-03", seed=2))
    Path("one.edf").write_bytes(edf_of("first_degree"))
    said = desk.run("ecg", patient, "one.edf", "--date", "2020-01-02", "--title", "at rest", by="dr.lin", stderr=True)
    assert "250 Hz" in said
    assert desk.result("ecg", "one.edf", "--identifier", "SECRET-ID-7", by="dr.lin").exit_code == 0
    for lang, titles in {"en": ("Cardiovascular risk", "Electrocardiogram"), "zh": ("心血管风险", "心电图")}.items():
        shown = desk.result(patient, "--no-texts", "--lang", lang, by="dr.lin", command="consult")
        assert shown.exit_code == 0, shown.output
        assert all(one in shown.output for one in titles)
        assert {"en": "first-degree AV block", "zh": "一度房室传导阻滞"}[lang] in shown.output
    assert desk.result(patient, "--out", "all.json", by="dr.lin", command="report").exit_code == 0
    assert {"heart", "ecg"} <= {one["area"] for one in json.loads(Path("all.json").read_bytes())["areas"]}


def test_a_wrong_file_is_refused_in_one_sentence(desk: Desk) -> None:
    patient = taken_in(desk)
    Path("letter.txt").write_text("no electrocardiogram", "utf-8")
    Path("one.edf").write_bytes(edf_of())
    wrong_date = (patient, "one.edf", "--date", "last week")
    for arguments in ((patient, "letter.txt"), (patient, "absent.edf"), ("letter.txt",), wrong_date):
        assert len(desk.fails("ecg", *arguments, by="dr.lin").strip().splitlines()) == 1
    assert "DocumentReference" not in desk.run("show", patient, by="dr.lin")
