"""A store whose making was killed: the same command makes it, on both databases; somebody else's things stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from remote import Server
from ward import CHEAP_FILE, Clock, new_database, open_ward, opening

from suwen.consult.patients import list_my_patients
from suwen.errors import InputError, StoreError
from suwen.govern.hospital import Place
from suwen.records.access import Role
from suwen.records.store.store import UNFINISHED, create_store

_KILLED = """
import os, sys
from pathlib import Path
from ward import CHEAP_FILE, opening
from suwen.govern.hospital import Place
from suwen.records.store.store import create_store

place = Place(sys.argv[2], sys.argv[3], settings=CHEAP_FILE)
create_store(Path(sys.argv[1]), place, opening(), first=lambda _: os._exit(9))
"""


def killed(home: Path, database: str, blobs: str = "blobs") -> None:
    """Begin a store and die before it counts as made."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    ran = subprocess.run(
        [sys.executable, "-c", _KILLED, str(home), database, blobs], env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 9, ran.stderr.decode()
    assert (home / UNFINISHED).exists()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:records.db"
    return new_database(request.getfixturevalue("server"))


def test_the_same_command_makes_the_store_after_a_kill(tmp_path: Path, database: str) -> None:
    home = tmp_path / "store"
    killed(home, database)
    with open_ward(home, Place(database, settings=CHEAP_FILE)) as ward:
        assert ward.patient(1)
    assert not (home / UNFINISHED).exists()


def test_another_command_after_a_kill_drops_nothing_in_the_other_place(tmp_path: Path, server: str) -> None:
    """Proves that a mark of one database never empties another that holds a living store."""
    living, begun = new_database(server), new_database(server)
    with open_ward(tmp_path / "living", Place(living, settings=CHEAP_FILE)) as ward:
        patient = ward.patient(1)
        killed(tmp_path / "store", begun)
        with pytest.raises(StoreError, match="not empty"):
            create_store(tmp_path / "store", Place(living, settings=CHEAP_FILE), opening(Clock()))
        assert [one.id for one in list_my_patients(ward[Role.PHYSICIAN], ward.records)] == [patient]


def test_a_place_of_objects_that_is_in_use_is_never_taken(tmp_path: Path, s3: Server) -> None:
    """Proves that neither a new store nor one begun again takes a bucket in which another store keeps its objects."""
    s3.put("records/ab/abababababababababababababababab.1", b"sealed by another store")
    for _ in range(2):
        with pytest.raises(InputError, match="holds something already"):
            create_store(tmp_path / "store", Place(blobs=s3.url(), settings=CHEAP_FILE), opening(Clock()))
    killed(tmp_path / "second", "sqlite:records.db", s3.url("elsewhere"))
    with open_ward(tmp_path / "second", Place(blobs=s3.url("elsewhere"), settings=CHEAP_FILE)) as ward:
        assert ward.patient(1)


def test_the_stores_own_folder_is_no_place_for_objects(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    for blobs in (".", "", str(tmp_path / "store")):
        with pytest.raises(InputError, match="folder of their own"):
            create_store(tmp_path / "store", Place(blobs=blobs, settings=CHEAP_FILE), opening(Clock()))
    with pytest.raises(InputError, match="own folder"):
        create_store(tmp_path / "store", Place("sqlite:../kept", settings=CHEAP_FILE), opening(Clock()))
    assert (tmp_path / "kept").read_text() == "kept"
