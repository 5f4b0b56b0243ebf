"""SMART on FHIR (App Launch 2.2): apps and services ask for access, a person grants it, tokens carry it."""
