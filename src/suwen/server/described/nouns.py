"""The nouns of the OpenAPI document: what is said of an operation beyond what its function shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from suwen.subject import Saying

__all__ = ["ERROR", "EXAMPLE_ID", "EXAMPLE_JOB", "EXAMPLE_PATIENT", "FHIR", "NOTHING", "Operation", "both"]

# Ids that stand in examples: of a made-up patient, of a resource in that chart, of a job.
EXAMPLE_PATIENT = "0123456789abcdef0123456789abcdef"
EXAMPLE_ID = f"{EXAMPLE_PATIENT}89abcdef0123456789abcdef01234567"
EXAMPLE_JOB = "fedcba9876543210fedcba9876543210"

FHIR = "application/fhir+json"
ERROR = "application/json"
NOTHING = ""  # an answer without a body


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of one operation.

    `ok`: the status when all is well, `more` others that are well too. `media`: what is then answered, of the schema
    `shape`. `refused`: every other status, answered as `failing` says. `examples`: of its parameters. `ways`: the
    schemes by which one may say who one is; none where nobody needs to. `more_parameters`: of the query string, which
    the function takes as they come, with what each is. `body`: media type of what is sent, where the function does not
    say; `form`: an example of a form.
    """

    id: str
    said: Saying
    ok: int = 200
    more: tuple[int, ...] = ()
    media: str = FHIR
    shape: str = "Resource"
    refused: tuple[int, ...] = ()
    failing: str = FHIR
    examples: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ways: tuple[str, ...] = ("session", "smart", "certificate")
    more_parameters: tuple[tuple[str, str], ...] = ()
    body: str = ""
    form: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def both(said: Saying) -> str:
    """Both languages in one: a document of an interface has no reader whose language is known."""
    return f"{said.en} · {said.zh}"
