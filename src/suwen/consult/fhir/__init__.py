"""FHIR through the sealed records: documents taken in, given out and searched, each act decided and audited."""
