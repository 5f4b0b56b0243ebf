"""`suwen cohort` as somebody at a terminal uses it: approve, select, export, train, register, withdraw."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from study import admit, approve, criteria
from ward import PASSPHRASE, Ward, open_ward

from suwen.cli.cohort import cohort
from suwen.cohort import read_manifest
from suwen.learn.card import Card
from suwen.records.access import Role

CRITERIA = """
format: 1
name: diabetes
index: {first: {condition: {code: "SNOMEDCT:44054006"}}}
all: [{condition: {code: "SNOMEDCT:44054006"}}]
features: [sex, age_band, {name: hba1c, last: {code: "LOINC:4548-4", unit: "%"}}]
label: {observation: {code: "LOINC:4548-4", is: ">=", value: 8, unit: "%"}}
"""


@dataclass
class Desk:
    """Runs the commands as one of the ward."""

    ward: Ward
    folder: Path
    patients: list[str] = field(default_factory=list)

    def run(self, role: Role, *arguments: str) -> tuple[int, str, str]:
        actor = self.ward[role]
        session = self.folder / f"session-{role.value}.json"
        said = {"format": 1, "login": role.value, "id": actor.id, "token": actor.token}
        session.write_text(json.dumps(said))
        environment = {
            "SUWEN_RECORDS": str(self.ward.home),
            "SUWEN_SESSION": str(session),
            "SUWEN_PASSPHRASE": PASSPHRASE,
        }
        result = CliRunner().invoke(cohort, arguments, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    def done(self, role: Role, *arguments: str) -> str:
        code, said, wrong = self.run(role, *arguments)
        assert code == 0, wrong
        return said

    def fails(self, role: Role, *arguments: str) -> str:
        code, said, wrong = self.run(role, *arguments)
        assert (code, said) == (2, ""), wrong
        return wrong


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_ward(tmp_path / "store", clock=time.time) as ward:  # type: ignore[arg-type]
        patients = [admit(ward, number, value=6 + number / 2) for number in range(1, 8)]
        (tmp_path / "criteria.yaml").write_text(CRITERIA)
        yield Desk(ward, tmp_path, patients)


def test_the_whole_round(desk: Desk) -> None:
    """Proves: approved, selected, taken out, trained, registered, found from the patient, withdrawn, opened no more."""
    file, out, physician = desk.folder / "criteria.yaml", desk.folder / "out", Role.PHYSICIAN
    _ = desk.ward[Role.RESEARCHER]
    desk.done(Role.ADMINISTRATOR, "approve", "IRB 7", "--who", "researcher", "--days", "30", "--criteria", str(file))
    assert "IRB 7" in desk.done(Role.ADMINISTRATOR, "approvals")
    said = json.loads(desk.done(Role.RESEARCHER, "select", str(file), "--out", str(out), "--json"))
    assert (said["patients"], said["left_out"]["do not fit"]) == (7, "0")
    manifest = read_manifest((out / "manifest.json").read_bytes())
    assert manifest.digest == said["manifest"]
    assert (out / "cohort.csv").read_text().splitlines()[0] == "id,sex,age_band,hba1c,label"
    desk.done(Role.RESEARCHER, "export", said["id"], "--out", str(desk.folder / "again"))
    assert (desk.folder / "again" / "cohort.csv").read_bytes() == (out / "cohort.csv").read_bytes()
    words = {"en": "a test", "zh": "测试"}
    model = Card(
        *("rule", "1", words, "classes", ("no", "yes"), {}, {}, (), {}, {"en": (), "zh": ()}, ""),
        weights_sha256="ab" * 32,
        cohort=manifest.digest,
    )
    (desk.folder / "card.json").write_text(model.to_json())
    desk.done(Role.RESEARCHER, "register", str(desk.folder / "card.json"), "--where", "the laptop")
    assert "rule 1 (the laptop)" in desk.done(Role.RESEARCHER, "show", said["id"])
    assert said["id"] in desk.done(Role.RESEARCHER, "list")
    for command in ("models", "withdraw"):
        found = json.loads(desk.done(physician, command, desk.patients[0], "--json"))
        assert [one["name"] for one in found["models"]] == ["rule"]
        assert found["cohorts"] == [manifest.digest]
        assert (found["withdrawn"] is None) is (command == "models")
    assert "withdrawn since" in desk.fails(Role.RESEARCHER, "export", said["id"], "--out", str(desk.folder / "third"))
    assert not (desk.folder / "third").exists()
    desk.done(physician, "consent", "--identifier", "MRN-1001")
    name = manifest.rows[0].pseudonym
    assert desk.done(physician, "reidentify", said["id"], name).strip() in desk.patients
    desk.done(Role.ADMINISTRATOR, "revoke", "IRB 7")
    assert "approved" in desk.fails(Role.RESEARCHER, "list")


def test_what_is_wrong_is_said_in_one_message(desk: Desk) -> None:
    """Proves that wrong input, missing rights and too few patients end with status 2, one message, nothing written."""
    file, out = desk.folder / "criteria.yaml", desk.folder / "out"
    assert "approved" in desk.fails(Role.RESEARCHER, "select", str(file), "--out", str(out))
    approve(desk.ward, Role.RESEARCHER)
    approve(desk.ward, Role.DATA_SCIENTIST, reference="IRB 8", training=True)
    wrong = ("--purpose", "training", "--out", str(out))
    assert "you may not export" in desk.fails(Role.DATA_SCIENTIST, "select", str(file), *wrong)
    file.write_text(CRITERIA.replace('unit: "%"', "unit: percent").replace("sex,", "sexx,"))
    said = desk.fails(Role.RESEARCHER, "select", str(file), "--out", str(out))
    assert "features[0]" in said
    assert "features[2].last.unit" in said
    assert "label.observation.unit" in said
    file.write_text(CRITERIA.replace("none:", "") + "none: [{sex: female}]\n")
    assert "fewer than 5" in desk.fails(Role.RESEARCHER, "select", str(file), "--out", str(out))
    file.write_text(CRITERIA)
    assert "no folder" in desk.fails(Role.RESEARCHER, "select", str(file), "--out", str(out / "deep"))
    file.write_bytes(b"\x00\x01")
    desk.fails(Role.RESEARCHER, "select", str(file))
    assert not out.exists()
    assert not list(desk.folder.glob(".out*"))
    assert "no cohort" in desk.run(Role.RESEARCHER, "list")[2]
    assert "0 cohorts" in desk.fails(Role.RESEARCHER, "show", "12345678")
    assert criteria().digest


def test_a_data_scientist_selects_and_takes_nothing_out(desk: Desk) -> None:
    """Proves that a cohort for training is made and listed, and stays in the house."""
    approve(desk.ward, Role.DATA_SCIENTIST, training=True)
    file = str(desk.folder / "criteria.yaml")
    said = json.loads(desk.done(Role.DATA_SCIENTIST, "select", file, "--purpose", "training", "--json"))
    assert said["purpose"] == "training"
    out = str(desk.folder / "out")
    assert "you may not export" in desk.fails(Role.DATA_SCIENTIST, "export", said["id"], "--out", out)
