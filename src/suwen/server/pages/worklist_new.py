"""New to the worklist: a patient registered by hand, or brought in with a FHIR document."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from suwen.consult import Demographics, Imported, import_fhir, register_patient
from suwen.errors import AccessError, FormatError, InputError, SuwenError
from suwen.formats.fhir import read_document
from suwen.govern import Role
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.worklist_words import WORDS
from suwen.server.showing import is_fragment, show
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Sex

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
LARGEST = 16 * 2**20  # bytes of a document; larger ones are lines of NDJSON, which `suwen fhir import` takes
Text = Annotated[str, Form()]
_TYPED = ("name", "other_name", "identifier", "birth_date")
_STARTS = (b"{", b"\x1f\x8b", b"\xfd7zXZ")  # JSON, gzip, xz: what it is counts, not what it is called


@router.get("/patients/new")
def new_patient(request: Request, visitor: Signed) -> Response:
    """The form to register a patient."""
    _require_admission(visitor)
    return _form(request, visitor)


@router.post("/patients")
def register(
    request: Request,
    visitor: Signed,
    name: Text = "",
    other_name: Text = "",
    identifier: Text = "",
    birth_date: Text = "",
    sex: Text = "unknown",
) -> Response:
    """Register the patient and open the record; what is wrong is told beside the form, which keeps what was typed."""
    given = {
        "name": name.strip(),
        "other_name": other_name.strip(),
        "identifier": identifier.strip(),
        "birth_date": birth_date.strip(),
        "sex": sex,
    }
    try:
        patient = register_patient(visitor.actor, house_of(request).records, _demographics(given))
    except InputError as wrong:
        return _form(request, visitor, given=given, wrong=wrong)
    return RedirectResponse(f"/patients/{patient}", 303)


@router.get("/patients/import")
def import_form(request: Request, visitor: Signed) -> Response:
    """The form to bring in a document."""
    _require_admission(visitor)
    return show(request, "patient_import.html", WORDS, visitor=visitor, largest=LARGEST // 2**20, done=None, wrong=None)


@router.post("/patients/import")
def bring_in(request: Request, visitor: Signed, file: Annotated[UploadFile, File()], source: Text = "") -> Response:
    """Take in a document, all of it or nothing; what is wrong with it is told place by place."""
    data = file.file.read(LARGEST + 1)
    done: Imported | None = None
    wrong: SuwenError | None = None
    try:
        _require_document(data)
        done = import_fhir(visitor.actor, house_of(request).records, read_document(data), source=source.strip())
    except (FormatError, InputError) as failure:
        wrong = failure
    return show(
        request,
        "patient_import_part.html" if is_fragment(request) else "patient_import.html",
        WORDS,
        visitor=visitor,
        status=422 if wrong else 200,
        largest=LARGEST // 2**20,
        done=done,
        wrong=wrong,
    )


def _require_document(data: bytes) -> None:
    if not data.strip():
        raise InputError(
            "the file is empty; choose a FHIR document in JSON", zh="文件为空；请选择 JSON 格式的 FHIR 文档"
        )
    if len(data) > LARGEST:
        raise InputError(
            f"the file is larger than {LARGEST // 2**20} MB; divide it, or bring it in as NDJSON",
            zh=f"文件超过 {LARGEST // 2**20} MB；请拆分，或以 NDJSON 导入",
        )
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_STARTS):
        raise InputError(
            "the file is no FHIR document in JSON, whatever it is called; export it as FHIR R4 JSON",
            zh="无论其名称如何，该文件不是 JSON 格式的 FHIR 文档；请导出为 FHIR R4 JSON",
        )


def _require_admission(visitor: Visitor) -> None:
    if not visitor.has(Role.PHYSICIAN, Role.NURSE):
        raise AccessError(WORDS["refused"].en, zh=WORDS["refused"].zh)


def _demographics(given: dict[str, str]) -> Demographics:
    try:
        sex = Sex(given["sex"])
    except ValueError:
        raise InputError("the sex is female, male, other or unknown", zh="性别须为女、男、其他或未知") from None
    names = tuple(one for one in (given["name"], given["other_name"]) if one)
    return Demographics(tuple(filter(None, [given["identifier"]])), names, given["birth_date"], sex)


def _form(
    request: Request, visitor: Visitor, *, given: dict[str, str] | None = None, wrong: InputError | None = None
) -> Response:
    return show(
        request,
        "patient_new.html",
        WORDS,
        visitor=visitor,
        status=422 if wrong else 200,
        given={"sex": "unknown", **dict.fromkeys(_TYPED, ""), **(given or {})},
        wrong=wrong,
        sexes=[one.value for one in Sex],
    )
