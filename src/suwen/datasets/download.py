"""One file over https: streamed to disk, measured, and every way it can fail said in one sentence."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from suwen.errors import DataError, NetworkError

__all__ = ["download"]

TIMEOUT_S = 30.0  # without a single byte; a slow line is fine, a dead one is not
CHUNK = 1 << 18
MOST_BYTES = 8 << 30  # larger than any row of the table: an endless answer must not fill the disk

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TRIES = (
    "check the connection; behind a proxy set HTTPS_PROXY; on a machine without network, "
    "copy the data folder from one that has it and point SUWEN_DATA at it"
)


def download(
    url: str,
    target: Path,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    opener: urllib.request.OpenerDirector | None = None,
) -> tuple[str, int]:
    """Stream `url` into the new file `target`; return the SHA-256 and the number of bytes.

    The caller removes `target` after a failure.

    Raises:
        NetworkError: refused, unknown host, certificate not trusted, HTTP status, time-out, or body cut short.
        DataError: `target` cannot be written.

    """
    if not _may_be_asked(url, loopback_too=True):
        raise NetworkError(f"{url}: only https addresses are fetched; nothing was kept")
    chosen = opener or _opener(url)
    with _network_said(url), chosen.open(_request(url), timeout=TIMEOUT_S) as answer:
        total = _length(answer.headers.get("Content-Length"))
        if total is not None and total > MOST_BYTES:
            raise NetworkError(f"{url}: is {total} bytes, more than {MOST_BYTES}; nothing was kept")
        digest, size = _stream(answer, target, total, progress)
    if total is not None and size != total:
        raise NetworkError(f"{url}: broke off after {size} of {total} bytes; nothing was kept; try again")
    return digest, size


def _request(url: str) -> urllib.request.Request:
    # identity: a compressed transfer would make Content-Length and the digest speak of other bytes.
    return urllib.request.Request(url, headers={"User-Agent": "suwen", "Accept-Encoding": "identity"})  # noqa: S310 - the scheme was checked


def _stream(
    answer: IO[bytes], target: Path, total: int | None, progress: Callable[[int, int | None], None] | None
) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with _disk_said(target), target.open("xb") as out:
        for chunk in _chunks(answer):
            size += len(chunk)
            if size > MOST_BYTES:
                raise _BrokenOffError(OSError(f"the answer is larger than {MOST_BYTES} bytes"))
            digest.update(chunk)
            out.write(chunk)
            if progress is not None:
                progress(size, total)
    return digest.hexdigest(), size


def _chunks(answer: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            # Wrapped before it can be mistaken for a failing disk, which is an OSError too.
            raise _BrokenOffError(error) from error
        if not chunk:
            return
        yield chunk


class _BrokenOffError(Exception):
    """The connection failed while the body was read."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


@contextlib.contextmanager
def _network_said(url: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        with error:
            raise NetworkError(
                f"{url}: HTTP status {error.code} {error.reason}; {_status_remedy(error.code)}"
            ) from error
    except DataError:
        raise  # already said; an OSError too, so it must not reach the last clause
    except urllib.error.URLError as error:
        raise NetworkError(f"{url}: could not be reached: {_reason(error.reason)}; {_TRIES}") from error
    except _BrokenOffError as error:
        raise NetworkError(f"{url}: broke off: {_reason(error.reason)}; nothing was kept; try again") from error
    except (OSError, http.client.HTTPException) as error:
        raise NetworkError(f"{url}: could not be reached: {_reason(error)}; {_TRIES}") from error


@contextlib.contextmanager
def _disk_said(target: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        raise DataError(
            f"{target.parent}: cannot be written ({error.strerror or error}); nothing was kept; "
            "set SUWEN_DATA to a folder with room that you may write to"
        ) from error


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); set SSL_CERT_FILE if your site has its own"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _status_remedy(status: int) -> str:
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy wants a name and password: set HTTPS_PROXY"
    if status in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE):
        return "the publisher has moved or removed it; a newer Suwen may know the new address"
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return "try again later"
    return "the publisher refuses it; open the address in a browser to see why"


def _length(said: str | None) -> int | None:
    return int(said) if said is not None and said.isdecimal() else None


def _may_be_asked(url: str, *, loopback_too: bool) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (loopback_too and parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _opener(url: str) -> urllib.request.OpenerDirector:
    on_loopback = urlsplit(url).hostname in _LOOPBACK
    # A proxy is for the outside; a server on this very machine is spoken to directly.
    proxies = urllib.request.ProxyHandler({} if on_loopback else None)
    return urllib.request.build_opener(proxies, _SafeRedirects(loopback_too=on_loopback))


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https only: a public address must not send us to plain http or to this machine."""

    def __init__(self, *, loopback_too: bool) -> None:
        self.loopback_too = loopback_too

    def redirect_request(  # the signature is urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not _may_be_asked(newurl, loopback_too=self.loopback_too):
            raise NetworkError(f"{req.full_url}: redirects to {newurl}, which is not https; nothing was kept")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
