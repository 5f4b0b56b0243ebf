"""How the command line says that something went wrong: one message on standard error, exit status 2."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import click

from suwen.errors import SuwenError

__all__ = ["SuwenGroup"]


class _Said(click.ClickException):
    """A failure of Suwen shown as its one message."""

    exit_code = 2


class SuwenGroup(click.Group):
    """Turns Suwen's errors into one message, for every command of the group."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a SuwenError ends with its message, in the language of --lang, and exit status 2."""
        given = tuple(ctx.args)  # they are gone once the command runs
        try:
            return super().invoke(ctx)
        except SuwenError as error:
            raise _Said(error.said(_language(given))) from error


def _language(given: Sequence[str]) -> str:
    """What --lang says; where a command failed before its options were read, that is known from the words alone."""
    return "zh" if "--lang=zh" in given or ("--lang", "zh") in pairwise(given) else "en"
