"""What is said of images on the page, in the terminal and in data alike."""

from __future__ import annotations

from suwen.errors import InputError, Problem
from suwen.finding import Maker
from suwen.formats.images.notices import notice_in, notice_text
from suwen.imaging.reading import ImageReading
from suwen.report.image_details import detail_text
from suwen.report.image_strings import IMAGE_STRINGS
from suwen.report.strings import LANGUAGES, Language, phrase

__all__ = ["made_by", "problem", "say", "score_name", "sign_rows", "unread"]


def say(key: str, lang: Language, **fields: object) -> str:
    """A phrase of the page about images, or of the report at large. InputError for a language it does not speak."""
    if lang not in LANGUAGES:
        raise InputError(
            f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}",
            zh=f"报告语言为 {'、'.join(LANGUAGES)}，而非 {lang!r}",
        )
    if key not in IMAGE_STRINGS:
        return phrase(key, lang, **fields)
    return IMAGE_STRINGS[key][lang].format(**fields)


def problem(one: Problem, lang: Language) -> str:
    """A remark made while reading, as one line."""
    return notice_text(notice_in(one, lang), lang)


def unread(read: ImageReading, lang: Language) -> str:
    """Why nothing was read in an image; empty where something was."""
    return say(f"image_unread_{read.unread}", lang, detail=detail_text(read.detail, lang)) if read.unread else ""


def score_name(name: str, lang: Language) -> str:
    """What a learned score of the chest is called."""
    from suwen.imaging.chest.opinion_words import SCORES  # noqa: PLC0415

    return SCORES[name].said(lang)


def made_by(read: ImageReading) -> list[Maker]:
    """Everything and everybody that had a part in a reading, once."""
    found: list[Maker] = []
    if read.chest is not None:
        found += [read.chest.anatomy.by, *(one.by for one in read.chest.scores), read.chest.maker]
    found += [read.drawn.by] if read.drawn is not None else []
    return list(dict.fromkeys(found))


def sign_rows(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    """The signs of a chest radiograph: name, state, whether present, and the criterion with what was measured."""
    from suwen.imaging.chest.sign_words import said  # noqa: PLC0415

    if read.chest is None:
        return []
    return [
        {
            "name": said(f"name {one.name}").said(lang),
            "state": say(f"image_state_{one.state.name.lower()}", lang),
            "present": one.state.value,
            "basis": one.basis.said(lang),
        }
        for one in read.chest.signs
    ]
