"""The report on a patient: read in a frame of its own, and as HTML or PDF taken out of the house by whoever may."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from suwen.errors import InputError, NotFoundError
from suwen.report import patient_report_html, patient_report_pdf
from suwen.server.pages.patient_frame import Head, open_head, show_patient
from suwen.server.pages.patient_words import REPORT
from suwen.server.visitors import Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Tongue = Literal["en", "zh"]
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get("/patients/{patient}/report")
def page(request: Request, visitor: Signed, patient: str) -> Response:
    """The report in the visitor's language."""
    return _page(request, visitor, patient, "zh" if visitor.lang == "zh" else "en")


@router.get("/patients/{patient}/report/{lang}")
def page_in(request: Request, visitor: Signed, patient: str, lang: str) -> Response:
    """The report in a language."""
    return _page(request, visitor, patient, _tongue(lang))


@router.get("/patients/{patient}/report/{lang}/page")
def framed(request: Request, visitor: Signed, patient: str, lang: str) -> Response:
    """The report itself, for the frame: its own styles by their digest, no script, nothing from anywhere."""
    html = _html(open_head(request, visitor, patient), _tongue(lang))
    return HTMLResponse(html, headers={"content-security-policy": _policy(html), "x-frame-options": "SAMEORIGIN"})


@router.get("/patients/{patient}/report.html")
def html_file(request: Request, visitor: Signed, patient: str) -> Response:
    """The report as a file in the visitor's language."""
    return _html_file(request, visitor, patient, "zh" if visitor.lang == "zh" else "en")


@router.get("/patients/{patient}/report.pdf")
def pdf_file(request: Request, visitor: Signed, patient: str) -> Response:
    """The report as PDF in the visitor's language."""
    return _pdf_file(request, visitor, patient, "zh" if visitor.lang == "zh" else "en")


@router.get("/patients/{patient}/report/{lang}/report.html")
def html_file_in(request: Request, visitor: Signed, patient: str, lang: str) -> Response:
    """The report as a file in a language."""
    return _html_file(request, visitor, patient, _tongue(lang))


@router.get("/patients/{patient}/report/{lang}/report.pdf")
def pdf_file_in(request: Request, visitor: Signed, patient: str, lang: str) -> Response:
    """The report as PDF in a language."""
    return _pdf_file(request, visitor, patient, _tongue(lang))


def _page(request: Request, visitor: Signed, patient: str, lang: Tongue) -> Response:
    head = open_head(request, visitor, patient)
    there = bool(head.consultation.at or head.consultation.findings)
    return show_patient(request, visitor, head, "patient_report.html", REPORT, there=there, tongue=lang)


def _html_file(request: Request, visitor: Signed, patient: str, lang: Tongue) -> Response:
    html = _html(open_head(request, visitor, patient, take=True), lang)
    return HTMLResponse(html, headers={**_attached(patient, lang, "html"), "content-security-policy": _policy(html)})


def _pdf_file(request: Request, visitor: Signed, patient: str, lang: Tongue) -> Response:
    head = open_head(request, visitor, patient, take=True)
    _require_consulted(head)
    data = patient_report_pdf(head.consultation, lang=lang, created=datetime.now().astimezone())
    return Response(data, media_type="application/pdf", headers=_attached(patient, lang, "pdf"))


def _html(head: Head, lang: Tongue) -> str:
    _require_consulted(head)
    return patient_report_html(head.consultation, lang=lang, created=datetime.now().astimezone())


def _attached(patient: str, lang: Tongue, suffix: str) -> dict[str, str]:
    # no name in the file's name: it is what stays in the list of downloads
    return {"content-disposition": f'attachment; filename="suwen-{patient[:8]}-{lang}.{suffix}"'}


def _policy(html: str) -> str:
    """What the report may do: show its own styles, by their SHA-256, to this house's own frame."""
    digests = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in _STYLE.findall(html))
    styles = " ".join(f"'sha256-{one}'" for one in digests) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups"
    )


def _require_consulted(head: Head) -> None:
    if not head.consultation.at and not head.consultation.findings:
        raise InputError("nobody has consulted on this patient yet; consult first", zh="该患者尚未会诊；请先会诊")


def _tongue(lang: str) -> Tongue:
    if lang == "en":
        return "en"
    if lang == "zh":
        return "zh"
    raise NotFoundError("reports are in en and zh", zh="报告只有英文（en）和中文（zh）版")
