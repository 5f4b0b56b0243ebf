"""FHIR over REST on the sealed records: read, search and write by logical ids of here, each act decided and audited."""

from suwen.consult.fhir.rest.asking import EVERY_ELEMENT, Asked, Shown, followed, leading, parse_asked, parse_shown
from suwen.consult.fhir.rest.changing import (
    create_resource,
    kept_apart,
    require_sound,
    update_resource,
    withdraw_resource,
)
from suwen.consult.fhir.rest.conditional import (
    patch_resource,
    patch_where,
    require_selective,
    update_where,
    withdraw_where,
)
from suwen.consult.fhir.rest.exporting import exported_chart, patients_for_export
from suwen.consult.fhir.rest.identifying import identifying
from suwen.consult.fhir.rest.nouns import EVERYTHING, Change, Limits, Page, Version, Who, Written
from suwen.consult.fhir.rest.patching import Operation, read_patch
from suwen.consult.fhir.rest.reading import read_resource, read_version, resource_history
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.searching import everything, search_page, search_resources
from suwen.consult.fhir.rest.served import instant
from suwen.consult.fhir.rest.transactions import Answered, Step, read_steps, transact

__all__ = [
    "EVERYTHING",
    "EVERY_ELEMENT",
    "Answered",
    "Asked",
    "Change",
    "Limits",
    "Operation",
    "Page",
    "Rest",
    "Shown",
    "Step",
    "Version",
    "Who",
    "Written",
    "create_resource",
    "everything",
    "exported_chart",
    "followed",
    "identifying",
    "instant",
    "kept_apart",
    "leading",
    "parse_asked",
    "parse_shown",
    "patch_resource",
    "patch_where",
    "patients_for_export",
    "read_patch",
    "read_resource",
    "read_steps",
    "read_version",
    "require_selective",
    "require_sound",
    "resource_history",
    "search_page",
    "search_resources",
    "transact",
    "update_resource",
    "update_where",
    "withdraw_resource",
    "withdraw_where",
]
