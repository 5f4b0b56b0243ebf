"""The search parameters of FHIR R4 that are answered here: name, kind and elements, for each type of resource.

Taken from R4's own definitions (https://hl7.org/fhir/R4/searchparameter-registry.html). Left out: `phonetic` (no
published algorithm), `near` (no maps), parameters by extensions, composites outside the charts, and SampledData as a
value of quantities (R4 does not say how a curve compares with a number). A choice of types stands as the elements it
may be (`onsetAge|onsetRange`). A type that stands in no table is found by what every resource has.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType

from suwen.formats.fhir.searching.charted import CHARTED
from suwen.formats.fhir.searching.clinical import CLINICAL
from suwen.formats.fhir.searching.housed import HOUSED

__all__ = ["ABOUT_PATIENTS", "TYPES", "Kind", "Parameter", "parameters"]


class Kind(Enum):
    """How a parameter's values are written and compared (https://hl7.org/fhir/R4/search.html#ptypes)."""

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    TOKEN = "token"  # noqa: S105  the name R4 gives it; nothing secret
    REFERENCE = "reference"
    QUANTITY = "quantity"
    URI = "uri"
    COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter: `paths` are element names from the resource down.

    `telecom[system=phone]` keeps only entries with that value, `deceased?` asks whether the choice is there and not
    false. `target` is the one type that a reference must point at, "" for any; `targets` are the types it may point at,
    where they are few. A composite's `parts` are looked for in the same element of `paths`, where `.` is the resource
    itself.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    target: str = ""
    parts: tuple[Parameter, ...] = ()
    targets: tuple[str, ...] = ()


# Entries: name, kind, elements separated by |, then > before the one type that a reference must point at, or ~ before
# the types that it may point at; for a composite, kind and elements of each part.
_EVERY = """
_id token id; _lastUpdated date meta.lastUpdated; _profile uri meta.profile; _security token meta.security
_source uri meta.source; _tag token meta.tag
"""
_PLAIN = (
    "ActivityDefinition BiologicallyDerivedProduct CatalogEntry ChargeItemDefinition CodeSystem CompartmentDefinition"
    " ConceptMap EffectEvidenceSynthesis EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition"
    " ImplementationGuide Library Measure MedicinalProduct MedicinalProductAuthorization"
    " MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient"
    " MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged"
    " MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition MessageHeader NamingSystem"
    " ObservationDefinition OperationDefinition PlanDefinition ResearchDefinition ResearchElementDefinition"
    " RiskEvidenceSynthesis SearchParameter StructureDefinition StructureMap Subscription SubstanceNucleicAcid"
    " SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial"
    " SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet VerificationResult"
)
_TABLE = {**CLINICAL, **CHARTED, **HOUSED, **dict.fromkeys(_PLAIN.split(), "")}

ABOUT_PATIENTS: tuple[str, ...] = (*CLINICAL, *CHARTED)  # the types that say whom they are about
TYPES: tuple[str, ...] = tuple(_TABLE)


@cache
def parameters(type_: str) -> MappingProxyType[str, Parameter]:
    """The parameters of a type by name, those of every resource among them; empty for a type that stands nowhere."""
    if type_ not in _TABLE:
        return MappingProxyType({})
    entries = f"{_EVERY}\n{_TABLE[type_]}".replace(";", "\n").split("\n")
    found = [_parameter(entry.split()) for entry in entries if entry.strip()]
    return MappingProxyType({one.name: one for one in found})


def _parameter(words: list[str]) -> Parameter:
    name, kind, elements, *more = words
    paths = tuple(elements.split("|"))
    if kind == "composite":
        pairs = [part.split(":") for part in more]
        parts = tuple(Parameter("", Kind(one), tuple(path.split("|"))) for one, path in pairs)
        return Parameter(name, Kind.COMPOSITE, paths, parts=parts)
    pointing = more[0] if more else ""
    target = pointing.removeprefix(">") if pointing.startswith(">") else ""
    targets = tuple(pointing[1:].split(",")) if pointing else ()
    return Parameter(name, Kind(kind), paths, target, targets=targets)
