"""What the store keeps of cohorts, sealed: who is in which, the models that saw them, and who has withdrawn.

Documents (`suwen.records.store.documents`), each of format 1:

    cohort        first: account of whoever selected it. {"format", "key", "members", "manifest"}: the key of its
                  pseudonyms, the patients in the order of the manifest's rows
    cohort-model  first: id of the cohort. {"format", "name", "version", "weights", "cohort", "manifest", "where", "at",
                  "by"}
    withdrawal    id: that of the patient. {"format", "since", "history"}: `since` is null once they have consented
                  again; every change is in the history
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, select

from suwen.cohort.manifest import manifest_from_plain, manifest_plain
from suwen.cohort.nouns import Manifest, Trained
from suwen.cohort.pseudonyms import Disguise
from suwen.errors import NotFoundError, TamperError
from suwen.records.gate import Work
from suwen.records.store.documents import Document
from suwen.records.store.store import Store
from suwen.records.store.tables import PATIENT

__all__ = [
    "Kept",
    "all_patients",
    "cohorts",
    "find_cohort",
    "models_that_saw",
    "save_cohort",
    "save_model",
    "save_withdrawal",
    "with_patient",
    "withdrawn",
    "withdrawn_since",
]

_SHORTEST = 8  # digits by which a cohort may be named


@dataclass(frozen=True, slots=True)
class Kept:
    """A cohort as kept: its id, the key of its pseudonyms, its members (ids) in the order of the manifest's rows."""

    id: bytes
    key: bytes = field(repr=False)
    members: tuple[bytes, ...] = field(repr=False)
    manifest: Manifest

    @property
    def disguise(self) -> Disguise:
        """How its patients appear in it."""
        return Disguise(self.key)


def all_patients(connection: Connection) -> list[bytes]:
    """Every patient who was not erased, by id."""
    query = select(PATIENT.c.id).where(PATIENT.c.generation > 0).order_by(PATIENT.c.id)
    return [bytes(one) for one in connection.execute(query).scalars()]


def save_cohort(work: Work, kept: Kept) -> None:
    """Insert a cohort."""
    content = {
        "format": 1,
        "key": kept.key.hex(),
        "members": [one.hex() for one in kept.members],
        "manifest": manifest_plain(kept.manifest),
    }
    first = bytes.fromhex(work.actor.id)
    work.store.documents.put(work.connection, Document("cohort", kept.id, content, first))


def cohorts(store: Store, connection: Connection) -> list[Kept]:
    """Every cohort, oldest first."""
    found = [_kept(one) for one in store.documents.find(connection, "cohort")]
    return sorted(found, key=lambda one: (one.manifest.at, one.id))


def _kept(document: Document) -> Kept:
    content = document.content
    if content.get("format") != 1:
        raise TamperError("a cohort in the store is of a newer Suwen; install it")
    members = tuple(bytes.fromhex(one) for one in content["members"])
    return Kept(document.id, bytes.fromhex(content["key"]), members, manifest_from_plain(content["manifest"]))


def find_cohort(store: Store, connection: Connection, text: str) -> Kept:
    """A cohort by the first digits (8 at least) of its id or of its manifest's digest. Raises NotFoundError."""
    wanted = text.strip().lower()
    every = cohorts(store, connection) if len(wanted) >= _SHORTEST else []
    found = [one for one in every if one.id.hex().startswith(wanted) or one.manifest.digest.startswith(wanted)]
    if len(found) != 1:
        raise NotFoundError(f"{len(found)} cohorts begin with these digits; suwen cohort list shows them")
    return found[0]


def with_patient(store: Store, connection: Connection, patient: bytes) -> Iterator[Kept]:
    """The cohorts that a patient is in, oldest first."""
    yield from (one for one in cohorts(store, connection) if patient in one.members)


def save_model(work: Work, model: Trained) -> bool:
    """Note that a model saw a cohort; False where that is known already."""
    said = "\n".join((model.name, model.version, model.weights, model.manifest))
    id_ = hashlib.sha256(said.encode()).digest()[:16]
    if work.store.documents.exists(work.connection, "cohort-model", id_):
        return False
    document = Document("cohort-model", id_, {"format": 1, **asdict(model)}, bytes.fromhex(model.cohort))
    work.store.documents.put(work.connection, document)
    return True


def models_that_saw(store: Store, connection: Connection, cohort: bytes) -> list[Trained]:
    """The models registered for a cohort, oldest first."""
    found = store.documents.find(connection, "cohort-model", first=cohort)
    models = [Trained(**{name: one.content[name] for name in Trained.__slots__}) for one in found]
    return sorted(models, key=lambda one: (one.at, one.name, one.version))


def withdrawn_since(store: Store, connection: Connection, patient: bytes) -> int | None:
    """Since when (microseconds UTC) a patient has withdrawn; None where they have not."""
    if not store.documents.exists(connection, "withdrawal", patient):
        return None
    since = store.documents.get(connection, "withdrawal", patient).content["since"]
    return None if since is None else int(since)


def withdrawn(store: Store, connection: Connection) -> set[bytes]:
    """Every patient who has withdrawn."""
    found = store.documents.find(connection, "withdrawal")
    return {one.id for one in found if one.content["since"] is not None}


def save_withdrawal(work: Work, patient: bytes, since: int | None) -> None:
    """Keep that a patient has withdrawn (`since`) or consented again (None), and everything before."""
    documents, connection = work.store.documents, work.connection
    known = documents.get(connection, "withdrawal", patient) if _has_withdrawn(work, patient) else None
    before = list(known.content["history"]) if known else []
    change = {"at": work.at, "by": work.actor.id, "what": "consented" if since is None else "withdrew"}
    content = {"format": 1, "since": since, "history": [*before, change]}
    documents.put(connection, Document("withdrawal", patient, content, revision=known.revision if known else 0))


def _has_withdrawn(work: Work, patient: bytes) -> bool:
    return work.store.documents.exists(work.connection, "withdrawal", patient)
