"""Sessions and logins under way: opaque tokens of which only hashes are kept, ends that hold, boxes that give once."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import LoginError
from suwen.records.identity.nouns import Account, Session
from suwen.records.identity.pending import Waiting
from suwen.records.identity.sessions import Lifetime, start, token_hash, touch

LIN = Account("a1", "lin", "Lin", frozenset(), 0.0)


def begun(at: float = 1000.0) -> tuple[str, Session]:
    return start(LIN, second_factor=True, clock=lambda: at)


def test_a_token_has_256_bits_and_is_nowhere_in_the_session() -> None:
    token, session = begun()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    written = json.dumps(session.to_document())
    assert token not in written
    assert base64.urlsafe_b64decode(token + "=").hex() not in written
    assert session.token_hash == token_hash(token)
    assert begun()[0] != token


@given(st.lists(st.floats(0, 2000), max_size=80))
def test_a_session_ends_when_quiet_and_after_a_day_whatever_is_done(waits: list[float]) -> None:
    token, session = begun()
    at = 1000.0
    for wait in waits:
        at += wait
        over = wait >= 15 * 60 or at >= 1000.0 + 12 * 3600
        if over:
            with pytest.raises(LoginError):
                touch(session, token, account=LIN, clock=lambda at=at: at)
            return
        session = touch(session, token, account=LIN, clock=lambda at=at: at)
        assert (session.seen, session.started) == (at, 1000.0)


def test_a_session_is_over_after_twelve_hours_of_work() -> None:
    token, session = begun(0.0)
    for minute in range(10, 12 * 60, 10):
        session = touch(session, token, account=LIN, clock=lambda minute=minute: minute * 60.0)
    with pytest.raises(LoginError):
        touch(session, token, account=LIN, clock=lambda: 12 * 3600.0)


def test_a_shorter_lifetime_holds_for_sessions_begun_before() -> None:
    token, session = begun()
    with pytest.raises(LoginError):
        touch(session, token, account=LIN, clock=lambda: 1100.0, lifetime=Lifetime(idle=900, longest=60))
    with pytest.raises(LoginError):
        touch(session, token, account=LIN, clock=lambda: 1100.0, lifetime=Lifetime(idle=60))


@given(st.integers(0, 42), st.sampled_from("Aa0_-=\ud800"))
def test_another_token_is_refused(at: int, other: str) -> None:
    token, session = begun()
    changed = token[:at] + other + token[at + 1 :]
    if changed != token:
        with pytest.raises(LoginError):
            touch(session, changed, account=LIN, clock=lambda: 1001.0)
    with pytest.raises(LoginError):
        touch(session, session.token_hash, account=LIN, clock=lambda: 1001.0)


def test_another_or_a_disabled_account_is_refused() -> None:
    token, session = begun()
    for account in (replace(LIN, id="a2"), replace(LIN, disabled=True)):
        with pytest.raises(LoginError):
            touch(session, token, account=account, clock=lambda: 1001.0)


def test_a_clock_put_back_does_not_lengthen_a_session() -> None:
    token, session = begun()
    session = touch(session, token, account=LIN, clock=lambda: 500.0)
    assert session.seen == 1000.0
    with pytest.raises(LoginError):
        touch(session, token, account=LIN, clock=lambda: 1900.0)


def test_what_waits_is_given_once() -> None:
    box: Waiting[str] = Waiting()
    one, two = box.put("one", clock=lambda: 0.0), box.put("two", clock=lambda: 0.0)
    assert one != two
    assert box.take(one, clock=lambda: 1.0) == "one"
    with pytest.raises(LoginError):
        box.take(one, clock=lambda: 1.0)
    assert box.take(two, clock=lambda: 1.0) == "two"
    with pytest.raises(LoginError):
        box.take("never", clock=lambda: 1.0)


def test_what_waits_too_long_or_too_much_is_gone() -> None:
    box: Waiting[int] = Waiting(lasts=10, most=3)
    late = box.put(0, clock=lambda: 0.0)
    with pytest.raises(LoginError):
        box.take(late, clock=lambda: 10.0)
    handles = [box.put(number, clock=lambda: 0.0) for number in range(5)]
    assert len(box) == 3
    with pytest.raises(LoginError):
        box.take(handles[0], clock=lambda: 1.0)
    assert box.take(handles[4], clock=lambda: 1.0) == 4
