"""The nouns of asking a language model: messages, answers, the record of each prompt, and what was kept of a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from suwen.language.nouns import Mention

__all__ = [
    "Answer",
    "Audit",
    "Dropped",
    "Failure",
    "Grounded",
    "Json",
    "Message",
    "Outcome",
    "Prompted",
    "Proposal",
    "Summary",
    "TextModel",
]

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt: `role` is "system", "user" or "assistant"; its text may be a patient's."""

    role: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, the model as it was configured, and the tokens read and written (estimated where unsaid)."""

    text: str = field(repr=False)
    model: str
    tokens_in: int
    tokens_out: int


class TextModel(Protocol):
    """Anything that continues a conversation: a server, local weights, or a fake in a test."""

    def complete(self, messages: Sequence[Message], *, schema: Json | None, limit_tokens: int) -> Answer:
        """Answer in at most `limit_tokens` tokens, as JSON of `schema` where the model can be held to one.

        Raises AccessError where nothing may be asked (address, budget), NetworkError where nobody answered in time,
        FormatError where the answer is not one.
        """


class Outcome(Enum):
    """What became of one attempt to ask."""

    SENDING = "sending"
    ANSWERED = "answered"
    REFUSED = "refused"  # the server said so: a status of 3xx, 4xx or 5xx
    UNREACHABLE = "unreachable"
    TOO_LATE = "too late"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Prompted:
    """One attempt to ask, recorded before it is sent and again after it ended; it never holds text.

    `digest` is the SHA-256 of the messages, in hexadecimal. The random boundary within a prompt keeps short notes from
    being guessed by their digest. `tokens` are those reserved before, those used after. `status` is that of HTTP, or 0.
    """

    digest: str
    address: str
    model: str
    tokens: int
    at: datetime
    outcome: Outcome
    attempt: int = 1
    status: int = 0


Audit = Callable[[Prompted], None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model claims of a text: words of it, a few characters that stand before them, a concept, a status."""

    quote: str = field(repr=False)
    before: str = field(repr=False)
    concept: str = field(repr=False)
    status: str


class Dropped(Enum):
    """Why a proposed mention was not kept."""

    NOT_QUOTED = "the quote does not stand in the text"
    AMBIGUOUS = "the quote stands at several places, and what stands before does not tell them apart"
    TOO_LONG = "the quote is longer than the name of a finding can be"
    UNKNOWN = "the concept is not a phenotype of the ontology"
    UNRELATED = "no words of the quote say the concept"
    TAKEN = "the rules have read these words already"
    REPEATED = "proposed more than once for these words"
    INSTRUCTION = "the sentence speaks to the model, not of the patient"


@dataclass(frozen=True, slots=True)
class Failure:
    """A stretch of the text, in characters as it was given, that no model read, and why (without its words)."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Grounded:
    """Mentions that stand in the text and in the ontology, counts of those that do not, and stretches not read."""

    mentions: tuple[Mention, ...] = field(repr=False)
    dropped: Mapping[Dropped, int]
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of which each sentence cites mentions by number, [1] the first; and the sentences that were cut."""

    text: str = field(repr=False)
    unsupported: tuple[str, ...] = field(repr=False)
