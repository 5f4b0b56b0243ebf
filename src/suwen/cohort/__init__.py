"""Cohorts: patients chosen from the sealed records for research, de-identified, and traced through what saw them."""

from suwen.cohort.approving import approve_research, list_approvals, revoke_approval
from suwen.cohort.criteria import Criteria
from suwen.cohort.manifest import read_manifest, write_manifest
from suwen.cohort.nouns import Cohort, Left, Manifest, Row, Table, Trained, Use, Withdrawal
from suwen.cohort.reading import parse_criteria, read_criteria
from suwen.cohort.scrub import WARNING
from suwen.cohort.selecting import open_cohort, select_cohort
from suwen.cohort.table import examples_of, table_csv, write_cohort
from suwen.cohort.tracing import (
    list_cohorts,
    models_of,
    register_model,
    reidentify,
    renew_consent,
    show_cohort,
    withdraw,
)
from suwen.records.approvals import Approval

__all__ = [
    "WARNING",
    "Approval",
    "Cohort",
    "Criteria",
    "Left",
    "Manifest",
    "Row",
    "Table",
    "Trained",
    "Use",
    "Withdrawal",
    "approve_research",
    "examples_of",
    "list_approvals",
    "list_cohorts",
    "models_of",
    "open_cohort",
    "parse_criteria",
    "read_criteria",
    "read_manifest",
    "register_model",
    "reidentify",
    "renew_consent",
    "revoke_approval",
    "select_cohort",
    "show_cohort",
    "table_csv",
    "withdraw",
    "write_cohort",
    "write_manifest",
]
