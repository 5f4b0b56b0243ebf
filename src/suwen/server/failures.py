"""Failures as answers: one table from the error tree to a status, a designed page for people, JSON for systems.

Outside only what the error itself says to people, inside (log `suwen.server`) the rest, never with patient data.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from types import MappingProxyType

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from suwen.errors import (
    AccessError,
    ConflictError,
    DataError,
    InputError,
    LoginError,
    MissingExtraError,
    NotFoundError,
    StoreError,
    SuwenError,
)
from suwen.server.guard.refusing import TurnedAwayError
from suwen.server.places import CLINICAL
from suwen.server.returning import keep_place
from suwen.server.showing import Words, is_fragment, show
from suwen.server.visitors import SESSION, Visitor, forget, language_of
from suwen.subject import Saying

__all__ = ["register_failures", "status_of"]

LOG = logging.getLogger("suwen.server")

# The first that fits counts, so what is narrower stands before what is wider.
STATUSES: tuple[tuple[type[SuwenError], int], ...] = (
    (LoginError, 401),
    (AccessError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (InputError, 422),
    (MissingExtraError, 501),
    (DataError, 503),
    (StoreError, 503),
)
INTERFACES = ("/fhir", "/cds-services", "/dicom-web", "/api", "/oauth", "/.well-known")  # answered in their own way

WORDS: Words = MappingProxyType(
    {
        "s400": Saying("This request cannot be understood", "无法理解该请求"),
        "s401": Saying("Sign in first", "请先登录"),
        "s403": Saying("This is not open to you", "您无权进行此操作"),
        "s404": Saying("There is nothing here", "此处没有内容"),
        "s405": Saying("This is not done here", "此处不支持该操作"),
        "s409": Saying("Somebody else was faster", "内容已被他人更改"),
        "s413": Saying("That is too large", "内容过大"),
        "s414": Saying("This address is too long", "地址过长"),
        "s415": Saying("This kind of file is not taken here", "不接受该类型的文件"),
        "s421": Saying("This server does not answer to that name", "本服务器不以该名称提供服务"),
        "s422": Saying("Something in what you entered is not right", "填写内容有误"),
        "s431": Saying("This request says too much about itself", "请求头过大"),
        "s429": Saying("Too many requests", "请求过于频繁"),
        "s500": Saying("Something went wrong here", "服务器出错"),
        "s501": Saying("Something needed for this is not installed", "缺少所需组件"),
        "s503": Saying("This cannot be answered at present", "暂时无法提供"),
        "home": Saying("To the first page", "返回首页"),
        "back": Saying("Back", "返回"),
        "glass": Saying("Emergency access …", "紧急访问……"),
        "wrong": Saying(
            "It was noted under the number {number}. Tell it to whoever runs Suwen.",
            "错误已记录，编号 {number}。请告知系统管理人员。",
        ),
        "reload": Saying("Look at it again, then decide anew.", "请重新查看后再作决定。"),
    }
)


def status_of(failure: SuwenError) -> int:
    """The HTTP status of an error of the tree."""
    return next((status for kind, status in STATUSES if isinstance(failure, kind)), 500)


def register_failures(app: FastAPI) -> None:
    """Have every failure answered."""
    app.add_exception_handler(SuwenError, _suwen)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def _suwen(request: Request, failure: Exception) -> Response:
    status = status_of(failure) if isinstance(failure, SuwenError) else 500
    if isinstance(failure, LoginError) and not _interface(request):
        return _to_sign_in(request)
    if isinstance(failure, SuwenError):
        return _answer(request, status, Saying(str(failure), failure.said("zh")))
    return _answer(request, status, Saying(str(failure), ""))


def _http(request: Request, failure: Exception) -> Response:
    status = failure.status_code if isinstance(failure, HTTPException) else 500
    headers = dict(failure.headers or {}) if isinstance(failure, HTTPException) else {}
    said = "" if not isinstance(failure, HTTPException) or status == 404 else str(failure.detail)
    chinese = failure.zh if isinstance(failure, TurnedAwayError) else ""  # else the heading says enough
    return _answer(request, status, Saying(said, chinese), headers)


def _invalid(request: Request, failure: Exception) -> Response:
    """What FastAPI refuses: told by place, without quoting what was sent."""
    errors = failure.errors() if isinstance(failure, RequestValidationError) else []
    places = sorted({".".join(str(part) for part in one["loc"]) for one in errors})
    listed = ", ".join(places)
    return _answer(request, 422, Saying(f"not as it must be: {listed}", f"以下内容不符合要求：{listed}"))


def _gone(request: Request, failure: Exception) -> Response:
    """Whoever sent has stopped in the middle, or was too slow: no failure of ours, and nobody reads the answer."""
    del request, failure
    return Response(status_code=400)


def _unexpected(request: Request, failure: Exception) -> Response:
    number = getattr(request.state, "number", "") or secrets.token_hex(4)  # the one that the log of requests has
    route = getattr(request.scope.get("route"), "path", "")
    LOG.error("failure %s at %s %s: %s", number, request.method, route, type(failure).__name__, exc_info=failure)
    return _answer(request, 500, Saying(WORDS["wrong"].en.format(number=number), ""), number=number)


def _interface(request: Request) -> bool:
    return request.url.path.startswith(INTERFACES)


def _to_sign_in(request: Request) -> Response:
    """The sign-in page; htmx is told to go there, since it would put the page into a part of this one."""
    response: Response
    if is_fragment(request):
        response = Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    else:
        response = RedirectResponse("/sign-in", 303)
    if request.cookies.get(SESSION):  # a link from elsewhere comes without the strict cookie, and must not end it
        forget(response)
    keep_place(request, response)
    return response


def _answer(
    request: Request, status: int, said: Saying, headers: Mapping[str, str] | None = None, *, number: str = ""
) -> Response:
    """Systems are told in English; people in their language, or by the heading alone where "" is all there is."""
    if request.url.path.startswith("/fhir"):
        from suwen.server.fhir.outcomes import outcome  # noqa: PLC0415

        return outcome(status, said.en, headers)
    if _interface(request):
        return JSONResponse({"error": said.en or "not found"}, status, headers)
    known: Visitor | None = getattr(request.state, "visitor", None)
    treats = known is not None and known.has(*CLINICAL)
    patient = request.path_params.get("patient", "") if status == 403 and treats else ""
    words = WORDS if f"s{status}" in WORDS else {**WORDS, f"s{status}": WORDS["s400" if status < 500 else "s500"]}
    return show(
        request,
        "failure_part.html" if is_fragment(request) else "failure.html",
        words,
        visitor=known,
        status=status,
        headers=headers,
        status_code=status,
        said=said.said(known.lang if known else language_of(request)),
        number=number,
        patient=patient,
    )
