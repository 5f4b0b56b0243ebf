"""Where FHIR R4 (4.0.1) differs from R4B (4.3.0), whose models fhir.resources has.

Source: the StructureDefinitions of both releases, http://hl7.org/fhir/R4/downloads.html and
http://hl7.org/fhir/R4B/diff.html. All other types are the same in both, element by element.
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["ADDED", "DROPPED", "NOT_IN_R4", "REQUIRED", "TYPES", "UNCHECKED"]

# Types that R4B has not, or (Evidence, EvidenceVariable) describes quite differently: kept, and checked only for what
# holds for all JSON of FHIR.
UNCHECKED = frozenset(
    {
        "EffectEvidenceSynthesis",
        "Evidence",
        "EvidenceVariable",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    }
)

NOT_IN_R4 = frozenset(
    {
        "AdministrableProductDefinition",
        "Citation",
        "ClinicalUseDefinition",
        "EvidenceReport",
        "Ingredient",
        "ManufacturedItemDefinition",
        "MedicinalProductDefinition",
        "NutritionProduct",
        "PackagedProductDefinition",
        "RegulatedAuthorization",
        "SubscriptionStatus",
        "SubscriptionTopic",
        "SubstanceDefinition",
    }
)

# Elements that R4B has and R4 has not, by type.
DROPPED = MappingProxyType(
    {
        "ActivityDefinition": ("subjectCanonical",),
        "ElementDefinition": tuple(
            f"{choice}{kind}"
            for choice in ("defaultValue", "fixed", "pattern")
            for kind in ("CodeableReference", "RatioRange")
        ),
        "ElementDefinitionExample": ("valueCodeableReference", "valueRatioRange"),
        "Extension": ("valueCodeableReference", "valueRatioRange"),
        "PlanDefinition": ("subjectCanonical",),
        "PlanDefinitionAction": ("subjectCanonical",),
    }
)

# Elements that R4 has and R4B has not: (name, type, choice it is one of).
ADDED = MappingProxyType(
    {
        "ElementDefinition": tuple(
            (f"{choice}Meta", "Meta", choice) for choice in ("defaultValue", "fixed", "pattern")
        ),
        "ElementDefinitionExample": (("valueMeta", "Meta", "value"),),
        "Extension": (("valueMeta", "Meta", "value"),),
    }
)

# Elements that must be there in R4 and need not in R4B.
REQUIRED = MappingProxyType({"MarketingStatus": ("country", "dateRange")})

_TYPES = (
    "Address Age Annotation Attachment Base64Binary Boolean Canonical Code CodeableConcept CodeableReference Coding"
    " ContactDetail ContactPoint Contributor Count DataRequirement Date DateTime Decimal Distance Dosage Duration"
    " Expression HumanName Id Identifier Instant Integer Integer64 Markdown Meta Money Oid ParameterDefinition Period"
    " PositiveInt Quantity Range Ratio RatioRange Reference RelatedArtifact SampledData Signature String Time Timing"
    " TriggerDefinition UnsignedInt Uri Url UsageContext Uuid"
)
# Names of types as a choice spells them (valueQuantity), of R4 and later: what follows value[x] and is none of these is
# an element of its own, unknown to FHIR.
TYPES = frozenset(_TYPES.split())
