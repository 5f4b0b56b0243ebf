"""The nouns of FHIR documents: a resource as a tree, and where it stands in a bundle or file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Entry", "Json"]

Json = dict[str, Any]  # an object of JSON; numbers with a decimal point are decimal.Decimal, so that 1.50 stays 1.50


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource of a document: `full_url` as its bundle gives it ("" for none), `where` it stands in the document.

    `where` is a path (`entry[3].resource`) or, in a file of one resource a line, `line 12`.
    """

    resource: Json = field(repr=False)
    full_url: str = ""
    where: str = ""

    @property
    def kind(self) -> str:
        """Type of the resource, such as `Observation`; "" where it does not say."""
        kind = self.resource.get("resourceType")
        return kind if isinstance(kind, str) else ""

    @property
    def id(self) -> str:
        """Logical id of the resource; "" where it has none."""
        id_ = self.resource.get("id")
        return id_ if isinstance(id_, str) else ""
