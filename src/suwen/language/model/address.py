"""Where text may be sent: an address of https, or http to this machine, that the administrator named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from suwen.errors import AccessError, InputError

__all__ = ["Address", "admit", "parse_address"]

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS = {"https": 443, "http": 80}
_ASCII = re.compile(r"[\x21-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address; `path` has no closing slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what decides who reads what is sent."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_address(address: str) -> Address:
    """Read an address of the form https://host:port/path; raises InputError for others and for http beyond loopback."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    odd = parts.username is not None or parts.password is not None or parts.query or parts.fragment
    if not host or odd or parts.scheme not in _PORTS or not _ASCII.fullmatch(address) or "\\" in address:
        raise InputError("the address of a language model is not of the form https://host:port/path")
    if parts.scheme == "http" and host not in _LOOPBACK:
        # What is sent is a patient's note: on a network only encrypted.
        raise InputError(f"the language model at {host} must be reached over https; http is for this machine alone")
    return Address(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, parts.path.rstrip("/"))


def admit(address: Address, allowed: Sequence[str]) -> None:
    """Let an address pass whose scheme, host and port are one of `allowed`, whole; AccessError for any other."""
    if address.origin not in {parse_address(one).origin for one in allowed}:
        raise AccessError(
            f"no text may be sent to {address.scheme}://{address.host}:{address.port}: the administrator has not "
            "allowed this address; nothing was sent"
        )
