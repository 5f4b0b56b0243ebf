"""A note shown to a model piece by piece; what it proposes is grounded in that piece."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from suwen.errors import AccessError, FormatError, InputError, NetworkError
from suwen.language.model.grounding import Grounder, Part, ground
from suwen.language.model.nouns import Dropped, Failure, Grounded, TextModel
from suwen.language.model.prompt import MENTIONS_SCHEMA, ask_mentions, read_proposals
from suwen.language.nouns import Mention

__all__ = ["fresh_boundary", "propose"]

_LIMIT_TOKENS = 4000


def fresh_boundary() -> str:
    """A line that a note cannot hold, because nobody could know it when the note was written."""
    return f"=={secrets.token_hex(16)}=="


def propose(
    text: str,
    model: TextModel,
    grounder: Grounder,
    *,
    taken: Sequence[Mention] = (),
    lang: str | None = None,
    piece: int = 3000,
    boundary: Callable[[], str] = fresh_boundary,
) -> Grounded:
    """Ask a model for mentions that the rules (`taken`) did not read; the note is shown in pieces of whole sentences.

    `piece` is in characters. Each piece is a prompt of its own, and its proposals can only ground in it. A piece that
    failed is in `failed`; the others are kept. Where the model may not be asked (budget) the rest is not asked either.
    Raises InputError for another language or a piece shorter than 200 characters.
    """
    if lang not in (None, "en", "zh") or piece < 200:
        raise InputError(
            f"a note is shown in 'en' or 'zh', in pieces of at least 200 characters, not {lang!r}, {piece}"
        )
    whole = Part.whole(text, lang)
    found: list[Mention] = []
    dropped: Counter[Dropped] = Counter()
    failed: list[Failure] = []
    refused = ""
    for start, end in _pieces(whole, piece):
        part = replace(whole, start=start, end=end)
        try:
            if not refused:
                grounded = _ask(part, model, grounder, taken, boundary())
                found += grounded.mentions
                dropped.update(grounded.dropped)
                continue
            reason = refused
        except AccessError as error:
            reason = refused = str(error)
        except (NetworkError, FormatError) as error:
            reason = str(error)
        failed.append(Failure(*whole.normal.original(start, end), reason))
    return Grounded(tuple(found), dict(dropped), tuple(failed))


def _ask(part: Part, model: TextModel, grounder: Grounder, taken: Sequence[Mention], boundary: str) -> Grounded:
    messages = ask_mentions(part.normal.text[part.start : part.end], part.lang, boundary)
    answer = model.complete(messages, schema=MENTIONS_SCHEMA, limit_tokens=_LIMIT_TOKENS)
    return ground(part, read_proposals(answer.text), grounder, taken=taken, model=answer.model)


def _pieces(whole: Part, most: int) -> Iterator[tuple[int, int]]:
    """Stretches of whole sentences, at most `most` characters each; a longer sentence is cut."""
    text, start, end = whole.normal.text, 0, 0
    for _, stop in whole.sentences:
        if stop - start > most and end > start:
            yield start, end
            start = end
        while stop - start > most:
            yield start, start + most
            start += most
        end = stop
    if text[start:].strip():
        yield start, len(text)
