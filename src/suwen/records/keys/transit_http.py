"""Talking to a Vault or OpenBao server over HTTP: one request at a time, tried a few times, every failure said."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from suwen.errors import InputError, KeyProviderError

if TYPE_CHECKING:
    import urllib.request
    from http.client import HTTPResponse

__all__ = ["Answer", "Service"]

TRIES = 3
PAUSE_S = 0.2  # before the second try; twice as long before each one after it
MOST_BYTES = 1 << 20  # of an answer; those to the requests made here have a few hundred

# 400 to 404 are answers; these may pass by themselves: too many requests, a restart, a changing leader, a proxy.
_PASSING = frozenset({429, 500, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HEADER = re.compile(r"[\x21-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: the HTTP status, the member `data` of the body, and the messages of the server."""

    status: int
    data: dict[str, Any] = field(repr=False)
    errors: tuple[str, ...] = ()

    def says(self, *phrases: str) -> bool:
        """Tell whether one of the messages contains one of `phrases`."""
        return any(phrase in error.lower() for error in self.errors for phrase in phrases)


@dataclass(frozen=True, slots=True)
class Service:
    """A server, and the token it is asked with."""

    address: str
    token: str = field(repr=False)
    namespace: str = ""
    ca_file: str = ""
    timeout_s: int = 5
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        _check_address(self.address)
        # http.client would refuse them too, with a message that shows the token.
        if not _HEADER.fullmatch(self.token):
            raise KeyProviderError(
                "The token for the key service is empty or holds white space; give it as issued.",
                zh="密钥服务的令牌为空或含空白；请按签发原样给出",
            )
        if self.namespace and not _HEADER.fullmatch(self.namespace):
            raise InputError(
                "The namespace of the key service holds white space; give it as the server names it.",
                zh="密钥服务的命名空间含空白；请按服务器所称给出",
            )
        if not 1 <= self.timeout_s <= 60:
            raise InputError(
                f"timeout_s is {self.timeout_s}; it lies between 1 and 60 seconds.",
                zh=f"timeout_s 为 {self.timeout_s}；应在 1 至 60 秒之间",
            )

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Send one request to /v1/`path`; try again what may pass by itself.

        Every request made here may safely arrive twice: at worst a rotation makes one version more.

        Raises:
            KeyProviderError: unreachable, sealed, the token is not accepted, or not an answer of such a server.

        """
        answer = self._once(method, path, body)
        for number in range(TRIES - 1):
            if answer.status not in _PASSING or answer.says("sealed", "authentication failed", "unable to decrypt"):
                break
            self.sleep(PAUSE_S * 2**number)
            answer = self._once(method, path, body)
        self._refuse(answer, path)
        return answer

    def _once(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        import http.client  # noqa: PLC0415 - with ssl and urllib 40 ms, and only this provider needs them
        import urllib.error  # noqa: PLC0415

        try:
            with self._opener().open(self._request(method, path, body), timeout=self.timeout_s) as response:
                return _answer(response.status, response)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error)  # type: ignore[arg-type]
        except (OSError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
            reason = getattr(error, "reason", error)
            raise KeyProviderError(
                f"The key service {self.address} cannot be reached ({reason}); check the address, the network and "
                "its certificate (ca_file).",
                zh=f"无法连接密钥服务 {self.address}（{reason}）；请检查地址、网络及其证书（ca_file）",
            ) from error

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> urllib.request.Request:
        import urllib.request  # noqa: PLC0415

        headers = {"X-Vault-Token": self.token, "X-Vault-Request": "true", "User-Agent": "suwen"}
        if self.namespace:
            headers["X-Vault-Namespace"] = self.namespace
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        return urllib.request.Request(  # noqa: S310 - the scheme was checked
            f"{self.address.rstrip('/')}/v1/{path}", data=data, headers=headers, method=method
        )

    def _opener(self) -> urllib.request.OpenerDirector:
        import ssl  # noqa: PLC0415
        import urllib.request  # noqa: PLC0415

        class Stay(urllib.request.HTTPRedirectHandler):
            # A redirect would carry the token to whatever address the answer names.
            def redirect_request(self, *_: Any) -> None:
                return None

        handlers: list[urllib.request.BaseHandler] = [Stay()]
        if self.address.startswith("https"):
            # With a CA of its own the service is trusted by that alone, not by every public authority as well.
            context = ssl.create_default_context(cafile=self.ca_file or None)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        if urlsplit(self.address).hostname in _LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))  # a proxy would read what http carries
        return urllib.request.build_opener(*handlers)

    def _refuse(self, answer: Answer, path: str) -> None:
        at = f"{self.address} (HTTP status {answer.status}, {path})"
        what, zh = f"The key service {at}", f"密钥服务 {at}"
        if answer.status == 403:
            raise KeyProviderError(
                f"{what} refuses the token: it expired, or its policy does not allow this path.",
                zh=f"{zh}拒绝该令牌：已过期，或其策略不允许此路径",
            )
        if answer.says("sealed"):
            raise KeyProviderError(
                f"{what} is sealed; its operators must unseal it, then try again.",
                zh=f"{zh}处于封存状态；须由其运维人员解封后重试",
            )
        if answer.says("authentication failed", "unable to decrypt"):
            return  # older servers answer altered ciphertext with 500
        if answer.status in _PASSING:
            raise KeyProviderError(
                f"{what} did not answer after {TRIES} tries; try again, or ask its operators.",
                zh=f"{zh}在 {TRIES} 次尝试后仍未应答；请重试，或联系其运维人员",
            )
        if 300 <= answer.status < 400:
            raise KeyProviderError(
                f"{what} points to another address; configure the address of the active server.",
                zh=f"{zh}指向另一地址；请配置为活动服务器的地址",
            )


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.username is not None or parts.query or parts.fragment or not _HEADER.fullmatch(address):
        raise InputError(
            "The address of the key service is not of the form https://host:port.",
            zh="密钥服务的地址不是 https://host:port 的形式",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        # The token and the data keys travel in the body: on the network only encrypted.
        raise InputError(
            f"The key service {address} must be reached over https; http is for loopback alone.",
            zh=f"密钥服务 {address} 须通过 https 访问；http 仅限本机回环",
        )


def _answer(status: int, response: HTTPResponse) -> Answer:
    raw = response.read(MOST_BYTES + 1)
    try:
        body = json.loads(raw) if raw and len(raw) <= MOST_BYTES else {}
    except (ValueError, RecursionError):
        body = {}
    if not isinstance(body, dict):
        body = {}
    data, errors = body.get("data"), body.get("errors")
    messages = errors if isinstance(errors, list) else []
    return Answer(status, data if isinstance(data, dict) else {}, tuple(str(one)[:200] for one in messages))
