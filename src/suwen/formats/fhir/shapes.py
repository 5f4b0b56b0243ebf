"""What each type of FHIR R4 is made of: its elements, their types, and how often they occur."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin

from suwen.formats.fhir.r4 import ADDED, DROPPED, NOT_IN_R4, OPTIONAL, REQUIRED, RETYPED

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ["Element", "Shape", "is_resource_type", "shape"]

_MODELS = "fhir.resources.R4B"
_ABSTRACT = frozenset({"BackboneElement", "DomainResource", "Element", "Resource"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: `kind` is a primitive (`dateTime`), or the name of another shape (`Quantity`)."""

    name: str
    kind: str
    many: bool
    required: bool
    primitive: bool
    choice: str = ""  # `value` where the element is one of value[x]


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: its elements by name, the names that must be there, and its choices (`value`: all names of value[x])."""

    name: str
    elements: Mapping[str, Element]
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required_choices: frozenset[str] = frozenset()
    is_resource: bool = False
