"""The texts in a FHIR resource that a person wrote: notes, conclusions, attachments as text, HTML or PDF."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from suwen.errors import FormatError
from suwen.formats.decode import decode
from suwen.formats.fhir.nouns import Json
from suwen.subject import Saying

__all__ = ["Text", "text_of_html", "text_of_pdf", "texts_of"]

_MAX_BYTES = 20 * 2**20  # of one attachment
_MAX_PAGES = 500
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4"),
        *("h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"),
    }
)
_UNSEEN = frozenset({"script", "style", "head", "template", "noscript"})
_ELSEWHERE = Saying("the attachment is elsewhere and is not fetched", "附件存放于别处，未获取")


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the path of the member that holds it; `problem` says why it could not be read, None where it could."""

    where: str
    text: str = field(repr=False)
    problem: Saying | None = None


def texts_of(resource: Json) -> Iterator[Text]:
    """Every text of a resource: DocumentReference attachments, DiagnosticReport conclusion and forms, notes.

    Attachments that only have an address are not fetched, and said to be elsewhere.
    """
    kind = resource.get("resourceType")
    if kind == "DocumentReference":
        for at, content in enumerate(_list(resource.get("content"))):
            yield from _attachment(content.get("attachment"), f"content[{at}].attachment")
    if kind == "DiagnosticReport":
        if isinstance(resource.get("conclusion"), str):
            yield Text("conclusion", resource["conclusion"])
        for at, form in enumerate(_list(resource.get("presentedForm"))):
            yield from _attachment(form, f"presentedForm[{at}]")
    for at, note in enumerate(_list(resource.get("note"))):
        if isinstance(note.get("text"), str):
            yield Text(f"note[{at}].text", note["text"])


def _attachment(attachment: Any, where: str) -> Iterator[Text]:
    if not isinstance(attachment, dict):
        return
    data, kind = attachment.get("data"), str(attachment.get("contentType", "text/plain")).partition(";")[0].strip()
    if not isinstance(data, str):
        if attachment.get("url"):
            yield Text(where, "", _ELSEWHERE)
        return
    try:
        yield Text(where, _read(_bytes(data), kind.lower()))
    except FormatError as error:
        yield Text(where, "", Saying(str(error), error.said("zh")))


def _bytes(data: str) -> bytes:
    if len(data) * 3 // 4 > _MAX_BYTES:
        raise FormatError(
            f"the attachment is larger than {_MAX_BYTES // 2**20} MiB", zh=f"附件超过 {_MAX_BYTES // 2**20} MiB"
        )
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("the attachment is not base64", zh="附件不是 base64 编码") from None


def _read(data: bytes, kind: str) -> str:
    if data.startswith(b"%PDF-") or kind == "application/pdf":
        return text_of_pdf(data)
    if kind in {"text/html", "application/xhtml+xml"}:
        return text_of_html(decode(data))
    if kind.startswith("text/") or kind in {"", "application/octet-stream"}:
        return decode(data)
    raise FormatError(
        f"an attachment of type {kind} is not read; text, HTML and PDF are",
        zh=f"附件类型 {kind} 不支持；可读取文本、HTML 和 PDF",
    )


class _Plain(HTMLParser):
    """Gathers what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is called
        """Begin an element: a block begins a line, what is not shown is not read."""
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Take the text between elements."""
        if not self._unseen:
            self.parts.append(data)


def text_of_html(html: str) -> str:
    """What a reader sees of a page, a line for each block."""
    parser = _Plain()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def text_of_pdf(data: bytes) -> str:
    """The text layer of a PDF, page by page; a scanned page has none. Raises FormatError."""
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        reader = PdfReader(io.BytesIO(data))
        if len(reader.pages) > _MAX_PAGES:
            raise FormatError(f"the PDF has more than {_MAX_PAGES} pages", zh=f"PDF 超过 {_MAX_PAGES} 页")
        text = "\n".join(page.extract_text() for page in reader.pages)
    except FormatError:
        raise
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError):
        raise FormatError("the PDF is damaged or locked", zh="PDF 已损坏或加密") from None
    if not text.strip():
        raise FormatError("the PDF has no text; it may be a scan", zh="PDF 不含文本；可能是扫描件")
    return text


def _list(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
