"""`suwen explain-model` answers at the door: right files or none, one line for what is wrong, nothing without trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from planted_models import blob, load, teach_films, teach_rows, teach_volumes, write_film, write_table, write_volume
from suwen.cli.explain_model import explain_model
from suwen.errors import SuwenError
from suwen.learn.weights import save_model


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {"film": teach_films(folder), "volume": teach_volumes(folder), "row": teach_rows(folder)}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(explain_model, [str(one) for one in arguments])


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(result: Result) -> str:
    assert isinstance(result.exception, SuwenError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_a_film_gives_page_and_picture(models: dict[str, Path], tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.png", blob((44, 60), (12, 40), 6, seed=7))
    asked = (models["film"], film, "--unsigned", "--html", tmp_path / "a.html", "--png", tmp_path / "a.png")
    first = run(*asked)
    assert first.exit_code == 0, first.output
    picture = (tmp_path / "a.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert "data:image/png" in (tmp_path / "a.html").read_text("utf-8")
    for line in ("Probability of pneumonia", "Threshold", "Learned from drawn blobs.", "not a diagnosis"):
        assert line in first.stdout
    assert run(*asked).stdout == first.stdout
    assert (tmp_path / "a.png").read_bytes() == picture
    chinese = run(models["film"], film, "--unsigned", "--lang", "zh", "--target", "肺炎", "--method", "grad_cam")
    assert "“肺炎”的概率" in chinese.stdout
    found = told(run(models["film"], film, "--unsigned", "--json", "--target", "0"))
    assert (found["code"], found["target"]) == ("blobs:normal", 0)


def test_an_array_and_a_row(models: dict[str, Path], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", val_images=np.stack([blob((20, 24), (6, at)) for at in (6, 18)]))
    found = told(run(models["film"], f"{tmp_path / 'a.npz'}:val_images:1", "--unsigned", "--json"))
    assert found["input"] == "a.npz:val_images:1"
    assert found["evidence"][0]["region"]["high"][1] > 12
    table = write_table(tmp_path / "t.csv")
    row = told(run(models["row"], f"{table}:3", "--unsigned", "--json"))
    assert row["subject"] == {"kind": "patient", "id": "t.csv:3"}
    (models["row"].with_suffix(".surrogate.json")).write_text("{}", "utf-8")
    assert "surrogate" in refused(run(models["row"], f"{table}:3", "--unsigned"))
    models["row"].with_suffix(".surrogate.json").unlink()


def test_outlines_are_written_beside_and_never_over_another_file(models: dict[str, Path], tmp_path: Path) -> None:
    scan = write_volume(tmp_path / "scan.nii.gz", blob((20, 14, 18), (6, 9, 12), 3.5), np.diag([-1.0, 2, 1, 1]))
    first = run(models["volume"], scan, "--unsigned")
    assert first.exit_code == 0, first.output
    beside = tmp_path / "scan.balls.nii.gz"
    written = beside.read_bytes()
    assert "mL" in first.stdout
    assert run(models["volume"], scan, "--unsigned").exit_code == 0  # the same again
    assert beside.read_bytes() == written
    beside.write_bytes(b"somebody's work")
    assert "--labels" in refused(run(models["volume"], scan, "--unsigned", "--html", tmp_path / "v.html"))
    assert beside.read_bytes() == b"somebody's work"
    assert not (tmp_path / "v.html").exists()
    assert run(models["volume"], scan, "--unsigned", "--labels", tmp_path / "l.nii.gz").exit_code == 0
    assert (tmp_path / "l.nii.gz").read_bytes() == written


def test_a_model_needs_somebody_who_vouches_for_it(models: dict[str, Path], tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.png", blob((20, 24), (6, 18)))
    assert "neither shipped" in refused(run(models["film"], film))
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    for name, one in (("key", key), ("other", other)):
        pem = one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    model = load(models["film"])
    save_model(model.network, model.card, tmp_path / "signed", key=key)
    signed = tmp_path / "signed" / "blobs.safetensors"
    assert run(signed, film, "--trust", tmp_path / "key.pem", "--method", "grad_cam").exit_code == 0
    assert "does not trust" in refused(run(signed, film, "--trust", tmp_path / "other.pem"))
    (tmp_path / "no.pem").write_text("no key", "utf-8")
    assert "Ed25519" in refused(run(signed, film, "--trust", tmp_path / "no.pem"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{model}", "none.png", "--unsigned"), "no file none.png"),
        (("{model}", "{folder}/bad.png", "--unsigned"), "PNG or JPEG"),
        (("{model}", "{folder}/film.png", "--unsigned", "--target", "measles"), "0 normal, 1 pneumonia"),
        (("{model}", "{folder}/film.png", "--unsigned", "--method", "palmistry"), "consensus"),
        (("{model}", "{folder}/film.png", "--unsigned", "--size", "28"), "HEIGHTxWIDTH"),
        (("{model}", "{folder}/film.png", "--unsigned", "--size", "28x28"), "leave out --size"),
        (("{model}", "{folder}/film.png", "--unsigned", "--labels", "{folder}/x.nii.gz"), "draws no outlines"),
        (("{model}", "{folder}/film.png", "--unsigned", "--png", "{folder}/none/a.png"), "cannot write"),
        (("palmistry", "{folder}/film.png"), "no model called palmistry"),
        (("{folder}/none.safetensors", "{folder}/film.png"), "no file none.safetensors"),
        (("{folder}/model.pt", "{folder}/film.png"), ".safetensors"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written(
    models: dict[str, Path], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write_film(tmp_path / "film.png", blob((20, 24), (6, 18)))
    (tmp_path / "bad.png").write_bytes(b"no picture")
    before = sorted(tmp_path.iterdir())
    filled = [one.format(model=models["film"], folder=tmp_path) for one in arguments]
    page = () if "--png" in arguments else ("--html", tmp_path / "a.html")
    assert said in refused(run(*filled, *page))
    assert sorted(tmp_path.iterdir()) == before
