"""The HTTP session of DICOMweb: TLS verified, credentials for one host alone, no redirect to another."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from suwen.exchange.nouns import Tls
from suwen.exchange.secure import client_context

__all__ = ["session_of"]

_PORTS = {"http": 80, "https": 443}


def session_of(url: str, tls: Tls | None, *, token: str = "", user: str = "", password: str = "") -> requests.Session:
    """A session that speaks to the host of `url` alone. Raises InputError where certificates cannot be used."""
    session = _Session(_origin(url))
    # Threat: the environment could otherwise name other authorities (REQUESTS_CA_BUNDLE), a proxy, or a .netrc whose
    # credentials would be sent along.
    session.trust_env = False
    session.mount("https://", _Adapter(client_context(tls or Tls()), (tls or Tls()).name))
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    elif user:
        session.auth = (user, password)
    return session


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").casefold(), parts.port or _PORTS.get(parts.scheme, 0)


class _Session(requests.Session):
    """Threat: a server (or who stands between) could send us, with what we upload, anywhere."""

    def __init__(self, origin: tuple[str, str, int]) -> None:
        super().__init__()
        self._origin = origin

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where an answer sends us, followed within the host alone; else the answer is an error by its status."""
        target = super().get_redirect_target(resp)
        if target is None:
            return None
        if _origin(urljoin(resp.url, target)) != self._origin:
            resp.close()
            raise requests.HTTPError(response=resp)
        return target


class _Adapter(HTTPAdapter):
    """HTTPS with our context: TLS 1.2 at least, the peer's certificate and name always verified."""

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._context, self._name = context, name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """The pool of connections, all with our context."""
        if self._name:
            kwargs |= {"assert_hostname": self._name, "server_hostname": self._name}
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, *_: Any) -> None:
        """Nothing more: requests would add its own list of authorities to ours."""
        conn.cert_reqs = "CERT_REQUIRED"
