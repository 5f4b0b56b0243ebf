"""`suwen cohort`: patients chosen for research, de-identified; what was trained on them, and who has withdrawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.choosing import own_patient, patient_argument
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import iso, moment, progress, say, show_table
from suwen.cli.records.store_options import store_options
from suwen.errors import DataError, InputError

if TYPE_CHECKING:
    from suwen.cohort import Cohort, Criteria, Left, Manifest, Trained, Withdrawal
    from suwen.knowledge import Knowledge

__all__ = ["cohort"]

_MOST = 2**20  # bytes of criteria or of a card
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_hpo_option = click.option(
    "--hpo", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with another HPO release."
)
_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_folder = click.Path(path_type=Path)


@click.group(cls=SuwenGroup)
@store_options
@click.pass_context
def cohort(context: click.Context, where: Where) -> None:
    """Choose patients for research from the sealed records, de-identified, and trace what was trained on them.

    COHORT is how the id of a cohort or the digest of its manifest begins (eight digits are enough).
    """
    context.obj = where


# What a committee approved


@cohort.command()
@click.argument("reference")
@click.option("--who", multiple=True, required=True, metavar="LOGIN", help="An account that may; repeatable.")
@click.option("--days", required=True, type=int, help="For how many days from now.")
@click.option("--criteria", type=_file, help="Only by these criteria [default: by any].")
@click.option("--training", is_flag=True, help="Models may be trained.")
@click.option("--texts", is_flag=True, help="Notes may be taken along, scrubbed by rules.")
@click.option("--consent", is_flag=True, help="Only patients whose record holds a consent to research.")
@click.pass_obj
def approve(where: Where, /, reference: str, who: tuple[str, ...], criteria: Path | None, **rest: Any) -> None:
    """Enter what an ethics committee approved under its REFERENCE; an administrator may."""
    from suwen.cohort import approve_research  # noqa: PLC0415

    digest = _criteria(criteria).digest if criteria is not None else ""
    with working(where) as (actor, records):
        made = approve_research(actor, records, reference, who=who, criteria=digest, **rest)
    say(f"Approved until {moment(made.until)}: {reference}")


@cohort.command()
@click.argument("reference")
@click.pass_obj
def revoke(where: Where, reference: str) -> None:
    """End the approvals of REFERENCE at once; an administrator may."""
    from suwen.cohort import revoke_approval  # noqa: PLC0415

    with working(where) as (actor, records):
        say(f"{revoke_approval(actor, records, reference)} approvals ended")


@cohort.command()
@click.pass_obj
def approvals(where: Where) -> None:
    """List approvals, also those that are over; an administrator may."""
    from suwen.cohort import list_approvals  # noqa: PLC0415

    with working(where) as (actor, records):
        found = list_approvals(actor, records)
        now = records.store.now()
    names = ("training", "texts", "consent")
    rows = [
        (
            one.reference,
            one.id,
            str(len(one.who)),
            ", ".join(name for name in names if getattr(one, name)),
            one.criteria[:12],
            moment(one.until),
            "yes" if one.active(now) else "over",
        )
        for one in found
    ]
    header = ("reference", "id", "accounts", "with", "criteria", "until", "active")
    show_table(header, rows, empty="nothing was approved yet; suwen cohort approve")


# Selecting and taking out


@cohort.command()
@click.argument("criteria", type=_file)
@click.option(
    "--purpose",
    type=click.Choice(["research", "training"]),
    default="research",
    show_default=True,
    help="Training lets models be trained; the data stay in the house.",
)
@click.option("--approval", default="", help="Reference or id of the approval [default: the newest that fits].")
@click.option("--out", type=_folder, help="Also take it out, into a new folder: table, texts, manifest.")
@_hpo_option
@_json_option
@click.pass_obj
def select(
    where: Where, criteria: Path, purpose: str, approval: str, out: Path | None, hpo: Path | None, as_json: bool
) -> None:
    """Select the patients who fit CRITERIA (JSON or YAML) now; researchers and data scientists with an approval may.

    Nothing that names a patient goes out, and counts under 5 are shown as <5.
    """
    from suwen.cohort import Use, select_cohort, write_cohort  # noqa: PLC0415

    wanted = _criteria(criteria)
    _refuse_taken(out)
    knowledge = _knowledge(wanted, hpo)
    with working(where) as (actor, records), progress("patients") as told:
        found = select_cohort(
            actor,
            records,
            wanted,
            Use(purpose),
            approval=approval,
            export=out is not None,
            knowledge=knowledge,
            progress=told,
        )
    if out is not None:
        write_cohort(found, out)
    _show_selected(found, out, as_json=as_json)


@cohort.command()
@click.argument("cohort_", metavar="COHORT")
@click.option("--out", required=True, type=_folder, help="A new folder for table, texts and manifest.")
@_hpo_option
@click.pass_obj
def export(where: Where, cohort_: str, out: Path, hpo: Path | None) -> None:
    """Take COHORT out once more, as it was selected; researchers may.

    Refused where somebody in it has withdrawn since.
    """
    from suwen.cohort import open_cohort, parse_criteria, show_cohort, write_cohort  # noqa: PLC0415

    _refuse_taken(out)
    with working(where) as (actor, records), progress("patients") as told:
        manifest, _, _ = show_cohort(actor, records, cohort_)
        knowledge = _knowledge(parse_criteria(manifest.criteria), hpo)
        found = open_cohort(actor, records, cohort_, export=True, knowledge=knowledge, progress=told)
    write_cohort(found, out)
    _show_selected(found, out, as_json=False)


def _show_selected(found: Cohort, out: Path | None, *, as_json: bool) -> None:
    from suwen.cohort import WARNING  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps({**_brief(found.id, found.manifest), "left_out": _left(found.left)}))
    else:
        rows = [(name, str(one)) for name, one in _brief(found.id, found.manifest).items()]
        rows += [(f"left out: {name}", one) for name, one in _left(found.left).items()]
        show_table(("cohort", ""), rows, empty="")
    if out is not None:
        say(f"Written to {out.resolve()}")
    if found.texts:
        say(WARNING)


def _left(left: Left | None) -> dict[str, str]:
    if left is None:
        return {}
    return {"withdrew or did not consent": left.denied, "do not fit": left.unfit, "for k-anonymity": left.suppressed}


def _brief(id_: str, manifest: Manifest) -> dict[str, Any]:
    return {
        "id": id_,
        "manifest": manifest.digest,
        "patients": manifest.number,
        "purpose": manifest.use.value,
        "selected": iso(manifest.at),
        "columns": ", ".join(manifest.columns),
        "k": manifest.anonymity["k"],
    }


# Looking


@cohort.command("list")
@_json_option
@click.pass_obj
def list_(where: Where, as_json: bool) -> None:
    """List the cohorts selected under your approvals."""
    from suwen.cohort import list_cohorts  # noqa: PLC0415

    with working(where) as (actor, records):
        found = [_brief(id_, manifest) for id_, manifest in list_cohorts(actor, records)]
    if as_json:
        for one in found:
            click.echo(json.dumps(one))
        return
    header = ("id", "manifest", "patients", "purpose", "selected")
    show_table(header, ([str(one[name]) for name in header] for one in found), empty="there is no cohort yet")


@cohort.command()
@click.argument("cohort_", metavar="COHORT")
@_json_option
@click.pass_obj
def show(where: Where, cohort_: str, as_json: bool) -> None:
    """Show the manifest of COHORT and the models that saw it."""
    from suwen.cohort import show_cohort, write_manifest  # noqa: PLC0415

    with working(where) as (actor, records):
        manifest, models, willing = show_cohort(actor, records, cohort_)
    if as_json:
        said = {"manifest": json.loads(write_manifest(manifest)), "models": [_model(one) for one in models]}
        click.echo(json.dumps({**said, "willing": willing}, ensure_ascii=False))
        return
    rows = [(name, str(one)) for name, one in _brief("", manifest).items() if name != "id"]
    rows += [("model", f"{one.name} {one.version} ({one.where})") for one in models]
    rows.append(("everybody still willing", "yes" if willing else "no: select again"))
    show_table(("cohort", ""), rows, empty="")


# Models and those who withdraw


@cohort.command()
@click.argument("card", type=_file)
@click.option("--manifest", default="", help="Digest of the manifest [default: the one the card names].")
@click.option("--where", "place", default="here", show_default=True, help="Where it was trained.")
@click.pass_obj
def register(where: Where, card: Path, manifest: str, place: str) -> None:
    """Note that the model of CARD (its card.json) was trained on a cohort."""
    from suwen.cohort import register_model  # noqa: PLC0415
    from suwen.learn.card import Card  # noqa: PLC0415

    read = Card.from_json(_bytes(card))
    with working(where) as (actor, records):
        made = register_model(actor, records, read, manifest, where=place)
    say(f"Registered: {made.name} {made.version} saw the cohort {made.manifest[:12]}")


@cohort.command()
@patient_argument
@_json_option
@click.pass_obj
def models(where: Where, patient: str, identifier: str | None, as_json: bool) -> None:
    """List the models that saw PATIENT, one of your own."""
    from suwen.cohort import models_of  # noqa: PLC0415

    with working(where) as (actor, records):
        found = models_of(actor, records, own_patient(actor, records, patient, identifier))
    _show_touched(found, as_json=as_json)


@cohort.command()
@patient_argument
@_json_option
@click.pass_obj
def withdraw(where: Where, patient: str, identifier: str | None, as_json: bool) -> None:
    """Note that PATIENT withdraws from research, and list the models that saw them.

    No selection takes them from now on, and no cohort with them opens. Physicians and nurses may, of their own.
    """
    from suwen.cohort import withdraw as withdrawn  # noqa: PLC0415

    with working(where) as (actor, records):
        found = withdrawn(actor, records, own_patient(actor, records, patient, identifier))
    say(f"Withdrawn since {moment(found.since)}; in {len(found.cohorts)} cohorts")
    _show_touched(found, as_json=as_json)


@cohort.command()
@patient_argument
@click.pass_obj
def consent(where: Where, patient: str, identifier: str | None) -> None:
    """Note that PATIENT, who had withdrawn, consents to research again."""
    from suwen.cohort import renew_consent  # noqa: PLC0415

    with working(where) as (actor, records):
        renew_consent(actor, records, own_patient(actor, records, patient, identifier))
    say("Consented again")


@cohort.command()
@click.argument("cohort_", metavar="COHORT")
@click.argument("pseudonym")
@click.pass_obj
def reidentify(where: Where, cohort_: str, pseudonym: str) -> None:
    """Print the id of the patient behind PSEUDONYM, for whoever treats that very patient; it is audited."""
    from suwen.cohort import reidentify as reidentified  # noqa: PLC0415

    with working(where) as (actor, records):
        click.echo(reidentified(actor, records, cohort_, pseudonym))


def _show_touched(found: Withdrawal, *, as_json: bool) -> None:
    if as_json:
        said = {"withdrawn": iso(found.since) if found.since else None, "cohorts": list(found.cohorts)}
        click.echo(json.dumps({**said, "models": [_model(one) for one in found.models]}, ensure_ascii=False))
        return
    header = ("model", "version", "weights", "cohort", "where", "registered")
    rows = (
        (one.name, one.version, one.weights[:12], one.manifest[:12], one.where, moment(one.at)) for one in found.models
    )
    show_table(header, rows, empty=f"no model is known to have seen them; they are in {len(found.cohorts)} cohorts")


def _model(one: Trained) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.version,
        "weights": one.weights,
        "cohort": one.cohort,
        "manifest": one.manifest,
        "where": one.where,
        "registered": iso(one.at),
    }


# Files


def _criteria(file: Path) -> Criteria:
    from suwen.cohort import read_criteria  # noqa: PLC0415

    return read_criteria(_bytes(file))


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > _MOST:
            raise InputError(f"{file.name} is larger than {_MOST >> 20} MiB; that is not what this command reads")
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from None


def _refuse_taken(out: Path | None) -> None:
    """Refuse a folder that is there or cannot be, before any patient is opened. Raises InputError."""
    if out is not None and (out.exists() or not out.absolute().parent.is_dir()):
        raise InputError(f"{out} is there already or has no folder to lie in; name a new one")


def _knowledge(criteria: Criteria, hpo: Path | None) -> Knowledge | None:
    from suwen.knowledge import load_knowledge  # noqa: PLC0415

    return load_knowledge(hpo, notify=say) if criteria.needs_knowledge else None
