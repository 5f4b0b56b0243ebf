"""A language model as a second reader of a note: off unless asked for, and only at an address that is allowed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import platformdirs

from suwen.cli.records.showing import say
from suwen.errors import AccessError, AuditError, InputError

if TYPE_CHECKING:
    from suwen.language.model import Prompted
    from suwen.language.reader import NoteReader, ReadNote

__all__ = ["model_options", "with_proposals"]

_ALLOWED = "SUWEN_MODEL_ALLOWED"
_CALLS, _TOKENS = 50, 200_000  # for one note


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which model proposes mentions beside the rules, and where it answers."""
    for option in (
        click.option(
            "--model-log",
            type=click.Path(path_type=Path, dir_okay=False),
            help="File that keeps what was asked, by digest [default: in your state directory].",
        ),
        click.option(
            "--model", "model_name", default="", metavar="NAME", help="The model that the server is asked for."
        ),
        click.option(
            "--model-server",
            default="",
            metavar="URL",
            help=f"OpenAI-compatible server, such as http://127.0.0.1:8000/v1; must stand in {_ALLOWED}.",
        ),
    ):
        command = option(command)
    return command


def with_proposals(note: ReadNote, reader: NoteReader, options: dict[str, Any]) -> ReadNote:
    """The note with what a model proposes and the text and the ontology bear out; the note itself without a server.

    Raises AccessError for an address that nobody allowed: then nothing is sent.
    """
    server, name = options["model_server"], options["model_name"]
    if not server:
        return note
    if not name:
        raise InputError("name the model that the server is asked for: --model NAME")
    from suwen.language.model import Budget, Grounder, OpenAIServer, propose  # noqa: PLC0415

    allowed = os.environ.get(_ALLOWED, "").split()
    if not allowed:
        raise AccessError(f"no address is allowed to see notes; the administrator sets {_ALLOWED}")
    key = os.environ.get("SUWEN_MODEL_KEY")
    model = OpenAIServer(
        server,
        name,
        allowed=allowed,
        budget=Budget(_CALLS, _TOKENS),
        audit=_log(options["model_log"]),
        key=(lambda: key) if key else None,
    )
    found = propose(note.text, model, Grounder.of(reader.ontology), taken=note.mentions)
    dropped = sum(found.dropped.values())
    added, failed = len(found.mentions), len(found.failed)
    say(f"{name}: {added} mentions added, {dropped} proposals dropped, {failed} parts unanswered")
    mentions = sorted((*note.mentions, *found.mentions), key=lambda one: (one.start, -one.end, one.code.value))
    return replace(note, mentions=tuple(mentions))


def _log(file: Path | None) -> Callable[[Prompted], None]:
    """What was asked, a line of JSON each: when, where, how much, by digest; never the text."""
    place = file or Path(platformdirs.user_state_dir("suwen")) / "model-prompts.jsonl"

    def note(asked: Prompted) -> None:
        said = {
            "at": asked.at.isoformat(timespec="milliseconds"),
            "prompt_sha256": asked.digest,
            "address": asked.address,
            "model": asked.model,
            "tokens": asked.tokens,
            "outcome": str(getattr(asked.outcome, "value", asked.outcome)),
            "attempt": asked.attempt,
        }
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as lines:
                lines.write(json.dumps(said) + "\n")
        except OSError as error:
            raise AuditError(f"cannot write {place}: {error.strerror}; so nothing was sent") from None

    return note
