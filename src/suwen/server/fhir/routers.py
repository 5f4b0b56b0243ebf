"""The routers of FHIR, in the order in which they are asked: fixed addresses before those with a type in them."""

from __future__ import annotations

from suwen.server.fhir import bulk, bundles, conditional, metadata, reading, writing

__all__ = ["FHIR"]

FHIR = (metadata.router, bundles.router, bulk.router, reading.router, writing.router, conditional.router)
