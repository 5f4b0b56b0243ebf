"""`suwen records device`: the hospital's own authority, and the devices it or another one has certified."""

from __future__ import annotations

from pathlib import Path

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import moment, say, show_table, write_whole
from suwen.errors import InputError

__all__ = ["ACTS", "device"]

ACTS = ("view", "diagnose", "annotate", "register")  # what policies may permit to a device; tests hold this to them
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the certificate here.")
_NAME = click.option("--name", required=True, help="Name of the device in the register and in the audit log.")
_ACT = click.option(
    "--act", "acts", multiple=True, required=True, type=click.Choice(ACTS), help="What it may do; repeatable."
)


@click.group(cls=SuwenGroup)
def device() -> None:
    """Certify, register and list devices (administrator), and shut them out (security officer)."""


@device.command()
@click.argument("name")
@_OUT
@click.pass_obj
def authority(where: Where, name: str, out: Path | None) -> None:
    """Make the hospital's own authority, called NAME; prints its certificate (PEM)."""
    from suwen.govern import begin_authority  # noqa: PLC0415

    with working(where) as (actor, records):
        _give(begin_authority(actor, records, name), out)


@device.command()
@click.argument("certificate", type=_FILE)
@click.pass_obj
def trust(where: Where, certificate: Path) -> None:
    """Trust another authority's CERTIFICATE (PEM), a vendor's or the state's, to certify devices."""
    from suwen.govern import trust_authority  # noqa: PLC0415

    with working(where) as (actor, records):
        trust_authority(actor, records, _text(certificate))
    click.echo("trusted")


@device.command()
@click.argument("request", type=_FILE)
@_NAME
@_ACT
@click.option(
    "--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long the certificate lasts."
)
@_OUT
@click.pass_obj
def certify(where: Where, request: Path, name: str, acts: tuple[str, ...], days: int, out: Path | None) -> None:
    """Certify the REQUEST (PEM, made on the device) and register the device; prints its certificate (PEM)."""
    from suwen.govern import Act, certify_device  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = [Act(one) for one in acts]
        _give(certify_device(actor, records, _text(request), name=name, acts=chosen, days=days), out)


@device.command()
@click.argument("certificate", type=_FILE)
@_NAME
@_ACT
@click.pass_obj
def register(where: Where, certificate: Path, name: str, acts: tuple[str, ...]) -> None:
    """Register a device by the CERTIFICATE (PEM) that a trusted authority gave it."""
    from suwen.govern import Act, register_device  # noqa: PLC0415

    with working(where) as (actor, records):
        made = register_device(actor, records, _text(certificate), name=name, acts=[Act(one) for one in acts])
    click.echo(f"{name}: registered until {moment(int(made.valid_until * 1_000_000))}")


@device.command()
@click.argument("name")
@click.pass_obj
def revoke(where: Where, name: str) -> None:
    """Shut the device NAME out, at once (security officer)."""
    from suwen.govern import revoke_device  # noqa: PLC0415

    with working(where) as (actor, records):
        revoke_device(actor, records, name)
    click.echo(f"{name}: shut out")


@device.command("list")
@click.pass_obj
def list_(where: Where) -> None:
    """Show every device, also those shut out: name, acts, state, until when, fingerprint."""
    from suwen.govern import list_devices  # noqa: PLC0415

    with working(where) as (actor, records):
        found = list_devices(actor, records)
        now = records.store.clock()
    rows = [
        (
            one.name,
            ", ".join(sorted(one.acts)),
            "shut out" if one.revoked else "registered" if now < one.valid_until else "expired",
            moment(int(one.valid_until * 1_000_000)),
            one.fingerprint,
        )
        for one in found
    ]
    show_table(("name", "acts", "state", "until", "SHA-256 of the certificate"), rows, empty="there is no device")


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} is not a PEM file") from None


def _give(certificate: str, out: Path | None) -> None:
    if out is None:
        click.echo(certificate, nl=False)
        return
    write_whole(out, [certificate])
    say(f"certificate written to {out}")
