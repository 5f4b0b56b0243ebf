"""From a model back to its cohort, from a patient to the models that saw them, and what a withdrawal does."""

from __future__ import annotations

from dataclasses import replace

from suwen.cohort.kept import (
    Kept,
    cohorts,
    find_cohort,
    models_that_saw,
    save_model,
    save_withdrawal,
    with_patient,
    withdrawn,
    withdrawn_since,
)
from suwen.cohort.nouns import Manifest, Trained, Use, Withdrawal
from suwen.cohort.permission import approval_of
from suwen.errors import InputError, NotFoundError
from suwen.learn.card import Card
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.approvals import approvals
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor

__all__ = [
    "list_cohorts",
    "models_of",
    "register_model",
    "reidentify",
    "renew_consent",
    "show_cohort",
    "withdraw",
]


def list_cohorts(actor: Actor, records: Records) -> list[tuple[str, Manifest]]:
    """Id and manifest of every cohort under an approval of the actor's, oldest first. Raises AccessError."""
    with records.acting(actor, Purpose.RESEARCH) as work:
        mine = [one for one in approvals(work.store, work.connection) if one.permits(actor.id, work.at)]
        if not mine:
            work.require(Act.VIEW, ResourceKind.COHORT)  # refused, and noted
        for one in mine:
            work.require(Act.VIEW, ResourceKind.COHORT, approval=bytes.fromhex(one.id))
        under = {one.id for one in mine}
        work.note(EventKind.QUERY, act=Act.VIEW.value, detail={"what": "cohorts"})
        found = cohorts(work.store, work.connection)
        return [(one.id.hex(), one.manifest) for one in found if one.manifest.approval in under]


def show_cohort(actor: Actor, records: Records, cohort: str) -> tuple[Manifest, tuple[Trained, ...], bool]:
    """A cohort's manifest, the models that saw it, and whether everybody in it is still willing.

    Raises AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.RESEARCH) as work:
        kept = find_cohort(work.store, work.connection, cohort)
        approval_of(work, kept.manifest, Act.VIEW)
        work.note(EventKind.QUERY, act=Act.VIEW.value, detail={"what": "cohort", "cohort": kept.id.hex()})
        willing = not withdrawn(work.store, work.connection) & set(kept.members)
        return kept.manifest, tuple(models_that_saw(work.store, work.connection, kept.id)), willing


def register_model(actor: Actor, records: Records, card: Card, manifest: str = "", *, where: str = "here") -> Trained:
    """Note which cohort a model saw, by its card and the digest of the manifest (default: the one the card names).

    Doing it twice changes nothing. Whoever could train on the cohort, or take it out, may. Raises AccessError,
    NotFoundError, InputError (no weights, no digest, or another one than the card's).
    """
    digest = manifest or card.cohort
    if not digest or (card.cohort and card.cohort != digest):
        raise InputError("name the digest of the manifest that the card of the model names as its cohort")
    if not card.weights_sha256:
        raise InputError("the card names no weights (weights_sha256); register a model once it is saved")
    with records.acting(actor, Purpose.RESEARCH) as work:
        kept = find_cohort(work.store, work.connection, digest)
        approval_of(work, kept.manifest, Act.TRAIN if kept.manifest.use is Use.TRAINING else Act.EXPORT)
        model = _trained(work, kept, card, where)
        if save_model(work, model):
            detail = {"what": "model registered", "cohort": kept.id.hex(), "weights": model.weights}
            work.note(EventKind.QUERY, act=Act.TRAIN.value, detail=detail)
        found = models_that_saw(work.store, work.connection, kept.id)
        return next(one for one in found if replace(one, at=model.at, by=model.by, where=model.where) == model)


def _trained(work: Work, kept: Kept, card: Card, where: str) -> Trained:
    return Trained(
        name=card.name,
        version=card.version,
        weights=card.weights_sha256,
        cohort=kept.id.hex(),
        manifest=kept.manifest.digest,
        where=where,
        at=work.at,
        by=work.actor.id,
    )


def models_of(actor: Actor, records: Records, patient: str) -> Withdrawal:
    """The cohorts a patient is in and the models that saw those; `since` is 0 where they have not withdrawn.

    For those who treat the patient. Raises AccessError, NotFoundError.
    """
    raw = patient_id(patient)
    with records.acting(actor, Purpose.TREATMENT) as work:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        work.store.charts.state(work.connection, raw)
        work.note(EventKind.QUERY, act=Act.VIEW.value, subject=raw.hex(), detail={"what": "models of a patient"})
        return _touched(work, raw)


def withdraw(actor: Actor, records: Records, patient: str) -> Withdrawal:
    """Note that a patient withdraws from research, from now on: no selection takes them, no cohort with them opens.

    Entered by whoever treats the patient and may write in the record. What was trained stays trained: the answer lists
    it, for whoever decides what becomes of it. Doing it twice changes nothing. Raises AccessError, NotFoundError.
    """
    raw = patient_id(patient)
    with records.acting(actor, Purpose.TREATMENT) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        work.store.charts.state(work.connection, raw)
        if withdrawn_since(work.store, work.connection, raw) is None:
            save_withdrawal(work, raw, work.at)
        found = _touched(work, raw)
        detail = {"what": "withdrew from research", "cohorts": len(found.cohorts), "models": len(found.models)}
        work.note(EventKind.CARE, act=Act.ANNOTATE.value, subject=raw.hex(), detail=detail)
        return found


def renew_consent(actor: Actor, records: Records, patient: str) -> None:
    """Note that a patient who withdrew consents again; both stay in the history. Raises as `withdraw`, InputError."""
    raw = patient_id(patient)
    with records.acting(actor, Purpose.TREATMENT) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        work.store.charts.state(work.connection, raw)
        if withdrawn_since(work.store, work.connection, raw) is None:
            raise InputError("the patient has not withdrawn, so there is nothing to take back")
        save_withdrawal(work, raw, None)
        detail = {"what": "consented to research again"}
        work.note(EventKind.CARE, act=Act.ANNOTATE.value, subject=raw.hex(), detail=detail)


def reidentify(actor: Actor, records: Records, cohort: str, pseudonym: str) -> str:
    """The id (hex) of the patient behind a pseudonym, for whoever treats that very patient, to act on what was found.

    Nobody else learns it, and every attempt is in the audit log. Raises AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.TREATMENT) as work:
        kept = find_cohort(work.store, work.connection, cohort)
        names = [one.pseudonym for one in kept.manifest.rows]
        if pseudonym not in names:
            raise NotFoundError("the cohort has no such pseudonym")
        patient = kept.members[names.index(pseudonym)]
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
        detail = {"what": "re-identified", "cohort": kept.id.hex()}
        work.note(EventKind.QUERY, act=Act.VIEW.value, subject=patient.hex(), detail=detail)
        return patient.hex()


def _touched(work: Work, patient: bytes) -> Withdrawal:
    found = list(with_patient(work.store, work.connection, patient))
    models = [model for one in found for model in models_that_saw(work.store, work.connection, one.id)]
    since = withdrawn_since(work.store, work.connection, patient) or 0
    return Withdrawal(patient.hex(), since, tuple(one.manifest.digest for one in found), tuple(models))
