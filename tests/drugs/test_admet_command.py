"""Proves that `suwen profile` shows, writes and explains the endpoints in both languages, and does without them."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from forecasts_made import UNKNOWN, StandIn, bad_of_all

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.cli import profile_admet
from suwen.cli.profile import profile
from suwen.drugs.admet.endpoints import ENDPOINTS, GROUPS
from suwen.drugs.batch import profiles
from suwen.drugs.nouns import Profile
from suwen.errors import InputError, MissingExtraError, NotFoundError
from suwen.formats.molecules.nouns import Molecule, Refused

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def run(*words: str) -> Result:
    return CliRunner().invoke(profile, list(words), env={"COLUMNS": "300"})


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = StandIn()
    monkeypatch.setitem(sys.modules, "suwen.drugs.admet.forecast", found)
    monkeypatch.setattr(profile_admet, "find_spec", str)
    monkeypatch.setattr(profile_admet, "_has_weights", lambda: True)
    return found


@pytest.mark.usefixtures("models")
def test_json_has_every_endpoint_with_interval_domain_limits_and_neighbours() -> None:
    found = json.loads(run(ASPIRIN, "--json").stdout)["endpoints"]
    assert list(found) == list(ENDPOINTS)
    for (key, one), made in zip(found.items(), bad_of_all(), strict=True):
        assert one["value"] == made.value
        assert one["concern"] == (made.endpoint.wanted != "neither")
        assert ("low" in one, "answers" in one) == ((True, False) if one["kind"] == "amount" else (False, True))
        assert one["inside"] is True
        assert len(one["limits"]) == len(ENDPOINTS[key].levels)
        assert [near["similarity"] for near in one["nearest"]] == [0.625, 0.5, 0.125]
        assert one["meaning"] == made.endpoint.meaning.en
        assert "atoms" not in one


@pytest.mark.usefixtures("models")
def test_atoms_are_explained_when_asked_for() -> None:
    found = json.loads(run(ASPIRIN, "--atoms", "--json", "--lang", "zh").stdout)["endpoints"]
    for one in found.values():
        assert one["atoms"]["shares"][-1] == 1.5
        assert one["atoms"]["strongest_properties"] == {"MolLogP": 0.75, "TPSA": -0.5}
    shown = run(ASPIRIN, "--atoms").stdout
    assert "MolLogP +0.75" in shown
    assert "log-odds" in shown
    assert "20 +1.50" in shown
    assert "80 %" in shown


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_shows_each_endpoint_in_its_group(lang: str) -> None:
    shown = run(ASPIRIN, "--lang", lang).stdout
    groups = [shown.index(f"· {name.said(lang)}") for name in GROUPS.values()]
    assert groups == sorted(groups)
    for one in ENDPOINTS.values():
        assert one.name.said(lang) in shown
    assert "95 %" in shown
    assert "MolLogP +" not in shown


@pytest.mark.usefixtures("models")
def test_a_file_gives_columns_for_each_endpoint_and_blanks_for_what_is_none(tmp_path: Path) -> None:
    source, table = tmp_path / "in.smi", tmp_path / "out.csv"
    source.write_text("CCO ethanol\nC1CC open\nc1ccccc1 benzene\n", "utf-8")
    assert run(str(source), "--csv", str(table), "--processes", "1").exit_code == 0
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert len(rows) == 3
    for made in bad_of_all():
        key = f"admet.{made.endpoint.key}"
        assert float(rows[0][key]) == pytest.approx(made.value, rel=1e-3)
        assert rows[0][f"{key}.inside"] == "1"
        assert rows[1][key] == rows[1][f"{key}.inside"] == ""
        if made.endpoint.kind == "amount":
            assert float(rows[2][f"{key}.low"]) < float(rows[2][key]) < float(rows[2][f"{key}.high"])
        else:
            assert rows[2][f"{key}.answers"] == str(int(made.value >= 0.5))
    assert rows[1]["problem"].startswith("row 2")
    assert all(None not in row and None not in row.values() for row in rows)
    lines = [json.loads(line) for line in run(str(source), "--json", "--processes", "1").stdout.splitlines()]
    assert ["endpoints" in one for one in lines] == [True, False, True]


def test_no_admet_asks_the_models_nothing(models: StandIn, tmp_path: Path) -> None:
    assert "endpoints" not in json.loads(run(ASPIRIN, "--json", "--no-admet").stdout)
    source, table = tmp_path / "in.smi", tmp_path / "out.csv"
    source.write_text("CCO\n", "utf-8")
    run(str(source), "--csv", str(table), "--no-admet", "--processes", "1")
    assert "admet." not in table.read_text("utf-8")
    assert models.asked == []


def test_a_lot_is_forecast_at_once_and_what_cannot_be_is_refused_alone(models: StandIn) -> None:
    given = [Molecule("CCO", "1"), Molecule("nothing", "2"), Molecule("CCN", "3")]
    found = list(profiles(given, processes=1, admet=True))
    assert models.asked == [2]
    assert [len(one.forecasts) if isinstance(one, Profile) else 0 for one in found] == [27, 0, 27]
    odd = list(profiles([*given, Molecule(UNKNOWN, "4"), Molecule("CCS", "5")], processes=1, admet=True))
    assert [isinstance(one, Profile) for one in odd] == [True, False, True, False, True]
    refused = odd[3]
    assert isinstance(refused, Refused)
    assert refused.row == 4
    assert "xenon" in refused.problem.what
    assert all(len(one.forecasts) == 27 for one in odd if isinstance(one, Profile))
    assert all(not one.forecasts for one in profiles(given, processes=1) if isinstance(one, Profile))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_pytorch_one_line_says_so_and_the_rest_is_told(
    models: StandIn, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    monkeypatch.setattr(profile_admet, "find_spec", {}.get)
    found = run(ASPIRIN, "--json", "--lang", lang)
    assert found.exit_code == 0
    assert "endpoints" not in json.loads(found.stdout)
    assert len(found.stderr.splitlines()) == 1
    assert "PyTorch" in found.stderr
    assert models.asked == []
    assert isinstance(run(ASPIRIN, "--admet").exception, MissingExtraError)
    assert isinstance(run(ASPIRIN, "--atoms").exception, MissingExtraError)


def test_without_weights_it_is_said_too(models: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_admet, "_has_weights", lambda: False)
    found = run(ASPIRIN, "--json")
    assert "weights" in found.stderr
    assert found.exit_code == 0
    assert isinstance(run(ASPIRIN, "--admet").exception, NotFoundError)
    assert models.asked == []


@pytest.mark.usefixtures("models")
def test_atoms_are_of_one_molecule(tmp_path: Path) -> None:
    source = tmp_path / "in.smi"
    source.write_text("CCO\n", "utf-8")
    assert isinstance(run(str(source), "--json", "--atoms").exception, InputError)
    assert isinstance(run(ASPIRIN, "--atoms", "--no-admet").exception, InputError)
