"""`suwen records review`: what the security officer says of each use of break-glass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import moment, show_table
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.govern import Actor, Records

__all__ = ["review"]


@click.command()
@click.argument("use", required=False)
@click.option("--justified/--not-justified", default=None, help="The verdict; not justified ends the access at once.")
@click.option("--remark", default="", help="Why, for the file.")
@click.option("--all", "every", is_flag=True, help="List also the uses that were reviewed.")
@click.pass_obj
def review(where: Where, use: str | None, justified: bool | None, remark: str, every: bool) -> None:
    """List uses of break-glass that wait for a review, or judge one (security officer)."""
    from suwen.govern import review_break_glass  # noqa: PLC0415

    if use is not None and justified is None:
        raise InputError("say what you find: --justified or --not-justified")
    if use is None and justified is not None:
        raise InputError("name the use that is judged; `suwen records review` lists them")
    with working(where) as (actor, records):
        if use is None or justified is None:
            _list(actor, records, every=every)
            return
        judged = review_break_glass(actor, records, use.strip().lower(), justified=justified, remark=remark)
    click.echo(f"{judged.id}: {judged.verdict}")


def _list(actor: Actor, records: Records, *, every: bool) -> None:
    from suwen.govern import list_break_glass, names_of  # noqa: PLC0415

    names = names_of(actor, records)
    found = list_break_glass(actor, records, unreviewed=not every)
    header = ("use", "who", "patient", "since", "until", "reason", "verdict", "remark")
    rows = [
        (
            one.id,
            names.get(one.who, one.who),
            one.patient,
            moment(one.since),
            moment(one.until),
            one.reason,
            one.verdict,
            one.remark,
        )
        for one in found
    ]
    show_table(header, rows, empty="no use of break-glass" if every else "no use of break-glass waits for a review")
