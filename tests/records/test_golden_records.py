"""What an earlier version sealed opens for ever: golden files of every format, of a whole store and of a backup.

They are made by make_golden.py, which says how the next number is added; what lies in the folder is taken up by name.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from make_golden import plain
from ward import CHEAP, Clock

from suwen.consult.chart import open_patient, open_record
from suwen.consult.images import open_image
from suwen.consult.patients import find_patients
from suwen.errors import AccessError, KeyProviderError, TamperError
from suwen.govern.care import list_break_glass
from suwen.govern.hospital import Opening, Place, Records, open_records
from suwen.govern.keys import rotate_data_keys, rotate_kek
from suwen.govern.machines import list_devices
from suwen.govern.people import list_accounts, log_in
from suwen.govern.upkeep import restore_backup, upgrade_store, verify_store
from suwen.records.store.erasure import erased_patients
from suwen.records.store.schema import SCHEMA
from suwen.records.vault import (
    BlobRef,
    BundleKey,
    Chart,
    PatientKey,
    open_bundle,
    open_chart,
    open_document,
    open_frames,
    open_range,
    public_text,
    read_public,
)
from suwen.records.vault import Place as Where
from suwen.records.vault import (
    open_record as open_sealed,
)
from suwen.records.vault.format import FORMAT

GOLDEN = Path(__file__).parent.parent / "golden" / "records"
FORMATS = ("bundle", "chart", "document", "frames", "record", "stream")
raw = bytes.fromhex


def golden(name: str) -> list[Any]:
    """Each number of a format as a test parameter."""
    return [pytest.param(json.loads(file.read_text("utf-8")), id=file.stem) for file in found(f"{name}-*.json")]


def found(pattern: str) -> list[Path]:
    return sorted(GOLDEN.glob(pattern))


def key_of(said: dict[str, Any]) -> PatientKey:
    return PatientKey(raw(said["data_key"]), patient=raw(said["patient"]), generation=said["generation"])


# The folder


def test_no_golden_file_was_changed_added_or_removed_unseen() -> None:
    lines = (line.split("  ") for line in (GOLDEN / "SHA256SUMS").read_text("ascii").splitlines())
    here = (file for file in GOLDEN.rglob("*") if file.is_file() and file.name != "SHA256SUMS")
    assert {name: digest for digest, name in lines} == {
        file.relative_to(GOLDEN).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in here
    }


def test_every_number_of_every_format_and_schema_has_its_golden_file() -> None:
    for name in FORMATS:
        assert [file.stem for file in found(f"{name}-*.json")] == [f"{name}-{one}" for one in range(1, FORMAT + 1)]
    for name in ("store", "backup"):
        assert len([one for one in found(f"{name}-*") if one.is_dir()]) == int(SCHEMA)
    assert len(found("store-*.json")) == int(SCHEMA)


def test_the_golden_files_stay_small() -> None:
    assert sum(file.stat().st_size for file in GOLDEN.rglob("*") if file.is_file()) < 400_000 * int(SCHEMA)


# The formats


@pytest.mark.parametrize("said", golden("record"))
def test_golden_records_open(said: dict[str, Any]) -> None:
    key = key_of(said)
    assert len(said["records"]) == 3
    for one in said["records"]:
        place = Where(raw(one["record"]), one["version"], one["at"], one["withdrawn"])
        kind, blobs, payload = open_sealed(key, place, raw(one["tag"]), raw(one["sealed"]))
        assert (kind, payload) == (one["kind"], raw(one["payload"]))
        assert blobs == tuple(BlobRef(raw(id_), size) for id_, size in one["blobs"])
        assert key.type_tag(kind) == raw(one["tag"])


@pytest.mark.parametrize("said", golden("chart"))
def test_golden_charts_open_and_hold_against_their_rows(said: dict[str, Any]) -> None:
    key = key_of(said)
    chart = open_chart(key, raw(said["sealed"]), said["revision"])
    assert chart == Chart(said["count"], int(said["total"], 16))
    assert chart == Chart().plus(key, [(raw(one), version, raw(sealed)) for one, version, sealed in said["rows"]])


@pytest.mark.parametrize("said", golden("document"))
def test_golden_documents_open(said: dict[str, Any]) -> None:
    bound = [raw(one) for one in said["bound"]]
    assert open_document(AESGCM(raw(said["key"])), bound, raw(said["sealed"])) == raw(said["plain"])


@pytest.mark.parametrize("said", golden("stream"))
def test_golden_streams_open_whole_and_by_the_slice(said: dict[str, Any]) -> None:
    key = key_of(said)
    assert len(said["streams"]) == 2
    for one in said["streams"]:
        sealed, told = raw(one["sealed"]), raw(one["plain"])
        for start, end in ((0, None), (0, 0), (min(4095, len(told)), min(4098, len(told)))):
            opened = open_range(key, raw(one["blob"]), lambda low, high, of=sealed: of[low:high], start=start, end=end)
            assert b"".join(opened) == told[start:end]


@pytest.mark.parametrize("said", golden("frames"))
def test_golden_frames_open(said: dict[str, Any]) -> None:
    opened = open_frames(io.BytesIO(raw(said["sealed"])), raw(said["key"]), raw(said["bound"]))
    assert [one.hex() for one in opened] == said["frames"]


@pytest.mark.parametrize("said", golden("bundle"))
def test_golden_bundles_and_public_keys_open(said: dict[str, Any]) -> None:
    key, sender = BundleKey(raw(said["hospital"])), Ed25519PublicKey.from_public_bytes(raw(said["sender"]))
    head, frames = open_bundle(io.BytesIO(raw(said["sealed"])), key=key, sender=sender)
    assert head == said["head"]
    assert [one.hex() for one in frames] == said["frames"]
    assert public_text(key) == said["public"]
    read_public(said["public"])


# Whole stores and backups

STORES = [pytest.param(one.name, id=one.name) for one in found("store-*") if one.is_dir()]
BACKUPS = [pytest.param(one.name, id=one.name) for one in found("backup-*") if one.is_dir()]


def told_of(name: str) -> dict[str, Any]:
    number = name.rsplit("-", 1)[1]
    return json.loads((GOLDEN / f"store-{number}.json").read_text("utf-8"))


def opening(told: dict[str, Any]) -> Opening:
    """Long after the sessions in the store were over."""
    return Opening(secret=lambda _: told["passphrase"], clock=Clock(told["later"]))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Records, dict[str, Any]]]:
    """A golden store, copied, brought to today's schema and opened; and what is told of it."""
    told, home = told_of(request.param), tmp_path / "store"
    shutil.copytree(GOLDEN / request.param, home)
    if int(request.param.rsplit("-", 1)[1]) < int(SCHEMA):
        upgrade_store(home, opening(told))
    with open_records(home, opening(told), policy=CHEAP) as records:
        yield records, told


@pytest.fixture(params=BACKUPS)
def restored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Records, dict[str, Any]]]:
    """A golden backup, restored and opened; and what is told of the store."""
    told, home = told_of(request.param), tmp_path / "store"
    shutil.copytree(GOLDEN / request.param, tmp_path / "backup")
    restore_backup(str(tmp_path / "backup"), home, Place(), opening(told), progress=lambda _done, _all: None)
    with open_records(home, opening(told), policy=CHEAP) as records:
        yield records, told


def require_all(records: Records, told: dict[str, Any]) -> None:
    """Everything is shown as it was, by everybody's own login, and nothing is found wrong."""
    physician = log_in(records, "physician", told["password"])
    for patient, of_one in told["patients"].items():
        assert [one.id for one in find_patients(physician, records, identifier=of_one["identifier"])] == [patient]
        newest = open_patient(physician, records, patient)
        assert [plain(one) for one in newest] == [one["newest"] for one in of_one["records"]]
        for one in of_one["records"]:
            id_ = one["newest"]["id"]
            assert [plain(each) for each in open_record(physician, records, patient, id_)] == one["history"]
            for image, content in one["images"].items():
                assert b"".join(open_image(physician, records, patient, id_, image=image)).hex() == content
    (patient, withdrawn) = (told["withdrawn"][0][name] for name in ("patient", "id"))
    assert [plain(one) for one in open_record(physician, records, patient, withdrawn)] == told["withdrawn"]
    assert erased_patients(records.store) == {raw(told["erased"])}
    with pytest.raises(AccessError):
        open_patient(physician, records, told["erased"])
    require_nothing_wrong(records, told)


def require_nothing_wrong(records: Records, told: dict[str, Any]) -> None:
    administrator = log_in(records, "administrator", told["password"])
    assert {one.login: sorted(one.roles) for one in list_accounts(administrator, records)} == told["accounts"]
    assert [one.name for one in list_devices(administrator, records)] == told["devices"]
    officer = log_in(records, "security", told["password"])
    assert [one.reason for one in list_break_glass(officer, records)] == told["break_glass"]
    report = verify_store(administrator, records)
    assert report.faults == []
    listed = [one for of_one in told["patients"].values() for one in of_one["records"]]
    assert report.patients == len(told["patients"]) + 1
    assert report.versions == sum(len(one["history"]) for one in listed) + len(told["withdrawn"])
    assert report.images == sum(len(one["images"]) for one in listed) > 0
    assert report.entries > 60


def test_a_golden_store_shows_everything_it_ever_held(store: tuple[Records, dict[str, Any]]) -> None:
    require_all(*store)


def test_a_golden_store_goes_on_being_used(store: tuple[Records, dict[str, Any]]) -> None:
    """Its keys can be rotated, which opens and seals anew all there is."""
    records, told = store
    officer = log_in(records, "security", told["password"])
    rotate_kek(officer, records)
    assert rotate_data_keys(officer, records)[0] == len(told["patients"])
    require_nothing_wrong(records, told)


@pytest.mark.parametrize("name", STORES)
def test_another_passphrase_opens_no_golden_store(name: str, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / name, tmp_path / "store")
    wrong = Opening(secret=lambda _: "eight quiet herons", clock=Clock())
    with pytest.raises(KeyProviderError), open_records(tmp_path / "store", wrong):
        pass


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("changed", ["store.json", "keys.json", "checkpoints"])
def test_a_golden_store_with_a_changed_file_does_not_open(name: str, changed: str, tmp_path: Path) -> None:
    """The golden files are not read past: a store that opens whatever stands in them would pass the tests above."""
    shutil.copytree(GOLDEN / name, tmp_path / "store")
    file = tmp_path / "store" / changed
    content = file.read_bytes()
    file.write_bytes(content.translate(bytes.maketrans(b"abcdef", b"bcdefa")))
    with pytest.raises(TamperError), open_records(tmp_path / "store", opening(told_of(name))):
        pass


def test_a_golden_backup_restores_everything(restored: tuple[Records, dict[str, Any]]) -> None:
    require_all(*restored)
