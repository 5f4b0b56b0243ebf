"""The OpenAPI document: what FastAPI sees of the routes, and beside it who may ask, every answer, and examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from suwen.server.described import fhir, others
from suwen.server.described.nouns import Operation, both
from suwen.server.visitors import HEADER, SESSION
from suwen.subject import Saying

__all__ = ["DESCRIBED", "Documented"]

DESCRIBED: MappingProxyType[tuple[str, str], Operation] = MappingProxyType({**fhir.OPERATIONS, **others.OPERATIONS})

_MEANT: dict[int, Saying] = {
    200: Saying("What was asked for", "所请求的内容"),
    201: Saying("It is filed", "已建立"),
    202: Saying("It has begun, or was taken in part", "已受理，或部分接受"),
    204: Saying("It is done", "已完成"),
    304: Saying("The client has it already", "客户端内容已是最新"),
    400: Saying("The request is not understood; what was wrong is said", "无法理解该请求，并说明原因"),
    401: Saying("Nobody vouches for the request", "未认证"),
    403: Saying("It is not open to whoever asks, whether it exists or not", "无权访问（不论是否存在）"),
    404: Saying("There is no such thing", "不存在"),
    405: Saying("This is not done to it", "不支持该操作"),
    406: Saying("It is not had in that form", "不提供该格式"),
    409: Saying("It contradicts what is there", "与现有内容冲突"),
    410: Saying("It was withdrawn, or the page is there no longer", "已撤回，或分页已失效"),
    412: Saying("It is another version by now, or several answer the condition", "版本已变，或有多个资源符合条件"),
    413: Saying("It is larger than is taken", "内容过大"),
    415: Saying("This kind of body is not taken", "不接受该类型的内容"),
    422: Saying("What was sent cannot be taken; each problem is named", "内容不被接受，并逐项说明"),
    428: Saying("Say which version was read (If-Match)", "须说明所读版本（If-Match）"),
    429: Saying("Too many requests; the answer says when to try again", "请求过于频繁"),
    500: Saying("It failed; the number in the answer finds it in the log", "处理失败"),
    501: Saying("Something needed for this is not installed", "缺少所需组件"),
    503: Saying("It cannot be answered at present", "暂时无法提供"),
}
_SHAPES: dict[str, dict[str, Any]] = {
    "Resource": {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}},
    "Bundle": {
        "type": "object",
        "required": ["resourceType", "type"],
        "properties": {
            "resourceType": {"const": "Bundle"},
            "type": {"type": "string"},
            "total": {"type": "integer"},
            "entry": {"type": "array", "items": {"type": "object"}},
        },
    },
    "OperationOutcome": {
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["severity", "code"]}},
        },
    },
    "Manifest": {"type": "object", "required": ["transactionTime", "request", "requiresAccessToken", "output"]},
    "Object": {"type": "object"},
    "Objects": {"type": "array", "items": {"type": "object"}},
    "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
    "Text": {"type": "string"},
    "Binary": {"type": "string", "contentMediaType": "application/octet-stream"},
}
_FAILING = {"application/fhir+json": "OperationOutcome", "application/json": "Error", "text/plain": "Text"}
_WRITING = frozenset({"post", "put", "patch", "delete"})
_ABOUT = Saying(
    "Interfaces for other systems. Every request is a decision of the records and stands in the audit log. Whoever has "
    "no right to something is answered the same whether it exists or not. What names a person is sent in a body, never "
    "in an address.",
    "供其他系统使用的接口。每次请求均由病历访问控制判定并记入审计日志；无权访问时，不论对象是否存在，答复相同；"
    "可识别个人身份的内容只放在请求正文中，不放在地址中。",
)


class Documented(FastAPI):
    """An application whose OpenAPI document says all that is true of its interfaces."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if not self.openapi_schema:
            self.openapi_schema = _document(self)
        return self.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=both(_ABOUT), routes=app.routes
    )
    paths = {path: dict(_operations(path, methods)) for path, methods in made["paths"].items()}
    address = app.state.house.settings.address
    components = {"schemas": _SHAPES, "securitySchemes": _schemes(address)}
    return {**made, "servers": [{"url": address}], "paths": paths, "components": components}


def _operations(path: str, methods: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for method, seen in methods.items():
        said = DESCRIBED.get((method, path))
        yield method, seen if said is None else _said(seen, said, method, path)


def _said(seen: Mapping[str, Any], said: Operation, method: str, path: str) -> dict[str, Any]:
    given = [*seen.get("parameters", ()), *_parameters(said, path)]
    parameters = [_with_example(one, said) for one in given if _is_there(one, path)]
    session = ("session", "form") if method in _WRITING else ("session",)
    ways = [{name: list[str]() for name in (session if one == "session" else (one,))} for one in said.ways]
    made = {**seen, "operationId": said.id, "summary": both(said.said), "security": ways}
    made["responses"] = {str(status): _answer(status, said) for status in (said.ok, *said.more, *sorted(said.refused))}
    return made | ({"parameters": parameters} if parameters else {}) | _sent(said)


def _parameters(said: Operation, path: str) -> Iterator[dict[str, Any]]:
    for name, meaning in said.more_parameters:
        yield {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
    if path.startswith("/fhir") and said.ways:
        meaning = both(Saying("TREAT, or in an emergency with broken glass ETREAT", "用途：TREAT；紧急访问时为 ETREAT"))
        schema = {"type": "string", "enum": ["TREAT", "ETREAT"]}
        yield {"name": "X-Purpose-Of-Use", "in": "header", "description": meaning, "schema": schema, "example": "TREAT"}


def _sent(said: Operation) -> dict[str, Any]:
    if said.body:
        content = {said.body: {"schema": {"$ref": "#/components/schemas/Binary"}}}
        return {"requestBody": {"required": True, "content": content}}
    if said.form:
        properties = {name: {"type": "string"} for name in said.form}
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        forms = {"application/x-www-form-urlencoded": {"schema": schema, "example": dict(said.form)}}
        return {"requestBody": {"required": True, "content": forms}}
    return {}


def _is_there(parameter: Mapping[str, Any], path: str) -> bool:
    """One function serves several addresses; what is a part of one address is no parameter of another."""
    return parameter["in"] != "query" or parameter["name"] not in {"series", "instance", "number"} or "{" not in path


def _with_example(parameter: Mapping[str, Any], said: Operation) -> dict[str, Any]:
    example = said.examples.get(parameter["name"])
    return {**parameter, **({"example": example} if example is not None else {})}


def _answer(status: int, said: Operation) -> dict[str, Any]:
    meant = _MEANT.get(status)
    made: dict[str, Any] = {"description": both(meant) if meant else HTTPStatus(status).phrase}
    if status in {said.ok, *said.more}:
        has_body, media, shape = status not in {204, 304} and bool(said.media), said.media, said.shape
    else:
        has_body, media, shape = True, said.failing, _FAILING[said.failing]
    if has_body:
        made["content"] = {media: {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
    return made


def _schemes(address: str) -> dict[str, Any]:
    scopes = dict(_scopes(("patient/*.rs", "patient/*.cruds", "user/*.rs", "user/*.cruds", "launch", "launch/patient")))
    token = f"{address}/oauth/token"
    return {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION,
            "description": both(Saying("A person who has signed in", "已登录人员")),
        },
        "form": {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": both(Saying("The token of a session's forms, for what changes something", "会话表单令牌")),
        },
        "smart": {
            "type": "oauth2",
            "description": both(Saying("An app (SMART App Launch 2.2)", "SMART 应用")),
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{address}/oauth/authorize",
                    "tokenUrl": token,
                    "scopes": scopes,
                },
                "clientCredentials": {"tokenUrl": token, "scopes": dict(_scopes(("system/*.rs", "system/*.cruds")))},
            },
        },
        "certificate": {
            "type": "mutualTLS",
            "description": both(Saying("A registered device or system", "已登记的设备或系统")),
        },
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": both(
                Saying("An app's own secret; or client_assertion in the form", "应用密钥，或表单中的 client_assertion")
            ),
        },
        "cds": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": both(Saying("A system of CDS Hooks 2.0, by its signature", "CDS Hooks 系统签名令牌")),
        },
    }


def _scopes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((one, "SMART App Launch 2.2") for one in names)
