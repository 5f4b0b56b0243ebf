"""Goals of a screening: what a file may say, that everything wrong is told at once, and that nothing crashes it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.screening.goals import Between, DockingGoal, Filters, Goals, LikenessGoal, ModelGoal, PickGoal
from suwen.drugs.screening.goals_tree import check_goals, goals_digest, goals_tree
from suwen.drugs.screening.reading import goals_of, read_goals
from suwen.errors import FormatError, InputError, NotFoundError

ENDPOINTS = {"herg": "1", "caco2_wang": "log cm/s"}


def _refused(tree: dict[str, Any], **options: Any) -> dict[str, str]:
    with pytest.raises(InputError) as told:
        goals_of(tree, endpoints=ENDPOINTS, **options)
    return {one.where: f"{one.what} {one.remedy}" for one in told.value.problems}


def _example() -> str:
    return resources.files("suwen.drugs.screening").joinpath("example_goals.toml").read_text("utf-8")


def test_the_example_is_read_and_says_what_it_shows(tmp_path: Path) -> None:
    file = tmp_path / "goals.toml"
    file.write_text(_example(), "utf-8")
    goals = read_goals(file)
    assert Between("weight", 200, 450) in goals.filters.quantities
    assert goals.filters.forbidden[0].called == "nitro group"
    assert goals.likeness is not None
    assert goals.likeness.keep == 5000
    assert [part.key for part in goals.rank.parts] == ["qed", "synthetic_access", "logp"]


def test_what_the_example_has_behind_remarks_is_read_too(tmp_path: Path) -> None:
    for name in ("my-target.safetensors", "receptor.pdbqt", "ligand.sdf"):
        (tmp_path / name).touch()
    lines = [
        line.removeprefix("# ") if line.startswith(("# [", "# endpoint", "# at_", "# surely", "# inside", "# file",
                                                    "# name", "# keep", "# best", "# receptor", "# around",
                                                    "# exhaust", "# overlay")) else line
        for line in _example().splitlines()
    ]  # fmt: skip
    goals = goals_of(tomllib.loads("\n".join(lines)), folder=tmp_path, endpoints=ENDPOINTS)
    assert [one.key for one in goals.models] == ["herg", "my_target"]
    assert goals.docking is not None
    assert goals.docking.around == tmp_path / "ligand.sdf"
    assert goals.likeness is not None
    assert goals.likeness.overlay == 200


def test_json_says_the_same_as_toml(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(_example(), "utf-8")
    (tmp_path / "b.json").write_text(json.dumps(tomllib.loads(_example())), "utf-8")
    assert read_goals(tmp_path / "a.toml") == read_goals(tmp_path / "b.json")


def test_everything_wrong_is_told_in_one_error() -> None:
    told = _refused(
        {
            "titel": "x",
            "filters": {
                "rules": ["lipinsky"],
                "without_alerts": "pains_a",
                "elements": ["C", "Xx"],
                "forbidden": ["C(("],
                "quantities": {"wieght": {"at_most": 3}, "weight": {"at_most": 500, "unit": "kDa"}, "logp": {},
                               "tpsa": {"at_least": 9, "at_most": 3}},
            },
            "likeness": {"like": ["CCO", "C1CC"], "at_least": 1.5},
            "models": [{"endpoint": "hergg", "at_most": 0.3}, {"endpoint": "caco2_wang", "at_least": -5, "unit": "m"}],
            "pick": {"method": "maxmin", "alike": 0.3},
            "docking": {"receptor": "absent.pdbqt", "centre": [1, 2]},
            "rank": {"parts": [{"key": "qedd", "want": "up", "low": 3, "high": 1}]},
        }
    )  # fmt: skip
    for where, what in {
        "titel": "title",
        "filters.rules[1]": "lipinski",
        "filters.without_alerts": "list",
        "filters.elements[2]": "known",
        "filters.forbidden[1]": "SMARTS",
        "filters.quantities.wieght": "weight",
        "filters.quantities.weight.unit": "g/mol",
        "filters.quantities.logp.at_most": "no limit",
        "filters.quantities.tpsa.at_least": "nothing can be both",
        "likeness.like[2]": "",
        "likeness.at_least": "from 0 to 1",
        "models[1].endpoint": "herg",
        "models[2].unit": "log cm/s",
        "pick.count": "how many",
        "pick.alike": "sphere",
        "docking.receptor": "no file",
        "docking.centre": "three numbers",
        "docking.size": "size",
        "rank.parts[1].key": "qed",
        "rank.parts[1].want": "high",
    }.items():
        assert what in told[where], where


@pytest.mark.parametrize(
    ("tree", "where"),
    [
        ({"rank": {"parts": [{"key": "docking", "want": "low", "low": -9, "high": -6}]}}, "rank.parts[1].key"),
        ({"rank": {"parts": [{"key": "likeness", "want": "high", "low": 0, "high": 1}]}}, "rank.parts[1].key"),
        ({"rank": {"method": "pareto"}}, "rank.method"),
        ({"rank": {"keep": 0}}, "rank.keep"),
        ({"models": [{"at_most": 1}]}, "models[1].endpoint"),
        ({"models": [{"endpoint": "herg", "at_most": 1}, {"endpoint": "herg", "at_most": 2}]}, "models[2].name"),
        ({"models": [{"endpoint": "herg", "at_most": 1, "name": "weight"}]}, "models[1].name"),
        ({"seed": True}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"filters": 3}, "filters"),
        ({"likeness": {"like": []}}, "likeness.like"),
        ({"filters": {"quantities": {"logp": {"at_most": float("nan")}}}}, "filters.quantities.logp.at_most"),
        ({"filters": {"forbidden": ["C" * 2000]}}, "filters.forbidden[1]"),
        ({"filters": {"required": [{"smarts": "c1ccccc1", "nmae": "x"}]}}, "filters.required[1].nmae"),
    ],
)  # fmt: skip
def test_each_mistake_is_found_where_it_stands(tree: dict[str, Any], where: str) -> None:
    assert where in _refused(tree)


def test_goals_made_in_python_are_checked_as_a_file_would_be(tmp_path: Path) -> None:
    receptor = tmp_path / "r.pdbqt"
    receptor.touch()
    goals = Goals(
        "t",
        filters=Filters((Between("weight", None, 500),), ("veber",), ("brenk",), elements=("C",)),
        likeness=LikenessGoal(("CCO",), keep=3),
        models=(ModelGoal("herg", endpoint="herg", at_most=0.3),),
        pick=PickGoal("sphere", alike=0.4),
        docking=DockingGoal(receptor, (1, 2, 3), (20, 20, 20)),
    )
    assert goals_of(goals_tree(goals), endpoints=ENDPOINTS) == goals
    assert goals_digest(goals) == goals_digest(replace(goals))
    assert goals_digest(goals) != goals_digest(replace(goals, seed=5))
    with pytest.raises(InputError, match="rules"):
        check_goals(replace(goals, filters=Filters(rules=("none",))), endpoints=ENDPOINTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "weight = ["), ("a.toml", "\udcff"), ("a.json", "[1, 2]"), ("a.json", "{"), ("a.json", "null"),
        ("a.json", "[" * 100_000), ("a.yaml", "x: 1"), ("a", "x"),
    ],
    ids=["cut-toml", "bytes", "list", "cut-json", "null", "deep", "yaml", "none"],
)  # fmt: skip
def test_a_file_that_is_no_goals_is_one_error(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(FormatError):
        read_goals(file)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="example-goals"):
        read_goals(tmp_path / "none.toml")


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*QUANTITIES])
_keys = st.sampled_from(
    ["filters", "likeness", "models", "pick", "docking", "rank", "parts", "quantities", "rules", "like", "keep",
     "receptor", "centre", "forbidden", "at_most", "endpoint", "file", "key", "want", "low", "high", "weight", "seed"]
)  # fmt: skip
_trees = st.recursive(
    _leaf, lambda part: st.lists(part, max_size=3) | st.dictionaries(_keys | st.text(max_size=3), part, max_size=5)
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_keys, _trees, max_size=6))
def test_any_tree_is_goals_or_one_error(tree: dict[str, Any]) -> None:
    try:
        made = goals_of(tree, endpoints=ENDPOINTS)
    except InputError as error:
        problems = error.problems
    else:
        problems = ()
        assert goals_of(goals_tree(made), endpoints=ENDPOINTS) == made
    assert problems or not tree or set(tree) <= {"title", "seed", *_SECTIONS}


_SECTIONS = ("filters", "likeness", "models", "pick", "docking", "rank")
