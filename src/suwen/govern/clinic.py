"""A large made-up clinic for measuring: thousands of registered patients, of which some have whole charts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from suwen.govern.hospital import Opening, Place, Records, create_records
from suwen.govern.people import log_in, make_account
from suwen.records.access import Role
from suwen.records.demographics import KIND, Demographics
from suwen.records.people import Actor, save_account
from suwen.records.relations import Care, new_relation, save_care
from suwen.records.store.charts import Draft

__all__ = ["MadeUpClinic", "made_up_clinic"]

_LOT = 500  # patients in one transaction


@dataclass
class MadeUpClinic:
    """A store, a physician who treats the first `mine` patients, and all patients by id (hex)."""

    records: Records
    physician: Actor
    patients: list[str]


@contextmanager
def made_up_clinic(folder: Path, opening: Opening, *, patients: int, mine: int) -> Iterator[MadeUpClinic]:
    """A clinic in `folder`, on SQLite; the physician signs in without a second factor."""
    records, _ = create_records(folder, Place(), opening)
    with records.store as store:
        account, password = make_account(records, "physician", "Physician", roles=[Role.PHYSICIAN])
        with store.transaction() as ongoing:
            save_account(store, ongoing.connection, replace(account, must_change=False))
        physician = log_in(records, "physician", password)
        made: list[str] = []
        for low in range(0, patients, _LOT):
            made += _registered(records, physician, range(low, min(low + _LOT, patients)), mine)
        yield MadeUpClinic(records, physician, made)


def _registered(records: Records, physician: Actor, numbers: range, mine: int) -> list[str]:
    """Patients as the register keeps them, in one transaction; no act of theirs is decided, since nobody acts."""
    store, made = records.store, []
    with store.transaction() as ongoing:
        for number in numbers:
            who = Demographics((f"MADE-UP-{number}",), (f"Made-up {number}",), f"19{number % 90 + 10}-05-17")
            patient = store.charts.create(ongoing.connection, at=ongoing.at)
            state = store.charts.state(ongoing.connection, patient)
            store.charts.write(ongoing.connection, state, [Draft(KIND, who.to_bytes())], at=ongoing.at)
            store.charts.index(ongoing.connection, patient, who.fields())
            if number < mine:
                care = Care(new_relation(), patient.hex(), physician.id, ongoing.at, None, physician.id)
                save_care(store, ongoing.connection, care)
            made.append(patient.hex())
    return made
