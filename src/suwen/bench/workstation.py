"""Benchmark workstation: the server as people and systems meet it, over TLS 1.3 on loopback, one process.

It makes a clinic of 10,000 patients (`--limit` makes it smaller) in a temporary folder, 23 of them with the charts of
the Synthea sample, and serves it in a process of its own; the load is made by this one, so both share the machine.

- `page_ms`, `page_p99_ms`: a patient's summary, 20 users at once, each over a connection it keeps.
- `worklist_ms`: the first page of a physician with 200 patients, as above.
- `fhir_read_per_s`: reads of one resource over 8 kept connections.
- `streams`: server-sent event streams open at once, and `streams_ms` the median time of a page beside them.
- `first_page_kb`: bytes of the sign-in page and everything it loads.
- `ready_s`: from the start of the server's process to its first answer.
"""

from __future__ import annotations

import http.client
import multiprocessing
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.bench.workstation_house import serve_clinic
from suwen.errors import DataError

__all__ = ["run"]

Notify = Callable[[int, int], None]
TARGETS: Mapping[str, Mapping[str, Any]] = {
    "target": {
        "page_ms": 150,
        "page_p99_ms": 400,
        "fhir_read_per_s": 400,
        "streams": 500,
        "first_page_kb": 300,
        "ready_s": 15,
        "source": "what the workstation was built to reach on two cores, one process, 10,000 patients",
    }
}
_PATIENTS, _USERS, _READERS, _STREAMS = 10_000, 20, 8, 500
_STEPS = 6


@dataclass(frozen=True, slots=True)
class _Served:
    """Where the server listens, the cookie of its physician, and what to ask for."""

    port: int
    cookie: str
    patients: Sequence[str]
    resources: Sequence[str]
    stream: str
    ready: float

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # made a moment ago, on this machine
        return http.client.HTTPSConnection("localhost", self.port, context=context, timeout=60)


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Measure on a clinic of 10,000 patients, or of `limit`. Raises DataError without the sample."""
    begin = time.perf_counter()
    charts = sorted((options.data / "platform/synthea_r4").glob("*.json.gz"))
    if not charts:
        raise DataError(f"no charts in {options.data}: platform/synthea_r4 is missing")
    size = options.limit or _PATIENTS
    with _serving(charts, size) as served:
        notify(1, _STEPS)
        pages = _asked(served, [f"/patients/{one}" for one in served.patients], users=_USERS, each=30)
        notify(2, _STEPS)
        lists = _asked(served, ["/worklist"], users=_USERS, each=5)
        notify(3, _STEPS)
        reads = _rate(served, [f"/fhir/{one}" for one in served.resources], seconds=10)
        notify(4, _STEPS)
        held, beside = _streams(served, min(_STREAMS, 5 * size))
        notify(5, _STEPS)
        weight = _weight(served)
    ours = {
        "page_ms": statistics.median(pages),
        "page_p99_ms": _percentile(pages, 99),
        "worklist_ms": statistics.median(lists),
        "fhir_read_per_s": reads,
        "streams": float(held),
        "streams_ms": statistics.median(beside),
        "first_page_kb": weight / 1000,
        "ready_s": served.ready,
    }
    notify(_STEPS, _STEPS)
    return Result("workstation", digest(*charts), size, ours, {}, TARGETS, seconds=time.perf_counter() - begin)


@contextmanager
def _serving(charts: Sequence[Path], size: int) -> Iterator[_Served]:
    """A server over a fresh clinic, in a process of its own, stopped afterwards."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="suwen-workstation-") as folder:
        mine, theirs = spawn.Pipe()
        process = spawn.Process(target=serve_clinic, args=(Path(folder), [str(one) for one in charts], size, theirs))
        process.start()
        try:
            yield _Served(**_told(mine, process))
        finally:
            mine.send("stop")
            process.join(30)
            if process.is_alive():
                process.kill()


def _told(mine: Connection, process: Any) -> dict[str, Any]:
    while not mine.poll(1):
        if not process.is_alive():
            raise DataError("the server of the benchmark ended before it answered; run it alone to see why")
    told: dict[str, Any] = mine.recv()
    return told


def _asked(served: _Served, paths: Sequence[str], *, users: int, each: int) -> list[float]:
    """Milliseconds of every answer, `users` at once."""

    def one(user: int) -> list[float]:
        connection, spent = served.connection(), []
        for turn in range(each):
            path = paths[(user * each + turn) % len(paths)]
            begin = time.perf_counter()
            _get(served, connection, path)
            spent.append(1000 * (time.perf_counter() - begin))
        connection.close()
        return spent[1:]  # without the handshake

    with ThreadPoolExecutor(users) as pool:
        return [one for spent in pool.map(one, range(users)) for one in spent]


def _rate(served: _Served, paths: Sequence[str], *, seconds: float) -> float:
    """Answers a second over kept connections."""
    end = time.perf_counter() + seconds

    def one(reader: int) -> int:
        connection, done = served.connection(), 0
        while time.perf_counter() < end:
            _get(served, connection, paths[(reader * 97 + done) % len(paths)])
            done += 1
        connection.close()
        return done

    begin = time.perf_counter()
    with ThreadPoolExecutor(_READERS) as pool:
        total = sum(pool.map(one, range(_READERS)))
    return total / (time.perf_counter() - begin)


def _streams(served: _Served, count: int) -> tuple[int, list[float]]:
    """How many streams stay open at once, and how long a page takes beside them."""
    held = []
    try:
        for _ in range(count):
            connection = served.connection()
            connection.request("GET", served.stream, headers=_headers(served) | {"accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status == 200:
                held.append((connection, answer))
        beside = _asked(served, [f"/patients/{one}" for one in served.patients], users=1, each=20)
        return len(held), beside
    finally:
        for connection, answer in held:
            answer.close()
            connection.close()


def _get(served: _Served, connection: http.client.HTTPSConnection, path: str) -> bytes:
    connection.request("GET", path, headers=_headers(served))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise DataError(f"the server answered {answer.status} where a page was expected")
    return body


def _headers(served: _Served) -> dict[str, str]:
    return {"cookie": served.cookie, "accept-language": "en"}


class _Loads(HTMLParser):
    """What a page has the browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address of a script, style or picture."""
        given = dict(attrs)
        path = given.get("src") if tag in {"script", "img"} else given.get("href") if tag == "link" else None
        if path:
            self.paths.append(path)


def _weight(served: _Served) -> int:
    """Bytes of the sign-in page and of all that it loads."""
    connection = served.connection()
    packed = {"accept-encoding": "br, gzip"}  # as every browser asks
    connection.request("GET", "/sign-in", headers=packed)
    body = connection.getresponse().read()
    found = _Loads()
    found.feed(body.decode())
    total = len(body)
    for path in dict.fromkeys(found.paths):
        connection.request("GET", path, headers=packed)
        total += len(connection.getresponse().read())
    connection.close()
    return total


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]
