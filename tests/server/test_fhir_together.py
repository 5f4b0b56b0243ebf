"""Readers that share a transaction stay apart: each decided, each in the audit, a refusal its own, tampering told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir_made import observation
from sqlalchemy import text
from ward import Ward, open_ward

from suwen.consult import Purpose
from suwen.consult.fhir.rest import Change, Rest, Version, Who, create_resource, read_resource, update_resource
from suwen.consult.fhir.rest.changing import update_in
from suwen.errors import AccessError, AuditError, LoginError, NotFoundError, SuwenError, TamperError
from suwen.govern import Actor, EventKind, Outcome, Role, erase_patient, log_out, read_audit
from suwen.records.store import store as storing
from suwen.records.together import Together


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as found:
        yield found


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each came to, or its failure; all begin together."""
    found: list[Any] = [None] * len(acts)
    begin = threading.Barrier(len(acts))

    def run(at: int, act: Callable[[], Any]) -> None:
        begin.wait()
        try:
            found[at] = act()
        except SuwenError as failure:
            found[at] = failure

    threads = [threading.Thread(target=run, args=(at, act)) for at, act in enumerate(acts)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return found


@contextmanager
def held(ward: Ward) -> Iterator[None]:
    """Keep the store's lock, so that readers gather."""
    with ward.records.store.transaction():
        yield


def test_each_is_decided_by_itself(ward: Ward) -> None:
    other = ward.hire("elsewhere", Role.PHYSICIAN)
    mine, theirs = ward.patient(1), ward.patient(2, actor=other)
    rest = Rest.over(ward.records)
    nobody = Actor(other.id, "not the token")
    found = at_once(
        lambda: read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", mine),
        lambda: read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", theirs),
        lambda: read_resource(rest, Who(other), "Patient", theirs),
        lambda: read_resource(rest, Who(nobody), "Patient", theirs),
        lambda: read_resource(rest, Who(ward[Role.PHYSICIAN], Purpose.EMERGENCY), "Patient", theirs),
        lambda: read_resource(rest, Who(other), "Patient", "no id"),
    )
    kinds = [type(one) for one in found]
    assert kinds == [Version, AccessError, Version, LoginError, AccessError, NotFoundError]
    assert (found[0].id, found[2].id) == (mine, theirs)


def test_each_is_in_the_audit_under_its_own_name(ward: Ward) -> None:
    other = ward.hire("elsewhere", Role.PHYSICIAN)
    mine, theirs = ward.patient(1), ward.patient(2, actor=other)
    rest = Rest.over(ward.records)
    acts = [
        lambda: read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", mine),
        lambda: read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", theirs),
        lambda: read_resource(rest, Who(other), "Patient", theirs),
    ]
    at_once(*(acts * 5))
    opened = [one for _, one in read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.OPEN)]
    assert [(one.actor, one.subject) for one in opened].count((other.id, theirs)) == 5
    assert [(one.actor, one.subject) for one in opened].count((ward[Role.PHYSICIAN].id, mine)) == 5
    assert (ward[Role.PHYSICIAN].id, theirs) not in {(one.actor, one.subject) for one in opened}
    denied = [
        one
        for _, one in read_audit(ward[Role.AUDITOR], ward.records, subject=theirs, kind=EventKind.DECISION)
        if one.outcome is Outcome.DENY
    ]
    assert len(denied) == 5


def test_readers_that_wait_share_one_checkpoint(ward: Ward) -> None:
    patient, rest = ward.patient(1), Rest.over(ward.records)
    actor = ward[Role.PHYSICIAN]
    read_resource(rest, Who(actor), "Patient", patient)
    made: list[int] = []
    original = storing.append

    def counting(*args: Any, **named: Any) -> Any:
        made.append(1)
        return original(*args, **named)

    patch = pytest.MonkeyPatch()
    patch.setattr(storing, "append", counting)
    try:
        with ward.records.store.transaction():
            threads = [
                threading.Thread(target=read_resource, args=(rest, Who(actor), "Patient", patient)) for _ in range(8)
            ]
            for one in threads:
                one.start()
            while len(rest.together._waiting) < 7:
                pass
        for one in threads:
            one.join(30)
    finally:
        patch.undo()
    assert len(made) == 2


def test_without_an_audit_nobody_is_answered(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, rest = ward.patient(1), Rest.over(ward.records)

    def broken(*_: Any, **__: Any) -> Any:
        raise AuditError("the disk is full")

    monkeypatch.setattr(storing, "append", broken)
    acts = [lambda: read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", patient)] * 4
    ward[Role.PHYSICIAN]
    assert [type(one) for one in at_once(*acts)] == [AuditError] * 4


def test_a_fault_of_ours_in_one_ends_no_other_for_good(ward: Ward) -> None:
    together, actor = Together(ward.records), ward[Role.PHYSICIAN]

    def faulty(_: Any) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        together.read(actor, Purpose.TREATMENT, faulty)
    last = read_audit(ward[Role.AUDITOR], ward.records, by=actor.id)[-1][1]
    assert (last.outcome, last.detail) == (Outcome.FAILURE, {"error": "ZeroDivisionError"})
    assert together.read(actor, Purpose.TREATMENT, lambda _: 7) == 7


def among_two_others(ward: Ward, act: Callable[[Any], int], failure: type[BaseException]) -> list[str]:
    """What two readers and one who does `act` get in one group: types by name."""
    together, actor = Together(ward.records), ward[Role.PHYSICIAN]
    found: list[Any] = []

    def one(act: Callable[[Any], int]) -> None:
        try:
            found.append(together.read(actor, Purpose.TREATMENT, act))
        except (SuwenError, failure) as raised:
            found.append(raised)

    threads = [threading.Thread(target=one, args=(act,)) for act in (lambda _: 1, lambda _: 2, act)]
    with ward.records.store.transaction():
        for at, thread in enumerate(threads):
            thread.start()
            while not (together._led if at == 0 else len(together._waiting) == at):
                pass
    for thread in threads:
        thread.join(30)
    return sorted(type(each).__name__ for each in found)


def test_the_others_of_a_group_that_broke_off_are_not_answered(ward: Ward) -> None:
    def faulty(_: Any) -> int:
        raise MemoryError

    assert among_two_others(ward, faulty, MemoryError) == ["MemoryError", "StoreError", "int"]


def test_a_fault_of_one_reader_is_that_readers_alone(ward: Ward) -> None:
    """One odd record must not keep those from their patients who happen to ask at the same moment."""

    def faulty(_: Any) -> int:
        return {"other": 1}["expected"]

    assert among_two_others(ward, faulty, KeyError) == ["KeyError", "int", "int"]


def test_those_who_come_after_are_answered_whatever_failed(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    together, actor = Together(ward.records), ward[Role.PHYSICIAN]

    def broken(*_: Any, **__: Any) -> Any:
        raise MemoryError

    def faulty(_: Any) -> int:
        monkeypatch.setattr(storing, "append", broken)  # so that not even the failure can be logged
        raise RecursionError

    with pytest.raises(MemoryError):
        together.read(actor, Purpose.TREATMENT, faulty)
    monkeypatch.undo()
    assert at_once(lambda: together.read(actor, Purpose.TREATMENT, lambda _: 7)) == [7]


def test_a_group_that_broke_off_is_logged_with_the_app_that_asked(ward: Ward) -> None:
    together, actor = Together(ward.records), replace(ward[Role.PHYSICIAN], through="some-app")

    def faulty(_: Any) -> int:
        raise RecursionError

    with pytest.raises(RecursionError):
        together.read(actor, Purpose.TREATMENT, faulty)
    last = read_audit(ward[Role.AUDITOR], ward.records, by=actor.id)[-1][1]
    assert last.detail == {"error": "RecursionError", "through": "some-app"}


def test_what_failed_otherwise_is_in_the_audit_too(ward: Ward) -> None:
    patient, rest, actor = ward.patient(1), Rest.over(ward.records), ward[Role.PHYSICIAN]
    with pytest.raises(NotFoundError):
        read_resource(rest, Who(actor), "Observation", patient + "0" * 32)
    with pytest.raises(LoginError):
        read_resource(rest, Who(Actor(actor.id, "not the token")), "Patient", patient)
    events = [one for _, one in read_audit(ward[Role.AUDITOR], ward.records, by=actor.id)][-2:]
    said = [(one.kind, one.outcome, one.detail) for one in events]
    assert said == [
        (EventKind.DECISION, Outcome.FAILURE, {"error": "NotFoundError"}),
        (EventKind.LOGIN, Outcome.FAILURE, {"error": "LoginError"}),
    ]


def test_a_session_that_is_over_reads_nothing(ward: Ward) -> None:
    patient, rest = ward.patient(1), Rest.over(ward.records)
    read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", patient)
    log_out(ward[Role.PHYSICIAN], ward.records)
    with pytest.raises(LoginError):
        read_resource(rest, Who(ward[Role.PHYSICIAN]), "Patient", patient)


def changed(ward: Ward, statement: str, **values: Any) -> None:
    with ward.records.store.engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize("known", [True, False], ids=["seen before", "unseen"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM record WHERE id = :id AND version = 2",
        "DELETE FROM record WHERE id = :id AND version = 1",
        "UPDATE record SET version = 3 WHERE id = :id AND version = 2",
        "UPDATE record SET withdrawn = 1 WHERE id = :id AND version = 2",
        "UPDATE record SET mac = zeroblob(16) WHERE id = :id AND version = 2",
        "UPDATE record SET body = (SELECT body FROM record WHERE id = :id AND version = 1) "
        "WHERE id = :id AND version = 2",
    ],
    ids=["set back", "history cut", "renumbered", "withdrawn", "resealed", "earlier content"],
)
def test_what_somebody_changed_in_the_database_is_not_served(ward: Ward, statement: str, known: bool) -> None:
    """Also where the chart was found whole before, and no longer all of it is opened for a reading."""
    who, patient = Who(ward[Role.PHYSICIAN]), ward.patient(1)
    rest = Rest.over(ward.records)
    made = create_resource(rest, who, observation(patient)).version
    resource = {**(made.resource or {}), "status": "amended"}
    update_resource(rest, who, Change("Observation", made.id, resource, "1"))
    if known:
        assert read_resource(rest, who, "Observation", made.id).number == "2"
    else:
        rest = Rest.over(ward.records)
    changed(ward, statement, id=bytes.fromhex(made.id[32:]))
    if known and "version = 1" in statement and statement.startswith("DELETE"):
        assert read_resource(rest, who, "Observation", made.id).number == "2"  # what is served is whole
        return
    with pytest.raises(TamperError):
        read_resource(rest, who, "Observation", made.id)


def rows(ward: Ward, query: str, **values: Any) -> dict[str, Any]:
    with ward.records.store.engine.begin() as connection:
        return dict(connection.execute(text(query), values).mappings().one())


def test_another_version_under_the_same_number_is_not_served(ward: Ward) -> None:
    """Threat: the database is set back, what was written is written otherwise, and then the first writing put back."""
    who, patient = Who(ward[Role.PHYSICIAN]), ward.patient(1)
    rest = Rest.over(ward.records)
    made = create_resource(rest, who, observation(patient)).version
    chart = rows(ward, "SELECT chart, revision FROM patient WHERE id = :id", id=bytes.fromhex(patient))
    second = "record WHERE id = :id AND version = 2"
    place = bytes.fromhex(made.id[32:])
    update_resource(rest, who, Change("Observation", made.id, {**(made.resource or {}), "status": "amended"}, "1"))
    first = rows(ward, f"SELECT at, body, mac FROM {second}", id=place)  # noqa: S608 - our own words
    changed(ward, f"DELETE FROM {second}", id=place)  # noqa: S608
    back = "UPDATE patient SET chart = :chart, revision = :revision WHERE id = :id"
    changed(ward, back, id=bytes.fromhex(patient), **chart)
    rest = Rest.over(ward.records)
    update_resource(rest, who, Change("Observation", made.id, {**(made.resource or {}), "status": "corrected"}, "1"))
    assert (read_resource(rest, who, "Observation", made.id).resource or {})["status"] == "corrected"
    put_back = "UPDATE record SET at = :at, body = :body, mac = :mac WHERE id = :id AND version = 2"
    changed(ward, put_back, id=place, **first)
    with pytest.raises(TamperError):
        read_resource(rest, who, "Observation", made.id)


def test_erased_is_erased_also_where_the_chart_was_known(ward: Ward) -> None:
    who, patient = Who(ward[Role.PHYSICIAN]), ward.patient(1)
    rest = Rest.over(ward.records)
    made = create_resource(rest, who, observation(patient)).version
    read_resource(rest, who, "Observation", made.id)
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, patient, reason="asked for")
    with pytest.raises((NotFoundError, AccessError)):
        read_resource(rest, who, "Observation", made.id)


def test_what_was_rolled_back_is_not_remembered(ward: Ward) -> None:
    who, patient = Who(ward[Role.PHYSICIAN]), ward.patient(1)
    rest = Rest.over(ward.records)
    made = create_resource(rest, who, observation(patient)).version
    change = Change("Observation", made.id, {**(made.resource or {}), "status": "amended"}, "1")

    def broken_off() -> None:
        with ward.records.acting(who.actor, who.purpose) as work:
            update_in(work, rest.wholes, change, who.limits)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    found = read_resource(rest, who, "Observation", made.id)
    assert (found.number, (found.resource or {})["status"]) == ("1", "final")
