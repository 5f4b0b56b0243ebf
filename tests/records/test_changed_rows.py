"""Rows changed, moved, added, set back or deleted behind Suwen's back, by whoever can write to the database, are found.

No key is needed for any of it. SUWEN_FLIPS=1000 changes three rows of each table instead of one, and attacks
PostgreSQL as well as SQLite.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from damage import MANY, Seen, Written, faults, look
from sqlalchemy import BigInteger, Column, Integer, SmallInteger, Table, and_, delete, insert, select, text, update
from ward import CHEAP, CHEAP_FILE, Clock, Ward, new_database, open_ward, opening

from suwen.consult.chart import Draft, open_patient, open_record, write_records
from suwen.errors import SuwenError, TamperError
from suwen.govern.hospital import Place, Records, open_records
from suwen.records.access import Role
from suwen.records.store.schema import SCHEMA
from suwen.records.store.tables import BLIND, DATA_KEY, DOCUMENT, ENTRY, HEAD, METADATA, PATIENT, RECORD
from suwen.records.store.whole import verify

FULL = int(os.environ.get("SUWEN_FLIPS", "0"))
ROWS = 3 if FULL else 1  # of each table, each column of which is changed
SEED = int(os.environ.get("SUWEN_SEED", "20260"))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, server: str) -> Written:
    """On PostgreSQL, where rows can be changed without any key."""
    home = tmp_path_factory.mktemp("rows") / "store"
    with open_ward(home, Place(database=new_database(server), settings=CHEAP_FILE)) as ward:
        one = Written(home, ward[Role.PHYSICIAN])
        one.fill(ward, first=0, patients=3, rng=random.Random(SEED))  # noqa: S311 - made-up images
        patient = next(iter(one.records))
        while ward.records.store.witness.newest().size < MANY:
            open_patient(one.actor, ward.records, patient)
    return one


_COLUMNS = [(table, column) for table in METADATA.sorted_tables for column in table.columns]


@pytest.mark.parametrize(("table", "column"), _COLUMNS, ids=[f"{table}.{column.name}" for table, column in _COLUMNS])
def test_any_column_of_any_row_changed_by_one_bit_is_found(
    hospital: Written, table: Table, column: Column[Any]
) -> None:
    rng = random.Random(f"{SEED} {table} {column}")  # noqa: S311 - a seeded test
    with open_records(hospital.home, opening(Clock(1_800_000_500.0)), policy=CHEAP) as records:
        with records.store.snapshot() as connection:
            rows = connection.execute(select(table).order_by(*table.primary_key.columns)).all()
        for row in rng.sample(rows, min(ROWS, len(rows))):
            with changed(records, table, row, column, rng) as value:
                seen = looked_at(hospital, read=table is RECORD)
            said = f"{column} from {getattr(row, column.name)!r} to {value!r}"
            assert seen.detected, said
            if table is RECORD and row.version == max(one.version for one in rows if one.id == row.id):
                assert seen.opening or seen.reading, f"{said}, and it was read"
        assert verify(records.store).faults == []


def looked_at(hospital: Written, *, read: bool) -> Seen:
    """As `look`; and without reading, which would write to a log that was changed."""
    if read:
        return look(hospital, hospital.home)
    try:
        with open_records(hospital.home, opening(), policy=CHEAP) as records:
            return Seen(faults=faults(verify(records.store)))
    except SuwenError as error:
        return Seen(opening=str(error))


@contextlib.contextmanager
def changed(records: Records, table: Table, row: Any, column: Column[Any], rng: random.Random) -> Iterator[Any]:
    """One column of one row changed by one bit, and put back afterwards."""
    with records.store.snapshot() as connection:
        taken = set(connection.execute(select(column)).scalars()) if column.primary_key else set()
    value = bit_changed(getattr(row, column.name), column, rng)
    while value in taken:
        value = bit_changed(getattr(row, column.name), column, rng)
    here = and_(*(one == getattr(row, one.name) for one in table.primary_key.columns))
    mended = {one.name: value if one is column else getattr(row, one.name) for one in table.columns}
    there = and_(*(one == mended[one.name] for one in table.primary_key.columns))
    _unchecked(records, update(table).where(here).values({column.name: value}))
    yield value
    _unchecked(records, update(table).where(there).values({column.name: getattr(row, column.name)}))


def _unchecked(records: Records, statement: Any) -> None:
    with records.store.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # no foreign keys: whoever does this may
        assert connection.execute(statement).rowcount == 1
        connection.execute(text("SET session_replication_role = DEFAULT"))


def bit_changed(value: Any, column: Column[Any], rng: random.Random) -> Any:
    if value is None:
        return bytes([1] * 16)
    if isinstance(value, bytes):
        raw = bytearray(value)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return bytes(raw)
    if isinstance(value, str):
        at = rng.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    bits = next(
        bits for kind, bits in ((SmallInteger, 16), (BigInteger, 64), (Integer, 32)) if isinstance(column.type, kind)
    )
    bit = rng.randrange(bits)
    return value - (1 << bit) if bit == bits - 1 else value ^ 1 << bit  # the highest is the sign


def test_the_schema_number_changed_is_refused(hospital: Written) -> None:
    with open_records(hospital.home, opening(), policy=CHEAP) as records:
        for number in (f"{int(SCHEMA) + 1:04}", "0000"):
            _unchecked(records, text(f"UPDATE alembic_version SET version_num = '{number}'"))  # noqa: S608 - ours
            assert f"schema {number}" in looked_at(hospital, read=False).opening
        _unchecked(records, text(f"UPDATE alembic_version SET version_num = '{SCHEMA}'"))  # noqa: S608 - ours


@dataclass
class Attack:
    """A ward of two patients, and a connection that changes rows behind Suwen's back."""

    ward: Ward
    patients: list[str]
    last: Any  # the newest version of a record of the first patient, which has two

    @property
    def first(self) -> bytes:
        return bytes.fromhex(self.patients[0])

    @property
    def second(self) -> bytes:
        return bytes.fromhex(self.patients[1])

    def do(self, *statements: Any) -> None:
        with self.ward.records.store.engine.begin() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0

    def rows(self, table: Table, *where: Any) -> list[dict[str, Any]]:
        with self.ward.records.store.snapshot() as connection:
            return [dict(one) for one in connection.execute(select(table).where(*where)).mappings()]

    def found(self) -> list[str]:
        """What a fresh process finds, which has opened no key before."""
        with open_records(self.ward.home, opening(self.ward.clock), policy=CHEAP, trusting=True) as records:
            return faults(verify(records.store))

    def open(self, number: int = 0, **how: Any) -> Any:
        with open_records(self.ward.home, opening(self.ward.clock), policy=CHEAP, trusting=True) as records:
            return open_patient(self.ward[Role.PHYSICIAN], records, self.patients[number], **how)

    def require_found(self, *words: str) -> None:
        found = self.found()
        assert any(all(word in one for word in words) for one in found), found

    def require_refused(self, number: int = 0, **how: Any) -> None:
        with pytest.raises(TamperError):
            self.open(number, **how)


@pytest.fixture(params=["sqlite", "postgresql"] if FULL else ["sqlite"])
def attack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Attack]:
    """On SQLite through its engine; in the long run on PostgreSQL too, where it needs no key at all."""
    place = Place(settings=CHEAP_FILE)
    if request.param == "postgresql":
        place = Place(database=new_database(request.getfixturevalue("server")), settings=CHEAP_FILE)
    with open_ward(tmp_path / "store", place) as ward:
        yield attacked(ward)


def attacked(ward: Ward) -> Attack:
    patients = [ward.patient(number, records=3) for number in (1, 2)]
    physician = ward[Role.PHYSICIAN]
    one = open_patient(physician, ward.records, patients[0])[1]
    (last,) = write_records(physician, ward.records, patients[0], [Draft(one.kind, b"amended", one.id, one.version)])
    made = Attack(ward, patients, last)
    assert made.found() == []
    return made


def here(attack: Attack, *, newest: bool = True) -> Any:
    record = and_(RECORD.c.patient == attack.first, RECORD.c.id == bytes.fromhex(attack.last.id))
    return and_(record, RECORD.c.version == attack.last.version) if newest else record


def test_a_record_deleted(attack: Attack) -> None:
    attack.do(delete(RECORD).where(here(attack, newest=False)))
    attack.require_found(f"record {attack.last.id} version 1", "in the log and no longer in the store")
    attack.require_found(f"record {attack.last.id} version 2", "in the log and no longer in the store")
    attack.require_refused()
    attack.open(1)


def test_the_newest_version_deleted(attack: Attack) -> None:
    attack.do(delete(RECORD).where(here(attack)))
    attack.require_found(f"record {attack.last.id} version 2", "in the log and no longer in the store")
    attack.require_refused()


@pytest.mark.parametrize(
    ("values", "how"),
    [
        ({"withdrawn": 1}, {}),
        ({"withdrawn": 3}, {}),
        ({"tag": b"another!"}, {"kinds": ["Observation"]}),
        ({"at": 1 << 60}, {"as_of": 1 << 59}),
        ({"generation": 2}, {}),
    ],
)
def test_a_record_hidden_by_a_column_that_stands_in_the_clear(
    attack: Attack, values: dict[str, Any], how: dict[str, Any]
) -> None:
    """The threat: no byte of what is sealed is changed, and the record would be left out before it is opened."""
    attack.do(update(RECORD).where(here(attack)).values(values))
    attack.require_refused(**how)
    attack.require_found(attack.last.id)


def test_a_whole_patient_set_back(attack: Attack) -> None:
    """Rows of the patient as they were before: they fit each other, and only the log knows better."""
    before = {table: attack.rows(table, table.c.patient == attack.first) for table in (RECORD, DATA_KEY, BLIND)}
    patient = attack.rows(PATIENT, PATIENT.c.id == attack.first)[0]
    physician, records = attack.ward[Role.PHYSICIAN], attack.ward.records
    (one,) = write_records(physician, records, attack.patients[0], [Draft("Observation", b"what shall vanish")])
    attack.do(
        *(delete(table).where(table.c.patient == attack.first) for table in before),
        update(PATIENT).where(PATIENT.c.id == attack.first).values(patient),
        *(insert(table).values(rows) for table, rows in before.items()),
    )
    attack.require_found(f"record {one.id} version 1", "in the log and no longer in the store")


def test_sealed_bodies_of_two_patients_swapped(attack: Attack) -> None:
    mine = attack.rows(RECORD, here(attack))[0]
    theirs = attack.rows(RECORD, RECORD.c.patient == attack.second)[0]
    sealed = ("tag", "body", "mac")
    there = and_(RECORD.c.patient == attack.second, RECORD.c.id == theirs["id"])
    attack.do(
        update(RECORD).where(here(attack)).values({name: theirs[name] for name in sealed}),
        update(RECORD).where(there).values({name: mine[name] for name in sealed}),
    )
    attack.require_found(f"patient {attack.patients[0]}")
    attack.require_found(f"patient {attack.patients[1]}")
    attack.require_refused(0)
    attack.require_refused(1)


def test_keys_and_charts_of_two_patients_swapped(attack: Attack) -> None:
    keys = [attack.rows(DATA_KEY, DATA_KEY.c.patient == one)[0]["wrapped"] for one in (attack.first, attack.second)]
    charts = [attack.rows(PATIENT, PATIENT.c.id == one)[0]["chart"] for one in (attack.first, attack.second)]
    for one, key, chart in zip((attack.first, attack.second), reversed(keys), reversed(charts), strict=True):
        attack.do(
            update(DATA_KEY).where(DATA_KEY.c.patient == one).values(wrapped=key),
            update(PATIENT).where(PATIENT.c.id == one).values(chart=chart),
        )
    for number in (0, 1):
        attack.require_found(f"patient {attack.patients[number]}")
        attack.require_refused(number)


def test_a_row_of_the_blind_index_deleted_or_moved(attack: Attack) -> None:
    shared = {one["tag"] for one in attack.rows(BLIND, BLIND.c.patient == attack.second)}  # a part of both names
    one = next(one for one in attack.rows(BLIND, BLIND.c.patient == attack.first) if one["tag"] not in shared)
    attack.do(
        update(BLIND).where(BLIND.c.tag == one["tag"], BLIND.c.patient == attack.first).values(patient=attack.second)
    )
    attack.require_found(f"patient {attack.patients[0]}", "found by other identifiers")
    attack.require_found(f"patient {attack.patients[1]}", "found by other identifiers")
    attack.do(delete(BLIND).where(BLIND.c.tag == one["tag"], BLIND.c.patient == attack.second))
    attack.require_found(f"patient {attack.patients[0]}", "found by other identifiers")


def test_an_erasure_that_nobody_ordered(attack: Attack) -> None:
    attack.do(
        *(delete(table).where(table.c.patient == attack.second) for table in (RECORD, DATA_KEY, BLIND)),
        update(PATIENT).where(PATIENT.c.id == attack.second).values(generation=0, chart=b""),
    )
    attack.require_found(f"patient {attack.patients[1]}", "the log knows of no erasure")


def test_a_patient_deleted(attack: Attack) -> None:
    attack.do(
        *(delete(table).where(table.c.patient == attack.second) for table in (RECORD, DATA_KEY, BLIND)),
        delete(PATIENT).where(PATIENT.c.id == attack.second),
    )
    attack.require_found(f"patient {attack.patients[1]}", "in the log and no longer in the store")


def test_a_care_relationship_copied_to_another_patient(attack: Attack) -> None:
    """Whoever treats one patient and can write to the database does not thereby treat another."""
    other = attack.ward.hire("other", Role.PHYSICIAN)
    theirs = attack.ward.patient(9, actor=other)
    row = attack.rows(DOCUMENT, DOCUMENT.c.kind == "care", DOCUMENT.c.first == bytes.fromhex(theirs))[0]
    attack.do(insert(DOCUMENT).values({**row, "id": bytes(16), "first": attack.first}))
    attack.require_found(f"care {bytes(16).hex()}", "was changed, moved")
    with pytest.raises(TamperError):
        open_patient(other, attack.ward.records, attack.patients[0])


def _cut_off(attack: Attack, size: int) -> None:
    attack.do(delete(ENTRY).where(ENTRY.c.seq >= size - 3))


def _cut_out(attack: Attack, _size: int) -> None:
    attack.do(delete(ENTRY).where(ENTRY.c.seq == 11))


def _swapped(attack: Attack, size: int) -> None:
    attack.do(
        update(ENTRY).where(ENTRY.c.seq == 11).values(seq=size + 50),
        update(ENTRY).where(ENTRY.c.seq == 12).values(seq=11),
        update(ENTRY).where(ENTRY.c.seq == size + 50).values(seq=12),
    )


def _another_body(attack: Attack, _size: int) -> None:
    body = attack.rows(ENTRY, ENTRY.c.seq == 11)[0]["body"]
    attack.do(update(ENTRY).where(ENTRY.c.seq == 11).values(body=body[:-1] + bytes([body[-1] ^ 1])))


def _another_leaf(attack: Attack, _size: int) -> None:
    attack.do(update(ENTRY).where(ENTRY.c.seq == 11).values(leaf=bytes(32)))


def _copied(attack: Attack, size: int) -> None:
    attack.do(insert(ENTRY).values({**attack.rows(ENTRY, ENTRY.c.seq == 11)[0], "seq": size}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_cut_off, ("entries", "{size-3} to {size-1}", "cut off")),
        (_cut_out, ("entry 11", "is missing")),
        (_swapped, ("entries 11 to 12", "were changed")),
        (_another_body, ("entry 11", "was changed")),
        (_another_leaf, ("entry 11", "leaf")),
        (_copied, ("entry {size}", "was changed")),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
def test_the_log_changed(attack: Attack, change: Callable[[Attack, int], None], words: tuple[str, ...]) -> None:
    size = attack.rows(HEAD)[0]["size"]
    change(attack, size)
    said = {"{size}": str(size), "{size-3}": str(size - 3), "{size-1}": str(size - 1)}
    for old, new in said.items():
        words = tuple(word.replace(old, new) for word in words)
    attack.require_found(*words)


def test_the_log_set_back_with_its_head(attack: Attack) -> None:
    """Everything in the database fits; the witness beside it knows how far the log had come."""
    head, (size, *_) = attack.rows(HEAD)[0], [attack.rows(HEAD)[0]["size"]]
    attack.open()
    attack.do(delete(ENTRY).where(ENTRY.c.seq >= size), update(HEAD).values(head))
    attack.require_found(f"entries {size} to", "truncated")
    with (
        pytest.raises(TamperError, match=f"holds {size} entries"),
        open_records(attack.ward.home, opening(), policy=CHEAP),
    ):
        pass


def test_older_versions_are_refused_too(attack: Attack) -> None:
    attack.do(update(RECORD).where(here(attack, newest=False), RECORD.c.version == 1).values(at=12345))
    with pytest.raises(TamperError):
        open_record(attack.ward[Role.PHYSICIAN], attack.ward.records, attack.patients[0], attack.last.id)
