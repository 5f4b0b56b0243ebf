"""What each type of FHIR R4 is made of: its elements, their types, and how often they occur.

The elements are those of the R4B models of fhir.resources, put right to R4 where the two differ. They are read from the
models and not validated with them, because a model stops at an element's first error, quotes the values that it
rejects, and loses track of elements it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType, NoneType
from typing import Annotated, Any, get_args, get_origin

from suwen.formats.fhir.checking.r4 import ADDED, DROPPED, NOT_IN_R4, REQUIRED, UNCHECKED

__all__ = ["Element", "Shape", "resource_shape", "shape"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: `kind` is a primitive (`dateTime`), or the name of another shape (`Quantity`)."""

    name: str
    kind: str
    many: bool
    is_primitive: bool
    is_required: bool = False
    choice: str = ""  # `value` where the element is one of value[x]


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: its elements by name, those that must be there, and its choices (`value`: the names of value[x])."""

    name: str
    elements: Mapping[str, Element] = field(repr=False)
    required: tuple[Element, ...]
    choices: Mapping[str, tuple[str, ...]]
    required_choices: frozenset[str]


@cache
def resource_shape(kind: str) -> Shape | None:
    """Shape of a resource type; None where R4 has no such type, or R4B's models cannot describe it."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415
    from fhir.resources.R4B.resource import Resource  # noqa: PLC0415

    if kind in NOT_IN_R4 | UNCHECKED | {"DomainResource", "Resource"}:
        return None
    try:
        model = get_fhir_model_class(kind)
    except (ValueError, AttributeError):
        return None
    is_resource = isinstance(model, type) and issubclass(model, Resource)
    return shape(kind) if is_resource and model.get_resource_type() == kind else None


@cache
def shape(name: str) -> Shape:
    """Shape of a type by its name; that of an element within a type is named by both (`ObservationComponent`)."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415

    found: dict[str, Element] = {}
    required_choices: set[str] = set()
    for element, needs_choice in _elements(get_fhir_model_class(name)):
        if element.name in DROPPED.get(name, ()):
            continue
        is_required = element.is_required or element.name in REQUIRED.get(name, ())
        found[element.name] = replace(element, is_required=is_required)
        if needs_choice:
            required_choices.add(element.choice)
    for added, kind, choice in ADDED.get(name, ()):
        found[added] = Element(added, kind, many=False, is_primitive=False, choice=choice)
    choices: dict[str, tuple[str, ...]] = {}
    for element in found.values():
        if element.choice:
            choices[element.choice] = (*choices.get(element.choice, ()), element.name)
    required = tuple(element for element in found.values() if element.is_required)
    return Shape(name, MappingProxyType(found), required, choices, frozenset(required_choices))


def _elements(model: Any) -> Iterator[tuple[Element, bool]]:
    """The elements of a model, and whether one of the choice that they belong to must be there."""
    for name, info in model.model_fields.items():
        if name.endswith("__ext") or name in {"fhir_comments", "resource_type"}:
            continue
        more = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        kind, many, is_primitive = _kind(info)
        element = Element(
            info.alias or name,
            kind,
            many,
            is_primitive,
            info.is_required() or bool(more.get("element_required")),
            str(more.get("one_of_many") or ""),
        )
        yield element, bool(more.get("one_of_many_required"))


def _kind(info: Any) -> tuple[str, bool, bool]:
    """Name of a field's type, whether it is a list, and whether the type is a primitive."""
    from fhir_core.utils import get_fhir_type_name  # noqa: PLC0415

    many, annotation = False, info.annotation
    while not hasattr(annotation, "_model_klass"):
        inner = [one for one in get_args(annotation) if one is not NoneType]
        if not inner or get_origin(annotation) is Annotated:
            return str(get_fhir_type_name(info, "R4B.")), many, True
        many = many or get_origin(annotation) is list
        annotation = inner[0]
    return str(annotation.__name__).removesuffix("Type"), many, False
