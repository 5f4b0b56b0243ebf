"""The texts of FHIR resources: found where they stand, read from text, HTML and PDF, and said to be unreadable."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError
from suwen.formats.fhir.attachments import text_of_html, text_of_pdf, texts_of


def document(data: bytes, kind: str = "text/plain") -> dict[str, Any]:
    attachment = {"contentType": kind, "data": base64.b64encode(data).decode()}
    return {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attachment}]}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_text_in_the_encodings_of_hospitals(encoding: str) -> None:
    (one,) = texts_of(document("咳嗽3天，无发热。".encode(encoding), "text/plain; charset=x"))
    assert (one.where, one.text, one.problem) == ("content[0].attachment", "咳嗽3天，无发热。", None)


def test_html_is_read_as_it_is_seen() -> None:
    head = "<html><head><title>t</title><style>p{}</style></head>"
    html = head + "<body><p>cough&nbsp;3 days<br>no fever</p><script>x</script>"
    (one,) = texts_of(document((html + "<td>K</td><td>2.8</td></body>").encode(), "text/html"))
    assert one.text == "cough 3 days\nno fever\nK\n2.8"


def test_every_place_of_a_text() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "conclusion": "spike-wave",
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(b"form").decode()}],
        "note": [{"text": "beside"}],
    }
    assert [(one.where, one.text) for one in texts_of(report)] == [
        ("conclusion", "spike-wave"),
        ("presentedForm[0]", "form"),
        ("note[0].text", "beside"),
    ]


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        (document(b"%PDF-1.7 broken"), "damaged"),
        (document(b"\x89PNG", "image/png"), "image/png"),
        (document(b"\x00\xff\xfe\x00\x80", "text/plain"), "not text"),
        (
            {"resourceType": "DocumentReference", "content": [{"attachment": {"url": "https://x/1"}}]},
            "elsewhere",
        ),
        ({"resourceType": "DocumentReference", "content": [{"attachment": {"data": "not base64!"}}]}, "base64"),
    ],
    ids=["pdf", "png", "noise", "url", "base64"],
)
def test_what_cannot_be_read_is_said(resource: dict[str, Any], problem: str) -> None:
    (one,) = texts_of(resource)
    assert one.text == ""
    assert one.problem is not None
    assert problem in one.problem.en
    assert one.problem.zh != one.problem.en


def test_a_pdf_has_its_text_and_an_empty_one_says_that_it_has_none() -> None:
    from pypdf import PdfWriter  # noqa: PLC0415

    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(out)
    with pytest.raises(FormatError, match="scan"):
        text_of_pdf(out.getvalue())


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_html_ends_in_text(html: str) -> None:
    assert isinstance(text_of_html(html), str)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_text_or_a_problem(data: bytes) -> None:
    for kind in ("text/plain", "text/html", "application/pdf"):
        for one in texts_of(document(data, kind)):
            assert not (one.text and one.problem)
