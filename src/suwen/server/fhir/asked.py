"""What a request of FHIR asks for beside its address: the form of the answer, the purpose, a body, what it may see."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import simplejson
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from suwen.consult import Purpose
from suwen.consult.fhir.rest import EVERYTHING, Limits, Rest, Who
from suwen.errors import AccessError, FormatError, SuwenError
from suwen.formats.fhir import Json, parse_tree
from suwen.server.callers import Caller, caller_of
from suwen.server.fhir.outcomes import outcome, outcome_for
from suwen.server.fhir.scopes import place_of
from suwen.server.house import House, house_of
from suwen.server.visitors import SESSION, csrf_of, require_csrf, session_of

__all__ = [
    "LARGEST",
    "PURPOSE",
    "Asking",
    "Body",
    "FhirRoute",
    "asking_of",
    "base_of",
    "is_json",
    "is_lenient",
    "json_of",
    "localised",
    "prefers",
    "refused",
    "relative",
    "rest_of",
    "since_of",
    "tree_of",
]

LARGEST = 16 << 20  # bytes of a resource or Bundle; images and signals come by DICOMweb
PURPOSE = "x-purpose-of-use"
_PURPOSES = {"": Purpose.TREATMENT, "TREAT": Purpose.TREATMENT, "ETREAT": Purpose.EMERGENCY}
# The last is what DSTU2 called it; the CDS Hooks sandbox still does.
_JSON = frozenset({"application/fhir+json", "application/json", "text/json", "json", "application/json+fhir"})
_ANY = frozenset({"*/*", "application/*", "*"})
_PREFERENCES = ("minimal", "representation", "OperationOutcome")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of what, and for what purpose."""

    caller: Caller
    house: House
    rest: Rest
    purpose: Purpose

    def who(self, kind: str, act: str) -> Who:
        """Who asks, with the limits of an app; raises as `limits`."""
        return Who(self.caller.actor, self.purpose, self.limits(kind, act))

    def limits(self, kind: str, act: str) -> Limits:
        """What an app may see while it does an act (a letter of cruds) to a type. Raises AccessError where it may not.

        A person and a device have none but the rights that `records` decides.
        """
        scopes = self.caller.scopes
        if scopes is None:
            return EVERYTHING
        context = place_of(scopes, kind, act)
        if not context or (context == "patient" and not self.caller.patient):
            raise AccessError(f"the scopes of this app do not let it do this to {kind}")
        only = self.caller.patient if context == "patient" else ""
        return Limits(only, lambda other: _sees(place_of(scopes, other, "r"), only))


def _sees(context: str, only: str) -> bool:
    """What goes along is seen in the same charts: what is allowed for one patient alone is not seen in all of them."""
    return context in {"user", "system"} or (context == "patient" and bool(only))


def _caller(request: Request) -> Caller:
    """The caller, for what is decided in the records anyway.

    Every act on a record asks, in its own transaction, whether the session holds. To ask before in another one would
    say nothing more, and cost a write: a session is looked up by whoever takes the store's lock.
    """
    if request.headers.get("authorization") is None and request.cookies.get(SESSION):
        actor = session_of(request)
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            require_csrf(request, csrf_of(actor))
        return Caller(actor)
    return caller_of(request)


def rest_of(house: House) -> Rest:
    """The room of FHIR in a house."""
    together = house.together
    found: Rest = house.room("fhir", lambda: Rest.over(house.records, together))
    return found


def asking_of(request: Request, *, looked_up: bool = False) -> Asking:
    """Who asks, and for what; called in the handler's own thread, for each further thread would cost more than it.

    `looked_up` where nothing else will ask the records about the caller. Raises LoginError, AccessError.
    """
    caller = caller_of(request) if looked_up else _caller(request)
    said = request.headers.get(PURPOSE, "").strip().upper()
    if said not in _PURPOSES:
        raise AccessError(f"{PURPOSE} is TREAT, or in an emergency with broken glass ETREAT")
    house = house_of(request)
    return Asking(caller, house, rest_of(house), _PURPOSES[said])


async def _body(request: Request) -> bytes:
    """The body as it was sent, no more of it than is taken. Raises nothing: one too large is empty and said so."""
    largest = min(LARGEST, house_of(request).settings.largest)
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > largest:
            request.state.too_large = True
            return b""
    return bytes(found)


Body = Annotated[bytes, Depends(_body)]


def is_json(request: Request, kinds: Collection[str] = _JSON) -> bool:
    """Whether a body says that it is JSON in UTF-8, of one of these media types."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    return kind.strip().lower() in kinds and charset in {"", "utf-8", "utf8"}


def json_of(body: bytes) -> Any:
    """The JSON in a body. Raises FormatError."""
    try:
        return parse_tree(body.decode())
    except UnicodeDecodeError:
        raise FormatError("the body is not UTF-8") from None


def tree_of(body: bytes) -> Json:
    """The resource in a body. Raises FormatError."""
    tree = json_of(body)
    if not isinstance(tree, dict) or not isinstance(tree.get("resourceType"), str):
        raise FormatError("the body is no resource: an object with a resourceType is expected")
    found: Json = tree
    return found


def prefers(request: Request) -> str:
    """What the client wants back of what it wrote: minimal, representation or OperationOutcome."""
    said = _preferences(request)
    return next((one for one in _PREFERENCES if f"return={one.lower()}" in said), "representation")


def is_lenient(request: Request) -> bool:
    """Whether parameters that are not known may be passed over (http://hl7.org/fhir/R4/search.html#errors)."""
    return "handling=lenient" in _preferences(request)


def _preferences(request: Request) -> set[str]:
    """What a Prefer header asks for (RFC 7240)."""
    said = ",".join(request.headers.getlist("prefer")).replace(";", ",").replace('"', "")
    return {one.replace(" ", "").lower() for one in said.split(",")}


def relative(text: str, base: str) -> str:
    """Parameters with addresses of this server as `Type/id`, which is how references stand in what is served."""
    forms = (quote(f"{base}/", safe=safe) for safe in ("", "/", ":/"))
    addresses = "|".join(map(re.escape, (f"{base}/", *forms)))
    return re.sub(f"(=|,|%2C)(?:{addresses})", r"\1", text, flags=re.IGNORECASE)


def refused(request: Request, known: Collection[str]) -> Response | None:
    """Why a query string is not taken, None where each of its parameters is known or may be passed over.

    Threat: a condition that is silently left out shows more than was asked for.
    """
    unknown = set(request.query_params) - {*known, "_format", "_pretty"}
    if not unknown or is_lenient(request):
        return None
    return outcome(400, f"a parameter is not answered here; there are {', '.join(sorted(known))}")


def since_of(text: str) -> int | None:
    """Microseconds of an instant, 0 where none is given, None where it is none."""
    if not text:
        return 0
    try:
        said = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    if said.tzinfo is None or not 1970 <= said.year < 9999:
        return None
    return int((said.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


def base_of(house: House) -> str:
    """The address of this server's FHIR, without a slash at its end."""
    return f"{house.settings.address}/fhir"


def localised(tree: Any, base: str) -> Any:
    """A tree with references to this server as `Type/id`, whatever way they were written."""
    if isinstance(tree, dict):
        return {
            name: _local(inner, base) if name == "reference" else localised(inner, base) for name, inner in tree.items()
        }
    if isinstance(tree, list):
        return [localised(one, base) for one in tree]
    return tree


def _local(value: Any, base: str) -> Any:
    return value.removeprefix(f"{base}/") if isinstance(value, str) else value


class FhirRoute(APIRoute):
    """A route whose every failure is an OperationOutcome, with each problem an issue; it speaks JSON alone."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler around the one of FastAPI."""
        inner: Any = super().get_route_handler()

        async def handled(request: Request) -> Response:
            if not _acceptable(request):
                return outcome(406, "JSON is spoken here: ask for application/fhir+json")
            try:
                answer: Response = await inner(request)
            except SuwenError as failure:
                return outcome_for(failure)
            if getattr(request.state, "too_large", False):
                return outcome(413, "the body is larger than is taken here; send it in parts")
            return _indented(answer) if _is_pretty(request) else answer

        return handled

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """HEAD is asked where GET is (http://hl7.org/fhir/R4/http.html#2.21.0.1)."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        return super().matches({**scope, "method": "GET"} if is_head else scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; HEAD with the headers of GET, and nothing after them (RFC 9110, 9.3.2)."""
        if scope["method"] != "HEAD":
            await super().handle(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await super().handle({**scope, "method": "GET"}, receive, bodiless)


def _is_pretty(request: Request) -> bool:
    return b"_pretty=true" in request.scope["query_string"]


def _indented(answer: Response) -> Response:
    """The same with a line for each member, for a person's eyes; numbers keep their digits."""
    if not answer.body or "json" not in answer.headers.get("content-type", ""):
        return answer
    tree = parse_tree(bytes(answer.body).decode())
    text = simplejson.dumps(tree, use_decimal=True, ensure_ascii=False, indent=2, allow_nan=False)
    answer.body = text.encode()
    answer.headers["content-length"] = str(len(answer.body))
    return answer


def _acceptable(request: Request) -> bool:
    asked = request.query_params.get("_format", "")
    said = asked or request.headers.get("accept", "") or "*/*"
    kinds = {one.partition(";")[0].strip().lower().replace(" ", "+") for one in said.split(",")}
    return bool(kinds & (_JSON | _ANY))
