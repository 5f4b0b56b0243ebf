"""The tables of search parameters and summaries beside R4's own definitions, as another implementation carries them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from suwen.formats.fhir.checking.shapes import resource_shape
from suwen.formats.fhir.searching.charted import CHARTED
from suwen.formats.fhir.searching.clinical import CLINICAL
from suwen.formats.fhir.searching.housed import HOUSED
from suwen.formats.fhir.searching.summaries import summary_of
from suwen.formats.fhir.searching.table import TYPES, Kind, parameters

R4 = (
    Path(__file__).parents[1]
    / "peers"
    / "medplum"
    / "node_modules"
    / "@medplum"
    / "definitions"
    / "dist"
    / "fhir"
    / "r4"
)
FULL = (*CLINICAL, *CHARTED, *HOUSED)
installed = pytest.mark.skipif(not R4.is_dir(), reason="run: npm ci --ignore-scripts in tests/peers/medplum")
# What the table says it leaves out, and a parameter of an element that R4 itself does not have.
LEFT_OUT = {"phonetic", "near", "order-detail", "classification"}


@pytest.fixture(scope="module")
def defined() -> dict[str, dict[str, Any]]:
    """R4's definitions by type and name."""
    found: dict[str, dict[str, Any]] = {}
    for entry in json.loads((R4 / "search-parameters.json").read_text())["entry"]:
        for base in entry["resource"].get("base", ()):
            found.setdefault(base, {})[entry["resource"]["code"]] = entry["resource"]
    return found


@installed
def test_each_parameter_is_that_of_r4(defined: dict[str, dict[str, Any]]) -> None:
    for type_ in FULL:
        for one in parameters(type_).values():
            if one.name.startswith("_"):
                continue
            said = defined[type_][one.name]
            assert said["type"] == one.kind.value, (type_, one.name)
            targets = set(said.get("target", ())) & set(TYPES)
            assert set(one.targets) <= targets, (type_, one.name)
            if len(targets) == 1 and one.kind is Kind.REFERENCE:
                assert {one.target} == targets, (type_, one.name)


@installed
def test_none_of_r4_is_missing_but_what_is_said_to_be(defined: dict[str, dict[str, Any]]) -> None:
    for type_ in FULL:
        missing = set(defined.get(type_, {})) - set(parameters(type_)) - LEFT_OUT
        kinds = {name: defined[type_][name]["type"] for name in missing}
        assert set(kinds.values()) <= {"composite", "special"}, (type_, kinds)
        assert type_ not in CLINICAL or not kinds


def test_each_path_is_there_in_its_type() -> None:
    """The first step of every path is an element of R4; a parameter that looks nowhere would find nothing, silently."""
    for type_ in FULL:
        shape = resource_shape(type_)
        for one in parameters(type_).values() if shape is not None else ():
            for path in one.paths:
                first = path.split(".")[0].partition("[")[0]
                assert first in shape.elements or first == "" or path.endswith("?"), (type_, one.name, path)


@installed
def test_summaries_are_those_of_r4() -> None:
    for entry in json.loads((R4 / "profiles-resources.json").read_text())["entry"]:
        said = entry["resource"]
        if said["resourceType"] != "StructureDefinition" or said.get("type") not in TYPES:
            continue
        paths = [one["path"].split(".") for one in said["snapshot"]["element"] if one.get("isSummary")]
        names = {path[1].replace("[x]", "*") for path in paths if len(path) == 2} - {"id", "meta", "implicitRules"}
        assert summary_of(said["type"]) == names, said["type"]
