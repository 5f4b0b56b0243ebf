"""A server is backed up while it works, and the copy serves the same pages; a version that does not fit is refused."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jobs_for_tests as made
import pytest
from jobs_for_tests import until
from served import Served, serve_ward
from sqlalchemy import text
from ward import CHEAP, CHEAP_FILE, PASSWORD, Clock, Ward, open_ward, opening

from suwen.errors import LoginError, StoreError
from suwen.govern import Role, back_up, log_in, open_records, restore_backup, upgrade_store, verify_store
from suwen.govern.hospital import Place
from suwen.records.store.engine import writing
from suwen.server.application import application
from suwen.server.house import House, Science
from suwen.server.jobs import JobState, jobs_of
from suwen.server.settings import Settings
from suwen.subject import Saying

TITLE = Saying("A count", "计数")


def silent(_done: int, _all: int) -> None:
    pass


@pytest.fixture
def working(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A served ward with a patient's records, and a job that is done."""
    made.GATE.set()
    with open_ward(tmp_path / "store") as ward:
        served = serve_ward(ward)
        served.own = ward.patient(7, records=3)
        desk = jobs_of(served.house)
        job = desk.submit(ward[Role.PHYSICIAN], "test-counting", {"to": 4}, TITLE)
        until(desk, job, JobState.DONE)
        yield served, job
        desk.stop()


def pages(served: Served, job: str, *, lang: str = "en") -> dict[str, str]:
    """What the physician sees, without the token of the session."""
    client = served.client(Role.PHYSICIAN, lang=lang)
    patient = f"/patients/{served.own}"
    found = {}
    for path in ("/worklist", patient, f"{patient}/timeline", f"/jobs/{job}", f"/jobs/{job}/result"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        found[path] = re.sub(r'(name="csrf" (?:value|content)=)"[^"]*"', r"\1", answer.text)
    found["file"] = client.get(f"/jobs/{job}/files/count.txt").text
    return found


@contextmanager
def restored(place: Path, folder: Path, before: Served) -> Iterator[Served]:
    """The copy, served, with people signed in anew: no session survives a restore."""
    clock = Clock(before.ward.clock.now)
    restore_backup(str(place), folder, Place(settings=CHEAP_FILE), opening(clock), progress=silent)
    with open_records(folder, opening(clock), policy=CHEAP) as records:
        ward = Ward(folder, records, clock)
        ward.people[Role.PHYSICIAN] = log_in(records, "physician", PASSWORD)
        house = House(records, Settings(store=folder), Science(lambda: None))
        house.science.begin()
        try:
            yield Served(ward, house, application(house), before.own, before.other)
        finally:
            jobs_of(house).stop()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_copy_serves_the_same_pages(working: tuple[Served, str], tmp_path: Path, lang: str) -> None:
    served, job = working
    seen, ended, busy = [], threading.Event(), served.client(Role.PHYSICIAN)

    def work() -> None:
        while not ended.is_set():
            seen.append(busy.get("/worklist").status_code)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        back_up(served.ward[Role.ADMINISTRATOR], served.ward.records, str(tmp_path / "backup"), progress=silent)
    finally:
        ended.set()
        worker.join()
    assert set(seen) == {200}
    before = pages(served, job, lang=lang)
    assert before["file"] == "0\n1\n2\n3\n"
    with restored(tmp_path / "backup", tmp_path / "restored", served) as copy:
        with pytest.raises(LoginError):
            jobs_of(copy.house).list(served.ward[Role.PHYSICIAN])
        assert pages(copy, job, lang=lang) == before
        assert verify_store(None, copy.ward.records).faults == []


def test_a_job_under_way_goes_on_in_the_copy(working: tuple[Served, str], tmp_path: Path) -> None:
    served, _ = working
    made.GATE.clear()
    desk, actor = jobs_of(served.house), served.ward[Role.PHYSICIAN]
    alone = desk.submit(actor, "test-counting", {"to": 6, "stop_at": 2}, TITLE)
    with_records = desk.submit(actor, "test-patients", {}, TITLE)
    until(desk, alone, JobState.RUNNING)
    back_up(served.ward[Role.ADMINISTRATOR], served.ward.records, str(tmp_path / "backup"), progress=silent)
    desk.stop()
    made.GATE.set()
    with restored(tmp_path / "backup", tmp_path / "restored", served) as copy:
        again = jobs_of(copy.house)
        until(again, alone, JobState.DONE)
        until(again, with_records, JobState.WAITS_FOR_OWNER)
        again.welcome(copy.ward[Role.PHYSICIAN])
        until(again, with_records, JobState.DONE)


def test_upgrade_and_rollback(working: tuple[Served, str], tmp_path: Path) -> None:
    """An upgrade begins with a backup; an older Suwen refuses the newer store, and the backup goes on with it."""
    served, job = working
    back_up(served.ward[Role.ADMINISTRATOR], served.ward.records, str(tmp_path / "backup"), progress=silent)
    before = pages(served, job)
    jobs_of(served.house).stop()
    served.ward.records.store.close()
    using = opening(Clock(served.ward.clock.now))
    old, new = upgrade_store(served.ward.home, using)
    assert old == new  # this Suwen's own: nothing to do
    with open_records(served.ward.home, using, policy=CHEAP) as records, writing(records.store.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="install the newer Suwen"), open_records(served.ward.home, using):
        pass
    with pytest.raises(StoreError, match="newer Suwen"):
        upgrade_store(served.ward.home, using)
    with restored(tmp_path / "backup", tmp_path / "restored", served) as copy:
        assert pages(copy, job) == before
