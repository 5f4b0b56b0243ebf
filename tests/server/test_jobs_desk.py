"""Jobs do what they were asked, tell how far they are, stop when told, survive a restart, are their owner's alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import jobs_for_tests as made
import pytest
from jobs_for_tests import GATE, SEEN, until
from served import Served
from ward import Ward, open_ward

from suwen.errors import AccessError, DataError, InputError, LoginError, NotFoundError
from suwen.govern import Account, Actor, Records, Role, lock_account, log_out, own_account, revoke_care
from suwen.govern.job_documents import forget_jobs
from suwen.govern.jobs import MOST_UNFINISHED
from suwen.server.house import House, Science
from suwen.server.jobs import KINDS, Jobs, JobState, Kind, context, jobs_of, register
from suwen.server.settings import Settings
from suwen.subject import Saying

TITLE = Saying("A count", "计数")
OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@pytest.fixture(autouse=True)
def _gate() -> Iterator[None]:
    GATE.clear()
    SEEN.clear()
    yield
    GATE.set()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as ward:
        yield ward


def house_over(ward: Ward) -> House:
    return House(ward.records, Settings(store=ward.home), Science(lambda: None))


def test_a_job_gives_its_result_and_files(served: Served) -> None:
    desk, actor = jobs_of(served.house), served.ward[Role.RESEARCHER]
    job = desk.submit(actor, "test-counting", {"to": 5}, TITLE)
    assert until(desk, job, *OVER) is JobState.DONE
    assert desk.result(actor, job) == {"counted": 5}
    assert desk.file(actor, job, "count.txt")[1] == b"0\n1\n2\n3\n4\n"
    found = desk.get(actor, job)
    assert (found.done, found.whole, found.share) == (5, 5, 1.0)
    assert found.parameters == {"to": 5}
    desk.remove(actor, job)
    with pytest.raises(NotFoundError):
        desk.get(actor, job)


def test_only_its_owner_sees_it(served: Served) -> None:
    desk, owner = jobs_of(served.house), served.ward[Role.RESEARCHER]
    job = desk.submit(owner, "test-counting", {"to": 1}, TITLE)
    until(desk, job, *OVER)
    for role in (Role.PHYSICIAN, Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR):
        other = served.ward[role]
        assert job not in [one.id for one in desk.list(other)]
        for act in (desk.get, desk.cancel, desk.result, desk.remove):
            with pytest.raises(NotFoundError):
                act(other, job)
        with pytest.raises(NotFoundError):
            desk.file(other, job, "count.txt")


def test_cancelling_stops_it_for_good(served: Served) -> None:
    desk, actor = jobs_of(served.house), served.ward[Role.RESEARCHER]
    job = desk.submit(actor, "test-counting", {"to": 9, "stop_at": 3}, TITLE)
    until(desk, job, JobState.RUNNING)
    waiting = desk.submit(actor, "test-counting", {"to": 9}, TITLE)
    assert desk.cancel(actor, waiting).state is JobState.CANCELLED
    assert desk.cancel(actor, job).state is JobState.CANCELLED
    again = desk.submit(actor, "test-counting", {"to": 1}, TITLE)  # the one thread is free
    until(desk, again, *OVER)
    for one in (job, waiting):
        assert desk.get(actor, one).state is JobState.CANCELLED
        with pytest.raises(NotFoundError):
            desk.result(actor, one)


def test_failures_say_why_and_no_more(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    desk, actor = jobs_of(served.house), served.ward[Role.RESEARCHER]
    ours = desk.submit(actor, "test-failing", {"how": "ours"}, TITLE)
    other = desk.submit(actor, "test-failing", {"how": "other"}, TITLE)
    assert until(desk, other, *OVER) is JobState.FAILED
    assert "give one molecule" in desk.get(actor, ours).reason.en
    reason = desk.get(actor, other).reason.en
    assert "secret" not in reason
    number = reason.rpartition(" ")[2]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_work_in_another_process(served: Served) -> None:
    desk, actor = jobs_of(served.house), served.ward[Role.RESEARCHER]
    job = desk.submit(actor, "test-elsewhere", {}, TITLE)
    assert until(desk, job, *OVER) is JobState.DONE
    assert desk.result(actor, job) == {"total": 285}
    assert desk.get(actor, job).whole == 10


def test_a_process_is_killed_with_its_job(served: Served) -> None:
    desk, actor = jobs_of(served.house), served.ward[Role.RESEARCHER]
    job = desk.submit(actor, "test-elsewhere", {"for_ever": True}, TITLE)
    until(desk, job, JobState.RUNNING)
    desk.cancel(actor, job)
    after = desk.submit(actor, "test-counting", {"to": 1}, TITLE)
    assert until(desk, after, *OVER) is JobState.DONE


def test_what_needs_no_records_goes_on_by_itself(ward: Ward) -> None:
    actor = ward[Role.RESEARCHER]
    first = Jobs(house_over(ward)).begin()
    job = first.submit(actor, "test-counting", {"to": 9, "stop_at": 4}, TITLE)
    until(first, job, JobState.RUNNING)
    while not (one := first.board.get(job)) or one.done < 4:
        pass
    first.stop()
    GATE.set()
    second = Jobs(house_over(ward)).begin()
    assert until(second, job, *OVER) is JobState.DONE
    assert SEEN == [0, 4]  # the second begins where the first came to
    assert second.result(actor, job) == {"counted": 9}
    second.stop()


def test_what_needs_records_waits_for_its_owner(ward: Ward) -> None:
    actor = ward[Role.PHYSICIAN]
    ward.patient(1)
    first = Jobs(house_over(ward)).begin()
    job = first.submit(actor, "test-patients", {}, TITLE)
    until(first, job, JobState.RUNNING)
    first.stop()
    GATE.set()
    second = Jobs(house_over(ward)).begin()
    assert until(second, job, JobState.WAITS_FOR_OWNER)
    second.welcome(ward[Role.RESEARCHER])
    second.list(ward[Role.AUDITOR])
    assert second.board.counts() == {JobState.WAITS_FOR_OWNER: 1}
    second.welcome(actor)
    assert until(second, job, *OVER) is JobState.DONE
    assert second.result(actor, job) == {"patients": 1}
    second.stop()


def test_signing_out_leaves_a_job_and_locking_ends_it(ward: Ward) -> None:
    actor = ward[Role.PHYSICIAN]
    desk = Jobs(house_over(ward)).begin()
    one = desk.submit(actor, "test-patients", {}, TITLE)
    until(desk, one, JobState.RUNNING)
    log_out(actor, ward.records)
    GATE.set()
    assert until(desk, one, *OVER) is JobState.DONE
    GATE.clear()
    back = ward.log_in("physician")
    two = desk.submit(back, "test-patients", {}, TITLE)
    until(desk, two, JobState.RUNNING)
    lock_account(ward[Role.SECURITY_OFFICER], ward.records, "physician")
    GATE.set()
    assert until(desk, two, JobState.WAITS_FOR_OWNER, *OVER) is JobState.WAITS_FOR_OWNER
    with pytest.raises(LoginError):
        desk.list(back)
    desk.stop()


def test_a_result_is_closed_when_care_has_ended(ward: Ward) -> None:
    actor, patient = ward[Role.PHYSICIAN], ward.patient(1)
    from suwen.govern import Purpose  # noqa: PLC0415

    desk = Jobs(house_over(ward)).begin()
    job = desk.submit(actor, "test-counting", {"to": 1}, TITLE, patients=[patient], purpose=Purpose.TREATMENT)
    until(desk, job, *OVER)
    assert desk.result(actor, job)
    revoke_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="physician")
    for act in (lambda: desk.result(actor, job), lambda: desk.file(actor, job, "count.txt")):
        with pytest.raises(AccessError):
            act()
    desk.stop()


def test_old_jobs_go(ward: Ward) -> None:
    actor = ward[Role.RESEARCHER]
    first = Jobs(house_over(ward)).begin()
    job = first.submit(actor, "test-counting", {"to": 1}, TITLE)
    until(first, job, *OVER)
    first.stop()
    ward.clock.now += 29 * 86400
    Jobs(house_over(ward)).begin().stop()
    back = ward.log_in("researcher")
    assert [one.id for one in Jobs(house_over(ward)).begin().list(back)] == [job]
    ward.clock.now += 2 * 86400
    back = ward.log_in("researcher")
    assert Jobs(house_over(ward)).begin().list(back) == []


def test_limits(ward: Ward) -> None:
    actor = ward[Role.RESEARCHER]
    desk = Jobs(house_over(ward)).begin()
    with pytest.raises(NotFoundError):
        desk.submit(actor, "nothing", {}, TITLE)
    with pytest.raises(DataError):
        desk.submit(actor, "test-counting", {"to": "9" * (5 << 20)}, TITLE)
    with pytest.raises(InputError):
        desk.submit(actor, "test-counting", {"to": {1, 2}}, TITLE)
    made_ = [desk.submit(actor, "test-counting", {"to": 2, "stop_at": 1}, TITLE) for _ in range(MOST_UNFINISHED)]
    with pytest.raises(InputError):
        desk.submit(actor, "test-counting", {"to": 1}, TITLE)
    with pytest.raises(InputError):
        desk.remove(actor, made_[0])
    desk.stop()


def test_a_quiet_process_does_not_let_the_session_lapse(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[float] = []

    def using(actor: Actor, records: Records) -> Account:
        used.append(ward.clock.now)
        return own_account(actor, records)

    monkeypatch.setattr(context, "_TOUCH_EVERY", 0.0)
    monkeypatch.setattr(context, "own_account", using)
    desk = Jobs(house_over(ward)).begin()
    job = desk.submit(ward[Role.PHYSICIAN], "test-elsewhere-records", {"for_ever": True, "quiet": True}, TITLE)
    until(desk, job, JobState.RUNNING)
    for _ in range(4):  # 40 minutes; without use a session ends after 15
        ward.clock.now += 600
        edge, end = ward.clock.now, time.monotonic() + 20
        while not (used and used[-1] > edge) and time.monotonic() < end:
            time.sleep(0.01)
        assert used[-1] > edge
    assert until(desk, job, JobState.RUNNING)
    desk.cancel(ward.log_in("physician"), job)
    assert until(desk, job, *OVER) is JobState.CANCELLED
    desk.stop()


def test_a_kind_that_is_no_more_fails_in_words(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = ward[Role.RESEARCHER]
    first = Jobs(house_over(ward)).begin()
    job = first.submit(actor, "test-counting", {"to": 2, "stop_at": 0}, TITLE)
    first.stop()
    monkeypatch.delitem(KINDS, "test-counting")
    second = Jobs(house_over(ward)).begin()
    assert until(second, job, *OVER) is JobState.FAILED
    assert "older version" in second.get(actor, job).reason.en
    second.stop()


def test_large_parameters_go_along_and_stay_out_of_lists(ward: Ward) -> None:
    actor = ward[Role.RESEARCHER]
    desk = Jobs(house_over(ward)).begin()
    long = "9" * 100_000
    job = desk.submit(actor, "test-counting", {"to": 2, "stop_at": 1, "library": long}, TITLE)
    small = desk.submit(actor, "test-counting", {"to": 2}, TITLE)
    until(desk, job, JobState.RUNNING)
    for _ in range(2):
        assert {one.id: one.parameters for one in desk.list(actor)} == {job: {}, small: {"to": 2}}
        assert desk.get(actor, job).parameters["library"] == long
    desk.stop()
    GATE.set()
    again = Jobs(house_over(ward)).begin()
    assert until(again, job, *OVER) is JobState.DONE  # `to` came along
    assert until(again, small, *OVER) is JobState.DONE
    again.remove(actor, job)
    with ward.records.store.snapshot() as connection:
        left = {row[0] for row in ward.records.store.documents.each(connection) if row[0].startswith("job")}
    assert left == {"job", "job-result", "job-part"}  # of the small one
    again.stop()


def test_what_tells_of_an_erased_patient_can_be_forgotten(ward: Ward) -> None:
    actor, patient = ward[Role.PHYSICIAN], ward.patient(1)
    desk = Jobs(house_over(ward)).begin()
    about = desk.submit(actor, "test-counting", {"to": 1}, TITLE, patients=[patient])
    other = desk.submit(actor, "test-counting", {"to": 1}, TITLE)
    until(desk, about, *OVER)
    until(desk, other, *OVER)
    with ward.records.store.transaction() as ongoing:
        assert forget_jobs(ward.records.store, ongoing.connection, patient) == 1
    desk.stop()
    assert [one.id for one in Jobs(house_over(ward)).begin().list(actor)] == [other]


def test_kinds_have_names_of_their_own() -> None:
    with pytest.raises(InputError):
        register(Kind("test-counting", made.failing, TITLE))
