"""How a patient report speaks: its language, its clock, and the names of people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from suwen.errors import InputError
from suwen.report.strings import STRINGS, Language, phrase
from suwen.report.wording import plain

if TYPE_CHECKING:
    from suwen.consult.nouns import Review

__all__ = ["Voice", "cleaned", "moment_text"]

T = TypeVar("T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Voice:
    """Language and time of a report; `people` names accounts (id to name) where a review itself names nobody.

    All times are told in the zone of `created`. Raises InputError for an unknown language or a time without a zone.
    """

    lang: Language
    created: datetime
    people: Mapping[str, str]

    def __post_init__(self) -> None:
        phrase("report_title", self.lang)
        if self.created.tzinfo is None:
            raise InputError(
                "the time of a report needs a time zone; give one, such as datetime.now(UTC)",
                zh="报告时间须有时区；请给出，例如 datetime.now(UTC)",
            )

    def say(self, key: str, **given: object) -> str:
        """The words for a key."""
        return phrase(key, self.lang, **given)

    def pick(self, words: Mapping[str, str]) -> str:
        """A text that exists in several languages: in this one, else in English, else whatever there is."""
        return words.get(self.lang) or words.get("en") or next(iter(words.values()), "")

    def when(self, at: int) -> str:
        """A time in microseconds UTC, told in the report's zone."""
        return moment_text((_EPOCH + timedelta(microseconds=at)).astimezone(self.created.tzinfo))

    def person(self, review: Review) -> str:
        """Who gave a verdict: the name as it was then, else as it is now, else the account."""
        return review.name or self.people.get(review.by, "") or review.by

    def kind(self, name: str) -> str:
        """A type of data; one that has no words here keeps its name."""
        return self.say(f"type_{name}") if f"type_{name}" in STRINGS else name

    def listed(self, texts: Iterable[str]) -> str:
        """Texts in one line."""
        return self.say("list_semicolon").join(texts)

    def counted(self, counts: Mapping[str, int], totals: Mapping[str, int]) -> Iterator[str]:
        """Types of data with how many of them, and of how many where that is known."""
        for name, count in sorted(counts.items()):
            key = "count_of_all" if totals.get(name, 0) >= count else "count_of"
            yield self.say(key, name=self.kind(name), count=count, total=totals.get(name, 0))


def moment_text(moment: datetime) -> str:
    """A time to the minute, with its zone."""
    return f"{moment:%Y-%m-%d %H:%M %Z}".strip()


def cleaned(value: T) -> T:
    """Replace what could drive a terminal or turn the direction of writing in every text of a noun.

    Names of patients and people are untrusted: a right-to-left override in one could make a dose or a verdict read
    otherwise, and control characters are not allowed in PDF/A.
    """
    if isinstance(value, str):
        return plain(value)  # type: ignore[return-value]  # mypy does not narrow a type variable
    if isinstance(value, tuple):
        return tuple(cleaned(one) for one in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: cleaned(getattr(value, one.name)) for one in fields(value)})
    return value
