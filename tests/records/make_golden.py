"""Makes the golden files of the sealed records: what one version wrote, to be opened by every later one. Never a test.

    python tests/records/make_golden.py FOLDER

writes every golden file of today's formats into FOLDER (new or empty), with SHA256SUMS. They lie in
tests/golden/records/ and are never changed or removed once they were released: a number released is read for ever.

To add the next number of a format: raise the number in the vault (or the schema), let this file write it under the new
name (`record-2`, `store-2` ...), run it, and move only the new files to tests/golden/records/, their lines to the end
of SHA256SUMS. The tests take up what lies there by name, and the old files go on being opened.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from ward import CHEAP, PASSPHRASE, PASSWORD, Clock, Ward, open_ward

from suwen.consult.chart import Draft, open_patient, open_record, withdraw_record, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import find_patients
from suwen.govern.care import grant_care, list_break_glass
from suwen.govern.hospital import Opening, open_records
from suwen.govern.keys import erase_patient, rotate_data_keys, rotate_kek
from suwen.govern.machines import begin_authority, certify_device, list_devices
from suwen.govern.people import list_accounts
from suwen.govern.upkeep import back_up
from suwen.records.access import Act, Role
from suwen.records.identity.authority import certificate_request
from suwen.records.vault import (
    BlobRef,
    BundleKey,
    Chart,
    PatientKey,
    Place,
    public_text,
    seal_bundle,
    seal_chart,
    seal_document,
    seal_frames,
    seal_record,
    seal_stream,
)

PROMISE = "What is sealed here is opened for ever: never change this file, add another with the next number beside it."
IMAGE = 9000  # bytes: three chunks of 4 KiB
RNG = random.Random(20260101)  # noqa: S311 - content and keys that everybody may know
LATER = 90 * 86_400.0  # seconds: when the sessions of the store are over


def some(size: int) -> bytes:
    return RNG.randbytes(size)


# The formats of the vault, one JSON each


def patient_key() -> tuple[PatientKey, dict[str, Any]]:
    data_key, patient = some(32), some(16)
    return PatientKey(data_key, patient=patient, generation=2), {
        "data_key": data_key.hex(),
        "patient": patient.hex(),
        "generation": 2,
    }


def record() -> dict[str, Any]:
    key, said = patient_key()
    wanted = [
        (Place(some(16), 1, 1_800_000_000_000_000), "Observation", "血压 120/80".encode(), ()),
        (Place(some(16), 7, 0, withdrawn=True), "", b"", ()),
        (Place(some(16), 2, 1 << 50), "ImagingStudy", some(40), (BlobRef(some(16), 9000), BlobRef(some(16), 0))),
    ]
    records = [
        {
            "record": place.record.hex(),
            "version": place.version,
            "at": place.at,
            "withdrawn": place.withdrawn,
            "tag": key.type_tag(kind).hex(),
            "sealed": seal_record(key, place, kind, payload, blobs=blobs).hex(),
            "kind": kind,
            "payload": payload.hex(),
            "blobs": [[blob.id.hex(), blob.size] for blob in blobs],
        }
        for place, kind, payload, blobs in wanted
    ]
    return {**said, "records": records}


def chart() -> dict[str, Any]:
    key, said = patient_key()
    rows = [(some(16), version, some(50)) for version in (1, 2, 1)]
    sum_ = Chart().plus(key, rows)
    return {
        **said,
        "rows": [[one.hex(), version, sealed.hex()] for one, version, sealed in rows],
        "count": sum_.count,
        "total": f"{sum_.total:064x}",
        "revision": 5,
        "sealed": seal_chart(key, sum_, 5).hex(),
    }


def document() -> dict[str, Any]:
    key, bound, plain = some(32), [b"account", some(16), some(16), b"", (3).to_bytes(8, "big")], b'{"login":"mei"}'
    sealed = seal_document(AESGCM(key), bound, plain)
    return {"key": key.hex(), "bound": [one.hex() for one in bound], "plain": plain.hex(), "sealed": sealed.hex()}


def stream() -> dict[str, Any]:
    key, said = patient_key()
    streams = []
    for plain in (some(5000), b""):
        blob = some(16)
        sealed = b"".join(seal_stream(key, blob, [plain], size=len(plain), chunk=4096))
        streams.append({"blob": blob.hex(), "plain": plain.hex(), "sealed": sealed.hex()})
    return {**said, "chunk": 4096, "streams": streams}


def frames() -> dict[str, Any]:
    key, bound, plain = some(32), some(20), [b"one", b"", some(300)]
    sealed = b"".join(seal_frames(key, bound, plain))
    return {"key": key.hex(), "bound": bound.hex(), "frames": [one.hex() for one in plain], "sealed": sealed.hex()}


def bundle() -> dict[str, Any]:
    hospital, signer = BundleKey(some(96)), Ed25519PrivateKey.from_private_bytes(some(32))
    head, plain = {"format": 1, "from": "医院", "records": 1}, [b'{"record":{}}', some(60)]
    sealed = b"".join(seal_bundle(head, plain, recipient=public_text(hospital), signer=signer))
    return {
        "hospital": hospital.raw.hex(),
        "public": public_text(hospital),
        "sender": signer.public_key().public_bytes_raw().hex(),
        "head": head,
        "frames": [one.hex() for one in plain],
        "sealed": sealed.hex(),
    }


# A whole store, and a backup of it


def fill(ward: Ward) -> tuple[list[str], str]:
    """One of everything; the ids of the patients, the erased one last, and of the first one's withdrawn record."""
    physician, officer = ward[Role.PHYSICIAN], ward[Role.SECURITY_OFFICER]
    first = ward.patient(1, records=2, size=60)
    write_records(physician, ward.records, first, [Draft("Condition", "惊厥".encode())])
    rotate_kek(officer, ward.records)
    rotate_data_keys(officer, ward.records)  # the first patient's key is of generation 2, those of the next of 1
    kept = open_patient(physician, ward.records, first, kinds=["Observation"])
    amended = Draft("Observation", b'{"amended":true}', kept[0].id, kept[0].version)
    write_records(physician, ward.records, first, [amended])
    withdraw_record(physician, ward.records, first, kept[1].id, base=kept[1].version)
    image = Image([some(IMAGE)], IMAGE, chunk=4096)
    empty = Image([], 0, chunk=4096)
    store_images(physician, ward.records, first, kind="ImagingStudy", payload=b"two series", images=[image, empty])
    second = ward.patient(2, records=1, size=60)
    gone = ward.patient(3, records=1, size=60)
    store_images(
        physician, ward.records, gone, kind="ImagingStudy", payload=b"", images=[Image([some(99)], 99, chunk=4096)]
    )
    erase_patient(officer, ward.records, gone, reason="the patient asked for it")
    administrator, nurse = ward[Role.ADMINISTRATOR], ward[Role.NURSE]
    begin_authority(administrator, ward.records, "Hospital")
    request = certificate_request("MRI-1")[1]
    certify_device(administrator, ward.records, request, name="MRI-1", acts=[Act.ANNOTATE], days=3000)
    break_glass(nurse, ward.records, patient=second, reason="found on the floor")
    grant_care(administrator, ward.records, patient=second, who="MRI-1", device=True)
    return [first, second, gone], kept[1].id


def expected(ward: Ward, patients: list[str], withdrawn: str) -> dict[str, Any]:
    """Everything the store shows of its patients, to be compared with what it shows ever after."""
    physician = ward[Role.PHYSICIAN]
    shown = {}
    for number, patient in enumerate(patients[:-1], start=1):
        records = open_patient(physician, ward.records, patient)
        assert [one.id for one in find_patients(physician, ward.records, identifier=f"mrn-{number}")] == [patient]
        listed = []
        for one in records:
            images = {
                image: b"".join(open_image(physician, ward.records, patient, one.id, image=image)).hex()
                for image, _ in one.images
            }
            history = open_record(physician, ward.records, patient, one.id)
            listed.append({"newest": plain(one), "history": [plain(each) for each in history], "images": images})
        shown[patient] = {"identifier": f"MRN-{number}", "records": listed}
    accounts = list_accounts(ward[Role.ADMINISTRATOR], ward.records)
    devices = list_devices(ward[Role.ADMINISTRATOR], ward.records)
    glass = list_break_glass(ward[Role.SECURITY_OFFICER], ward.records)
    return {
        "promise": PROMISE,
        "passphrase": PASSPHRASE,
        "password": PASSWORD,
        "later": ward.clock.now + LATER,
        "accounts": {one.login: sorted(one.roles) for one in accounts},
        "devices": [one.name for one in devices],
        "break_glass": [one.reason for one in glass],
        "patients": shown,
        "withdrawn": [plain(one) for one in open_record(physician, ward.records, patients[0], withdrawn)],
        "erased": patients[-1],
    }


def plain(one: Any) -> dict[str, Any]:
    """A record as JSON holds it."""
    content = {**asdict(one), "payload": one.payload.hex()}
    return json.loads(json.dumps(content))


def make_store(folder: Path) -> None:
    """store-1 and backup-1, made in a folder of their own so that no address of this machine is remembered in them."""
    with tempfile.TemporaryDirectory() as name:
        home, backup = Path(name) / "store", Path(name) / "backup"
        with open_ward(home, clock=Clock()) as ward:
            said = expected(ward, *fill(ward))
            with closing(ward.records.store.engine.raw_connection()) as raw:
                raw.cursor().execute("VACUUM")
        shutil.copytree(home, folder / "store-1", ignore=shutil.ignore_patterns("*.lock", "*-wal", "*-shm"))
        opening = Opening(secret=lambda _: PASSPHRASE, clock=ward.clock)
        with open_records(home, opening, policy=CHEAP) as records:
            back_up(ward[Role.ADMINISTRATOR], records, str(backup), progress=lambda _done, _all: None)
        shutil.copytree(backup, folder / "backup-1")
    write(folder / "store-1.json", said)


def write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: golden files are never overwritten")
    for make in (record, chart, document, stream, frames, bundle):
        write(folder / f"{make.__name__}-1.json", {"format": 1, "promise": PROMISE, **make()})
    make_store(folder)
    sums = io.StringIO()
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        sums.write(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n")
    (folder / "SHA256SUMS").write_text(sums.getvalue(), "ascii", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
