"""`suwen demo`: a sealed store with a made-up ward, consulted, and the report of its first patient."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.consulting import refuse_unknown_report, write_report
from suwen.cli.engine import engine_options, open_engine
from suwen.cli.records.opening import Session, Where, session_file
from suwen.cli.records.showing import say, show_table, write_whole
from suwen.errors import InputError, StoreError

if TYPE_CHECKING:
    from suwen.consult import Area, Consultation
    from suwen.govern import Actor, Records

__all__ = ["Ward", "admit", "demo", "demonstration"]

_SECRETS = "secrets.json"  # of the demonstration: they lie beside the store, where real ones never may
_PASSPHRASE = "passphrase.txt"  # noqa: S105 (the name of a file)
_OFFICERS = ("administrator", "security", "auditor")
_PHYSICIAN = "physician"
# Who else works in the demonstration: login, role, name. The second physician treats nobody: for emergency access.
_PEOPLE = (
    (_PHYSICIAN, "physician", "Demonstration Physician 演示医师"),
    ("night-physician", "physician", "Night Physician 夜班医师"),
    ("radiologist", "imaging specialist", "Demonstration Radiologist 演示影像医师"),
    ("nurse", "nurse", "Demonstration Nurse 演示护士"),
    ("researcher", "researcher", "Demonstration Researcher 演示研究员"),
    ("data-scientist", "data scientist", "Demonstration Data Scientist 演示数据科学家"),
)


@dataclass(frozen=True, slots=True)
class Ward:
    """Where the demonstration lies, and the secrets that lie beside it."""

    folder: Path
    passphrase: str = field(repr=False)
    passwords: dict[str, str] = field(repr=False)

    @property
    def store(self) -> Path:
        """The folder of the sealed store."""
        return self.folder / "store"


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where the demonstration lies; made where it is not there, else used again.",
)
@click.option(
    "--out",
    "outs",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Report on the first patient: .html, .pdf or .json; repeatable.",
)
@engine_options
def demo(folder: Path, outs: tuple[Path, ...], **options: Any) -> None:
    """Make a sealed store with a small made-up ward, consult on its patients, show what was found.

    Its secrets lie beside the store, so nothing real may ever be put into it.
    """
    from suwen.language.reader import NoteReader  # noqa: PLC0415

    refuse_unknown_report(outs)
    lang = options["lang"]
    ward = demonstration(folder)
    with _open(ward) as (actor, records):
        patients = admit(actor, records)
        engine = open_engine((options["hpo"], options["library"], options["no_library"]), say)
        reader = NoteReader(engine.knowledge)
        found = [_consulted(actor, records, one, engine, reader) for one in patients]
    _show(found, lang)
    for out in outs:
        write_report(found[0], out, lang)
    _say_how_to_go_on(ward, patients[0], lang)


def demonstration(folder: Path) -> Ward:
    """The demonstration in a folder. Raises InputError for a folder that holds something else."""
    place = folder.absolute()
    file = place / _SECRETS
    if file.exists():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(file.read_text("utf-8"))
            return Ward(place, said["passphrase"], {**said["passwords"]})
        raise InputError(f"{file} is damaged; remove the folder {folder}, or name another with --folder")
    if place.exists() and any(place.iterdir()):
        raise InputError(f"{folder} holds something else; name another folder with --folder")
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    ward = Ward(place, _secret(), {login: _secret() for login in (*_OFFICERS, *(one[0] for one in _PEOPLE))})
    say("Making a sealed store for the demonstration ...")
    _build(ward)
    write_whole(place / _PASSPHRASE, [ward.passphrase + "\n"])
    said = {"passphrase": ward.passphrase, "passwords": ward.passwords}
    write_whole(file, [json.dumps(said, indent=1) + "\n"])  # last: with it the demonstration counts as made
    return ward


def _secret() -> str:
    return f"made-up {secrets.token_hex(8)}"


def _build(ward: Ward) -> None:
    """A store, its three officers, and who works there; nobody keeps a first password."""
    from suwen.govern import Opening, Place, Role, change_password, create_records, open_account  # noqa: PLC0415

    records, first = create_records(ward.store, Place(), Opening(lambda _: ward.passphrase), logins=_OFFICERS)
    with records.store:
        actors = [change_password(records, one.login, one.password, ward.passwords[one.login]) for one in first]
        for login, role, name in _PEOPLE:
            _, password = open_account(actors[0], records, login, name, roles=[Role(role)])
            change_password(records, login, password, ward.passwords[login])


@contextlib.contextmanager
def _open(ward: Ward) -> Iterator[tuple[Actor, Records]]:
    from suwen.govern import Opening, log_in, open_records  # noqa: PLC0415

    if not ward.store.exists():
        raise StoreError(f"the store of the demonstration is gone; remove the folder {ward.folder}")
    with open_records(ward.store, Opening(lambda _: ward.passphrase)) as records:
        actor = log_in(records, _PHYSICIAN, ward.passwords[_PHYSICIAN])
        Session(session_file(Where(ward.store), actor.id), _PHYSICIAN, actor.id, actor.token).keep()
        yield actor, records


def admit(actor: Actor, records: Records) -> list[str]:
    """Import the ward; who is there already is left as they are. The patients in the order of their files."""
    from suwen.consult import import_fhir  # noqa: PLC0415
    from suwen.formats.fhir import read_document  # noqa: PLC0415

    files = sorted(
        (one for one in resources.files("suwen.cli").joinpath("ward").iterdir() if one.name.endswith(".json")),
        key=lambda one: one.name,
    )
    return [import_fhir(actor, records, read_document(one.read_bytes())).patients[0] for one in files]


def _consulted(actor: Actor, records: Records, patient: str, engine: Any, reader: Any) -> Consultation:
    from suwen.consult import consult, default_areas  # noqa: PLC0415

    areas: tuple[Area, ...] = default_areas(engine, setting="rare", reader=reader)
    return consult(actor, records, patient, areas=areas)


def _show(found: list[Consultation], lang: str) -> None:
    heads = {
        "en": ("patient", "record", "what matters most", "probability", "findings"),
        "zh": ("患者", "病历", "首要发现", "概率", "发现数"),
    }
    rows = [
        (
            ", ".join(one.demographics.names),
            str(sum(one.available.values())),
            *(_first(one, lang)),
            str(len(one.findings)),
        )
        for one in found
    ]
    show_table(heads[lang], rows, empty="")


def _first(one: Consultation, lang: str) -> tuple[str, str]:
    if not one.findings:
        return ("", "")
    first = one.findings[0].worded(lang)
    chance = first.chance.value
    return (first.code.label or first.code.value, "" if chance is None else f"{100 * chance:.1f} %")


def _say_how_to_go_on(ward: Ward, patient: str, lang: str) -> None:
    options = f"--store {ward.store} --passphrase-file {ward.folder / _PASSPHRASE}"
    say("接下来可以试试：" if lang == "zh" else "Go on with:")
    say(f"  suwen records {options} show {patient}")
    say(f"  suwen finding {options} list {patient}")
    say(f"  suwen report {options} {patient} --lang {lang}")
