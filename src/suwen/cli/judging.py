"""`suwen finding`: a person confirms, amends or rejects what an area found; nothing that was said is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.choosing import own_patient
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import iso, moment, say, show_table
from suwen.cli.records.store_options import store_options
from suwen.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from suwen.consult import Actor, Filed, Records

__all__ = ["finding"]

_SHORTEST = 6  # digits of a record's id that are enough where they are its alone


@click.group(cls=SuwenGroup)
@store_options
@click.pass_context
def finding(context: click.Context, where: Where) -> None:
    """Judge findings: confirm, amend or reject them with a reason; list them with their history.

    PATIENT is the id of a patient, FINDING that of a finding (six digits are enough), as `suwen finding list` shows.
    """
    context.obj = where


@finding.command("list")
@click.argument("patient")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(where: Where, patient: str, as_json: bool) -> None:
    """List the findings filed with PATIENT, in the order of what matters."""
    from suwen.consult import read_consultation  # noqa: PLC0415

    with working(where) as (actor, records):
        found = read_consultation(actor, records, own_patient(actor, records, patient, None)).findings
    if as_json:
        for one in found:
            click.echo(json.dumps(_said(one), ensure_ascii=False))
        return
    header = ("finding", "area", "code", "name", "probability", "verdict", "stands")
    show_table(header, map(_row, found), empty="there is no finding; run: suwen consult PATIENT")


def _row(one: Filed) -> tuple[str, ...]:
    chance = one.finding.chance.value
    return (
        one.record,
        one.area or "by hand",
        one.finding.code.value,
        one.finding.code.label,
        "" if chance is None else f"{100 * chance:.1f} %",
        one.verdict.value if one.verdict else "not yet judged",
        "yes" if one.standing else "no longer",
    )


def _said(one: Filed) -> dict[str, Any]:
    from suwen.report import finding_json  # noqa: PLC0415

    return {
        "record": one.record,
        "version": one.version,
        "at": iso(one.at),
        "area": one.area,
        "claim": one.claim,
        "standing": one.standing,
        "urgency": one.urgency,
        "reviews": [
            {
                "verdict": review.verdict.value,
                "reason": review.reason,
                "by": review.name,
                "account": review.by,
                "at": iso(review.at),
                "version": review.version,
            }
            for review in one.reviews
        ],
        "finding": finding_json(one.finding),
    }


@finding.command()
@click.argument("patient")
@click.argument("record", metavar="FINDING")
@click.pass_obj
def history(where: Where, patient: str, record: str) -> None:
    """List every version of FINDING, oldest first, each as JSON on one line: what was said by whom, and when."""
    from suwen.consult import finding_history  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, None)
        versions = finding_history(actor, records, chosen, _one(actor, records, chosen, record).record)
    for one in versions:
        click.echo(json.dumps(_said(one), ensure_ascii=False))


_reason = click.option("--reason", required=True, help="Why, in at least 10 characters; it stays with the finding.")


@finding.command()
@click.argument("patient")
@click.argument("record", metavar="FINDING")
@_reason
@click.pass_obj
def confirm(where: Where, patient: str, record: str, reason: str) -> None:
    """Confirm FINDING: it is so."""
    from suwen.consult import confirm_finding  # noqa: PLC0415

    _judge(where, patient, record, reason, confirm_finding)


@finding.command()
@click.argument("patient")
@click.argument("record", metavar="FINDING")
@_reason
@click.pass_obj
def reject(where: Where, patient: str, record: str, reason: str) -> None:
    """Reject FINDING: it is not so. It stays in the record as rejected, and becomes a label for learning."""
    from suwen.consult import reject_finding  # noqa: PLC0415

    _judge(where, patient, record, reason, reject_finding)


@finding.command()
@click.argument("patient")
@click.argument("record", metavar="FINDING")
@click.option("--code", required=True, help="What it is instead, such as OMIM:154700.")
@click.option("--label", required=True, help="Its name.")
@_reason
@click.pass_obj
def amend(where: Where, patient: str, record: str, reason: str, code: str, label: str) -> None:
    """Put FINDING right: true in part, and something else than the area said. Its probability no longer holds."""
    from suwen.consult import amend_finding  # noqa: PLC0415
    from suwen.finding import Chance  # noqa: PLC0415
    from suwen.subject import Code  # noqa: PLC0415

    if not code.strip() or not label.strip():
        raise InputError("an amended finding needs a code and a name")

    def amended(actor: Actor, records: Records, chosen: str, filed: str, *, base: int, reason: str) -> Filed:
        right = replace(_one(actor, records, chosen, filed).finding, code=Code(code, label), chance=Chance(None))
        return amend_finding(actor, records, chosen, filed, base=base, reason=reason, finding=right)

    _judge(where, patient, record, reason, amended)


@finding.command()
@click.argument("patients", nargs=-1, required=True, metavar="PATIENT...")
@click.pass_obj
def labels(where: Where, patients: tuple[str, ...]) -> None:
    """Write what people said of the findings of these patients as labels, one JSON object a line."""
    from dataclasses import asdict  # noqa: PLC0415

    from suwen.consult import list_labels  # noqa: PLC0415

    with working(where) as (actor, records):
        found = list_labels(actor, records, [own_patient(actor, records, one, None) for one in patients])
    for one in found:
        click.echo(json.dumps(asdict(one), ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    return value.value


def _judge(where: Where, patient: str, record: str, reason: str, judged: Callable[..., Filed]) -> None:
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, None)
        found = _one(actor, records, chosen, record)
        now = judged(actor, records, chosen, found.record, base=found.version, reason=reason)
    verdict = now.verdict.value if now.verdict else ""
    say(f"{now.finding.code.label or now.finding.code.value}: {verdict} ({moment(now.at)})")


def _one(actor: Actor, records: Records, patient: str, record: str) -> Filed:
    """The finding whose id begins so. Raises NotFoundError, InputError where several do."""
    from suwen.consult import read_consultation  # noqa: PLC0415

    wanted = record.strip().lower()
    found = [one for one in read_consultation(actor, records, patient).findings if one.record.startswith(wanted)]
    if len(wanted) < _SHORTEST or not found:
        raise NotFoundError("the patient has no such finding; suwen finding list PATIENT shows them")
    if len(found) > 1:
        raise InputError("several findings begin with these digits; give more of them")
    return found[0]
