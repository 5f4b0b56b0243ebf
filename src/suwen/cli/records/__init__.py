"""`suwen records`: the sealed records of a hospital, from making the store to erasing a patient."""

from suwen.cli.records.group import records

__all__ = ["records"]
