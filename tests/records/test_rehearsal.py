"""A restore that is only tried: nothing done in the copy reaches the real store or its backups."""

from __future__ import annotations

from pathlib import Path

import pytest
from ward import CHEAP, PASSWORD, Ward, opening

from suwen.consult.patients import list_my_patients
from suwen.errors import InputError
from suwen.govern.hospital import Place, open_records
from suwen.govern.keys import erase_patient, rotate_kek
from suwen.govern.people import log_in
from suwen.govern.upkeep import back_up, restore_backup, snapshots_in, verify_store
from suwen.records.access import Role


def quiet(_done: int, _all: int) -> None:
    """Show nothing."""


def restored(ward: Ward, backup: str, into: Path, *, rehearsal: bool) -> None:
    restore_backup(backup, into, Place(), opening(ward.clock), rehearsal=rehearsal, progress=quiet)


def test_an_erasure_tried_in_a_rehearsal_leaves_the_backup_as_it_was(ward: Ward, tmp_path: Path) -> None:
    patient, backup = ward.patient(1, records=3), str(tmp_path / "b")
    back_up(ward[Role.ADMINISTRATOR], ward.records, backup, progress=quiet)
    restored(ward, backup, tmp_path / "tried", rehearsal=True)
    with open_records(tmp_path / "tried", opening(ward.clock), policy=CHEAP) as copy:
        officer, administrator = log_in(copy, "security", PASSWORD), log_in(copy, "administrator", PASSWORD)
        assert erase_patient(officer, copy, patient, reason="only tried") == []
        rotate_kek(officer, copy, retire=True)
        with pytest.raises(InputError, match="rehearsal"):
            back_up(administrator, copy, backup, progress=quiet)
        assert verify_store(administrator, copy).faults == []
    assert len(snapshots_in(backup)) == 1
    restored(ward, backup, tmp_path / "real", rehearsal=False)
    with open_records(tmp_path / "real", opening(ward.clock), policy=CHEAP) as real:
        assert [one.id for one in list_my_patients(log_in(real, "physician", PASSWORD), real)] == [patient]
        back_up(log_in(real, "administrator", PASSWORD), real, backup, progress=quiet)
    assert len(snapshots_in(backup)) == 2
