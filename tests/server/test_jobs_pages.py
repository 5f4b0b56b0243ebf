"""The pages of jobs show one's own alone, in both languages, live, and without query strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from jobs_for_tests import GATE, until
from served import Served

from suwen.govern import Role
from suwen.server.jobs import JobState, jobs_of
from suwen.server.visitors import HEADER
from suwen.subject import Saying

TITLE = Saying("Screening of <b>42</b>", "筛选42个")
OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@pytest.fixture(autouse=True)
def _gate() -> Iterator[None]:
    GATE.clear()
    yield
    GATE.set()


def submitted(served: Served, **parameters: object) -> str:
    desk = jobs_of(served.house)
    job = desk.submit(served.ward[Role.RESEARCHER], "test-counting", {"to": 3, **parameters}, TITLE)
    until(desk, job, JobState.RUNNING, *OVER)
    return job


def test_nobody_is_sent_to_sign_in(served: Served) -> None:
    for path in ("/jobs", "/jobs/stream", f"/jobs/{'0' * 32}", f"/jobs/{'0' * 32}/stream"):
        assert served.client().get(path).headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("Jobs", "under way", "Cancel")), ("zh", ("任务", "进行中", "取消"))]
)
def test_the_list_and_the_job(served: Served, lang: str, words: tuple[str, ...]) -> None:
    job = submitted(served, stop_at=1)
    client = served.client(Role.RESEARCHER, lang=lang)
    for path in ("/jobs", f"/jobs/{job}"):
        page = client.get(path)
        assert page.status_code == 200
        assert all(word in page.text for word in words)
        assert "<b>42" not in page.text
        assert TITLE.said("zh") in page.text or "&lt;b&gt;42" in page.text
        assert not re.search(r'(href|action|data-stream)="[^"]*\?', page.text)
    assert 'role="progressbar"' in page.text
    answer = client.post(f"/jobs/{job}/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs")


def test_another_finds_nothing(served: Served) -> None:
    job = submitted(served)
    client = served.client(Role.PHYSICIAN)
    for path in (f"/jobs/{job}", f"/jobs/{job}/stream", f"/jobs/{job}/result", f"/jobs/{job}/files/count.txt"):
        assert client.get(path).status_code == 404
    for act in ("cancel", "remove"):
        assert client.post(f"/jobs/{job}/{act}").status_code == 404
    assert job not in client.get("/jobs").text
    assert client.get("/jobs/no-hexadecimal").status_code == 404


def test_the_stream_follows_to_the_end(served: Served) -> None:
    job = submitted(served, stop_at=1)
    client = served.client(Role.RESEARCHER)
    with client.stream("GET", f"/jobs/{job}") as page:
        assert page.status_code == 200
    GATE.set()
    with client.stream("GET", f"/jobs/{job}/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = answer.read().decode()
    assert text.startswith("retry: ")
    assert text.count("event: part") >= 1
    assert text.rstrip().endswith("data:")
    assert "event: over" in text
    assert f"/jobs/{job}/result" in text
    assert all(line.startswith(("data: ", "event: ", "retry: ", ":")) for line in text.splitlines() if line)


def test_result_and_file(served: Served) -> None:
    job = submitted(served)
    until(jobs_of(served.house), job, *OVER)
    client = served.client(Role.RESEARCHER)
    page = client.get(f"/jobs/{job}/result")
    assert "counted" in page.text
    file = client.get(f"/jobs/{job}/files/count.txt")
    assert file.content == b"0\n1\n2\n"
    assert file.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/jobs/{job}/files/other.txt").status_code == 404
    assert client.post(f"/jobs/{job}/remove").status_code == 303
    assert client.get(f"/jobs/{job}").status_code == 404


def test_a_forged_form_cancels_nothing(served: Served) -> None:
    job = submitted(served, stop_at=1)
    client = served.client(Role.RESEARCHER)
    del client.headers[HEADER]
    assert client.post(f"/jobs/{job}/cancel").status_code == 403
    assert jobs_of(served.house).get(served.ward[Role.RESEARCHER], job).state is JobState.RUNNING
