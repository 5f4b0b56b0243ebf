"""Logging in through an OpenID provider on loopback: only to accounts opened for that subject, all of it audited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

pytest.importorskip("jwt", reason="the extra oidc is not installed")
from identity_provider import NOW, Peer, provider_of, serving, visit
from ward import CHEAP, Clock, Ward, open_ward

from suwen.errors import LoginError
from suwen.govern.auditing import read_audit
from suwen.govern.federated import begin_federated_login, log_in_federated
from suwen.govern.people import lock_account, open_account
from suwen.records.access import Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records
from suwen.records.people import Actor


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer(NOW)) as served:
        yield served


@pytest.fixture
def ward(tmp_path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store", clock=Clock(NOW)) as one:
        yield one


def opened(ward: Ward, peer: Peer) -> str:
    subject = f"{peer.issuer}|248289761001"
    id_, password = open_account(
        ward[Role.ADMINISTRATOR], ward.records, "lin", "Lin", roles=[Role.PHYSICIAN], subject=subject
    )
    assert password == ""
    return id_


def logged_in(records: Records, peer: Peer) -> Actor:
    provider = provider_of(peer)
    address, discovered, pending = begin_federated_login(records, provider)
    return log_in_federated(records, provider, discovered, pending, visit(address))


def test_whom_the_provider_has_proven_acts_with_the_roles_given_here(ward: Ward, peer: Peer) -> None:
    account = opened(ward, peer)
    actor = logged_in(ward.records, peer)
    assert actor.id == account
    assert ward.patient(1, actor=actor)


def test_who_has_no_account_here_or_a_locked_one_gets_nothing(ward: Ward, peer: Peer) -> None:
    with pytest.raises(LoginError):
        logged_in(ward.records, peer)
    opened(ward, peer)
    lock_account(ward[Role.SECURITY_OFFICER], ward.records, "lin")
    with pytest.raises(LoginError):
        logged_in(ward.records, peer)


def test_roles_that_need_two_factors_need_the_providers_word_for_them(ward: Ward, peer: Peer) -> None:
    opened(ward, peer)
    strict = replace(ward.records, login_policy=replace(CHEAP, required_for=frozenset({"physician"})))
    with pytest.raises(LoginError):
        logged_in(strict, peer)


def test_a_false_answer_is_refused_and_audited(ward: Ward, peer: Peer) -> None:
    opened(ward, peer)
    provider = provider_of(peer)
    address, discovered, pending = begin_federated_login(ward.records, provider)
    with pytest.raises(LoginError):
        log_in_federated(ward.records, provider, discovered, replace(pending, state="another"), visit(address))
    events = [event for _, event in read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.LOGIN)]
    assert [event.outcome for event in events if "provider" in str(event.detail)] == [Outcome.FAILURE]
