"""The card of a model for its reader: as a page, in the terminal, and as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from suwen.learn.card import Card
from suwen.report.card_view import CardView, Row, card_view, told
from suwen.report.html import environment
from suwen.report.strings import Language
from suwen.report.wording import plain

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["card_html", "card_json", "print_card", "print_figures"]


def card_html(card: Card, vouched: tuple[str, str], *, lang: Language = "en", created: datetime) -> str:
    """Return the card as one self-contained HTML document; all of it is escaped. Raises InputError (language)."""
    when = f"{created:%Y-%m-%d %H:%M %Z}".strip()
    view = card_view(card, lang, vouched)
    return environment().get_template("card.html").render(say=partial(told, lang=lang), view=view, when=when)


def card_json(card: Card, vouched: tuple[str, str]) -> dict[str, Any]:
    """Return the card as it is written, with who vouches for it under `vouched`."""
    values: dict[str, Any] = json.loads(card.to_json())
    return {**values, "vouched": {"how": vouched[0], "who": vouched[1]}}


def print_card(card: Card, vouched: tuple[str, str], console: Console, lang: Language = "en") -> None:
    """Print the card: purpose and limits first, as nobody should see a figure without them."""
    from rich.text import Text  # noqa: PLC0415

    view = card_view(card, lang, vouched)
    console.print(Text(plain(view.title), "bold"))
    console.print(Text(plain(view.purpose)))
    console.print()
    _listed(told("training_limits", lang), view.limits, console)
    print_figures(view, console, lang)
    _facts(told("training_identity", lang), view.identity, console)
    heads = [told(f"training_{key}", lang) for key in ("part", "source", "licence", "n", "digest")]
    _table(told("training_data", lang), heads, view.data, console)
    _facts(told("training_made", lang), view.made, console)
    _facts(told("training_settings_plan", lang), view.plan, console)
    _facts(told("training_checks", lang), view.checks, console)
    _listed(told("training_notices", lang), view.notices, console)
    console.print(Text(told("training_caution", lang), "bold"))


def print_figures(view: CardView, console: Console, lang: Language) -> None:
    """Print the figures with their intervals, and how honest they are."""
    from rich.text import Text  # noqa: PLC0415

    heads = [told(f"training_{key}", lang) for key in ("figure", "value", "interval", "n", "part")]
    rows = [(one.name, one.value, one.interval, str(one.n), one.part) for one in view.figures]
    _table(told("training_figures", lang), heads, rows, console)
    if rows:
        console.print(Text(view.honest, "italic"))
        console.print()


def _facts(title: str, rows: Sequence[Row], console: Console) -> None:
    _table(title, (), [(row.label, row.value) for row in rows], console)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], console: Console) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    found = [[Text(plain(cell)) for cell in row] for row in rows]
    if not found:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=bool(heads))
    for at in range(len(found[0])):
        table.add_column(heads[at] if heads else "", overflow="fold")
    for row in found:
        table.add_row(*row)
    console.print(Text(title, "bold"))
    console.print(table)
    console.print()


def _listed(title: str, lines: Sequence[str], console: Console) -> None:
    from rich.text import Text  # noqa: PLC0415

    if lines:
        console.print(Text(title, "bold"))
        for line in lines:
            console.print(Text(f"- {plain(line)}"))
        console.print()
