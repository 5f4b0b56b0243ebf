"""How the command line says that something went wrong: one message on standard error, exit status 2."""

from __future__ import annotations

import click

from suwen.errors import SuwenError

__all__ = ["SuwenGroup"]


class _Said(click.ClickException):
    """A failure of Suwen shown as its one message."""

    exit_code = 2


class SuwenGroup(click.Group):
    """Turns Suwen's errors into one message, for every command of the group."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a SuwenError ends with its message and exit status 2."""
        try:
            return super().invoke(ctx)
        except SuwenError as error:
            raise _Said(str(error)) from error
