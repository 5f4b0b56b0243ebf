"""The consult: an actor reaches own patients, takes records in and out, has every area look at one, judges findings."""

from suwen.consult.areas import default_areas
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
from suwen.consult.consultation import consult, read_consultation
from suwen.consult.corrections import (
    KeptCorrection,
    corrected_reader,
    corrections_in,
    keep_correction,
    list_corrections,
)
from suwen.consult.emergency import break_glass, purpose_for
from suwen.consult.entering import BEDSIDE, LONGEST_NOTE, enter_feature, enter_note
from suwen.consult.fhir.directory import import_directory, list_directory
from suwen.consult.fhir.export_lines import export_lines
from suwen.consult.fhir.exporting import export_fhir
from suwen.consult.fhir.files import import_path
from suwen.consult.fhir.findings import fhir_findings
from suwen.consult.fhir.imported import Imported, merged
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.fhir.lines import import_lines
from suwen.consult.fhir.searching import search_records
from suwen.consult.findings import file_finding, list_findings
from suwen.consult.given import differential_given, resource_of
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.labels import Label, list_labels
from suwen.consult.looking import Look, look, may
from suwen.consult.nouns import Area, AreaReport, Consultation, Filed, Filing, Given, Review, Status, Verdict, Weighed
from suwen.consult.patients import (
    Listed,
    amend_patient,
    find_patients,
    list_my_patients,
    register_patient,
)
from suwen.consult.reviews import amend_finding, confirm_finding, finding_history, reject_finding
from suwen.consult.studies import StudyLine
from suwen.consult.waveforms import store_recording, store_samples
from suwen.consult.worklist import ALARMING, Glance, Glimpses, list_glances
from suwen.records.access import Act, Purpose
from suwen.records.demographics import Demographics
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.records.relations import BreakGlass

__all__ = [
    "ALARMING",
    "BEDSIDE",
    "LONGEST_NOTE",
    "Act",
    "Actor",
    "Area",
    "AreaReport",
    "BreakGlass",
    "Consultation",
    "Demographics",
    "Draft",
    "Filed",
    "Filing",
    "Given",
    "Glance",
    "Glimpses",
    "Image",
    "Imported",
    "KeptCorrection",
    "Label",
    "Listed",
    "Look",
    "Purpose",
    "Record",
    "Records",
    "Review",
    "Status",
    "StudyLine",
    "Verdict",
    "Weighed",
    "amend_finding",
    "amend_patient",
    "break_glass",
    "confirm_finding",
    "consult",
    "corrected_reader",
    "corrections_in",
    "default_areas",
    "differential_given",
    "enter_feature",
    "enter_note",
    "export_bundle",
    "export_fhir",
    "export_lines",
    "fhir_findings",
    "file_finding",
    "find_patients",
    "finding_history",
    "import_bundle",
    "import_directory",
    "import_fhir",
    "import_lines",
    "import_path",
    "keep_correction",
    "list_corrections",
    "list_directory",
    "list_findings",
    "list_glances",
    "list_labels",
    "list_my_patients",
    "look",
    "may",
    "merged",
    "open_image",
    "open_patient",
    "open_patients",
    "open_record",
    "purpose_for",
    "read_consultation",
    "register_patient",
    "reject_finding",
    "resource_of",
    "search_records",
    "store_images",
    "store_recording",
    "store_samples",
    "withdraw_record",
    "write_records",
    "write_records_of",
]
