"""How a FHIR resource lies in a sealed record: the resource itself, and by which address its source knows it.

Format 1 of a payload: {"format": 1, "fullUrl": "...", "source": "...", "resource": {...}} as compact UTF-8 JSON. To
change it, raise the number and keep this reader. The record's kind is the resource's type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.tree import parse_tree, render

__all__ = ["Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as kept: `full_url` as its bundle gave it, `source` the system it came from (base URL), "" unknown."""

    resource: Json = field(repr=False)
    full_url: str = ""
    source: str = ""

    @property
    def kind(self) -> str:
        """Type of the resource."""
        return str(self.resource.get("resourceType", ""))

    @property
    def identity(self) -> str:
        """What makes it the same resource when it comes again: source, type and id; else the address in its bundle."""
        id_ = self.resource.get("id")
        local = f"{self.kind}/{id_}" if id_ else self.full_url
        return f"{self.source}|{local}" if local else ""

    def to_bytes(self) -> bytes:
        """Format 1; everything of the resource is kept as it was read."""
        said = {"format": 1, "fullUrl": self.full_url, "source": self.source, "resource": self.resource}
        return render(said)

    @classmethod
    def from_bytes(cls, payload: bytes) -> Stored:
        """Read what `to_bytes` wrote. Raises FormatError."""
        try:
            said: Any = parse_tree(payload.decode())
            if said["format"] == 1:
                return cls(said["resource"], said["fullUrl"], said["source"])
        except (KeyError, TypeError, ValueError):
            raise FormatError(
                "a record filed as a FHIR resource cannot be read as one", zh="归档为 FHIR 资源的记录无法按其读取"
            ) from None
        raise FormatError(
            "the FHIR resource was filed by a newer Suwen; install it", zh="该 FHIR 资源由更新版本的 Suwen 归档；请升级"
        )
