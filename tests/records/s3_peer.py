"""A loopback S3 server for the tests: checks every signature, keeps objects in memory, fails as it is told to.

After Amazon S3 API Reference 2006-03-01 (PUT, GET with Range, HEAD, DELETE, DeleteObjects, ListObjectsV2, multipart
uploads; path-style addresses) and "Signature Version 4" of the same. Held against boto3 when it was written.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

SMALLEST_PART = 5 << 20
SKEW = timedelta(minutes=15)
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class RefusedError(Exception):
    """An answer that is not 2xx: status and the code S3 has for it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Ask:
    """One request: what it asks for, and its body."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def span(self) -> tuple[int, int] | None:
        """The bytes of `Range: bytes=low-high`, the end exclusive."""
        if "range" not in self.headers:
            return None
        low, high = self.headers["range"].removeprefix("bytes=").split("-")
        return int(low), int(high) + 1 if high else 1 << 62


class Kept(NamedTuple):
    """An object: its bytes, its ETag, when it came."""

    body: bytes
    etag: str
    at: float


@dataclass
class Upload:
    """A multipart upload that is not completed: parts by number."""

    bucket: str
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None  # so many bytes of the body, and then the connection ends


Trouble = Callable[[Ask, Answer], Answer | None]


def no_trouble(_ask: Ask, answer: Answer) -> Answer | None:
    return answer


def signature(secret: str, ask: Ask, signed: str, scope: str, payload: str) -> str:
    """Signature Version 4 (hex) over a request, the names of its signed headers, its scope and its payload's digest."""
    path = quote(f"/{ask.bucket}/{ask.key}" if ask.key else f"/{ask.bucket}", safe="/-_.~")
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in ask.query.items())
    lines = [f"{name}:{' '.join(ask.headers[name].split())}\n" for name in signed.split(";")]
    query = "&".join(f"{name}={value}" for name, value in pairs)
    canonical = "\n".join((ask.method, path, query, "".join(lines), signed, payload))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{ask.headers['x-amz-date']}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def signed_headers(access: str, secret: str, region: str, method: str, address: str) -> dict[str, str]:
    """Headers for a request of one's own without a body, such as making a bucket on another server than this one."""
    parts = urlsplit(address)
    now, payload = datetime.now(UTC), hashlib.sha256(b"").hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": payload, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}"}
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    scope, names = f"{now:%Y%m%d}/{region}/s3/aws4_request", ";".join(sorted(headers))
    ask = Ask(method, bucket, key, {}, headers, b"")
    made = signature(secret, ask, names, scope, payload)
    given = f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={made}"
    return {**headers, "Authorization": given}


@dataclass
class Peer:
    """The state of the server: buckets, credentials, what was asked, every byte received, and how it is to fail."""

    access: str = "AKIASUWENTESTPEER000"
    secret: str = field(default_factory=lambda: secrets.token_hex(20))
    region: str = "eu-central-1"
    buckets: dict[str, dict[str, Kept]] = field(default_factory=lambda: {"hospital": {}})
    uploads: dict[str, Upload] = field(default_factory=dict)
    page: int = 1000
    trouble: Trouble = no_trouble
    asked: list[Ask] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)
    address: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    ending: threading.Event = field(default_factory=threading.Event)

    def answer(self, ask: Ask) -> Answer | None:
        """The answer to a request; None: the connection is closed without one."""
        with self.lock:
            self.asked.append(ask)
            try:
                self.check(ask)
                found = self.route(ask)
            except RefusedError as error:
                self.refused.append(error.code)
                found = _refusal(error.status, error.code)
        return self.trouble(ask, found)

    def check(self, ask: Ask) -> None:
        """The signature, its scope and time, and the digest of the body."""
        kind, _, rest = ask.headers.get("authorization", "").partition(" ")
        if kind != "AWS4-HMAC-SHA256":
            raise RefusedError(403, "AccessDenied")
        given = dict(part.strip().split("=", 1) for part in rest.split(","))
        access, _, scope = given["Credential"].partition("/")
        at = datetime.strptime(ask.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if not hmac.compare_digest(access, self.access):
            raise RefusedError(403, "InvalidAccessKeyId")
        if abs(datetime.now(UTC) - at) > SKEW:
            raise RefusedError(403, "RequestTimeTooSkewed")
        needed = {"host"} | {name for name in ask.headers if name.startswith("x-amz-")}
        if scope != f"{at:%Y%m%d}/{self.region}/s3/aws4_request" or needed - set(given["SignedHeaders"].split(";")):
            raise RefusedError(403, "AuthorizationHeaderMalformed")
        payload = ask.headers["x-amz-content-sha256"]
        made = signature(self.secret, ask, given["SignedHeaders"], scope, payload)
        if not hmac.compare_digest(made, given["Signature"]):
            raise RefusedError(403, "SignatureDoesNotMatch")
        if payload != "UNSIGNED-PAYLOAD" and payload != hashlib.sha256(ask.body).hexdigest():
            raise RefusedError(400, "XAmzContentSHA256Mismatch")

    def route(self, ask: Ask) -> Answer:
        if not ask.key and ask.method == "PUT":
            self.buckets.setdefault(ask.bucket, {})
            return Answer()
        if ask.bucket not in self.buckets:
            raise RefusedError(404, "NoSuchBucket")
        objects = self.buckets[ask.bucket]
        return self.one(objects, ask) if ask.key else self.many(objects, ask)

    def many(self, objects: dict[str, Kept], ask: Ask) -> Answer:
        match ask.method:
            case "GET":
                return self.list(objects, ask)
            case "POST" if "delete" in ask.query:
                return _delete_many(objects, ask.body)
        raise RefusedError(501, "NotImplemented")

    def one(self, objects: dict[str, Kept], ask: Ask) -> Answer:
        if "uploads" in ask.query or "uploadId" in ask.query:
            return self.multipart(objects, ask)
        match ask.method:
            case "GET" | "HEAD":
                return _get(objects, ask)
            case "PUT":
                return _put(objects, ask)
            case "DELETE":
                objects.pop(ask.key, None)
                return Answer(204)
        raise RefusedError(501, "NotImplemented")

    def multipart(self, objects: dict[str, Kept], ask: Ask) -> Answer:
        match ask.method:
            case "POST" if "uploads" in ask.query:
                return self.begin(ask)
            case "POST":
                return self.complete(objects, ask)
            case "PUT":
                return self.part(ask)
            case "DELETE":
                self.uploads.pop(ask.query["uploadId"], None)
                return Answer(204)
        raise RefusedError(501, "NotImplemented")

    def list(self, objects: dict[str, Kept], ask: Ask) -> Answer:
        """ListObjectsV2: keys in order, so many a page, what a delimiter gathers counted once."""
        if ask.query.get("list-type") != "2":
            raise RefusedError(501, "NotImplemented")
        prefix, cut = ask.query.get("prefix", ""), ask.query.get("delimiter", "")
        most = min(self.page, int(ask.query.get("max-keys", "1000")))
        after = ask.query.get("continuation-token", "") or ask.query.get("start-after", "")
        found: dict[str, Kept | None] = {}
        for key in sorted(objects):
            if key.startswith(prefix) and key > after:
                head, mark, _ = key.removeprefix(prefix).partition(cut) if cut else (key, "", "")
                found[prefix + head + mark if mark else key] = None if mark else objects[key]
        page = list(found.items())[:most]
        last = page[-1][0] + "\U0010ffff" * (page[-1][1] is None) if page else ""
        more = len(found) > most
        coded = quote if ask.query.get("encoding-type") == "url" else escape
        lines = [f"<Name>{ask.bucket}</Name><Prefix>{coded(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"]
        lines.append(f"<MaxKeys>{most}</MaxKeys><IsTruncated>{str(more).lower()}</IsTruncated>")
        if more:
            lines.append(f"<NextContinuationToken>{escape(last)}</NextContinuationToken>")
        for key, kept in page:
            if kept is None:
                lines.append(f"<CommonPrefixes><Prefix>{coded(key)}</Prefix></CommonPrefixes>")
            else:
                lines.append(_entry(coded(key), kept))
        return _document("ListBucketResult", "".join(lines))

    def begin(self, ask: Ask) -> Answer:
        name = secrets.token_hex(16)
        self.uploads[name] = Upload(ask.bucket, ask.key)
        said = f"<Bucket>{ask.bucket}</Bucket><Key>{escape(ask.key)}</Key><UploadId>{name}</UploadId>"
        return _document("InitiateMultipartUploadResult", said)

    def upload(self, ask: Ask) -> Upload:
        found = self.uploads.get(ask.query["uploadId"])
        if found is None or (found.bucket, found.key) != (ask.bucket, ask.key):
            raise RefusedError(404, "NoSuchUpload")
        return found

    def part(self, ask: Ask) -> Answer:
        number = int(ask.query["partNumber"])
        if not 1 <= number <= 10_000:
            raise RefusedError(400, "InvalidArgument")
        self.upload(ask).parts[number] = ask.body
        return Answer(headers={"ETag": f'"{_md5(ask.body).hex()}"'})

    def complete(self, objects: dict[str, Kept], ask: Ask) -> Answer:
        upload, named = self.upload(ask), [_texts(one) for one in _xml(ask.body)]
        numbers = [int(one["PartNumber"]) for one in named]
        if not numbers or numbers != sorted(set(numbers)):
            raise RefusedError(400, "InvalidPartOrder")
        for one in named:
            part = upload.parts.get(int(one["PartNumber"]))
            if part is None or one["ETag"].strip('"') != _md5(part).hex():
                raise RefusedError(400, "InvalidPart")
        parts = [upload.parts[number] for number in numbers]
        if any(len(part) < SMALLEST_PART for part in parts[:-1]):
            raise RefusedError(400, "EntityTooSmall")
        etag = f"{_md5(b''.join(_md5(part) for part in parts)).hex()}-{len(parts)}"
        objects[ask.key] = Kept(b"".join(parts), etag, time.time())
        del self.uploads[ask.query["uploadId"]]
        said = f'<Bucket>{ask.bucket}</Bucket><Key>{escape(ask.key)}</Key><ETag>"{etag}"</ETag>'
        return _document("CompleteMultipartUploadResult", said)


def _put(objects: dict[str, Kept], ask: Ask) -> Answer:
    if ask.headers.get("if-none-match") == "*" and ask.key in objects:
        raise RefusedError(412, "PreconditionFailed")
    etag = _md5(ask.body).hex()
    objects[ask.key] = Kept(ask.body, etag, time.time())
    return Answer(headers={"ETag": f'"{etag}"'})


def _get(objects: dict[str, Kept], ask: Ask) -> Answer:
    kept = objects.get(ask.key)
    if kept is None:
        raise RefusedError(404, "NoSuchKey")
    headers = {
        "ETag": f'"{kept.etag}"',
        "Last-Modified": formatdate(kept.at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
    }
    if ask.span is None:
        return Answer(200, kept.body, headers)
    low, high = ask.span
    if low >= len(kept.body):
        raise RefusedError(416, "InvalidRange")
    high = min(high, len(kept.body))
    headers["Content-Range"] = f"bytes {low}-{high - 1}/{len(kept.body)}"
    return Answer(206, kept.body[low:high], headers)


def _delete_many(objects: dict[str, Kept], body: bytes) -> Answer:
    keys = [_texts(one)["Key"] for one in _xml(body) if one.tag.endswith("Object")]
    if len(keys) > 1000:
        raise RefusedError(400, "MalformedXML")
    for key in keys:
        objects.pop(key, None)
    return _document("DeleteResult", "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys))


def _entry(name: str, kept: Kept) -> str:
    at = datetime.fromtimestamp(kept.at, UTC)
    return (
        f"<Contents><Key>{name}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>"
        f'<ETag>"{kept.etag}"</ETag><Size>{len(kept.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>'
    )


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()  # an ETag, not a safeguard


def _xml(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)  # noqa: S314 - written by the client under test


def _texts(element: ElementTree.Element) -> dict[str, str]:
    return {child.tag.rpartition("}")[2]: child.text or "" for child in element}


def _document(name: str, inside: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_SPACE}">{inside}</{name}>'
    return Answer(body=text.encode(), headers={"Content-Type": "application/xml"})


def _refusal(status: int, code: str) -> Answer:
    answer = _document("Error", f"<Code>{code}</Code><Message>made up by the peer</Message>")
    answer.status = status
    answer.body = answer.body.replace(f' xmlns="{_SPACE}"'.encode(), b"")  # S3's errors are in no namespace
    return answer


class _Heard(io.RawIOBase):
    """What a connection receives, kept as it comes."""

    def __init__(self, source: io.RawIOBase, kept: bytearray) -> None:
        self._source, self._kept = source, kept

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._source.readinto(buffer) or 0
        self._kept += buffer[:count]
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


def handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def setup(self) -> None:
            super().setup()
            self.rfile = io.BufferedReader(_Heard(self.connection.makefile("rb", 0), peer.received))

        def reply(self) -> None:
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self.send(peer.answer(Ask(self.command, bucket, key, query, headers, body)))

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = reply  # noqa: N815 - names of http.server

        def send(self, answer: Answer | None) -> None:
            self.close_connection = answer is None or answer.cut is not None
            if answer is None:
                return
            self.send_response(answer.status)
            if answer.status != 204:
                answer.headers.setdefault("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class Server(ThreadingHTTPServer):
    """Ends its idle connections with itself: clients keep them open."""

    daemon_threads = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is part of the tests, and needs no traceback."""

    def hang_up(self) -> None:
        for one in list(self.open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


@contextmanager
def serving(peer: Peer, certificate: tuple[Path, Path] | None = None) -> Iterator[Peer]:
    """Serve `peer` on a free loopback port, over TLS when a certificate and its key are given."""
    server = Server(("127.0.0.1", 0), handler(peer))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    peer.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield peer
    finally:
        peer.ending.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
