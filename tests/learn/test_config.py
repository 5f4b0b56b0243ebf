"""A config says what is taught: short ones suffice, every mistake is told with its place, data are parted honestly."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suwen.errors import DataError, FormatError, InputError, NotFoundError, SuwenError
from suwen.learn.config import Config, Data, Split, read_config
from suwen.learn.config_examples import cohort_digest, fitted_lesson, read_parts
from suwen.learn.nets.catalogue import CATALOGUE, build
from suwen.learn.nouns import Task
from suwen.learn.plan import Plan


@pytest.fixture
def home(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "images.npz", images=rng.integers(0, 255, (60, 8, 8), np.uint8), labels=np.arange(60) % 2)
    parts = {
        f"{part}_images": rng.integers(0, 255, (n, 8, 8), np.uint8)
        for part, n in {"train": 20, "val": 10, "test": 6}.items()
    }
    parts |= {f"{part}_labels": np.arange(n) % 2 for part, n in {"train": 20, "val": 10, "test": 6}.items()}
    np.savez(tmp_path / "parted.npz", **parts)
    rows = [f"p{at:02d},{20 + at},{2000 + at // 4},{'yes' if at % 3 else 'no'}" for at in range(60)]
    (tmp_path / "table.csv").write_text("id,age,year,label\n" + "\n".join(rows) + "\n")
    return tmp_path


def config(home: Path, file_name: str = "c.yaml", **values: Any) -> Config:
    whole = {"data": {"path": "images.npz"}, "network": {"kind": "residual"}} | values
    file = home / file_name
    file.write_text(json.dumps(whole) if file_name.endswith("json") else yaml.safe_dump(whole), "utf-8")
    return read_config(file)


def problems(home: Path, **values: Any) -> dict[str, str]:
    with pytest.raises(InputError) as told:
        config(home, **values)
    return {one.where: str(one) for one in told.value.problems}


@pytest.mark.parametrize("name", ["c.yaml", "c.yml", "c.json"])
def test_two_lines_suffice(home: Path, name: str) -> None:
    found = config(home, name)
    assert found.data == Data(home / "images.npz")
    assert found.lesson.name == "c"
    assert found.lesson.plan == Plan()
    assert set(found.lesson.purpose) == set(found.lesson.limits) == {"en", "zh"}
    lesson = fitted_lesson(found, read_parts(found.data).training)
    build(lesson.network["kind"], lesson.network["settings"])


def test_everything_can_be_said(home: Path) -> None:
    found = config(
        home,
        format=1,
        name="lungs-2",
        version="2.0",
        purpose={"en": "a", "zh": "甲"},
        limits={"en": ["b"], "zh": ["乙", "丙"]},
        licence="MIT",
        data={
            "path": "images.npz",
            "label": "l",
            "group": "g",
            "split": {"by": "hash", "salt": "s", "parts": {"train": 0.5, "val": 0.25, "test": 0.25}},
            "classes": ["no", "yes"],
            "source": "us",
            "licence": "CC0",
        },
        network={"kind": "residual", "settings": {"widths": [4, 8], "drop": 0}},
        prepare={"scale": "fixed", "mean": 1, "spread": 2.5, "clip": [1, 99], "shape": [8, 8]},
        augment={"spatial": {"rotation": 5, "mirrored": [1]}, "intensity": {"noise": 0.1}},
        plan={"epochs": 3, "patience": None, "clip": None, "watch": "loss"},
        seeds=[3, 4],
        flips=[1],
        rule="f1",
    )
    lesson = found.lesson
    assert (lesson.name, lesson.version, lesson.seeds, lesson.flips, lesson.rule) == (
        "lungs-2",
        "2.0",
        (3, 4),
        (1,),
        "f1",
    )
    assert lesson.limits == {"en": ("b",), "zh": ("乙", "丙")}
    assert lesson.prepare.clip == (1, 99)
    assert lesson.plan.patience is None
    assert len(lesson.augmentations()) == 2
    assert found.data.split == Split("hash", "s", {"train": 0.5, "val": 0.25, "test": 0.25})
    assert {"plan.watch", "data.split.parts.val"} <= found.said


def test_yaml_means_what_people_mean(home: Path) -> None:
    (home / "c.yaml").write_text(
        "data: {path: images.npz, classes: [no, yes]}\nnetwork: {kind: residual}\nplan: {rate: 1e-3, mixed: true}\n"
    )
    found = read_config(home / "c.yaml")
    assert found.data.classes == ("no", "yes")
    assert (found.lesson.plan.rate, found.lesson.plan.mixed) == (1e-3, True)


def test_all_mistakes_are_told_at_once_with_place_and_nearest_name(home: Path) -> None:
    told = problems(
        home,
        data={"path": "gone.npz", "lable": "x", "split": {"by": "luck"}},
        network={"kind": "residul", "settings": {}},
        plan={"epoch": 3, "batch": 0.5},
        prepare={"scale": "every"},
        augment={"spatial": {"turn": 3}, "noise": {}},
        sedes=[1],
        seeds=[1, 1],
        rule="specificity",
        purpose={"en": "x"},
    )
    assert set(told) >= {
        "data.path",
        "data.lable",
        "data.split.by",
        "network.kind",
        "plan.epoch",
        "plan.batch",
        "prepare",
        "augment.spatial.turn",
        "augment.noise",
        "sedes",
        "seeds",
        "rule",
        "purpose.zh",
    }
    assert "did you mean label?" in told["data.lable"]
    assert "did you mean residual?" in told["network.kind"]
    assert "did you mean epochs?" in told["plan.epoch"]
    assert "did you mean seeds?" in told["sedes"]
    assert "whole number" in told["plan.batch"]


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("data", {"data": None}),
        ("data", {"data": 7}),
        ("data.path", {"data": {}}),
        ("network", {"network": None}),
        ("network.kind", {"network": {}}),
        ("network.settings.widths", {"network": {"kind": "residual", "settings": {"widths": "wide"}}}),
        ("network.settings.excite", {"network": {"kind": "residual", "settings": {"excite": 1}}}),
        ("plan.rate", {"plan": {"rate": 0}}),
        ("plan.rate", {"plan": {"rate": "fast"}}),
        ("plan.rate", {"plan": {"rate": float("inf")}}),
        ("plan.epochs", {"plan": {"epochs": True}}),
        ("plan", {"plan": [1]}),
        ("prepare.clip", {"prepare": {"clip": [1]}}),
        ("flips", {"flips": [7]}),
        ("seeds", {"seeds": [-1]}),
        ("seeds", {"seeds": list(range(65))}),
        ("name", {"name": "../../elsewhere"}),
        ("name", {"name": "a/b"}),
        ("limits.zh", {"limits": {"en": ["x"]}}),
        ("data.split.parts", {"data": {"path": "images.npz", "split": {"parts": {"train": 0.9, "val": 0.3}}}}),
        ("data.split.parts", {"data": {"path": "images.npz", "split": {"parts": {"train": 1}}}}),
        ("data.split.by", {"data": {"path": "images.npz", "split": {"by": "time"}}}),
        ("data.classes", {"data": {"path": "images.npz", "classes": [None]}}),
        ("data.manifest", {"data": {"path": "images.npz", "manifest": "gone.csv"}}),
    ],
)
def test_a_mistake_is_told_with_its_place(home: Path, where: str, values: dict[str, Any]) -> None:
    assert where in problems(home, **values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "- a",
        "{",
        "a: b: c",
        "data: &a [*a]",
        "1: 2",
        "\tx",
        "format: 2\n",
        "a: 1\na: 2\n",
        "!!python/object:os.system {}",
    ],
)
@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_what_is_no_config_is_refused_in_one_message(home: Path, text: str, name: str) -> None:
    (home / name).write_text(text)
    with pytest.raises(InputError):
        read_config(home / name)


def test_a_key_that_stands_twice_is_told_with_its_line(home: Path) -> None:
    (home / "c.yaml").write_text("plan: {epochs: 1}\nnetwork: {kind: residual}\nplan: {epochs: 2}\n")
    with pytest.raises(FormatError, match=r"line \d+: a key stands twice"):
        read_config(home / "c.yaml")


def test_files_that_are_not_there_or_too_long(home: Path) -> None:
    with pytest.raises(NotFoundError):
        read_config(home / "gone.yaml")
    with pytest.raises(DataError):
        read_config(home)
    (home / "long.yaml").write_text("#" * (2**20 + 1))
    with pytest.raises(FormatError, match="1 MiB"):
        read_config(home / "long.yaml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["data", "network", "plan", "prepare", "augment", "seeds", "flips", "purpose", "limits", "name", "rule"]
)
BELOW = st.dictionaries(
    st.sampled_from(["path", "kind", "settings", "split", "epochs", "clip", "spatial", "en"]) | st.text(max_size=3),
    PLAIN,
    max_size=3,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, PLAIN | BELOW, max_size=5))
def test_whatever_stands_there_gives_a_config_or_one_error(home: Path, values: dict[str, Any]) -> None:
    (home / "any.json").write_text(json.dumps(values), "utf-8")
    with contextlib.suppress(SuwenError):
        assert isinstance(read_config(home / "any.json"), Config)


@pytest.mark.parametrize("kind", [name for name, entry in CATALOGUE.items() if entry.taught])
def test_every_setting_of_every_network_can_be_said(home: Path, kind: str) -> None:
    defaults = CATALOGUE[kind].settings()
    values = {one.name: getattr(defaults, one.name) for one in fields(defaults)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    found = config(home, network={"kind": kind, "settings": plain})
    assert found.lesson.network == {"kind": kind, "settings": plain}


# Data


def test_parts_that_the_data_have_are_taken(home: Path) -> None:
    parts = read_parts(config(home, data={"path": "parted.npz"}).data)
    assert (len(parts.training), len(parts.validation), len(parts.test or ())) == (20, 10, 6)


@pytest.mark.parametrize("by", ["auto", "stratified", "hash"])
def test_other_parts_are_made_the_same_each_time(home: Path, by: str) -> None:
    asked = config(home, data={"path": "images.npz", "split": {"by": by, "parts": {"train": 0.6, "val": 0.4}}})
    one, two = read_parts(asked.data), read_parts(asked.data)
    assert one.training.names == two.training.names
    assert not set(one.training.names) & set(one.validation.names)
    assert len(one.training) + len(one.validation) == 60
    assert one.test is None
    salted = config(
        home, data={"path": "images.npz", "split": {"by": by, "salt": "x", "parts": {"train": 0.6, "val": 0.4}}}
    )
    assert read_parts(salted.data).training.names != one.training.names


def test_parts_the_data_have_can_be_overruled(home: Path) -> None:
    parts = read_parts(config(home, data={"path": "parted.npz", "split": {"by": "stratified"}}).data)
    assert len(parts.training) + len(parts.validation) + len(parts.test or ()) == 36


def test_by_time_the_future_is_not_learned_from(home: Path) -> None:
    split = {"by": "time", "column": "year", "cuts": [2008, 2012]}
    parts = read_parts(config(home, data={"path": "table.csv", "split": split}, network={"kind": "perceptron"}).data)
    years = [
        sorted({int(one) for one in part.attributes["year"]})
        for part in (parts.training, parts.validation, parts.test)
        if part
    ]
    assert [one[0] for one in years] == [2000, 2008, 2012]
    assert [one[-1] for one in years] == [2007, 2011, 2014]


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"by": "time", "column": "month", "cuts": [1, 2]}, "no column 'month'"),
        ({"by": "time", "column": "year", "cuts": [2008]}, "two cuts"),
        ({"by": "given"}, "no parts for training"),
    ],
)
def test_a_split_that_cannot_be_is_told(home: Path, split: dict[str, Any], told: str) -> None:
    asked = config(home, data={"path": "table.csv", "split": split}, network={"kind": "perceptron"})
    with pytest.raises(InputError, match=told):
        read_parts(asked.data)


def test_a_group_on_both_sides_of_given_parts_is_refused(home: Path) -> None:
    rows = [f"{at},p{at % 5},{'train' if at < 30 else 'val'},{'yes' if at % 3 else 'no'}" for at in range(40)]
    (home / "leak.csv").write_text("age,patient,split,label\n" + "\n".join(rows) + "\n")
    asked = config(home, data={"path": "leak.csv"}, network={"kind": "perceptron"})
    with pytest.raises(InputError, match="5 of 5 groups"):
        read_parts(asked.data)


# The lesson fitted to the data


def test_what_follows_from_the_data_is_filled_in_and_what_is_said_stays(home: Path) -> None:
    found = config(home, data={"path": "table.csv"}, network={"kind": "perceptron"})
    lesson = fitted_lesson(found, read_parts(found.data).training)
    assert lesson.network["settings"] == {"features": 2, "outputs": 2}
    assert lesson.prepare.scale == "none"
    found = config(home, network={"kind": "residual", "settings": {"outputs": 5}})
    settings_ = fitted_lesson(found, read_parts(found.data).training).network["settings"]
    assert settings_ == {"axes": 2, "channels": 1, "outputs": 5}


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [
        ("table.csv", "residual", {}),
        ("images.npz", "perceptron", {}),
        ("images.npz", "unet", {}),
        ("table.csv", "perceptron", {"prepare": {"scale": "each"}}),
    ],
)
def test_a_network_for_other_data_is_refused(home: Path, path: str, kind: str, more: dict[str, Any]) -> None:
    found = config(home, data={"path": path}, network={"kind": kind}, **more)
    with pytest.raises(InputError, match=re.compile("network.kind|prepare.scale")):
        fitted_lesson(found, read_parts(found.data).training)


def test_outlines_are_judged_by_dice(home: Path) -> None:
    found = config(home, network={"kind": "unet"})
    parts = read_parts(found.data)
    masks = type(parts.training)(
        np.zeros((4, 1, 8, 8)), np.zeros((4, 8, 8), int), Task.MASKS, ("background", "organ"), tuple("abcd")
    )
    lesson = fitted_lesson(found, masks)
    assert (lesson.plan.watch, lesson.network["settings"]["outputs"]) == ("dice", 2)
    said = config(home, network={"kind": "unet"}, plan={"watch": "loss"})
    assert fitted_lesson(said, masks).plan.watch == "loss"


def test_outlines_need_a_spacing(home: Path) -> None:
    outlines = np.zeros((12, 8, 8), np.uint8)
    outlines[:, 2:5, 2:5] = 1 + np.arange(12)[:, None, None] % 2
    np.savez(home / "outlines.npz", images=outlines * 50, labels=outlines)
    asked = {"path": "outlines.npz", "split": {"parts": {"train": 0.5, "val": 0.5}}}
    with pytest.raises(InputError, match=r"data\.spacing"):
        read_parts(config(home, data=asked, network={"kind": "unet"}).data)
    parts = read_parts(config(home, data=asked | {"spacing": [0.5, 2]}, network={"kind": "unet"}).data)
    assert parts.training.spacing == parts.validation.spacing == (0.5, 2)
    assert parts.training.classes == parts.validation.classes
    assert "data.spacing" in problems(home, data=asked | {"spacing": [0, 1]})


def test_the_digest_of_a_cohort_is_read(home: Path) -> None:
    (home / "m.json").write_text(json.dumps({"digest": "ab" * 32}))
    assert cohort_digest(Data(home, cohort=home / "m.json")) == "ab" * 32
    assert cohort_digest(Data(home)) == ""
    for text in ("", "{}", "[]", '{"digest": 7}', '{"digest": "short"}'):
        (home / "m.json").write_text(text)
        with pytest.raises(FormatError):
            cohort_digest(Data(home, cohort=home / "m.json"))
