"""How long an address, headers and a body may be; a body is counted as it comes, whatever it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from suwen.server.guard.budget import Budget
from suwen.server.guard.rates import address_of
from suwen.server.guard.refusing import refuse
from suwen.subject import Saying

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["FORMS", "ONCE", "Sizes"]

LONGEST_ADDRESS = 8 * 1024  # RFC 9110, 4.1, asks for 8000 octets at least
LONGEST_HEADERS = 32 * 1024
MOST_HEADERS = 100
FORMS = 64 * 1024  # bytes of a body by somebody who has not signed in yet
# Headers that say one thing: said twice, one is believed here and the other by what stands before (RFC 9110, 5.3).
ONCE = frozenset(
    (b"content-type", b"content-length", b"transfer-encoding", b"authorization", b"origin", b"sec-fetch-site",
     b"cookie", b"x-csrf-token", b"content-encoding", b"x-purpose-of-use")
)  # fmt: skip
_BEFORE = ("/sign-in", "/language", "/oauth")
_AGAIN = "5"  # seconds until there may be room


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: int
    said: Saying
    again: str = ""


_UNKNOWN = _Refusal(
    401,
    Saying("sign in, or send a certificate or token, before so much", "内容较多：请先登录，或出示证书或令牌后再发送"),
)
_FULL = _Refusal(
    503,
    Saying("too much is being sent at once; send it again in a moment", "当前上传的内容过多，请稍后重新发送"),
    _AGAIN,
)
_ADDRESS = _Refusal(414, Saying("the address is too long", "地址过长"))
_HEADERS = _Refusal(431, Saying("the headers are too long", "请求头过长"))
_TWICE = _Refusal(400, Saying("a header that says one thing came twice", "只能出现一次的请求头重复出现"))
_NO_LENGTH = _Refusal(400, Saying("the length of the body is not a number", "内容长度不是数字"))


class _RefusedError(Exception):
    """Refused while somebody within was reading."""


class Sizes:
    """Refuses what is longer: 414 an address, 431 headers, 413 a body (`largest` bytes), 503 what all hold at once.

    Of a body by somebody unknown only `FORMS` bytes are read, then `known` is asked (in a thread), and 401 is answered.
    """

    def __init__(self, app: ASGIApp, *, largest: int, at_once: int, known: Callable[[Scope], bool]) -> None:
        self.app, self.largest, self.known = app, largest, known
        self.budget = Budget(max(at_once, 2 * largest))  # else one address could not send what is allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = min(self.largest, FORMS) if scope["path"].startswith(_BEFORE) else self.largest
        wrong = _wrong(scope, most)
        if wrong:
            await refuse(scope, receive, send, wrong.status, wrong.said)
            return
        counting = _Counting(self, scope, receive, most)
        try:
            await counting.run(send)
        finally:
            counting.end()


class _Counting:
    """One request while its body is read."""

    def __init__(self, sizes: Sizes, scope: Scope, receive: Receive, most: int) -> None:
        self.sizes, self.scope, self.receive, self.most = sizes, scope, receive, most
        self.who = address_of(scope)
        self.seen = self.taken = 0
        self.begun = self.known = False
        self.refusal: _Refusal | None = None

    async def run(self, send: Send) -> None:
        async def sending(message: Message) -> None:
            # What was made of a body cut off says something else: "cannot be read" where "too large" is meant.
            if self.refusal and not self.begun:
                raise _RefusedError
            self.begun = True
            await send(message)

        try:
            await self.sizes.app(self.scope, self.counted, sending)
        except _RefusedError:
            if self.begun or self.refusal is None:
                raise
            again = {"retry-after": self.refusal.again} if self.refusal.again else None
            await refuse(self.scope, self.receive, send, self.refusal.status, self.refusal.said, again)

    async def counted(self) -> Message:
        message = await self.receive()
        length = len(message.get("body", b""))
        if length:
            self.seen += length
            self.refusal = self.refusal or await self._refusal(length)
            if self.refusal:
                raise _RefusedError
        return message

    async def _refusal(self, length: int) -> _Refusal | None:
        if self.seen > self.most:
            return _too_large(self.most)
        if self.seen > FORMS and not self.known:
            self.known = await run_in_threadpool(self.sizes.known, self.scope)
            if not self.known:
                return _UNKNOWN
        if not self.sizes.budget.take(self.who, length):
            return _FULL
        self.taken += length
        return None

    def end(self) -> None:
        self.sizes.budget.give(self.who, self.taken)


def _wrong(scope: Scope, most: int) -> _Refusal | None:
    headers = scope.get("headers", ())
    if len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
        return _ADDRESS
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LONGEST_HEADERS:
        return _HEADERS
    once = [name for name, _ in headers if name in ONCE]
    if len(once) != len(set(once)):
        return _TWICE
    announced = dict(headers).get(b"content-length", b"0")
    if not announced.isdigit():
        return _NO_LENGTH
    return _too_large(most) if len(announced) > 18 or int(announced) > most else None


def _too_large(most: int) -> _Refusal:
    return _Refusal(413, Saying(f"at most {most} bytes are taken here", f"此处最多接收{most}字节"))
