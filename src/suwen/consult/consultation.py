"""The consult: one patient opened after the access decision, every area asked, what they say filed and ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from suwen.consult.answers import CONSULT, Answer, answer_to_bytes, in_order, read_answer
from suwen.consult.chart import Record, shown
from suwen.consult.claims import by_claim, to_file
from suwen.consult.corrections import CORRECTION, corrections_in
from suwen.consult.findings import KIND as FINDING
from suwen.consult.findings import filed_finding
from suwen.consult.nouns import Area, AreaReport, Consultation, Filed, Filing, Given, Status, Weighed
from suwen.consult.projections import UNREADABLE, from_register
from suwen.errors import (
    ConflictError,
    DataError,
    FormatError,
    InputError,
    MissingExtraError,
    NotFoundError,
    SuwenError,
)
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import open_newest, seal_drafts
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.subject import Kind, Reference

__all__ = ["consult", "consultation_of", "read_consultation"]

# Records that are no resources; those of `consult.imaging` by name, since numpy comes with it.
_OWN = frozenset(
    {DEMOGRAPHICS, FINDING, CONSULT, CORRECTION, "DicomSeries", "ImageFile", "ImageMeasurement", "ImageReading"}
)
_STANDS = frozenset({Status.DONE, Status.NOTHING})
# "An area that fails is reported as failed, the others stand": all that a faulty rule, model or input raises. What
# stops the program itself (KeyboardInterrupt, SystemExit) is not among them.
_FAILURES = (
    *(SuwenError, ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, OSError),
    *(RuntimeError, TypeError, ValueError),
)


def consult(
    actor: Actor,
    records: Records,
    patient: str,
    *,
    areas: Sequence[Area],
    purpose: Purpose = Purpose.TREATMENT,
) -> Consultation:
    """Ask every area about a patient, file what they find, and return it in the order of what matters.

    What people put right in the texts of the record is applied where an area reads them.

    An area whose version and input are those of its last answer is not run again and its findings stand; one that
    fails is reported as failed, and what it filed before stays as it was. A finding that is no longer claimed is
    withdrawn, or where somebody judged it kept as no longer standing. Nothing is held while the areas think: where
    somebody else filed findings meanwhile, all is done once more.
    Raises AccessError (viewing and diagnosing are both required before anything is opened), NotFoundError, TamperError,
    ConflictError, InputError for two areas of one name.
    """
    if len({area.name for area in areas}) < len(areas):
        raise InputError("two areas of a consult have the same name", zh="会诊中有两个同名的领域")
    raw = patient_id(patient)
    try:
        return _consulted(actor, records, raw, areas, purpose)
    except ConflictError:
        return _consulted(actor, records, raw, areas, purpose)


def read_consultation(
    actor: Actor, records: Records, patient: str, *, purpose: Purpose = Purpose.TREATMENT
) -> Consultation:
    """What was filed last, with what people said of it; nothing is run. `at` is when an area last answered, 0 never.

    Raises as `open_patient`.
    """
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        found = open_newest(work, raw)
    return consultation_of(found, raw)


def consultation_of(found: Sequence[charts.Record], patient: bytes) -> Consultation:
    """As `read_consultation`, of all records of a patient, which were opened under a decision. Raises NotFoundError."""
    opened = _sorted(found, patient, at=0, revision=0)
    return _consultation(replace(opened, at=max((one.report.at for one in opened.answers.values()), default=0)))


def _consulted(actor: Actor, records: Records, patient: bytes, areas: Sequence[Area], purpose: Purpose) -> Consultation:
    with records.acting(actor, purpose) as work:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
        work.require(Act.DIAGNOSE, ResourceKind.PATIENT, patient=patient)
        opened = _opened(work, patient)
    runs = _runs(areas, opened)
    drafts = [draft for run in runs for draft in run.drafts]
    if drafts or any(_is_new(opened, _listing(opened, run)) for run in runs):
        with records.acting(actor, purpose) as work:
            work.require(Act.DIAGNOSE, ResourceKind.PATIENT, patient=patient)
            _require_unchanged(work, opened)
            opened = _write_findings(work, opened, drafts)
            return _consultation(_write_answers(work, opened, [_listing(opened, run) for run in runs]))
    return _consultation(_write_answers(None, opened, [run.answer for run in runs]))


# What is there


@dataclass(frozen=True, slots=True)
class _Opened:
    """A patient's record sorted: who it is, the resources by type still as bytes, what was filed before."""

    patient: bytes
    at: int
    revision: int
    who: Demographics
    resources: Mapping[str, list[bytes]] = field(repr=False)
    filed: Mapping[str, Filed] = field(repr=False)  # by record
    answers: Mapping[str, Answer] = field(repr=False)  # by area
    corrected: tuple[Record, ...] = field(default=(), repr=False)  # unread: one of a later format hides no finding


def _opened(work: Work, patient: bytes) -> _Opened:
    found = open_newest(work, patient)
    revision = work.store.charts.state(work.connection, patient).revision
    return _sorted(found, patient, at=work.at, revision=revision)


def _sorted(found: Sequence[charts.Record], patient: bytes, *, at: int, revision: int) -> _Opened:
    who = [Demographics.from_bytes(one.payload) for one in found if one.kind == DEMOGRAPHICS]
    if not who:
        raise NotFoundError(
            "the record does not say who the patient is; register the patient first",
            zh="病历未说明患者身份；请先登记患者",
        )
    resources: dict[str, list[bytes]] = {}
    for one in found:
        if one.kind not in _OWN:
            resources.setdefault(one.kind, []).append(one.payload)
    filed = (filed_finding(shown(one)) for one in found if one.kind == FINDING)
    answers = (read_answer(one) for one in found if one.kind == CONSULT)
    return _Opened(
        patient=patient,
        at=at,
        revision=revision,
        who=who[-1],
        resources=resources,
        filed={one.record: one for one in filed},
        answers={one.report.area: one for one in answers},
        corrected=tuple(shown(one) for one in found if one.kind == CORRECTION),
    )


def _require_unchanged(work: Work, opened: _Opened) -> None:
    """What two people file at the same time must not stand twice. Raises ConflictError."""
    if work.store.charts.state(work.connection, opened.patient).revision == opened.revision:
        return
    known = {one.record: one.version for one in opened.filed.values()}
    known |= {one.record.hex(): one.version for one in opened.answers.values() if one.record}
    now = open_newest(work, opened.patient, kinds=[FINDING, CONSULT])
    if {one.id.hex(): one.version for one in now} != known:
        raise ConflictError(
            "findings of the patient were filed or judged by somebody else meanwhile; consult again",
            zh="其间他人已归档或判定了该患者的所见；请重新会诊",
        )


# Asking


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The resources of one type, and how many records of it cannot be read as one."""

    resources: list[Json] = field(repr=False)
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Run:
    """One area asked: its answer now, what it claims (None: what it filed before stays as it is), what to write."""

    answer: Answer
    claims: tuple[Filing, ...] | None = None
    drafts: tuple[charts.Draft, ...] = ()


def _runs(areas: Sequence[Area], opened: _Opened) -> list[_Run]:
    corrections = [one.correction for one in corrections_in(opened.corrected)]
    if corrections:
        areas = [one.corrected(corrections) if one.corrected else one for one in areas]
    seen = {kind for area in areas for kind in area.kinds}  # a type that no area may see is not even parsed
    parsed = {kind: _parsed(kind, payloads) for kind, payloads in opened.resources.items() if kind in seen}
    return [_run(area, place, opened, parsed) for place, area in enumerate(areas)]


def _parsed(kind: str, payloads: Iterable[bytes]) -> _Parsed:
    found = [_resource(payload) for payload in payloads]
    sound = [one for one in found if one.get("resourceType") == kind]
    return _Parsed(sound, len(found) - len(sound))


def _resource(payload: bytes) -> Json:
    """The resource of a record, {} where it holds none: one broken record must not keep the others from being seen."""
    try:
        resource = Stored.from_bytes(payload).resource
    except FormatError:
        return {}
    return resource if isinstance(resource, dict) else {}


def _run(area: Area, place: int, opened: _Opened, parsed: Mapping[str, _Parsed]) -> _Run:
    """Ask one area; whatever it raises is its answer."""
    known = opened.answers.get(area.name)
    blank = AreaReport(area.name, area.title, Status.FAILED, area.version, "", True, opened.at)
    answer = replace(known, report=blank, place=place) if known else Answer(blank, place)
    try:
        given = _given(area, opened, parsed)
        report = replace(blank, inputs=given.digest, used=given.used, left_out=given.left_out)
        if known and _is_answered(known.report, report):
            return _Run(replace(known, place=place))
        if area.missing:
            return _Run(replace(answer, report=replace(report, status=Status.UNAVAILABLE, reason=area.missing)))
        return _weighed(replace(answer, report=report), area.weigh(given.noun), opened)
    except _FAILURES as failure:
        return _Run(replace(answer, report=_failed(blank, failure)))


def _given(area: Area, opened: _Opened, parsed: Mapping[str, _Parsed]) -> Given:
    """What an area is given: it never holds a resource of a type that it may not see."""
    register = [from_register(opened.who)] if "Patient" in area.kinds else []
    mine = [parsed[kind] for kind in sorted(area.kinds) if kind in parsed]
    given = area.prepare([*register, *(one for each in mine for one in each.resources)], opened.patient.hex())
    unreadable = Counter({UNREADABLE: sum(each.unreadable for each in mine)})
    return replace(given, left_out=Counter(given.left_out) + unreadable)


def _is_answered(known: AreaReport, asked: AreaReport) -> bool:
    return known.status in _STANDS and (known.version, known.inputs) == (asked.version, asked.inputs)


def _weighed(answer: Answer, weighed: Weighed, opened: _Opened) -> _Run:
    """What an area said, made ready to be written here, so that what cannot be filed is this area's failure alone.

    Raises InputError for a claim made twice, about somebody else, or with what JSON cannot hold.
    """
    subject = Reference(Kind.PATIENT, opened.patient.hex())
    said = [each for one in weighed.findings for each in (one.finding, *one.words.values())]
    if any(one.subject != subject for one in said):
        raise InputError(
            "the area makes a claim about another subject than the patient", zh="该领域的结论指向其他对象，而非该患者"
        )
    if len({one.finding.code.value for one in weighed.findings}) < len(weighed.findings):
        raise InputError("the area makes the same claim twice", zh="该领域两次给出同一结论")
    told = replace(answer, report=_told(answer.report, weighed))
    answer_to_bytes(told)
    return _Run(told, weighed.findings, tuple(to_file(opened.filed.values(), told.report, weighed.findings)))


def _told(report: AreaReport, weighed: Weighed) -> AreaReport:
    return replace(
        report,
        status=weighed.status,
        reason=weighed.reason,
        left_out=Counter(report.left_out) + Counter(weighed.left_out),
        sources=weighed.sources,
        limits=weighed.limits,
        remarks=weighed.remarks,
        remarks_in=weighed.remarks_in,
    )


def _failed(report: AreaReport, failure: Exception) -> AreaReport:
    """Only Suwen's own messages are shown: they never hold patient data, those of others may."""
    said, told = "", ""
    if isinstance(failure, SuwenError):
        said, told = f": {failure}", f"：{failure.said('zh')}"
    if isinstance(failure, MissingExtraError | DataError):
        reason = {"en": f"something it needs is not there{said}", "zh": f"缺少所需组件{told}"}
        return replace(report, status=Status.UNAVAILABLE, reason=reason)
    name = type(failure).__name__
    return replace(report, reason={"en": f"it failed with {name}{said}", "zh": f"运行失败，{name}{told}"})


# Filing


def _write_findings(work: Work, opened: _Opened, drafts: Sequence[charts.Draft]) -> _Opened:
    if not drafts:
        return opened
    written = seal_drafts(work, Act.DIAGNOSE, opened.patient, drafts)
    gone = {one.id.hex() for one in written if one.withdrawn}
    new = {one.id.hex(): filed_finding(shown(one)) for one in written if not one.withdrawn}
    kept = {record: one for record, one in opened.filed.items() if record not in gone}
    return replace(opened, filed={**kept, **new})


def _write_answers(work: Work | None, opened: _Opened, answers: Sequence[Answer]) -> _Opened:
    """Write the answers that are new (there are none without `work`); the others have the time they were first given.

    A consult that changes nothing leaves no record of itself beyond the audit log.
    """
    now = dict(opened.answers)
    new = [one for one in answers if _is_new(opened, one)] if work else []
    for one in answers:
        at = now[one.report.area].report.at if one not in new else one.report.at
        now[one.report.area] = replace(one, report=replace(one.report, at=at))
    drafts = [charts.Draft(CONSULT, answer_to_bytes(one), one.record, one.version) for one in new]
    written = seal_drafts(work, Act.DIAGNOSE, opened.patient, drafts) if work and drafts else []
    for one, record in zip(new, written, strict=True):
        report = replace(one.report, at=record.at)
        now[report.area] = replace(one, report=report, record=record.id, version=record.version)
    return replace(opened, answers=now)


def _listing(opened: _Opened, run: _Run) -> Answer:
    """The answer of an area with the records of its findings, as far as they are written."""
    if run.claims is None:
        return run.answer
    filed = by_claim(opened.filed.values(), run.answer.report.area)
    claimed = [filed.get(one.finding.code.value) for one in run.claims]
    return replace(run.answer, findings=tuple(one.record for one in claimed if one))


def _is_new(opened: _Opened, answer: Answer) -> bool:
    """Whether the area fared otherwise than is filed; its place among others is no news."""
    known = opened.answers.get(answer.report.area)
    return known is None or answer_to_bytes(replace(known, place=answer.place)) != answer_to_bytes(answer)


def _consultation(opened: _Opened) -> Consultation:
    answers = sorted(opened.answers.values(), key=lambda one: (one.place, one.report.area))
    return Consultation(
        patient=opened.patient.hex(),
        demographics=opened.who,
        at=opened.at,
        areas=tuple(one.report for one in answers),
        findings=in_order(opened.filed.values(), [one.findings for one in answers]),
        available={kind: len(found) for kind, found in sorted(opened.resources.items())},
    )
