"""The consult: an actor reaches own patients, opens one, and files findings."""

from suwen.consult.bundles import export_bundle, import_bundle
from suwen.consult.chart import (
    Draft,
    Record,
    open_patient,
    open_patients,
    open_record,
    withdraw_record,
    write_records,
    write_records_of,
)
from suwen.consult.emergency import break_glass
from suwen.consult.findings import file_finding, list_findings
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import (
    Listed,
    amend_patient,
    find_patients,
    list_my_patients,
    register_patient,
)
from suwen.records.access import Act, Purpose
from suwen.records.demographics import Demographics
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.records.relations import BreakGlass

__all__ = [
    "Act",
    "Actor",
    "BreakGlass",
    "Demographics",
    "Draft",
    "Image",
    "Listed",
    "Purpose",
    "Record",
    "Records",
    "amend_patient",
    "break_glass",
    "export_bundle",
    "file_finding",
    "find_patients",
    "import_bundle",
    "list_findings",
    "list_my_patients",
    "open_image",
    "open_patient",
    "open_patients",
    "open_record",
    "register_patient",
    "store_images",
    "withdraw_record",
    "write_records",
    "write_records_of",
]
