"""`suwen train --cohort`: a sealed cohort trained on in memory; nothing of its rows written, its model noted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

# the ward, the bedside and the study live with the tests of those rooms
sys.path.insert(0, str(Path(__file__).parent.parent / "records"))
sys.path.insert(0, str(Path(__file__).parent.parent / "consult"))
sys.path.insert(0, str(Path(__file__).parent.parent / "cohort"))

from study import DIABETES, HBA1C, SECRETS, admit, approve, criteria, select
from ward import PASSPHRASE, Ward, open_ward

from suwen.cli.cohort import cohort
from suwen.cli.errors import SuwenGroup
from suwen.cli.train import train
from suwen.cohort import (
    Cohort,
    Criteria,
    Use,
    examples_of,
    open_cohort,
    renew_consent,
    revoke_approval,
    show_cohort,
    table_csv,
    withdraw,
)
from suwen.learn.card import Card
from suwen.learn.log import RunLog
from suwen.records.access import Role

MAIN = SuwenGroup(commands={"train": train, "cohort": cohort})
PATIENTS = 12
CONFIG = """\
purpose: {en: Badly controlled diabetes., zh: 血糖控制不佳。}
limits: {en: [Only for tests.], zh: [仅供测试。]}
licence: not to be passed on
data: {split: {parts: {train: 0.5, val: 0.5}}}
network: {kind: perceptron, settings: {widths: [4]}}
plan: {epochs: 3, batch: 3, rate: 1e-2}
"""
WITHIN = "Error: "


@dataclass
class Bench:
    """A ward whose data scientist trains on the cohort `wanted`, in `folder`."""

    ward: Ward
    patients: list[str]
    wanted: Cohort
    folder: Path

    def environment(self, role: Role = Role.DATA_SCIENTIST) -> dict[str, str]:
        session, actor = self.folder.parent / f"session-{role.value}.json", self.ward[role]
        session.write_text(json.dumps({"format": 1, "login": role.value, "id": actor.id, "token": actor.token}))
        return {
            "SUWEN_RECORDS": str(self.ward.home),
            "SUWEN_SESSION": str(session),
            "SUWEN_PASSPHRASE": PASSPHRASE,
        }

    def run(self, *arguments: str, role: Role = Role.DATA_SCIENTIST) -> tuple[int, str, str]:
        result = CliRunner().invoke(MAIN, arguments, env=self.environment(role))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    def train(self, *more: str, role: Role = Role.DATA_SCIENTIST) -> tuple[int, str, str]:
        return self.run("train", "risk.yaml", "--cohort", self.wanted.id[:12], "--into", "out", *more, role=role)

    def refused(self, *arguments: str, role: Role = Role.DATA_SCIENTIST) -> str:
        """The one message in which it was refused, with nothing begun."""
        status, shown, errors = self.run(*arguments, role=role)
        assert (status, shown) == (2, "")
        assert errors.startswith(WITHIN)
        assert errors.count(WITHIN) == 1
        assert [one.name for one in self.folder.iterdir()] == ["risk.yaml"]
        return errors

    def models(self) -> list[str]:
        """Weights (SHA-256) of the models that saw the first patient of the cohort."""
        said = json.loads(self.run("cohort", "models", self.patients[0], "--json", role=Role.PHYSICIAN)[1])
        return [one["weights"] for one in said["models"]]


def wish() -> Criteria:
    features: list[Any] = ["sex", "age", "index_date", {"name": "hba1c", "last": {"code": f"LOINC:{HBA1C}"}}]
    features[3]["last"]["unit"] = "%"
    label = {"observation": {"code": f"LOINC:{HBA1C}", "is": ">=", "value": 7.6, "unit": "%"}}
    return criteria(features=features, label=label)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("ward") / "store", clock=time.time) as one:  # type: ignore[arg-type]
        yield one


@pytest.fixture(scope="module")
def patients(ward: Ward) -> list[str]:
    return [admit(ward, number, value=6.013 + number * 0.257) for number in range(1, PATIENTS + 1)]


@pytest.fixture
def bench(ward: Ward, patients: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Each test with an approval and a cohort of its own in the one ward."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "risk.yaml").write_text(CONFIG)
    monkeypatch.chdir(folder)
    approve(ward, Role.DATA_SCIENTIST, reference=f"IRB {tmp_path.name}", training=True)
    wanted = select(ward, wish(), role=Role.DATA_SCIENTIST, use=Use.TRAINING)
    return Bench(ward, patients, wanted, folder)


def told(bench: Bench) -> Card:
    return Card.from_json((bench.folder / "out" / "risk.json").read_bytes())


def test_a_model_is_trained_and_noted_and_found_from_the_patient(bench: Bench) -> None:
    """Proves the whole way: trained without any export, the card names the manifest, the patient's models name it."""
    status, shown, errors = bench.train()
    assert status == 0, errors
    card = told(bench)
    assert card.cohort == bench.wanted.manifest.digest
    assert {one.part: one.n for one in card.data} == {"training": 6, "validation": 6}
    assert card.classes == ("no", "yes")
    assert card.training["features"] == ["sex = female", "age", "hba1c"]  # a date would be a column of one patient
    assert bench.models()[-1] == card.weights_sha256
    assert f"saw the cohort {card.cohort[:12]}" in errors
    assert card.cohort in (bench.folder / "out" / "risk.html").read_text("utf-8")
    found = json.loads(bench.run("cohort", "withdraw", bench.patients[0], "--json", role=Role.PHYSICIAN)[1])
    renew_consent(bench.ward[Role.PHYSICIAN], bench.ward.records, bench.patients[0])
    assert card.weights_sha256 in [one["weights"] for one in found["models"]]
    assert bench.train()[0] == 0  # the same command again changes nothing
    assert told(bench).weights_sha256 == card.weights_sha256
    assert bench.models().count(card.weights_sha256) == 1
    assert shown.strip()


def test_no_byte_that_is_written_or_shown_tells_of_a_patient(bench: Bench) -> None:
    """Proves that no pseudonym, name, id, date or row is in any file (weights and events too), or on the screen."""
    before = set(bench.folder.parent.rglob("*"))
    status, shown, errors = bench.train("--seeds", "0,1", "--html", "page.html", "--keep", "kept")
    assert status == 0, errors
    files = [one for one in bench.folder.parent.rglob("*") if one.is_file() and one not in before]
    assert {"risk.safetensors", "risk.json", "page.html", "log.jsonl", "checkpoint.safetensors"} <= {
        one.name for one in files
    }
    written = {str(one): one.read_bytes() for one in files if not one.name.startswith("session-")}
    written |= {"screen": (shown + errors).encode(), "names": "\n".join(map(str, files)).encode()}
    for place, data in written.items():
        for one in traces(bench):
            assert one not in data, (place, one)


def traces(bench: Bench) -> list[bytes]:
    """What must not be found: words of each patient, and each row as numbers, bytes and text."""
    table, found = bench.wanted.table, examples_of(bench.wanted)
    date, age, value = (table.header.index(name) for name in ("index_date", "age", "hba1c"))
    words = [*SECRETS, *bench.patients]
    for row in table.rows:
        words += [row[0], row[0][1:], row[date], f"{row[age]},{row[value]}", f"{row[age]}, {row[value]}"]
    words += [one.records for one in bench.wanted.manifest.rows]
    at = [found.features.index(name) for name in ("age", "hba1c")]
    rows = found.inputs[:, at]
    scaled = (rows - rows.mean(0)) / rows.std(0)
    raw = [row.astype(kind).tobytes() for many in (rows, scaled) for row in many for kind in (np.float32, np.float64)]
    return [*(one.encode() for one in words), *raw]


def test_the_search_for_traces_finds_them(bench: Bench) -> None:
    """Proves that the test above looks for what is there: the table and its rows in memory are full of traces."""
    data = table_csv(bench.wanted.table)
    assert sum(one in data for one in traces(bench)) >= 3 * PATIENTS
    found = examples_of(bench.wanted)
    rows = found.inputs[:, [found.features.index(name) for name in ("age", "hba1c")]].astype(np.float32).tobytes()
    assert sum(one in rows for one in traces(bench)) >= PATIENTS


def test_a_card_tells_no_digest_by_which_a_row_could_be_guessed(bench: Bench) -> None:
    """Proves that the data of the card are named by the digest of the whole table, pseudonyms included."""
    assert bench.train()[0] == 0
    assert {one.digest for one in told(bench).data} == {bench.wanted.manifest.table}


# Refused before anything begins


def test_who_may_not_is_refused_before_anything_is_written(bench: Bench) -> None:
    arguments = ("train", "risk.yaml", "--cohort", bench.wanted.id)
    for role in (Role.RESEARCHER, Role.PHYSICIAN):
        assert "you may not" in bench.refused(*arguments, role=role)
    revoke_approval(bench.ward[Role.ADMINISTRATOR], bench.ward.records, f"IRB {bench.folder.parent.name}")
    assert "you may not" in bench.refused(*arguments)
    assert "0 cohorts" in bench.refused("train", "risk.yaml", "--cohort", "00000000")
    assert "log in first" in bench.refused(*arguments, "--as", "somebody-else")


def test_a_cohort_for_research_is_not_trained_on(bench: Bench) -> None:
    approve(bench.ward, Role.RESEARCHER, reference="IRB research", training=True)
    wanted = select(bench.ward, wish(), role=Role.RESEARCHER, approval="IRB research")
    said = bench.refused("train", "risk.yaml", "--cohort", wanted.id, role=Role.RESEARCHER)
    assert "for research, not for training" in said


def test_somebody_who_has_withdrawn_closes_the_cohort(bench: Bench) -> None:
    physician = bench.ward[Role.PHYSICIAN]
    withdraw(physician, bench.ward.records, bench.patients[3])
    try:
        assert "withdrawn since" in bench.refused("train", "risk.yaml", "--cohort", bench.wanted.id)
    finally:
        renew_consent(physician, bench.ward.records, bench.patients[3])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("data: {", "data: {path: risk.yaml, ", "data.path"),
        ("data: {", "data: {group: id, ", "data.group"),
        ("data: {", "data: {classes: [one, two, three], ", "there are 2 classes"),
        ("parts: {train: 0.5, val: 0.5}", "by: given", "ask for another split"),
        ("split: {parts: {train: 0.5, val: 0.5}}", "", "fewer than 5"),
        ("kind: perceptron", "kind: residual", "network"),
    ],
)
def test_what_a_config_cannot_say_of_a_cohort_is_told(bench: Bench, before: str, after: str, said: str) -> None:
    (bench.folder / "risk.yaml").write_text(CONFIG.replace(before, after))
    assert said in bench.refused("train", "risk.yaml", "--cohort", bench.wanted.id)


def test_the_options_of_a_store_need_a_cohort(bench: Bench) -> None:
    assert "--cohort" in bench.refused("train", "risk.yaml", "--as", "data-scientist")
    assert "data.path: is missing" in bench.refused("train", "risk.yaml")


def test_data_may_be_absent_and_classes_have_names_of_their_own(bench: Bench) -> None:
    """Proves that only what the config says of data is heeded, and that without it the usual split is asked for."""
    (bench.folder / "risk.yaml").write_text(CONFIG.replace("data: {", "data: {classes: [well, badly], "))
    assert bench.train()[0] == 0
    assert told(bench).classes == ("well", "badly")
    lines = [one for one in CONFIG.splitlines() if not one.startswith("data")]
    (bench.folder / "risk.yaml").write_text("\n".join(lines))
    assert "fewer than 5" in bench.train("--keep", "other")[2]


# While it runs


def test_somebody_who_withdraws_meanwhile_keeps_the_model_from_being_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that no training outruns a withdrawal: no model is written, and what weights there are were noted."""
    physician, records, step = bench.ward[Role.PHYSICIAN], bench.ward.records, RunLog.step

    def stepped(log: RunLog, seed: int, progress: Any) -> None:
        step(log, seed, progress)
        if (progress.epoch, progress.step) == (2, 1):
            withdraw(physician, records, bench.patients[3])

    monkeypatch.setattr(RunLog, "step", stepped)
    known = len(bench.models())
    try:
        status, shown, errors = bench.train()
    finally:
        renew_consent(physician, records, bench.patients[3])
    assert (status, shown) == (2, "")
    assert "has withdrawn since the training began" in errors
    assert [one.name for one in (bench.folder / "out").iterdir()] == ["risk.run"]
    assert {one.name for one in (bench.folder / "out" / "risk.run").iterdir()} == {"log.jsonl", "events", "seed-0"}
    assert len(bench.models()) == known + 1


def test_who_has_logged_out_meanwhile_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that a training that could not be noted is written by the same command once it can be."""
    with monkeypatch.context() as patch:
        step, session = RunLog.step, bench.folder.parent / "session-data scientist.json"

        def stepped(log: RunLog, seed: int, progress: Any) -> None:
            step(log, seed, progress)
            session.unlink(missing_ok=True)

        patch.setattr(RunLog, "step", stepped)
        status, shown, errors = bench.train()
    assert (status, shown) == (2, "")
    assert "could not be noted" in errors
    assert "log in first" in errors.splitlines()[-1]
    assert [one.name for one in (bench.folder / "out").iterdir()] == ["risk.run"]
    status, _, errors = bench.train()
    assert status == 0, errors
    assert "epoch" not in errors
    assert bench.models()[-1] == told(bench).weights_sha256


def test_an_approval_that_ends_meanwhile_keeps_it_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that a model that may not be noted any longer is not written."""
    step = RunLog.step

    def stepped(log: RunLog, seed: int, progress: Any) -> None:
        step(log, seed, progress)
        if (progress.epoch, progress.step) == (2, 1):
            revoke_approval(bench.ward[Role.ADMINISTRATOR], bench.ward.records, f"IRB {bench.folder.parent.name}")

    monkeypatch.setattr(RunLog, "step", stepped)
    known = len(bench.models())
    status, shown, errors = bench.train()
    assert (status, shown) == (2, "")
    assert "could not be noted" in errors
    assert not list((bench.folder / "out").glob("risk.s*"))
    assert len(bench.models()) == known


DYING = """
import os, signal, sys
from suwen.learn.log import RunLog
step = RunLog.step
def dying(self, seed, progress):
    step(self, seed, progress)
    if (progress.epoch, progress.step) == (3, 1):
        os.kill(os.getpid(), signal.SIGKILL)
RunLog.step = dying
from suwen.cli.errors import SuwenGroup
from suwen.cli.train import train
SuwenGroup(commands={"train": train})(sys.argv[1:])
"""


def test_killed_and_resumed_it_ends_as_if_nothing_had_happened(bench: Bench) -> None:
    arguments = ("train", "risk.yaml", "--cohort", bench.wanted.id, "--into", "out")
    known = len(bench.models())
    died = subprocess.run(
        [sys.executable, "-c", DYING, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=bench.folder,
        env={**os.environ, **bench.environment()},
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert [one.name for one in (bench.folder / "out").iterdir()] == ["risk.run"]
    assert len(bench.models()) == known
    status, _, errors = bench.run(*arguments)
    assert status == 0, errors
    assert "epoch 2" not in errors  # what was done is not done again
    assert bench.run(*arguments[:-1], "whole")[0] == 0
    weights = [(bench.folder / one / "risk.safetensors").read_bytes() for one in ("out", "whole")]
    assert weights[0] == weights[1]
    assert len(bench.models()) == known + 1  # the same weights are one model
    manifest, models, willing = show_cohort(bench.ward[Role.DATA_SCIENTIST], bench.ward.records, bench.wanted.id)
    assert (manifest.digest, len(models), willing) == (bench.wanted.manifest.digest, 1, True)


def test_the_table_trained_on_is_that_of_the_manifest(bench: Bench) -> None:
    """Proves that what is opened for the training is the cohort as it was selected."""
    again = open_cohort(bench.ward[Role.DATA_SCIENTIST], bench.ward.records, bench.wanted.id)
    assert again.table == bench.wanted.table
    assert DIABETES in json.dumps(bench.wanted.manifest.criteria)
