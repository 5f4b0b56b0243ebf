"""Search parameters of R4 for the resources of a chart that are asked for most, as `table.py` reads them."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["CLINICAL"]

CLINICAL = MappingProxyType(
    {
        "Patient": """
active token active; address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
birthdate date birthDate; death-date date deceasedDateTime; deceased token deceased?
email token telecom[system=email]; family string name.family; gender token gender
general-practitioner reference generalPractitioner ~Practitioner,Organization,PractitionerRole
given string name.given; identifier token identifier; language token communication.language
link reference link.other ~Patient,RelatedPerson; name string name
organization reference managingOrganization >Organization; phone token telecom[system=phone]; telecom token telecom
""",
        "Encounter": """
account reference account >Account; appointment reference appointment >Appointment
based-on reference basedOn >ServiceRequest; class token class; date date period
diagnosis reference diagnosis.condition ~Condition,Procedure; episode-of-care reference episodeOfCare >EpisodeOfCare
identifier token identifier; length quantity length; location reference location.location >Location
location-period date location.period; part-of reference partOf >Encounter
participant reference participant.individual ~Practitioner,PractitionerRole,RelatedPerson
participant-type token participant.type; patient reference subject >Patient
practitioner reference participant.individual >Practitioner; reason-code token reasonCode
reason-reference reference reasonReference ~Condition,Observation,Procedure,ImmunizationRecommendation
service-provider reference serviceProvider >Organization; special-arrangement token hospitalization.specialArrangement
status token status; subject reference subject ~Group,Patient; type token type
""",
        "Condition": """
abatement-age quantity abatementAge|abatementRange; abatement-date date abatementDateTime|abatementPeriod
abatement-string string abatementString
asserter reference asserter ~Practitioner,Patient,PractitionerRole,RelatedPerson; body-site token bodySite
category token category; clinical-status token clinicalStatus; code token code
encounter reference encounter >Encounter; evidence token evidence.code; evidence-detail reference evidence.detail
identifier token identifier; onset-age quantity onsetAge|onsetRange; onset-date date onsetDateTime|onsetPeriod
onset-info string onsetString; patient reference subject >Patient; recorded-date date recordedDate
severity token severity; stage token stage.summary; subject reference subject ~Group,Patient
verification-status token verificationStatus
""",
        "Observation": """
based-on reference basedOn; category token category; code token code; combo-code token code|component.code
combo-data-absent-reason token dataAbsentReason|component.dataAbsentReason
combo-value-concept token valueCodeableConcept|component.valueCodeableConcept
combo-value-quantity quantity valueQuantity|component.valueQuantity; component-code token component.code
component-data-absent-reason token component.dataAbsentReason
component-value-concept token component.valueCodeableConcept
component-value-quantity quantity component.valueQuantity; data-absent-reason token dataAbsentReason
date date effectiveDateTime|effectivePeriod|effectiveTiming|effectiveInstant; derived-from reference derivedFrom
device reference device ~Device,DeviceMetric; encounter reference encounter ~Encounter,EpisodeOfCare
focus reference focus; has-member reference hasMember ~Observation,MolecularSequence,QuestionnaireResponse
identifier token identifier; method token method; part-of reference partOf; patient reference subject >Patient
performer reference performer; specimen reference specimen >Specimen; status token status
subject reference subject ~Group,Device,Patient,Location; value-concept token valueCodeableConcept
value-date date valueDateTime|valuePeriod; value-quantity quantity valueQuantity
value-string string valueString|valueCodeableConcept.text
code-value-concept composite . token:code token:valueCodeableConcept
code-value-date composite . token:code date:valueDateTime|valuePeriod
code-value-quantity composite . token:code quantity:valueQuantity
code-value-string composite . token:code string:valueString
combo-code-value-concept composite .|component token:code token:valueCodeableConcept
combo-code-value-quantity composite .|component token:code quantity:valueQuantity
component-code-value-concept composite component token:code token:valueCodeableConcept
component-code-value-quantity composite component token:code quantity:valueQuantity
""",
        "DiagnosticReport": """
based-on reference basedOn; category token category; code token code; conclusion token conclusionCode
date date effectiveDateTime|effectivePeriod; encounter reference encounter ~Encounter,EpisodeOfCare
identifier token identifier; issued date issued; media reference media.link >Media; patient reference subject >Patient
performer reference performer ~Practitioner,Organization,CareTeam,PractitionerRole
result reference result >Observation
results-interpreter reference resultsInterpreter ~Practitioner,Organization,CareTeam,PractitionerRole
specimen reference specimen >Specimen; status token status; subject reference subject ~Group,Device,Patient,Location
""",
        "ImagingStudy": """
basedon reference basedOn ~Appointment,AppointmentResponse,CarePlan,Task,ServiceRequest
bodysite token series.bodySite; dicom-class token series.instance.sopClass; encounter reference encounter >Encounter
endpoint reference endpoint|series.endpoint >Endpoint; identifier token identifier; instance token series.instance.uid
interpreter reference interpreter ~Practitioner,PractitionerRole; modality token series.modality
patient reference subject >Patient; performer reference series.performer.actor; reason token reasonCode
referrer reference referrer ~Practitioner,PractitionerRole; series token series.uid; started date started
status token status; subject reference subject ~Group,Device,Patient
""",
        "MedicationRequest": """
authoredon date authoredOn; category token category; code token medicationCodeableConcept
date date dosageInstruction.timing.event; encounter reference encounter >Encounter; identifier token identifier
intended-dispenser reference dispenseRequest.performer >Organization; intended-performer reference performer
intended-performertype token performerType; intent token intent; medication reference medicationReference >Medication
patient reference subject >Patient; priority token priority
requester reference requester ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
status token status; subject reference subject ~Group,Patient
""",
        "MedicationStatement": """
category token category; code token medicationCodeableConcept; context reference context ~EpisodeOfCare,Encounter
effective date effectiveDateTime|effectivePeriod; identifier token identifier
medication reference medicationReference >Medication; part-of reference partOf; patient reference subject >Patient
source reference informationSource ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson
status token status; subject reference subject ~Group,Patient
""",
        "AllergyIntolerance": """
asserter reference asserter ~Practitioner,Patient,PractitionerRole,RelatedPerson; category token category
clinical-status token clinicalStatus; code token code|reaction.substance; criticality token criticality
date date recordedDate; identifier token identifier; last-date date lastOccurrence
manifestation token reaction.manifestation; onset date reaction.onset; patient reference patient >Patient
recorder reference recorder ~Practitioner,Patient,PractitionerRole,RelatedPerson; route token reaction.exposureRoute
severity token reaction.severity; type token type; verification-status token verificationStatus
""",
        "FamilyMemberHistory": """
code token condition.code; date date date; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri
patient reference patient >Patient; relationship token relationship; sex token sex; status token status
""",
        "Procedure": """
based-on reference basedOn ~CarePlan,ServiceRequest; category token category; code token code
date date performedDateTime|performedPeriod; encounter reference encounter ~Encounter,EpisodeOfCare
identifier token identifier; instantiates-canonical reference instantiatesCanonical
instantiates-uri uri instantiatesUri; location reference location >Location
part-of reference partOf ~Observation,Procedure,MedicationAdministration; patient reference subject >Patient
performer reference performer.actor ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
reason-code token reasonCode
reason-reference reference reasonReference ~Condition,Observation,Procedure,DiagnosticReport,DocumentReference
status token status; subject reference subject ~Group,Patient
""",
        "DocumentReference": """
authenticator reference authenticator ~Practitioner,Organization,PractitionerRole
author reference author ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
category token category; contenttype token content.attachment.contentType; custodian reference custodian >Organization
date date date; description string description; encounter reference context.encounter ~Encounter,EpisodeOfCare
event token context.event; facility token context.facilityType; format token content.format
identifier token masterIdentifier|identifier; language token content.attachment.language
location uri content.attachment.url; patient reference subject >Patient; period date context.period
related reference context.related; relatesto reference relatesTo.target >DocumentReference
relation token relatesTo.code; security-label token securityLabel; setting token context.practiceSetting
status token status; subject reference subject ~Practitioner,Group,Device,Patient; type token type
relationship composite relatesTo token:code reference:target
""",
        "RiskAssessment": """
condition reference condition >Condition; date date occurrenceDateTime
encounter reference encounter ~Encounter,EpisodeOfCare; identifier token identifier; method token method
patient reference subject >Patient; performer reference performer ~Practitioner,Device,PractitionerRole
probability number prediction.probabilityDecimal|prediction.probabilityRange; risk token prediction.qualitativeRisk
subject reference subject ~Group,Patient
""",
        "ServiceRequest": """
authored date authoredOn; based-on reference basedOn ~CarePlan,MedicationRequest,ServiceRequest
body-site token bodySite; category token category; code token code
encounter reference encounter ~Encounter,EpisodeOfCare; identifier token identifier
instantiates-canonical reference instantiatesCanonical ~PlanDefinition,ActivityDefinition
instantiates-uri uri instantiatesUri; intent token intent
occurrence date occurrenceDateTime|occurrencePeriod|occurrenceTiming; patient reference subject >Patient
performer reference performer; performer-type token performerType; priority token priority
replaces reference replaces >ServiceRequest
requester reference requester ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
requisition token requisition; specimen reference specimen >Specimen; status token status
subject reference subject ~Group,Device,Patient,Location
""",
        "Immunization": """
date date occurrenceDateTime; identifier token identifier; location reference location >Location
lot-number string lotNumber; manufacturer reference manufacturer >Organization; patient reference patient >Patient
performer reference performer.actor ~Practitioner,Organization,PractitionerRole
reaction reference reaction.detail >Observation; reaction-date date reaction.date; reason-code token reasonCode
reason-reference reference reasonReference ~Condition,Observation,DiagnosticReport
series string protocolApplied.series; status token status; status-reason token statusReason
target-disease token protocolApplied.targetDisease; vaccine-code token vaccineCode
""",
    }
)
