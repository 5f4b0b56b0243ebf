"""What becomes of a downloaded file, and archives that mean harm."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from serving import BODY, Site, everything, row, zipped

from suwen.datasets import File, fetch
from suwen.datasets import unpack as unpack_module
from suwen.errors import DataError


def test_gzip_is_the_same_every_time(site: Site, data: Path) -> None:
    site.bodies["/a.tsv"] = BODY
    one = row(File("area/a.tsv.gz", site.base + "/a.tsv", unpack="gzip"))
    fetch(one)
    first = (data / "area/a.tsv.gz").read_bytes()
    fetch(one, again=True)
    assert (data / "area/a.tsv.gz").read_bytes() == first
    assert gzip.decompress(first) == BODY
    assert first[4:8] == bytes(4)  # no time in the header


def test_a_zip_unpacks_what_is_inside(site: Site, data: Path) -> None:
    site.bodies["/a.zip"] = zipped({"pkg/data/hp.obo": BODY, "pkg/data/deep/x": b"x", "pkg/code.py": b"no"})
    one = row(File("area/trial", site.base + "/a.zip", unpack="zip", inside="pkg/data"))
    fetch(one)
    assert everything(data / "area/trial") == ["deep", "deep/x", "hp.obo"]
    site.bodies["/b.zip"] = zipped({"pkg/data/new": b"new"})
    fetch(replace(one, files=(replace(one.files[0], url=site.base + "/b.zip"),)), again=True)
    assert everything(data / "area/trial") == ["new"]


@pytest.mark.parametrize(
    "name", ["../../escape", "a/../../escape", "/etc/escape", "..\\escape", "C:/escape", "C:escape"]
)
@pytest.mark.parametrize("kind", ["zip", "phenopackets"])
def test_a_member_may_not_leave_its_folder(site: Site, data: Path, name: str, kind: str) -> None:
    site.bodies["/a.zip"] = zipped({"good": b"good", name: b"evil"})
    with pytest.raises(DataError, match="outside its folder"):
        fetch(row(File("area/trial", site.base + "/a.zip", unpack=kind)))
    assert everything(data) == []
    assert not list(data.parent.rglob("*escape*"))


def test_a_member_may_not_be_a_link(site: Site, data: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    site.bodies["/a.zip"] = out.getvalue()
    with pytest.raises(DataError, match="is a link"):
        fetch(row(File("area/trial", site.base + "/a.zip", unpack="zip")))
    assert everything(data) == []


def test_a_zip_bomb_is_not_unpacked(site: Site, data: Path) -> None:
    site.bodies["/a.zip"] = zipped({"bomb": bytes(8 << 20)})
    with pytest.raises(DataError, match="-fold"):
        fetch(row(File("area/trial", site.base + "/a.zip", unpack="zip")))
    assert everything(data) == []


@pytest.mark.parametrize(("limit", "value", "said"), [("MOST_BYTES", 10, "bytes"), ("MOST_MEMBERS", 1, "members")])
def test_an_archive_out_of_proportion(
    site: Site, data: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, said: str
) -> None:
    monkeypatch.setattr(unpack_module, limit, value)
    site.bodies["/a.zip"] = zipped({"a": b"0123456789", "b": b"0123456789"})
    with pytest.raises(DataError, match=f"more than {value}|{said}"):
        fetch(row(File("area/trial", site.base + "/a.zip", unpack="zip")))
    assert everything(data) == []


def _flipped(archive: bytes) -> bytes:
    at = archive.index(b"payload") + 1
    return archive[:at] + b"X" + archive[at + 1 :]


def _stored() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.json", b"payload")
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: b"not a zip", "not a readable zip"),
        (lambda: _stored()[:-30], "not a readable zip"),
        (lambda: _flipped(_stored()), "damaged"),
        (lambda: zipped({}), "holds nothing"),
    ],
)
def test_a_damaged_archive(site: Site, data: Path, make: Callable[[], bytes], said: str) -> None:
    site.bodies["/a.zip"] = make()
    with pytest.raises(DataError, match=said):
        fetch(row(File("area/trial", site.base + "/a.zip", unpack="zip")))
    assert everything(data) == []


def test_phenopackets_become_lines_sorted_by_path(site: Site, data: Path) -> None:
    def case(name: str) -> bytes:
        return json.dumps({"id": name, "phenotypicFeatures": [], "metaData": {}, "note": "é"}, indent=2).encode()

    members = {"0.1.26/ZEB2/b.json": case("b"), "0.1.26/ABC/c.json": case("c"), "0.1.26/ZEB2/a.json": case("a")}
    site.bodies["/all.zip"] = zipped({**members, "0.1.26/summary.json": b"{}", "0.1.26/README.md": b"text"})
    fetch(row(File("diagnosis/cases.jsonl.xz", site.base + "/all.zip", unpack="phenopackets")))
    with lzma.open(data / "diagnosis/cases.jsonl.xz", "rt", encoding="utf-8") as lines:
        text = lines.read().splitlines()
    assert [json.loads(line)["id"] for line in text] == ["c", "a", "b"]
    assert text[1] == (
        '{"id":"a","phenotypicFeatures":[],"metaData":{},"note":"é","_path":"notebooks/ZEB2/phenopackets/a.json"}'
    )


def test_repository_paths_are_kept(site: Site, data: Path) -> None:
    name = "phenopacket-store-main/notebooks/ZEB2/phenopackets/a.json"
    site.bodies["/all.zip"] = zipped({name: b'{"phenotypicFeatures": [], "metaData": {}}'})
    fetch(row(File("cases.jsonl.xz", site.base + "/all.zip", unpack="phenopackets")))
    assert (
        json.loads(lzma.decompress((data / "cases.jsonl.xz").read_bytes()))["_path"]
        == "notebooks/ZEB2/phenopackets/a.json"
    )


@pytest.mark.parametrize(
    ("body", "said"), [(b"{", "not JSON"), (b"[" * 100_000, "not JSON"), (b"{}", "no phenopacket")]
)
def test_an_archive_without_phenopackets(site: Site, data: Path, body: bytes, said: str) -> None:
    site.bodies["/all.zip"] = zipped({"1/A/a.json": body})
    with pytest.raises(DataError, match=said):
        fetch(row(File("cases.jsonl.xz", site.base + "/all.zip", unpack="phenopackets")))
    assert everything(data) == []
