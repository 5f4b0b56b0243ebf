"""Health, readiness and figures tell how the server does and nothing of anybody; a busy log names nobody."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import Served, serve_ward
from starlette.testclient import TestClient
from ward import PASSWORD, Ward, open_ward

from suwen.errors import DataError
from suwen.govern import Role
from suwen.server.application import application
from suwen.server.house import House, Science
from suwen.server.watch import begin_logs, watched
from suwen.server.watch.logs import Lines
from suwen.server.watch.pages import allowed
from suwen.server.watch.seen import route_of

HERE = ("127.0.0.1", 50000)


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("watched") / "store") as ward:
        served = serve_ward(ward)
        watched(served.app, served.house)
        watched(served.app, served.house)  # once is enough
        yield served


def at(served: Served, address: str = HERE[0]) -> TestClient:
    """Somebody who has not signed in, from an address."""
    return TestClient(
        served.app, base_url="https://localhost:8443", follow_redirects=False, client=(address, 50000),
        raise_server_exceptions=False,
    )  # fmt: skip


def figures(served: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = at(served).get("/metrics").text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}


def test_health_says_nothing_but_that_it_lives(watching: Served) -> None:
    assert at(watching).get("/health").json() == {"status": "alive"}


def test_readiness(watching: Served) -> None:
    watching.house.science.areas()
    answer = at(watching).get("/ready")
    assert (answer.status_code, answer.json()["status"], answer.json()["store"]) == (200, "ready", "ready")


def test_not_ready_while_opening_or_without_a_store(tmp_path: Path) -> None:
    with open_ward(tmp_path / "store") as ward:
        house = House(ward.records, serve_ward(ward).house.settings, Science(lambda: None))
        client = TestClient(application(house), base_url="https://localhost:8443", client=HERE)
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["science"]) == (503, "opening")
        failing = House(ward.records, house.settings, Science(absent))
        failing.science.begin()
        failing.science.areas()
        client = TestClient(application(failing), base_url="https://localhost:8443", client=HERE)
        assert client.get("/ready").json()["science"] == "absent"
        (ward.home / "checkpoints").unlink()  # its witness: what is read can no longer be trusted
        again = replace(failing, rooms={})
        client = TestClient(application(again), base_url="https://localhost:8443", client=HERE)
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["store"]) == (503, "refuses")


def absent() -> None:
    raise DataError("nothing is installed")


def test_figures_are_for_named_addresses(watching: Served) -> None:
    assert at(watching).get("/metrics").status_code == 200
    assert at(watching, "::1").get("/metrics").status_code == 200
    assert at(watching, "::ffff:127.0.0.1").get("/metrics").status_code == 200
    answer = at(watching, "192.0.2.7").get("/metrics")
    assert answer.status_code == 403
    assert "suwen_" not in answer.text
    assert at(watching, "192.0.2.7").get("/health").status_code == 200


@pytest.mark.parametrize(
    ("address", "networks", "fits"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8", "::1"), False),
        ("::1", ("127.0.0.1",), False),
        ("testclient", ("0.0.0.0/0",), False),
        ("", (), False),
    ],
)
def test_addresses(address: str, networks: tuple[str, ...], fits: bool) -> None:
    assert allowed(address, networks) is fits


def test_what_is_counted(watching: Served) -> None:
    before = figures(watching)
    client = watching.client(Role.PHYSICIAN)
    for _ in range(3):
        assert client.get("/worklist").status_code == 200
    assert client.get("/jobs").status_code == 200
    at(watching).get("/worklist")
    client.get(f"/jobs/{'0' * 32}")
    client.get(f"/{watching.own}")
    after = figures(watching)

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert grown("suwen_requests_total", method="GET", route="/worklist", status="200") == 3
    assert grown("suwen_requests_total", method="GET", route="/worklist", status="303") == 1
    assert grown("suwen_requests_total", method="GET", route="/jobs/{job}", status="404") == 1
    assert grown("suwen_requests_total", method="GET", route="unknown", status="404") == 1
    assert grown("suwen_request_seconds_count", route="/worklist") == 4
    assert grown("suwen_refusals_total", why="sign in") == 1
    assert after["suwen_jobs", (("state", "running"),)] == 0
    assert ("suwen_streams", ()) in after
    assert any(name == "process_resident_memory_bytes" for name, _ in after)


def test_sessions_and_emergency_access_are_counted(watching: Served) -> None:
    before = figures(watching)
    page = at(watching)
    token = re.search(r'name="csrf" value="([^"]*)"', page.get("/sign-in").text)
    form = {"login": "physician", "password": PASSWORD, "csrf": token[1] if token else ""}
    assert page.post("/sign-in", data=form).status_code in {200, 303}
    given = {"reason": "unconscious, brought in by ambulance", "minutes": "60"}
    answer = watching.client(Role.PHYSICIAN).post(f"/emergency/{watching.other}", data=given)
    after = figures(watching)
    assert answer.headers["location"].startswith("/patients/")
    assert after["suwen_break_glass_total", ()] - before["suwen_break_glass_total", ()] == 1
    assert after["suwen_sessions_begun_total", ()] - before["suwen_sessions_begun_total", ()] == 1


def secrets_of(ward: Ward, served: Served) -> list[str]:
    people = [text for actor in ward.people.values() for text in (actor.id, actor.token)]
    said = ["MRN-1", "MRN-2", "Testpatient1", "病人1", "1911-03-04", "quiet-heron", PASSWORD, "physician"]
    return [*people, served.own, served.other, *said]


def test_a_busy_log_and_the_figures_name_nobody(watching: Served) -> None:
    stream, logger = io.StringIO(), logging.getLogger("suwen.server")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        clients = [watching.client(role) for role in Role] + [watching.client()]
        for client in clients:
            for patient in (watching.own, watching.other, "MRN-1"):
                for path in ("", "/timeline", "/notes", "/findings", "/heart", "/nothing-of-the-kind"):
                    client.get(f"/patients/{patient}{path}")
            client.get("/worklist?name=Testpatient1")
            client.post("/patients", data={"identifier": "MRN-1", "name": "Testpatient1"})
            client.post("/sign-in", data={"login": "physician", "password": "quiet-heron"})
            client.get("/fhir/Patient/MRN-1", headers={"authorization": "Bearer quiet-heron"})
            client.post("/fhir/Patient/_search", data={"identifier": "MRN-1"})
            client.get("/MRN-1")
    finally:
        logger.removeHandler(handler)
    text = stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [one for one in lines if one["logger"] == "suwen.server.requests"]
    assert len(requests) >= 200
    assert {"time", "level", "logger", "method", "route", "status", "milliseconds", "bytes", "request"} == set(
        requests[0]
    )
    for told in (text, at(watching).get("/metrics").text):
        found = [secret for secret in secrets_of(watching.ward, watching) if secret and secret in told]
        assert found == []


def test_the_answer_bears_the_number_of_its_line(watching: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "suwen.server.requests"):
        answer = at(watching).get("/health")
    assert [one.said["request"] for one in caplog.records if hasattr(one, "said")] == [
        answer.headers["x-request-number"]
    ]


def test_lines_cannot_be_forged(tmp_path: Path) -> None:
    file = tmp_path / "suwen.log"
    begin_logs(file)
    logger = logging.getLogger("suwen.server")
    try:
        logger.info('one\n{"level": "info"}')
        logger.error("two", exc_info=ValueError("three\nfour"))
    finally:
        for one in [one for name in ("suwen.server", "uvicorn.error") for one in logging.getLogger(name).handlers]:
            logger.removeHandler(one)
            logging.getLogger("uvicorn.error").removeHandler(one)
            one.close()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["message"] for one in lines] == ['one\n{"level": "info"}', "two"]
    assert "four" in lines[1]["trace"]


def test_routes_without_a_template() -> None:
    assert route_of({"path": "/assets/app-1.js"}) == "/assets"
    assert route_of({"path": "/whatever"}) == "unknown"
