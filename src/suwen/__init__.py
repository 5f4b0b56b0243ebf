"""Suwen: a patient, a study or a molecule goes in, findings with their evidence come out."""

__version__ = "0.1.0"
