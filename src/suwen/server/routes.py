"""All routers of the server, in the order in which they are asked. A new area's pages are one line here."""

from __future__ import annotations

from fastapi import APIRouter

from suwen.server.cds import services
from suwen.server.dicomweb import router as dicomweb
from suwen.server.fhir.routers import FHIR
from suwen.server.pages import (
    account,
    account_apps,
    account_passkeys,
    apps,
    cards,
    differential,
    ecg,
    emergency,
    findings,
    first,
    heart,
    images,
    jobs,
    meanings,
    molecules,
    molecules_screening,
    notes,
    patient,
    patient_report,
    security,
    security_audit,
    security_machines,
    sign_in,
    sign_in_openid,
    sign_in_passkey,
    terms,
    timeline,
    worklist,
    worklist_new,
)
from suwen.server.smart import authorize, configuration, consent, tokens
from suwen.server.watch import router as watch

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    watch,
    configuration.router,  # before FHIR, whose ids would take its address
    worklist.router,
    worklist_new.router,  # before the patients: /patients/new is none
    patient.router,
    *FHIR,  # early: they are asked one after the other, and these are asked most
    first.router,
    sign_in.router,
    sign_in_passkey.router,
    sign_in_openid.router,
    account.router,
    account_apps.router,
    account_passkeys.router,
    emergency.router,
    timeline.router,
    notes.router,
    differential.router,
    findings.router,
    patient_report.router,
    terms.router,
    heart.router,
    ecg.router,
    images.router,
    meanings.router,
    cards.router,
    molecules.router,
    molecules_screening.router,
    jobs.router,
    security.router,
    security_machines.router,
    security_audit.router,
    authorize.router,
    consent.router,
    apps.router,
    tokens.router,
    services.router,
    dicomweb.router,
)
