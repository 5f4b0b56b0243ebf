"""Keys: rotating them, changing the passphrase, destroying a patient's, and this hospital's public keys."""

from __future__ import annotations

import unicodedata

from sqlalchemy import func, select

from suwen.errors import InputError
from suwen.govern.job_documents import forget_jobs
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, patient_id
from suwen.records.keys import FileProvider
from suwen.records.keys.key_file import FEWEST_CHARACTERS
from suwen.records.people import Actor
from suwen.records.store import erasure, rotation
from suwen.records.store.backup import is_rehearsal, mark_behind, refresh_keys
from suwen.records.store.rotation import Progress, silent
from suwen.records.store.tables import BLOB, DATA_KEY, RECORD
from suwen.records.vault import public_text

__all__ = [
    "change_passphrase",
    "erase_patient",
    "hospital_public_key",
    "log_public_key",
    "preview_erasure",
    "preview_rotation",
    "rotate_data_keys",
    "rotate_kek",
]


def rotate_kek(
    actor: Actor, records: Records, *, retire: bool = False, progress: Progress = silent
) -> tuple[str, list[str]]:
    """A new key-encryption key, every data key wrapped anew, no record rewritten; goes on with one interrupted.

    `retire` destroys the earlier keys at the end. Returns the key's id, and backups that could not be brought up to
    date. Raises AccessError, KeyProviderError.
    """
    _require_keys(actor, records)
    if retire and rotation.unfinished(records.store) == ["data keys"]:
        raise InputError(
            "the renewal of data keys is not finished; run `suwen records rotate data` first",
            zh="数据密钥的更换尚未完成；请先运行 `suwen records rotate data`",
        )
    if records.store.provider.kind != "file" and is_rehearsal(records.store):  # a key service is the real store's too
        raise InputError(
            "this store is a rehearsal of a restore; its keys are those of the real one",
            zh="该存储是恢复演练；其密钥即正式存储的密钥",
        )
    kek = rotation.rotate_kek(records.store, actor=actor.id, retire=retire, progress=progress)
    return kek, refresh_keys(records.store)


def rotate_data_keys(actor: Actor, records: Records, *, progress: Progress = silent) -> tuple[int, list[str]]:
    """A new data key for every patient, all they have sealed under it; goes on with a rotation interrupted.

    Returns how many patients, and backups that could not be brought up to date. Raises AccessError.
    """
    _require_keys(actor, records)
    done = rotation.rotate_data_keys(records.store, actor=actor.id, progress=progress)
    return done, refresh_keys(records.store)


def preview_rotation(actor: Actor, records: Records) -> tuple[dict[str, int], list[str]]:
    """What a rotation would work through: patients' keys, versions, images, bytes of images; and those not finished.

    Raises AccessError.
    """
    _require_keys(actor, records)
    with records.store.snapshot() as connection:
        keys = connection.execute(select(func.count()).select_from(DATA_KEY)).scalar() or 0
        versions = connection.execute(select(func.count()).select_from(RECORD)).scalar() or 0
        images = connection.execute(select(func.count(), func.coalesce(func.sum(BLOB.c.stored), 0))).one()
    counts = {"keys": keys, "versions": versions, "images": int(images[0]), "image_bytes": int(images[1])}
    return counts, rotation.unfinished(records.store)


def _require_keys(actor: Actor, records: Records) -> None:
    """Long work is decided before it begins; each of its transactions notes what it did."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE_KEYS, ResourceKind.KEYS)


def change_passphrase(actor: Actor, records: Records, new: str) -> list[str]:
    """Protect the key file with another passphrase, here and in the backups; those that could not be reached now.

    Raises AccessError, InputError for a passphrase that is too short or another key provider.
    """
    if len(unicodedata.normalize("NFC", new)) < FEWEST_CHARACTERS:  # before the log says that it was changed
        raise InputError(
            f"the new passphrase has fewer than {FEWEST_CHARACTERS} characters; take several words",
            zh=f"新口令短语少于 {FEWEST_CHARACTERS} 个字符；请用若干个词",
        )
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE_KEYS, ResourceKind.KEYS)
        provider = records.store.provider
        if not isinstance(provider, FileProvider):
            raise InputError(
                f"the keys are with the provider {provider.kind!r}, which has no passphrase of Suwen's",
                zh=f"密钥由 {provider.kind!r} 保管，没有 Suwen 的口令短语",
            )
        work.note(EventKind.KEY, act=Act.MANAGE_KEYS.value, detail={"what": "passphrase changed"})
        mark_behind(records.store, work.connection)
        work.transaction.afterwards.append(lambda: provider.change_passphrase(new))
    return refresh_keys(records.store)


def preview_erasure(actor: Actor, records: Records, patient: str) -> dict[str, int]:
    """What erasing a patient would take: versions, images, bytes of images. Raises AccessError, NotFoundError."""
    raw = patient_id(patient)
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.ERASE, ResourceKind.PATIENT, patient=raw)
    return erasure.what_would_go(records.store, raw)


def erase_patient(actor: Actor, records: Records, patient: str, *, reason: str) -> list[str]:
    """Destroy a patient's key, so that every copy of their records is unreadable for ever; this cannot be undone.

    Returns backups that could not be reached now, whose keys still open what they hold: `suwen records check` tries
    them again. Raises AccessError, NotFoundError, InputError without a reason.
    """
    if not reason.strip():
        raise InputError(
            "say why (a request of the patient, the end of the retention period): it is kept in the audit",
            zh="请说明理由（患者要求、保存期届满）：理由将记入审计",
        )
    raw = patient_id(patient)
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.ERASE, ResourceKind.PATIENT, patient=raw)
        erasure.erase(work.transaction, raw)
        forget_jobs(records.store, work.connection, raw.hex())
        work.note(EventKind.ERASE, act=Act.ERASE.value, subject=raw.hex(), detail={"reason": reason.strip()})
    return refresh_keys(records.store)


def hospital_public_key(records: Records) -> str:
    """The public key to which other hospitals seal bundles for this one: X25519 with ML-KEM-768."""
    return public_text(records.store.keys.bundle)


def log_public_key(records: Records) -> str:
    """The public key of this store's checkpoints and bundles (Ed25519)."""
    return records.store.bootstrap.log_key
