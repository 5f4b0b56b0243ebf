"""Selecting a cohort: decided first, then patient by patient, de-identified, counted, and kept with its manifest."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from suwen.cohort.anonymity import anonymity, crowded
from suwen.cohort.columns import until
from suwen.cohort.criteria import Criteria
from suwen.cohort.facts import Facts, facts_of
from suwen.cohort.kept import Kept, all_patients, find_cohort, save_cohort, withdrawn
from suwen.cohort.leaves import Index
from suwen.cohort.manifest import signed
from suwen.cohort.nouns import SMALLEST, Cohort, Left, Manifest, Row, Table, Use
from suwen.cohort.permission import ACTS, approval_for, approval_of, may_see_all, require, small
from suwen.cohort.pseudonyms import Disguise, new_key
from suwen.cohort.reading import parse_criteria
from suwen.cohort.scrub import scrubbed
from suwen.cohort.table import digest_of_texts, table_digest
from suwen.cohort.terms import Terms
from suwen.errors import AccessError, ConflictError, InputError, NotFoundError, TamperError
from suwen.knowledge import Knowledge
from suwen.records.access import Act, Purpose
from suwen.records.approvals import Approval
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work
from suwen.records.noted import open_newest
from suwen.records.people import Actor
from suwen.records.store.charts import Record

__all__ = ["open_cohort", "select_cohort"]

_BATCH = 100  # patients opened in one transaction: others must be able to write meanwhile
Progress = Callable[[int, int], None]


def select_cohort(  # noqa: PLR0913 - what a selection is asked for, and what it needs to be known and shown
    actor: Actor,
    records: Records,
    criteria: Criteria,
    use: Use = Use.RESEARCH,
    *,
    approval: str = "",
    export: bool = False,
    knowledge: Knowledge | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Cohort:
    """The patients who fit the criteria at this moment, de-identified, kept under a manifest with a digest.

    `approval` is the reference or id of the approval to work under [the newest that fits]; with `export`
    taking the cohort out of the house is decided and noted too. Access is decided before
    anything is opened and again for each batch of patients; each patient opened is named in the audit log, and the
    selection with its numbers and digests. Patients who have withdrawn are not opened; where the approval asks for
    consent, of those without it nothing else is looked at. Nothing is kept where fewer than 5 patients fit, unless the
    actor treats everybody in the store.

    Raises AccessError, InputError (too few patients), DataError (the criteria need the ontology), TamperError,
    ConflictError (somebody withdrew meanwhile).
    """
    making = _Making(actor, records, criteria, Terms(knowledge), Disguise(key := new_key()))
    acts = _acts(use, export=export)
    with records.acting(actor, Purpose.RESEARCH) as work:
        approved = approval_for(work, use, criteria.digest, approval, acts)
        _require_texts(criteria, approved)
        patients, gone, moment = all_patients(work.connection), withdrawn(records.store, work.connection), work.at
    seen = list(making.seen([one for one in patients if one not in gone], approved, acts, moment, progress))
    chosen = [one for one in seen if isinstance(one, _Chosen)]
    kept = _crowded(chosen, criteria)
    with records.acting(actor, Purpose.RESEARCH) as work:
        require(work, approved, *acts)
        exact = may_see_all(work, patients)
        _require_enough(len(kept), exact=exact)
        if withdrawn(records.store, work.connection) & {one.patient for one in kept}:
            raise ConflictError("a patient of the cohort has withdrawn meanwhile; select again")
        manifest = making.manifest(kept, use, approved, moment)
        cohort = Kept(secrets.token_bytes(16), key, tuple(one.patient for one in kept), manifest)
        save_cohort(work, cohort)
        _note(work, EventKind.QUERY, Act.VIEW, cohort, "cohort selected")
        if export:
            _note(work, EventKind.EXPORT, Act.EXPORT, cohort, "cohort exported")
        denied, unfit = len(patients) - len(seen) + seen.count(_DENIED), seen.count(_UNFIT)
        counts = (denied, unfit, len(chosen) - len(kept))
        left = Left(*(small(one, exact=exact) for one in counts))
        return Cohort(cohort.id.hex(), manifest, making.table(kept), _texts(kept), left)


def open_cohort(
    actor: Actor,
    records: Records,
    cohort: str,
    *,
    knowledge: Knowledge | None = None,
    export: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Cohort:
    """A cohort made once more from the records as they were when it was selected: the same table, byte for byte.

    With `export` taking it out of the house is decided and noted too. `cohort` is how its id or digest begins. Raises
    AccessError, NotFoundError, InputError where somebody in it has withdrawn or was erased since, ConflictError where
    it cannot be made as it was (another release of the ontology).
    """
    with records.acting(actor, Purpose.RESEARCH) as work:
        kept = find_cohort(records.store, work.connection, cohort)
        acts = _acts(kept.manifest.use, export=export)
        approved = approval_of(work, kept.manifest, *acts)
        _require_all(work, kept)
        if export:
            _note(work, EventKind.EXPORT, Act.EXPORT, kept, "cohort exported")
    criteria = parse_criteria(kept.manifest.criteria)
    making = _Making(actor, records, criteria, Terms(knowledge), kept.disguise)
    seen = making.seen(kept.members, approved, acts, kept.manifest.at, progress)
    chosen = sorted((one for one in seen if isinstance(one, _Chosen)), key=lambda one: one.row[0])
    table, texts = making.table(chosen), _texts(chosen)
    if table_digest(table) != kept.manifest.table or digest_of_texts(texts) != kept.manifest.texts:
        raise ConflictError(
            "the cohort cannot be made again as it was: Suwen or the ontology is of another release "
            f"({', '.join(f'{name} {one}' for name, one in kept.manifest.release.items())}); select again"
        )
    return Cohort(kept.id.hex(), kept.manifest, table, texts)


def _acts(use: Use, *, export: bool) -> tuple[Act, ...]:
    return (*ACTS[use], *((Act.EXPORT,) if export else ()))


# One patient after the other


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A patient who fits: the row, its quasi-identifiers, a digest of what was read, the texts."""

    patient: bytes = field(repr=False)
    row: tuple[str, ...] = field(repr=False)
    shared: tuple[str, ...]
    records: str
    texts: tuple[str, ...] = field(default=(), repr=False)


_DENIED, _UNFIT = "denied", "unfit"


@dataclass(frozen=True, slots=True)
class _Making:
    """What a cohort is made with."""

    actor: Actor
    records: Records
    criteria: Criteria
    terms: Terms
    disguise: Disguise

    def seen(
        self, patients: Sequence[bytes], approval: Approval, acts: Sequence[Act], moment: int, progress: Progress
    ) -> Iterator[_Chosen | str]:
        """What each patient is, as of a moment; whoever was erased meanwhile is not there."""
        for low in range(0, len(patients), _BATCH):
            with self.records.acting(self.actor, Purpose.RESEARCH) as work:
                require(work, approval, *acts)
                for done, patient in enumerate(patients[low : low + _BATCH], start=low + 1):
                    try:
                        yield self._one(work, patient, approval, moment)
                    except NotFoundError:
                        continue
                    progress(done, len(patients))

    def _one(self, work: Work, patient: bytes, approval: Approval, moment: int) -> _Chosen | str:
        if approval.consent and not facts_of(_open(work, patient, {"Consent"}, moment)).consented:
            return _DENIED
        found = _open(work, patient, self.criteria.kinds(consent=approval.consent), moment)
        if not found:
            return _UNFIT
        return self._weighed(work, patient, found, datetime.fromtimestamp(moment / 1_000_000, UTC).date())

    def _weighed(self, work: Work, patient: bytes, found: list[Record], today: date) -> _Chosen | str:
        facts = facts_of(found)
        index = self.criteria.index.index_of(facts, self.terms, today)
        if index is None or not self.criteria.fits.holds(facts, index, self.terms):
            return _UNFIT
        digest = work.store.keys.digest
        read = (digest(patient, one.id, one.version, one.kind, one.payload) for one in found)
        cells = self._cells(facts, index, patient)
        shared = tuple(cell for one, cell in zip(self.criteria.columns, cells, strict=False) if one.is_quasi)
        row = (self.disguise.pseudonym(patient), *cells)
        return _Chosen(patient, row, shared, self.disguise.records(read), self._written(facts, index, patient))

    def _cells(self, facts: Facts, index: Index, patient: bytes) -> Iterator[str] | tuple[str, ...]:
        known, moved = until(facts, index), self._moved(patient)
        cells = [one.cell(known, index, self.terms, moved) for one in self.criteria.columns]
        if self.criteria.label is not None:
            cells.append(self.criteria.label.cell(facts, index, self.terms, moved))
        return tuple(cells)

    def _written(self, facts: Facts, index: Index, patient: bytes) -> tuple[str, ...]:
        wanted = self.criteria.texts
        if wanted is None:
            return ()
        moved = self._moved(patient)
        found = (
            one
            for one in until(facts, index).written
            if (wanted.wanted is None or self.terms.matches(wanted.wanted, one.codes))
            and wanted.window.holds(one.day, index)
        )
        return tuple(scrubbed(text, facts.identifying, moved) for one in found for text in one.texts)

    def _moved(self, patient: bytes) -> Callable[[date], date]:
        return lambda day: self.disguise.moved(patient, day)

    def table(self, chosen: Sequence[_Chosen]) -> Table:
        """The rows as they go out."""
        label = ("label",) if self.criteria.label is not None else ()
        return Table(("id", *(one.name for one in self.criteria.columns), *label), tuple(one.row for one in chosen))

    def manifest(self, chosen: Sequence[_Chosen], use: Use, approval: Approval, moment: int) -> Manifest:
        """What the cohort is, with its digest."""
        table = self.table(chosen)
        quasi = [one.name for one in self.criteria.columns if one.is_quasi]
        manifest = Manifest(
            criteria=self.criteria.written,
            use=use,
            actor=self.actor.id,
            approval=approval.id,
            at=moment,
            columns=table.header,
            rows=tuple(Row(one.row[0], one.records) for one in chosen),
            table=table_digest(table),
            texts=digest_of_texts(_texts(chosen)),
            anonymity=anonymity(quasi, [one.shared for one in chosen], self.criteria.least),
            release=_release(self.terms.knowledge),
        )
        return signed(manifest)


def _open(work: Work, patient: bytes, kinds: Iterable[str], moment: int) -> list[Record]:
    try:
        return open_newest(work, patient, kinds=kinds, as_of=moment)
    except TamperError:
        # the message would name the patient
        raise TamperError("a patient's records are not those last written; see `suwen records verify`") from None


def _crowded(chosen: list[_Chosen], criteria: Criteria) -> list[_Chosen]:
    """Those whose quasi-identifiers enough others share, by pseudonym: the order of ids would join two cohorts."""
    enough = crowded([one.shared for one in chosen], criteria.least)
    kept = [one for one, stays in zip(chosen, enough, strict=True) if stays]
    return sorted(kept, key=lambda one: one.row[0])


def _texts(chosen: Iterable[_Chosen]) -> dict[str, str]:
    return {f"{one.row[0]}-{at}.txt": text for one in chosen for at, text in enumerate(one.texts, start=1)}


def _require_texts(criteria: Criteria, approval: Approval) -> None:
    if criteria.texts is not None and not approval.texts:
        raise AccessError(f"the approval {approval.reference} does not let texts be taken along; leave texts out")


def _require_enough(number: int, *, exact: bool) -> None:
    if not number and exact:
        raise InputError("no patient fits the criteria, so there is no cohort")
    if number < SMALLEST and not exact:
        raise InputError(
            f"fewer than {SMALLEST} patients fit the criteria, too few not to be recognised; nothing was kept. "
            "Ask for less, or lower k"
        )


def _require_all(work: Work, kept: Kept) -> None:
    if withdrawn(work.store, work.connection) & set(kept.members):
        raise InputError("somebody in this cohort has withdrawn since it was selected; select again")
    if not set(kept.members) <= set(all_patients(work.connection)):
        raise InputError("the records of somebody in this cohort were erased since it was selected; select again")


def _note(work: Work, kind: EventKind, act: Act, kept: Kept, what: str) -> None:
    manifest = kept.manifest
    detail = {
        "what": what,
        "cohort": kept.id.hex(),
        "manifest": manifest.digest,
        "criteria": parse_criteria(manifest.criteria).digest,
        "use": manifest.use.value,
        "number": manifest.number,
        "approval": manifest.approval,
    }
    work.note(kind, act=act.value, detail=detail)


def _release(knowledge: Knowledge | None) -> dict[str, str]:
    from importlib.metadata import version  # noqa: PLC0415

    ontology = {"hpo": knowledge.ontology.release} if knowledge is not None else {}
    return {"suwen": version("suwen"), **ontology}
