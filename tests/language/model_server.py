"""A server on loopback that speaks the chat protocol of OpenAI and misbehaves as it is told, and its clients."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from suwen.language.model import Answer, Budget, Message, OpenAIServer, Prompted

Behaviour = Callable[["Handler", dict[str, Any]], None]


@dataclass
class ModelServer:
    """What the server was asked, and what it does next; the last behaviour is repeated."""

    behaviours: list[Behaviour]
    address: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # a client went away while it was answered
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> Behaviour:
        with self.lock:
            return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


class Handler(BaseHTTPRequestHandler):
    model: ModelServer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.model.asked.append(request)
        self.model.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.path != "/v1/chat/completions":
            self.reply(404, b"{}")
            return
        self.model.next()(self, request)

    def do_GET(self) -> None:  # a redirect might be followed with GET
        self.do_POST()

    def reply(self, status: int, body: bytes, *, length: int | None = None, **headers: str) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if length is None else length))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def completion(text: str, finish: str = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    usage = {"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366}
    document = {"id": "1", "object": "chat.completion", "model": "claimed", "choices": [choice], "usage": usage}
    return json.dumps(document).encode()


def mention(quote: str, concept: str, status: str = "present", before: str = "") -> dict[str, str]:
    return {"quote": quote, "before": before, "concept": concept, "status": status}


def says(text: str, finish: str = "stop") -> Behaviour:
    return lambda handler, _: handler.reply(200, completion(text, finish))


def good(*mentions: dict[str, str]) -> Behaviour:
    return says(json.dumps({"mentions": list(mentions)}, ensure_ascii=False))


def sends(body: bytes) -> Behaviour:
    """A body of its own, right or wrong."""
    return lambda handler, _: handler.reply(200, body)


def refuses(status: int, body: bytes = b'{"error": {"message": "no"}}') -> Behaviour:
    return lambda handler, _: handler.reply(status, body)


def no_schema(then: Behaviour) -> Behaviour:
    """A server that does not know response_format and says so with 400."""

    def act(handler: Handler, request: dict[str, Any]) -> None:
        if "response_format" in request:
            handler.reply(400, b'{"error": {"message": "unknown field response_format"}}')
        else:
            then(handler, request)

    return act


def redirects(to: str, status: int = 307) -> Behaviour:
    return lambda handler, _: handler.reply(status, b"", Location=to)


def silent(handler: Handler, _: dict[str, Any]) -> None:
    """Never answers, until the test is over."""
    handler.model.closing.wait(30)


def drips(*, headers_first: bool) -> Behaviour:
    """Sends a byte now and then, each within any time-out of a socket, without an end."""

    def act(handler: Handler, _: dict[str, Any]) -> None:
        if headers_first:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
        else:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        try:
            while not handler.model.closing.wait(0.02):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            handler.model.left.set()

    return act


def cut_off(handler: Handler, _: dict[str, Any]) -> None:
    """Promises more than it sends."""
    body = completion('{"mentions": []}')
    handler.reply(200, body[: len(body) // 2], length=len(body))


def speaks(line: bytes) -> Behaviour:
    """Something that is not HTTP, which a client might quote in its error."""

    def act(handler: Handler, _: dict[str, Any]) -> None:
        handler.wfile.write(line + b"\r\n\r\n")
        handler.close_connection = True

    return act


def hangs_up(handler: Handler, _: dict[str, Any]) -> None:
    handler.close_connection = True


def huge(handler: Handler, _: dict[str, Any]) -> None:
    """Sends for as long as the client reads."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while not handler.model.closing.is_set():
            handler.wfile.write(b" " * (1 << 16))
    handler.model.left.set()


_ORDER = re.compile(r"(HP:\d{7})\W*(?:present|everywhere|阳性|存在)", re.IGNORECASE)


def obeys(handler: Handler, request: dict[str, Any]) -> None:
    """A model that does what the note tells it: reports the code that is asked for, at every stretch of the note."""
    note = request["messages"][-1]["content"]
    order = _ORDER.search(note)
    if order is None:
        good()(handler, request)
        return
    words = list(re.findall(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{2,6}", note))
    quotes = [*words, order[1], order[0], note[40:100], "seizure", "癫痫发作"]
    found = [mention(quote, order[1]) for quote in quotes]
    good(*found, mention("seizures", "Seizure", before="everywhere: "))(handler, request)


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that goes away is part of the tests, and needs no traceback."""


@contextmanager
def model_server(*behaviours: Behaviour, certificate: Sequence[Path] = ()) -> Iterator[ModelServer]:
    """Serve on a free loopback port, over TLS where a certificate and its key are given."""
    state = ModelServer(list(behaviours))
    server = QuietServer(("127.0.0.1", 0), type("Bound", (Handler,), {"model": state}))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    state.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


NAME = "Zaphod Quuxley"  # a name that stands in the notes and may stand in no error and no audit entry
NOTE = f"{NAME} has seizures and hypotonia. He has no ataxia. His mother has strabismus."
ASK = (Message("system", "read"), Message("user", NOTE))


@dataclass
class Time:
    """A clock that moves only when somebody sleeps."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Fake:
    """A model without a server: says one text after the other and remembers what it was shown."""

    texts: list[str]
    shown: list[Sequence[Message]] = field(default_factory=list)

    def complete(self, messages: Sequence[Message], *, schema: Any, limit_tokens: int) -> Answer:
        del schema, limit_tokens
        self.shown.append(messages)
        return Answer(self.texts.pop(0) if len(self.texts) > 1 else self.texts[0], "fake", 1, 1)


def client(server: ModelServer, audit: list[Prompted] | None = None, **more: Any) -> OpenAIServer:
    time = Time()
    settings: dict[str, Any] = {
        "allowed": [server.address],
        "budget": Budget(100, 10**6),
        "audit": (audit if audit is not None else []).append,
        "timeout_s": 20.0,
        "sleep": time.sleep,
        "clock": time.clock,
    }
    return OpenAIServer(server.address, "tiny", **{**settings, **more})
