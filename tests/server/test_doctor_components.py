"""The bill of materials holds what CycloneDX 1.6 asks for, of everything that is installed, nothing half-written."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from suwen.cli.doctor import doctor

# CycloneDX 1.6 (ECMA-424), bom-1.6.schema.json: what a document, a component and a dependency may hold and must.
TOP = {"bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"}
COMPONENT = {"type", "bom-ref", "name", "version", "purl", "licenses", "hashes", "properties"}
SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PURL = re.compile(r"pkg:pypi/[a-z0-9]+(-[a-z0-9]+)*@[A-Za-z0-9.%!~_-]+")


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("bill") / "suwen.cdx.json"
    said = CliRunner().invoke(doctor, ["--components", str(file)], catch_exceptions=False)
    assert said.exit_code == 0
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    assert said.output.startswith(f"{len(found['components'])} components")
    return found


def test_it_is_a_document_of_cyclonedx(bill: dict[str, Any]) -> None:
    assert set(bill) == TOP
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert SERIAL.fullmatch(bill["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["metadata"]["timestamp"])
    assert bill["metadata"]["component"]["name"] == "suwen"
    for one in [*bill["components"], bill["metadata"]["component"]]:
        assert {"type", "name", "version"} <= set(one) <= COMPONENT
        assert one["type"] in {"application", "library", "platform"}
        for hashed in one.get("hashes", ()):
            assert hashed["alg"] == "SHA-256"
            assert re.fullmatch(r"[0-9a-f]{64}", hashed["content"])
        said = one.get("licenses", [])
        assert all(set(kind) in ({"expression"}, {"license"}) for kind in said)
        assert len(said) == 1 or all("expression" not in kind for kind in said)  # one expression, or a list of names


def test_everything_that_is_installed_is_in_it_once(bill: dict[str, Any]) -> None:
    installed = {re.sub(r"[-_.]+", "-", one.name).lower(): one.version for one in metadata.distributions()}
    libraries = {one["name"]: one for one in bill["components"] if "purl" in one}
    assert set(libraries) == set(installed) - {"suwen"}
    for name, one in libraries.items():
        assert one["version"] == installed[name]
        assert PURL.fullmatch(one["purl"])
        assert one["purl"] == one["bom-ref"]
    assert "licenses" in libraries["cryptography"]
    assert "sha256:" in libraries["cryptography"]["properties"][0]["value"]
    assert {"OpenSSL", "SQLite"} <= {one["name"] for one in bill["components"]}
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(set(refs)) == len(refs)


def test_what_needs_what_names_only_what_is_there(bill: dict[str, Any]) -> None:
    known = {one["bom-ref"] for one in [*bill["components"], bill["metadata"]["component"]]}
    for one in bill["dependencies"]:
        assert {one["ref"], *one["dependsOn"]} <= known
        assert len(set(one["dependsOn"])) == len(one["dependsOn"])
    own = next(one for one in bill["dependencies"] if one["ref"] == bill["metadata"]["component"]["bom-ref"])
    assert any("pkg:pypi/cryptography@" in one for one in own["dependsOn"])


def test_where_it_cannot_be_written_one_sentence_says_so(tmp_path: Path) -> None:
    said = CliRunner().invoke(doctor, ["--components", str(tmp_path / "absent" / "x.json")])
    assert said.exit_code != 0
    assert "cannot be written" in str(said.exception)
    assert list(tmp_path.iterdir()) == []
