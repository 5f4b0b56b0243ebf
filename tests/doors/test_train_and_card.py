"""`suwen train` and `suwen card`: from config to signed model; killed, resumed, and refused once touched."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from suwen.cli.card import card
from suwen.cli.errors import SuwenGroup
from suwen.cli.train import train
from suwen.cohort import Manifest, Row, Table, Use, table_csv, write_manifest
from suwen.cohort.manifest import signed
from suwen.cohort.table import table_digest
from suwen.learn.card import Card
from suwen.learn.log import read_log
from suwen.report.card_view import figure_name, figure_number

MAIN = SuwenGroup(commands={"train": train, "card": card})
CONFIG = """\
purpose: {en: Left or right., zh: 判断左右。}
limits: {en: [Only for tests.], zh: [仅供测试。]}
licence: CC0
data: {path: images.npz, classes: [left, right], source: drawn here, licence: CC0}
network: {kind: residual, settings: {widths: [4, 8], depth: 1, drop: 0.3}}
augment: {intensity: {noise: 0.1}}
plan: {epochs: 2, batch: 8, rate: 1e-2}
seeds: [0, 1]
"""
PASSPHRASE = "several words of a test"  # noqa: S105


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUWEN_MODEL_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("SUWEN_MODEL_PASSPHRASE", PASSPHRASE)
    write_data(tmp_path)
    return tmp_path


def write_data(folder: Path) -> None:
    """60 noisy images; a bright square stands on the left or on the right."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    images = rng.normal(90, 20, (60, 12, 12))
    for row, label in enumerate(labels):
        images[row, 4:8, 1 + 6 * label : 5 + 6 * label] += 60
    np.savez(folder / "images.npz", images=images.clip(0, 255).astype(np.uint8), labels=labels)
    (folder / "sides.yaml").write_text(CONFIG, "utf-8")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(MAIN, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: str) -> str:
    """The one line in which it was refused."""
    status, shown, errors = run(*arguments)
    assert (status, shown) == (2, "")
    assert errors.count("\n") == 1
    return errors


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained without interruption, and nobody's signature."""
    folder = tmp_path_factory.mktemp("trained")
    write_data(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run("train", "sides.yaml", "--into", "out")[0] == 0
    finally:
        os.chdir(before)
    return folder / "out"


@pytest.fixture
def model(trained: Path, home: Path) -> Path:
    """A copy of that model."""
    for ending in ("safetensors", "json"):
        (home / f"sides.{ending}").write_bytes((trained / f"sides.{ending}").read_bytes())
    return home / "sides.safetensors"


def test_weights_card_log_and_report_are_written(trained: Path) -> None:
    assert {one.name for one in trained.iterdir()} == {"sides.safetensors", "sides.json", "sides.html", "sides.run"}
    told = Card.from_json((trained / "sides.json").read_bytes())
    assert told.classes == ("left", "right")
    assert {one.part: one.n for one in told.data} == {"training": 42, "validation": 9, "test": 9}
    assert {"auc", "accuracy", "test.accuracy", "auc of single networks"} <= set(told.figures)
    assert told.training["energy_wh"] == "not measured" or told.training["energy_wh"] >= 0
    assert told.network["members"] == 2
    page = (trained / "sides.html").read_text("utf-8")
    for name, figure in told.figures.items():
        row = re.search(rf'<tr data-figure="{re.escape(name)}">(.*?)</tr>', page)
        assert row is not None
        assert figure_number(name, figure.value) in row[1]
    lines = read_log(trained / "sides.run")
    kinds = [one["kind"] for one in lines]
    assert (kinds.count("step"), kinds.count("epoch"), kinds[-1]) == (2 * 2 * 6, 4, "end")
    assert len(list((trained / "sides.run" / "events").iterdir())) == 2


def test_what_is_printed_are_the_figures_with_intervals(home: Path) -> None:
    status, shown, errors = run("train", "sides.yaml", "--seeds", "5", "--lang", "zh", "--html", "report.html")
    assert status == 0, errors
    told = Card.from_json((home / "sides.json").read_bytes())
    assert told.training["seeds"] == [5]
    for name, figure in told.figures.items():
        assert figure_name(name, "zh") in shown
        assert figure_number(name, figure.value) in shown
    assert "95% 区间" in shown
    assert "第 2/2 轮" in errors
    assert 'lang="zh-Hans"' in (home / "report.html").read_text("utf-8")


DYING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with it ignored
from suwen.learn.log import RunLog
step = RunLog.step
def dying(self, seed, progress):
    step(self, seed, progress)
    if (seed, progress.epoch, progress.step) == (1, 2, 3):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
RunLog.step = dying
from suwen.cli.errors import SuwenGroup
from suwen.cli.train import train
SuwenGroup(commands={"train": train})(sys.argv[2:])
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_training_that_died_ends_as_if_nothing_had_happened(trained: Path, home: Path, name: str) -> None:
    command = [sys.executable, "-c", DYING, name, "train", "sides.yaml", "--into", "out", "--keep", "kept"]
    died = subprocess.run(command, capture_output=True, text=True, check=False, cwd=home)
    if name == "SIGKILL":
        assert died.returncode == -signal.SIGKILL
    else:
        assert died.returncode == 130
        assert died.stderr.splitlines()[-1] == (
            "Interrupted; nothing was written but the run in kept. The same command goes on from its last epoch."
        )
    assert not (home / "out").exists()
    assert not [one for one in home.rglob("*") if one.suffix in {".part", ".json", ".html"}]
    status, _, errors = run("train", "sides.yaml", "--into", "out", "--keep", "kept")
    assert status == 0, errors
    assert "seed 0" not in errors  # what was done is not done again
    assert errors.count("seed 1") == 1
    assert (home / "out" / "sides.safetensors").read_bytes() == (trained / "sides.safetensors").read_bytes()
    mine, other = (Card.from_json((one / "sides.json").read_bytes()) for one in (home / "out", trained))
    assert mine.figures == other.figures
    assert mine.calibration == other.calibration
    steps = [one for one in read_log(home / "kept") if one["kind"] == "step"]
    assert len(steps) == 2 * 2 * 6


def test_the_run_of_another_training_is_not_taken_over(home: Path) -> None:
    assert run("train", "sides.yaml", "--seeds", "0")[0] == 0
    before = (home / "sides.safetensors").read_bytes()
    (home / "sides.yaml").write_text(CONFIG.replace("1e-2", "2e-2"))
    assert "belongs to another training" in refused_after_begin("train", "sides.yaml", "--seeds", "0")
    assert (home / "sides.safetensors").read_bytes() == before


def refused_after_begin(*arguments: str) -> str:
    status, shown, errors = run(*arguments)
    assert (status, shown) == (2, "")
    return errors.splitlines()[-1]


@pytest.mark.parametrize(
    "more",
    [
        ("--seeds", "1,1"),
        ("--seeds", "x"),
        ("--seeds", ""),
        ("--device", "abacus"),
        ("--html", "nowhere/report.html"),
    ],
)
def test_options_that_cannot_be_are_told_before_any_training(home: Path, more: tuple[str, ...]) -> None:
    assert refused("train", "sides.yaml", *more).startswith("Error: ")
    assert not (home / "sides.run").exists()


def test_all_mistakes_of_a_config_are_told(home: Path) -> None:
    (home / "bad.yaml").write_text("data: {pth: x}\nnetwork: {kind: residual}\nplans: {}\n")
    status, _, errors = run("train", "bad.yaml")
    assert status == 2
    assert "data.pth" in errors
    assert "did you mean plan?" in errors


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for arguments in (("train", "sides.yaml"), ("card", "x")):
        assert "suwen[learn]" in refused(*arguments)


# Cards


def test_an_unsigned_model_is_refused_and_shown_only_when_asked_for(model: Path) -> None:
    assert "neither shipped with this release nor signed" in refused("card", str(model))
    status, shown, _ = run("card", str(model), "--unsigned")
    assert status == 0
    assert "nobody: it is not signed" in shown
    told: dict[str, Any] = json.loads(run("card", str(model), "--unsigned", "--json")[1])
    assert told["vouched"] == {"how": "unsigned", "who": ""}
    assert told["classes"] == ["left", "right"]


def test_a_key_is_made_and_what_it_signs_is_loaded_where_it_is_trusted(model: Path, home: Path) -> None:
    status, _, errors = run("card", "--new-key", "mine")
    assert status == 0, errors
    private, public = home / "mine" / "suwen-model-key.pem", home / "mine" / "suwen-model-key.pub.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in private.read_bytes()
    assert PASSPHRASE not in errors
    status, shown, _ = run("card", str(model), "--sign", str(private))
    assert status == 0
    assert "signed with the key suwen-model-key.pem" in shown
    for more in ((), ("--unsigned",)):
        assert "a key this site does not trust" in refused("card", str(model), *more)
    status, shown, _ = run("card", str(model), "--trust", str(public), "--lang", "zh")
    assert status == 0
    assert "已由密钥 suwen-model-key.pub.pem" in shown
    (home / "keys").mkdir()
    (home / "keys" / "site.pem").write_bytes(public.read_bytes())
    status, shown, _ = run("card", str(model), "--html", "card.html")
    assert status == 0
    assert "signed with the key site.pem" in shown
    assert "signed with the key site.pem" in (home / "card.html").read_text("utf-8")
    assert "there is a key in mine already" in refused("card", "--new-key", "mine")


def test_training_signs_when_it_is_told_to(home: Path) -> None:
    run("card", "--new-key", "mine")
    key = str(home / "mine" / "suwen-model-key.pem")
    status, _, errors = run("train", "sides.yaml", "--seeds", "0", "--sign", key)
    assert status == 0, errors
    assert "sides.sig" in errors
    assert run("card", "sides.safetensors", "--trust", str(home / "mine" / "suwen-model-key.pub.pem"))[0] == 0


def test_the_passphrase_is_asked_for_before_the_training(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("card", "--new-key", "mine")
    monkeypatch.setenv("SUWEN_MODEL_PASSPHRASE", "another")
    told = refused("train", "sides.yaml", "--sign", str(home / "mine" / "suwen-model-key.pem"))
    assert "the passphrase is wrong" in told
    assert not (home / "sides.run").exists()


@pytest.mark.parametrize("ending", ["safetensors", "json", "sig"])
def test_what_was_touched_after_signing_is_refused_in_one_line(model: Path, home: Path, ending: str) -> None:
    assert run("card", str(model), "--new-key", "mine")[0] == 0
    trust = ("--trust", str(home / "mine" / "suwen-model-key.pub.pem"))
    file = model.with_suffix(f".{ending}")
    text = file.read_bytes()
    changes = {
        "safetensors": text[:-1] + bytes([text[-1] ^ 1]),
        "json": text.replace(b"Only for tests", b"For everybody!"),
        "sig": re.sub(rb'("signature": ")(.)', lambda one: one[1] + (b"A" if one[2] != b"A" else b"B"), text),
    }
    file.write_bytes(changes[ending])
    for more in ((), ("--unsigned",)):
        assert "changed" in refused("card", str(model), *trust, *more)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a model"),
        (("nothing-like-it",), "no model called nothing-like-it is shipped"),
        (("gone.safetensors",), "there is no file"),
        (("--sign", "sides.yaml"), "--sign needs a model"),
        (("sides.safetensors", "--sign", "sides.yaml"), "can be read by others|no encrypted private key"),
        (("sides.safetensors", "--trust", "sides.yaml"), "no public Ed25519 key"),
    ],
)
def test_what_cannot_be_is_told(model: Path, arguments: tuple[str, ...], told: str) -> None:
    assert model.exists()
    assert re.search(told, refused("card", *arguments))


def test_a_short_passphrase_makes_no_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_MODEL_PASSPHRASE", "short")
    assert "fewer than 12 characters" in refused("card", "--new-key", "mine")
    assert not (home / "mine").exists()


def test_keys_that_are_no_secret_are_not_used(model: Path, home: Path) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    plain = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = home / "plain.pem"
    file.write_bytes(plain)
    file.chmod(0o600)
    assert "is not encrypted" in refused("card", str(model), "--sign", str(file))
    file.chmod(0o640)
    assert "can be read by others" in refused("card", str(model), "--sign", str(file))
    (home / "keys").mkdir()
    (home / "keys" / "private.pem").write_bytes(plain)
    assert "no public Ed25519 key" in refused("card", str(model))


def test_a_card_that_names_a_path_writes_nothing_elsewhere(model: Path, home: Path) -> None:
    run("card", "--new-key", "mine")
    values = json.loads(model.with_suffix(".json").read_text("utf-8"))
    model.with_suffix(".json").write_text(json.dumps(values | {"name": "../../elsewhere"}), "utf-8")
    before = set(home.parent.rglob("*"))
    run("card", str(model), "--sign", str(home / "mine" / "suwen-model-key.pem"))
    assert set(home.parent.rglob("*")) == before


# A cohort of the site


def cohort(home: Path, use: Use = Use.TRAINING) -> None:
    rng = np.random.default_rng(1)
    rows = tuple((f"{at:08x}", f"{40 + at}", f"{rng.normal(at % 2, 1):.3f}", str(at % 2)) for at in range(40))
    table = Table(("id", "age", "crp", "label"), rows)
    manifest = signed(
        Manifest(
            {},
            use,
            "a" * 32,
            "b" * 32,
            0,
            table.header,
            tuple(Row(one[0], "c") for one in rows),
            table_digest(table),
            "",
            {},
            {},
        )
    )
    (home / "cohort.csv").write_bytes(table_csv(table))
    (home / "manifest.json").write_bytes(write_manifest(manifest))
    (home / "ward.yaml").write_text(
        "data: {path: cohort.csv, cohort: manifest.json, label: label, group: id}\n"
        "network: {kind: perceptron, settings: {widths: [4]}}\nplan: {epochs: 2}\n"
    )


def test_a_cohort_is_trained_as_a_table_and_its_manifest_named(home: Path) -> None:
    cohort(home)
    status, _, errors = run("train", "ward.yaml")
    assert status == 0, errors
    told = Card.from_json((home / "ward.json").read_bytes())
    assert told.cohort == json.loads((home / "manifest.json").read_text())["digest"]
    assert told.cohort in (home / "ward.html").read_text("utf-8")
    assert told.network["settings"]["features"] == 2
    assert told.training["features"] == ["age", "crp"]
    assert "age, crp" in run("card", "ward.safetensors", "--unsigned")[1]


def test_a_table_is_scaled_and_its_unknown_values_stay_unknown(home: Path) -> None:
    cohort(home)
    (home / "ward.yaml").write_text((home / "ward.yaml").read_text().replace("cohort: manifest.json, ", ""))
    (home / "cohort.csv").write_text((home / "cohort.csv").read_text() + "99,,0.5,1\n")
    status, _, errors = run("train", "ward.yaml")
    assert status == 0, errors
    card = json.loads((home / "ward.json").read_text("utf-8"))
    assert all(spread > 0 for _, spread in card["prepare"]["columns"])
    (home / "cohort.csv").write_text((home / "cohort.csv").read_text() + "100,inf,0.5,1\n")
    assert "1 rows" in refused("train", "ward.yaml", "--into", "again")


def test_a_cohort_that_may_not_be_trained_on_or_was_changed_is_refused(home: Path) -> None:
    cohort(home, Use.RESEARCH)
    assert "not for training" in refused("train", "ward.yaml")
    cohort(home)
    (home / "cohort.csv").write_text((home / "cohort.csv").read_text().replace(",1\n", ",0\n", 1))
    assert "not the table of this manifest" in refused("train", "ward.yaml")
    cohort(home)
    (home / "manifest.json").write_text((home / "manifest.json").read_text().replace("training", "research"))
    assert "was changed" in refused("train", "ward.yaml")
    assert not (home / "ward.run").exists()


def test_every_option_has_its_help() -> None:
    for command in (train, card):
        assert all(one.help for one in command.params if isinstance(one, click.Option))
