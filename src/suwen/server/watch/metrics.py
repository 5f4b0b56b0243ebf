"""Figures of the server in the Prometheus text format: counts and durations by route, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suwen.errors import MissingExtraError
from suwen.govern import JobState
from suwen.server.release import release
from suwen.server.watch.seen import Seen

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from suwen.server.house import House
    from suwen.server.jobs import Jobs

__all__ = ["TYPE", "Metrics", "metrics_of"]

TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6, 1.0, 2.5, 5.0, 10.0)
_REFUSED = {401: "sign in", 403: "forbidden", 409: "changed meanwhile", 421: "other name", 429: "too many"}


class Metrics:
    """The figures of one house, in a registry of its own: two houses in a process do not mix."""

    def __init__(self, house: House) -> None:
        """Raises MissingExtraError without prometheus-client."""
        try:
            from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector  # noqa: PLC0415
        except ImportError:
            raise MissingExtraError("prometheus-client", "server") from None
        self.house = house
        self.registry = CollectorRegistry()
        at: dict[str, Any] = {"registry": self.registry}
        names = ("method", "route", "status")
        self._requests = Counter("suwen_requests", "Requests by route template and status", names, **at)
        self._seconds = Histogram(
            "suwen_request_seconds",
            "Seconds until the answer was sent, without streams",
            ("route",),
            buckets=_SECONDS,
            **at,
        )
        self._bytes = Counter("suwen_response_bytes", "Bytes of answers by route template", ("route",), **at)
        self._refused = Counter("suwen_refusals", "Requests that were refused, by why", ("why",), **at)
        self._sessions = Counter("suwen_sessions_begun", "Sessions begun by signing in", **at)
        self._glass = Counter("suwen_break_glass", "Uses of emergency access begun on the pages", **at)
        Info("suwen_release", "Which Suwen this is", **at).info({"version": release()})
        ProcessCollector(registry=self.registry)
        self.registry.register(_Standing(house))

    def count(self, seen: Seen) -> None:
        """Count one request."""
        self._requests.labels(seen.method, seen.route, str(seen.status)).inc()
        self._bytes.labels(seen.route).inc(seen.size)
        if not seen.streamed:
            self._seconds.labels(seen.route).observe(seen.seconds)
        why = "sign in" if seen.turned_away else _REFUSED.get(seen.status)
        if why:
            self._refused.labels(why).inc()
        if seen.signed_in:
            self._sessions.inc()
        if seen.glass:
            self._glass.inc()

    def text(self) -> bytes:
        """All figures as Prometheus reads them."""
        from prometheus_client import generate_latest  # noqa: PLC0415

        return generate_latest(self.registry)


class _Standing:
    """What is looked up when somebody asks: jobs, streams, readiness, how long the certificate holds."""

    def __init__(self, house: House) -> None:
        self.house = house

    def collect(self) -> Iterator[Metric]:
        """The figures as they are now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415

        desk: Jobs | None = self.house.rooms.get("jobs")
        jobs = GaugeMetricFamily("suwen_jobs", "Jobs that are not over, by state", labels=["state"])
        ended = CounterMetricFamily("suwen_jobs_ended", "Jobs that ended since the start, by how", labels=["state"])
        counts = desk.board.counts() if desk else {}
        for state in JobState:
            if state.over:
                ended.add_metric([state.value], desk.ended.get(state, 0) if desk else 0)
            else:
                jobs.add_metric([state.value], counts.get(state, 0))
        yield from (jobs, ended)
        watching = desk.board.watching if desk else 0
        yield GaugeMetricFamily("suwen_streams", "Open streams of events", value=watching)
        ready = self.house.science.ready and not self.house.science.failure
        yield GaugeMetricFamily("suwen_science_ready", "Whether the knowledge of diseases is open", value=float(ready))
        ends = _certificate_ends(self.house)
        if ends is not None:
            name = "suwen_certificate_ends_seconds"
            yield GaugeMetricFamily(name, "When the server's certificate ends, seconds since 1970", value=ends)


def _certificate_ends(house: House) -> float | None:
    file = house.settings.certificate
    if file is None:
        return None
    from cryptography import x509  # noqa: PLC0415

    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return None


def metrics_of(house: House) -> Metrics:
    """The figures of a house."""
    found: Metrics = house.room("metrics", lambda: Metrics(house))
    return found
