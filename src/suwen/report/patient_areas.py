"""The areas of a patient report, worded: what each used, and what the report could not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from suwen.report.patient_view import AreaView, Fact
from suwen.report.patient_voice import Voice

if TYPE_CHECKING:
    from suwen.consult.nouns import AreaReport, Consultation

__all__ = ["area_view", "gap_facts", "silent"]

_READ = ("done", "nothing")  # an area that failed or is not installed has read nothing that counts


def area_view(report: AreaReport, number: int, consultation: Consultation, voice: Voice) -> AreaView:
    """Word what one area did."""
    return AreaView(
        anchor=f"area-{number}",
        title=voice.pick(report.title) or report.area,
        kind=report.status.value,
        status=voice.say(f"status_{report.status.value}"),
        reason=_reason(report, voice) if report.status.value != "done" else "",
        facts=tuple(_facts(report, consultation, voice)),
    )


def gap_facts(consultation: Consultation, voice: Voice) -> Iterator[Fact]:
    """What was not available: areas without an answer, data that no area read, data that could not be used."""
    answers = [_answer(report, voice) for report in silent(consultation)]
    yield Fact(voice.say("silent_areas"), tuple(answers) or (voice.say("all_areas_answered"),))
    yield Fact(voice.say("unread_types"), tuple(_unread(consultation, voice)))
    left = [report for report in consultation.areas if report.left_out]
    if left:
        lines = (_left_line(report, voice) for report in left)
        yield Fact(voice.say("left_out_areas"), tuple(lines))


def silent(consultation: Consultation) -> list[AreaReport]:
    """The areas that gave no answer."""
    return [report for report in consultation.areas if report.status.value != "done"]


def _reason(report: AreaReport, voice: Voice) -> str:
    return voice.pick(report.reason) or voice.say("no_reason")


def _answer(report: AreaReport, voice: Voice) -> str:
    title, status = voice.pick(report.title) or report.area, voice.say(f"status_{report.status.value}")
    return voice.say("silent_area", title=title, status=status, reason=_reason(report, voice))


def _left_line(report: AreaReport, voice: Voice) -> str:
    title = voice.pick(report.title) or report.area
    return voice.say("left_out_by", area=title, list=voice.listed(_left_out(report.left_out, voice)))


def _unread(consultation: Consultation, voice: Voice) -> Iterator[str]:
    read = {
        name for one in consultation.areas if one.status.value in _READ for name, count in one.used.items() if count
    }
    held = {name: count for name, count in consultation.available.items() if count}
    unread = {name: count for name, count in held.items() if name not in read}
    if unread:
        yield voice.listed(voice.counted(unread, {}))
    else:
        yield voice.say("all_types_read" if held else "empty_record")


def _facts(report: AreaReport, consultation: Consultation, voice: Voice) -> Iterator[Fact]:
    if report.status.value == "unavailable":
        return  # it did nothing; the reason says why
    made = sum(filed.area == report.area for filed in consultation.findings)
    used = voice.listed(voice.counted(report.used, consultation.available)) or voice.say("used_nothing")
    left = voice.listed(_left_out(report.left_out, voice)) or voice.say("left_out_nothing")
    run = voice.say("rerun_yes" if report.rerun else "rerun_no", when=voice.when(report.at))
    yield Fact(voice.say("findings_count"), (voice.say("findings_number", count=made),))
    yield Fact(voice.say("used"), (used,))
    yield Fact(voice.say("left_out"), (left,))
    yield from _named(voice.say("remarks"), report.remarked(voice.lang))
    yield from _named(voice.say("limits"), _limits(report.limits, voice))
    yield Fact(voice.say("area_sources"), report.sources or (voice.say("none_recorded"),))
    yield Fact(voice.say("area_version"), (report.version or voice.say("unknown"),))
    yield Fact(voice.say("area_inputs"), (report.inputs or voice.say("none"),))
    yield Fact(voice.say("area_run"), (run,))


def _named(label: str, texts: tuple[str, ...]) -> Iterator[Fact]:
    if texts:
        yield Fact(label, texts)


def _limits(limits: Mapping[str, tuple[str, ...]], voice: Voice) -> tuple[str, ...]:
    return limits.get(voice.lang) or limits.get("en") or ()


def _left_out(left_out: Mapping[str, int], voice: Voice) -> Iterator[str]:
    """Reasons with how many; the words for the reasons lie with those who leave things out."""
    from suwen.consult.projections import reason_in  # noqa: PLC0415  # the consult costs more than a report

    for reason, count in sorted(left_out.items()):
        yield voice.say("reason_count", reason=reason_in(reason, voice.lang), count=count)
