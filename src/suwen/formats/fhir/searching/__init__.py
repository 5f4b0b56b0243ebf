"""FHIR search: a query parsed, resources matched, and what a server of this software can say of itself."""
