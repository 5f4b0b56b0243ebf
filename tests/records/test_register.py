"""The register of documents: none is set back, put back or deleted below Suwen without being seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from ward import Ward

from suwen.errors import StoreError, TamperError
from suwen.govern.care import grant_care, revoke_care
from suwen.govern.people import log_out
from suwen.records.access import Role
from suwen.records.store.engine import writing
from suwen.records.store.register import Register, Registered, RegisterKey
from suwen.records.store.tables import DOCUMENT, HEAD
from suwen.records.store.whole import verify

KEY = RegisterKey(bytes(range(32)))
documents = st.builds(
    Registered,
    st.text(max_size=20),
    st.binary(min_size=16, max_size=16),
    st.integers(1, 1 << 40),
    st.binary(min_size=16, max_size=40),
)


@given(st.lists(documents, max_size=8), st.randoms())
def test_order_does_not_matter_and_what_came_can_go(some: list[Registered], rng: Any) -> None:
    whole = KEY.changed(Register(), gone=(), come=some)
    mixed = list(some)
    rng.shuffle(mixed)
    assert KEY.changed(Register(), gone=(), come=mixed) == whole
    assert KEY.changed(whole, gone=mixed, come=()) == Register()


@given(st.lists(documents, min_size=1, max_size=6), documents)
def test_any_other_set_has_another_register(some: list[Registered], other: Registered) -> None:
    whole = KEY.changed(Register(), gone=(), come=some)
    assert KEY.changed(Register(), gone=(), come=some[1:]) != whole
    assert KEY.changed(Register(), gone=(), come=[*some, other]) != whole
    if other != some[0]:
        assert KEY.changed(Register(), gone=(), come=[other, *some[1:]]).total != whole.total
    assert RegisterKey(os.urandom(32)).changed(Register(), gone=(), come=some) != whole


def test_the_seal_is_bound_to_the_head_of_the_log() -> None:
    register = Register(7, 1 << 200)
    sealed = KEY.seal(register, size=9, frontier=b"f")
    assert KEY.open(sealed, size=9, frontier=b"f") == register
    for size, frontier in ((8, b"f"), (9, b"g")):
        with pytest.raises(TamperError):
            KEY.open(sealed, size=size, frontier=frontier)
    assert KEY.digest(register) != KEY.digest(Register(8, 1 << 200))


Rows = list[dict[str, Any]]


def rows(ward: Ward, table: Any = DOCUMENT, **where: Any) -> Rows:
    query = select(table).where(*(table.c[name] == value for name, value in where.items()))
    with ward.records.store.snapshot() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def set_back(ward: Ward, before: Rows) -> None:
    """Put rows as they were before, whatever stands there now."""
    with writing(ward.records.store.engine) as connection:
        for row in before:
            connection.execute(delete(DOCUMENT).where(DOCUMENT.c.kind == row["kind"], DOCUMENT.c.id == row["id"]))
            connection.execute(insert(DOCUMENT), [row])


def faults(ward: Ward) -> list[str]:
    return [one.what for one in verify(ward.records.store).faults if one.where == "documents"]


def revoked_and_put_back(ward: Ward) -> None:
    patient = ward.patient(1)
    administrator = ward[Role.ADMINISTRATOR]
    ward.hire("other", Role.PHYSICIAN)
    grant_care(administrator, ward.records, patient=patient, who="other")
    before = rows(ward, kind="care")
    revoke_care(administrator, ward.records, patient=patient, who="other")
    set_back(ward, before)


def ended_session_revived(ward: Ward) -> None:
    nurse = ward[Role.NURSE]
    before = rows(ward, kind="session")
    log_out(nurse, ward.records)
    set_back(ward, before)


def account_deleted(ward: Ward) -> None:
    ward.hire("other", Role.NURSE)
    with writing(ward.records.store.engine) as connection:
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.kind == "account", DOCUMENT.c.revision == 1))
        connection.execute(delete(DOCUMENT).where(DOCUMENT.c.kind == "session"))


@pytest.mark.parametrize("attack", [revoked_and_put_back, ended_session_revived, account_deleted])
def test_verify_tells_of_documents_changed_below_suwen(either_ward: Ward, attack: Callable[[Ward], None]) -> None:
    """Proves that a revoked relationship put back, a revived session and a deleted account are seen."""
    either_ward.patient(5)
    assert faults(either_ward) == []
    attack(either_ward)
    assert len(faults(either_ward)) == 1
    either_ward.patient(6, actor=either_ward.log_in("physician"))  # what is done meanwhile does not cover it up
    assert len(faults(either_ward)) == 1


def test_a_register_set_back_together_with_the_documents_is_refused_by_the_next_transaction(either_ward: Ward) -> None:
    ward = either_ward
    before, head = rows(ward), rows(ward, HEAD)
    ward.patient(1)
    set_back(ward, before)
    with writing(ward.records.store.engine) as connection:
        connection.execute(update(HEAD).values(register=head[0]["register"]))
    with pytest.raises(TamperError):
        ward.patient(2)
    with writing(ward.records.store.engine) as connection:  # the whole head: then the entries beyond it are in the way
        connection.execute(update(HEAD).values({name: value for name, value in head[0].items() if name != "id"}))
    with pytest.raises(StoreError):
        ward.patient(2)
    with pytest.raises(TamperError):
        ward.records.store.require_not_set_back()
