"""Asking an OpenID provider over HTTPS: certificates checked, no redirects, bounded size and time, JSON out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from suwen.errors import FormatError, InputError, NetworkError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector, Request

__all__ = ["ask", "check_address"]

_LONGEST_WAIT = 10.0
_LARGEST = 1 << 20
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def check_address(address: str) -> str:
    """Give the address back if it may be asked: https anywhere, http on this machine only, no user or fragment in it.

    Raises:
        InputError: otherwise.

    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(
            "the provider's address is not an address; give one such as https://id.example",
            zh="身份认证服务的地址无效；地址形如 https://id.example",
        ) from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not safe or "@" in parts.netloc or parts.fragment:
        raise InputError(
            "a provider is asked over https only; give an address such as https://id.example",
            zh="身份认证服务只能通过 https 访问；地址形如 https://id.example",
        )
    return address


def ask(
    address: str, *, form: bytes | None = None, headers: Mapping[str, str] | None = None, ca_file: str = ""
) -> dict[str, object]:
    """GET the address, or POST `form` to it, and read the JSON object that comes back.

    Raises:
        InputError: if the address may not be asked; see `check_address`.
        NetworkError: if it cannot be reached, or does not answer with 200.
        FormatError: if the answer is not a JSON object.

    """
    from http.client import HTTPException  # noqa: PLC0415
    from urllib.request import Request  # noqa: PLC0415

    request = Request(check_address(address), data=form, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310 (checked)
    where = urlsplit(address).netloc
    try:
        status, body = _send(request, ca_file)
    except (OSError, HTTPException) as error:
        raise NetworkError(
            f"{where}: the provider cannot be reached; check its address and certificate",
            zh=f"{where}：无法连接身份认证服务；请检查其地址和证书",
        ) from error
    if status != 200:
        raise NetworkError(
            f"{where}: the provider answered {status} and not 200", zh=f"{where}：身份认证服务返回 {status}，而非 200"
        )
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{where}: the provider's answer is not JSON", zh=f"{where}：身份认证服务的应答不是 JSON"
        ) from error
    if not isinstance(answer, dict) or len(body) > _LARGEST:
        raise FormatError(
            f"{where}: the provider's answer is not a JSON object of at most {_LARGEST} bytes",
            zh=f"{where}：身份认证服务的应答不是 {_LARGEST} 字节以内的 JSON 对象",
        )
    return answer


def _send(request: Request, ca_file: str) -> tuple[int, bytes]:
    from urllib.error import HTTPError  # noqa: PLC0415

    try:
        with _opener(request, ca_file).open(request, timeout=_LONGEST_WAIT) as response:
            return response.status, response.read(_LARGEST + 1)
    except HTTPError as error:
        with error:  # an answer too, and one that holds a socket
            return error.code, b""


def _opener(request: Request, ca_file: str) -> OpenerDirector:
    """Build an opener without redirects: a provider that could send us elsewhere would send the client secret along."""
    import ssl  # noqa: PLC0415
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, build_opener  # noqa: PLC0415

    class _NoRedirect(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    if request.type == "http":  # on this machine, so past any proxy
        return build_opener(_NoRedirect(), ProxyHandler({}))
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return build_opener(_NoRedirect(), HTTPSHandler(context=context))
