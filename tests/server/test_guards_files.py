"""What strangers send as files: known by their first bytes, and unpacked only as far as they were promised to be."""

from __future__ import annotations

import gzip
import io
import json
import stat
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import FormatError
from suwen.server.guard.bombs import inflated, parsed_xml, unzipped
from suwen.server.guard.sniffing import HEAD, Kind, kind_of, require_kind


def nifti(version: int, order: str) -> bytes:
    if version == 1:
        return struct.pack(f"{order}i", 348) + bytes(340) + b"n+1\0"
    return struct.pack(f"{order}i", 540) + b"n+2\0\r\n\x1a\n" + bytes(500)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


SAMPLES = {
    Kind.PNG: [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    Kind.JPEG: [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\xff\xd8\xff\xdb"],
    Kind.PDF: [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"],
    Kind.DICOM: [bytes(128) + b"DICM\2\0\0\0UL", b"MZ" + bytes(126) + b"DICM"],
    Kind.JSON: [b'{"resourceType": "Bundle"}', b"  [1, 2]", "\ufeff{}".encode(), '{"名": "张'.encode()[:-1]],
    Kind.XML: [b"<?xml version='1.0'?><a/>", b"\n<ClinicalDocument>", "\ufeff<a/>".encode()],
    Kind.GZIP: [gzip.compress(b"x", mtime=0)],
    Kind.ZIP: [zipped({"a": b"x"}), zipped({})],
    Kind.NIFTI: [nifti(version, order) for version in (1, 2) for order in "<>"],
    Kind.TEXT: [b"ID,value\n1,2\n", "主诉：头痛".encode()],
    Kind.UNKNOWN: [b"", b"\x7fELF\2\1", b"MZ\x90\0", bytes(400), b"\xff\xfe<\0", b"   ", b"GIF89a\1\0\1\0\x80\xff"],
}


@pytest.mark.parametrize(("kind", "head"), [(kind, head) for kind, heads in SAMPLES.items() for head in heads])
def test_a_file_is_known_by_its_first_bytes(kind: Kind, head: bytes) -> None:
    assert kind_of(head) is kind
    assert kind_of(head[:HEAD]) is kind


@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert kind_of(head) in Kind


@given(st.text(min_size=1), st.integers(0, 400))
def test_a_text_cut_anywhere_is_no_picture(text: str, at: int) -> None:
    assert kind_of(json.dumps({"text": text}, ensure_ascii=False).encode()[: at + 1]) is Kind.JSON


@pytest.mark.parametrize(
    ("head", "claimed", "taken"),
    [
        (SAMPLES[Kind.PNG][0], "image/png", True),
        (SAMPLES[Kind.PNG][0], "image/png; charset=x", True),
        (SAMPLES[Kind.PNG][0], "", True),
        (SAMPLES[Kind.PNG][0], "application/octet-stream", True),
        (SAMPLES[Kind.JPEG][0], "image/png", False),  # taken here, but not as what it claims to be
        (b"<html><script>alert(1)</script>", "image/png", False),
        (b"\x7fELF\2\1", "image/png", False),
        (SAMPLES[Kind.PDF][0], "application/pdf", False),  # what it claims to be, but not taken here
    ],
)
def test_only_what_is_allowed_and_is_what_it_claims(head: bytes, claimed: str, taken: bool) -> None:
    allowed = {Kind.PNG, Kind.JPEG}
    if taken:
        assert require_kind(head, allowed, claimed=claimed) is Kind.PNG
        return
    with pytest.raises(FormatError) as refused:
        require_kind(head, allowed, claimed=claimed)
    assert "alert" not in str(refused.value)


# ---- gzip


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=5))
def test_gzip_comes_out_as_it_went_in(parts: list[bytes]) -> None:
    content = b"".join(gzip.compress(one) for one in parts)
    assert inflated(content, most=20_000) == b"".join(parts)


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    """A thousandth of the size: nothing near a hundred megabytes is ever held."""
    bomb = gzip.compress(bytes(100 << 20))
    assert len(bomb) < 200_000
    with pytest.raises(FormatError, match="more than 1000000 bytes"):
        inflated(bomb, most=1_000_000)
    assert len(inflated(gzip.compress(bytes(1000)), most=1000)) == 1000
    with pytest.raises(FormatError):
        inflated(gzip.compress(bytes(1001)), most=1000)


def test_many_empty_members_are_refused() -> None:
    with pytest.raises(FormatError, match="too many parts"):
        inflated(gzip.compress(b"") * 20_000, most=1_000_000)


@pytest.mark.parametrize("cut", [1, 5, 20, 60])
def test_what_is_cut_off_or_damaged_is_told(cut: int) -> None:
    whole = gzip.compress(bytes(range(256)))
    for content in (whole[:-cut], b"", b"no gzip", whole[:-8] + b"\0" * 8, whole + b"rest"):
        if content:
            with pytest.raises(FormatError):
                inflated(content, most=10_000)
    assert inflated(b"", most=10) == b""


# ---- ZIP


def test_a_zip_comes_out_as_it_went_in() -> None:
    files = {"a.txt": b"one", "folder/b.txt": b"two" * 1000, "影像/c.dcm": b""}
    assert dict(unzipped(zipped(files), most=10_000)) == files


def test_a_zip_bomb_is_stopped_at_the_limit() -> None:
    with pytest.raises(FormatError, match="more than 1000000 bytes"):
        list(unzipped(zipped({"a": bytes(50 << 20)}), most=1_000_000))
    with pytest.raises(FormatError, match="more than 1000000 bytes"):  # each small, together not
        list(unzipped(zipped({str(n): bytes(300_000) for n in range(5)}), most=1_000_000))
    with pytest.raises(FormatError, match="at most 10 at once"):
        list(unzipped(zipped({str(n): b"" for n in range(11)}), most=1000, files=10))


def test_a_zip_that_lies_about_its_sizes_is_stopped() -> None:
    """The size in the directory is made small; what comes out is counted all the same."""
    content = bytearray(zipped({"a": bytes(5 << 20)}))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    content[22:26] = struct.pack("<I", 10)
    with pytest.raises(FormatError):
        list(unzipped(bytes(content), most=1_000_000))


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "C:/a", "..", "a\\..\\..\\b", "a\nb", "x/\u202eb"]
)
def test_names_that_lead_out_of_a_zip_are_refused_and_not_told(name: str) -> None:
    with pytest.raises(FormatError) as refused:
        list(unzipped(zipped({name: b"x"}), most=1000))
    assert name not in str(refused.value) or name == ".."


def test_links_encryption_and_unusual_packing_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(FormatError, match="link"):
        list(unzipped(out.getvalue(), most=1000))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"x")
    with pytest.raises(FormatError, match="unusual"):
        list(unzipped(out.getvalue(), most=1000))
    locked = bytearray(zipped({"a": b"x"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FormatError, match="encrypted"):
        list(unzipped(bytes(locked), most=1000))


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_zip_is_told_and_breaks_nothing(content: bytes, at: int, value: int) -> None:
    damaged = bytearray(zipped({"a": content, "b": b"x" * 50}))
    damaged[at % len(damaged)] = value
    try:
        list(unzipped(bytes(damaged), most=1000))
    except FormatError:
        return


# ---- XML

LAUGHS = b"""<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;">]><a>&z;</a>"""
FILE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>"""
OUTSIDE = b"""<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>"""
BLOW_UP = b"""<!DOCTYPE a [<!ENTITY x "%s">]><a>%s</a>""" % (b"x" * 1000, b"&x;" * 1000)


@pytest.mark.parametrize("content", [LAUGHS, FILE, OUTSIDE, BLOW_UP, LAUGHS.decode().encode("utf-16")])
def test_a_document_type_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError, match="document type"):
        parsed_xml(content)


def test_plain_xml_is_read() -> None:
    root = parsed_xml('<?xml version="1.0" encoding="UTF-8"?><a xmlns="urn:x"><b>&lt;张&#65;</b></a>'.encode())
    assert root[0].text == "<张A"


@pytest.mark.parametrize(
    "content", [b"", b"<a>", b"<a></b>", b"{}", b"\xff", b"<?xml version='1.0' encoding='none'?><a/>"]
)
def test_what_is_no_xml_is_told(content: bytes) -> None:
    with pytest.raises(FormatError):
        parsed_xml(content)


def test_depth_is_bounded() -> None:
    assert parsed_xml(b"<a>" * 200 + b"</a>" * 200).tag == "a"
    with pytest.raises(FormatError, match="deep"):
        parsed_xml(b"<a>" * 201 + b"</a>" * 201)


def test_zlib_is_the_plain_one() -> None:
    """A deflate stream without the gzip header is no gzip."""
    with pytest.raises(FormatError):
        inflated(zlib.compress(b"x"), most=100)
