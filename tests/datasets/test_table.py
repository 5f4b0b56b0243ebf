"""The table of reference data, and where data lie."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import everything

from suwen.datasets import TABLE, Dataset, fetch, folder, named, path, present
from suwen.datasets.unpack import UNPACK
from suwen.errors import DataError, NotFoundError


def test_names_and_places_are_unique() -> None:
    assert len({one.name for one in TABLE}) == len(TABLE)
    assert len({one.where for one in TABLE}) == len(TABLE)


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_every_row_is_complete(one: Dataset) -> None:
    assert one.what
    assert one.version
    assert one.licence
    assert one.weights != ""
    assert urlsplit(one.licence_url).scheme in {"http", "https"}
    assert urlsplit(one.home).scheme in {"http", "https"}
    for file in one.files:
        assert urlsplit(file.url).scheme == "https"
        assert file.unpack in UNPACK
        assert file.path == one.where or file.path.startswith(one.where + "/")
        assert file.sha256 is None or len(file.sha256) == 64


def test_named_finds_a_row_and_a_release_of_one() -> None:
    assert named("mondo").where == "diagnosis/mondo"
    release = named("hpo@2025-10-22")
    assert release.version == "2025-10-22"
    assert release.where == "diagnosis/hpo/2025-10-22"
    assert [file.url for file in release.files if file.path.endswith("/hp.obo")] == [
        "https://github.com/obophenotype/human-phenotype-ontology/releases/download/v2025-10-22/hp.obo"
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mundo", "mondo"),
        ("hpo@latest", "hpo@2025-10-22"),
        ("hpo@RELEASE", "date"),
        ("", "cases"),
        ("mondo@1", "mondo"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        named(name)


# Where data lie


def test_the_folder_is_what_suwen_data_says(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert folder() == data
    monkeypatch.setenv("SUWEN_DATA", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder() != data
    assert folder().name == "suwen"


def test_suwen_data_must_be_an_existing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="does not exist"):
        folder()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUWEN_DATA", str(tmp_path / "file"))
    with pytest.raises(DataError, match="is not a folder"):
        fetch("mondo")


def test_a_missing_set_names_its_remedy(data: Path) -> None:
    assert not present("mondo")
    with pytest.raises(DataError, match="suwen data fetch mondo"):
        path("mondo")
    with pytest.raises(DataError, match=r"lasigeBioTM/IHP.*diagnosis/gsc_plus"):
        path("gsc-plus")
    with pytest.raises(NotFoundError, match="hp-zh"):
        path("hp_zh")
    assert everything(data) == []


def test_a_set_is_present_when_all_its_files_are(data: Path) -> None:
    names = data / "diagnosis/disease_names_zh"
    names.mkdir(parents=True)
    (names / "cns_omim.json.gz").write_bytes(b"x")
    assert not present("disease-names-zh")
    assert path("diagnosis/disease_names_zh/cns_omim.json.gz") == names / "cns_omim.json.gz"
    with pytest.raises(DataError):
        path("diagnosis/disease_names_zh/cns_orphanet.json.gz")
    (names / "cns_orphanet.json.gz").write_bytes(b"x")
    assert present("disease-names-zh")
    assert path("disease-names-zh") == names


def test_an_empty_folder_is_not_a_data_set(data: Path) -> None:
    (data / "diagnosis/gsc_plus").mkdir(parents=True)
    assert not present("gsc-plus")


def test_hpo_is_carried_by_an_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_DATA", "/nowhere at all")
    assert present("hpo")
    assert (path("hpo") / "hp.obo").is_file()
    assert [one.held_to for one in fetch("hpo")] == ["present"]
