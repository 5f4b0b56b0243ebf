"""Search parameters of R4 for every other resource that says which patient it is about, as `table.py` reads them."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["CHARTED"]

CHARTED = MappingProxyType(
    {
        "Account": """
identifier token identifier; name string name; owner reference owner >Organization; patient reference subject >Patient
period date servicePeriod; status token status; subject reference subject; type token type
""",
        "AdverseEvent": """
actuality token actuality; category token category; date date date; event token event
location reference location >Location
recorder reference recorder ~Practitioner,Patient,PractitionerRole,RelatedPerson
resultingcondition reference resultingCondition >Condition; seriousness token seriousness; severity token severity
study reference study >ResearchStudy; subject reference subject ~Practitioner,Group,Patient,RelatedPerson
substance reference suspectEntity.instance
""",
        "Appointment": """
actor reference participant.actor; appointment-type token appointmentType; based-on reference basedOn >ServiceRequest
date date start; identifier token identifier; location reference participant.actor >Location
part-status token participant.status; patient reference participant.actor >Patient
practitioner reference participant.actor >Practitioner; reason-code token reasonCode
reason-reference reference reasonReference ~Condition,Observation,Procedure,ImmunizationRecommendation
service-category token serviceCategory; service-type token serviceType; slot reference slot >Slot
specialty token specialty; status token status; supporting-info reference supportingInformation
""",
        "AppointmentResponse": """
actor reference actor; appointment reference appointment >Appointment; identifier token identifier
location reference actor >Location; part-status token participantStatus; patient reference actor >Patient
practitioner reference actor >Practitioner
""",
        "AuditEvent": """
action token action; address string agent.network.address
agent reference agent.who ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
agent-name string agent.name; agent-role token agent.role; altid token agent.altId; date date recorded
entity reference entity.what; entity-name string entity.name; entity-role token entity.role
entity-type token entity.type; outcome token outcome; patient reference agent.who|entity.what >Patient
policy uri agent.policy; site token source.site
source reference source.observer ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
subtype token subtype; type token type
""",
        "Basic": """
author reference author ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson; code token code
created date created; identifier token identifier; patient reference subject >Patient; subject reference subject
""",
        "Binary": """

""",
        "BodyStructure": """
identifier token identifier; location token location; morphology token morphology; patient reference patient >Patient
""",
        "CarePlan": """
activity-code token activity.detail.code
activity-date date activity.detail.scheduledPeriod|activity.detail.scheduledTiming
activity-reference reference activity.reference; based-on reference basedOn >CarePlan
care-team reference careTeam >CareTeam; category token category; condition reference addresses >Condition
date date period; encounter reference encounter >Encounter; goal reference goal >Goal; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri; intent token intent
part-of reference partOf >CarePlan; patient reference subject >Patient; performer reference activity.detail.performer
replaces reference replaces >CarePlan; status token status; subject reference subject ~Group,Patient
""",
        "CareTeam": """
category token category; date date period; encounter reference encounter >Encounter; identifier token identifier
participant reference participant.member; patient reference subject >Patient; status token status
subject reference subject ~Group,Patient
""",
        "ChargeItem": """
account reference account >Account; code token code; context reference context ~EpisodeOfCare,Encounter
entered-date date enteredDate
enterer reference enterer ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
factor-override number factorOverride; identifier token identifier
occurrence date occurrenceDateTime|occurrencePeriod|occurrenceTiming; patient reference subject >Patient
performer-actor reference performer.actor; performer-function token performer.function
performing-organization reference performingOrganization >Organization; price-override quantity priceOverride
quantity quantity quantity; requesting-organization reference requestingOrganization >Organization
service reference service; subject reference subject ~Group,Patient
""",
        "Claim": """
care-team reference careTeam.provider ~Practitioner,Organization,PractitionerRole; created date created
detail-udi reference item.detail.udi >Device; encounter reference item.encounter >Encounter
enterer reference enterer ~Practitioner,PractitionerRole; facility reference facility >Location
identifier token identifier; insurer reference insurer >Organization; item-udi reference item.udi >Device
patient reference patient >Patient
payee reference payee.party ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson; priority token priority
procedure-udi reference procedure.udi >Device; provider reference provider ~Practitioner,Organization,PractitionerRole
status token status; subdetail-udi reference item.detail.subDetail.udi >Device; use token use
""",
        "ClaimResponse": """
created date created; disposition string disposition; identifier token identifier
insurer reference insurer >Organization; outcome token outcome; patient reference patient >Patient
payment-date date payment.date; request reference request >Claim
requestor reference requestor ~Practitioner,Organization,PractitionerRole; status token status; use token use
""",
        "ClinicalImpression": """
assessor reference assessor ~Practitioner,PractitionerRole; date date date; encounter reference encounter >Encounter
finding-code token finding.itemCodeableConcept
finding-ref reference finding.itemReference ~Condition,Observation,Media; identifier token identifier
investigation reference investigation.item; patient reference subject >Patient
previous reference previous >ClinicalImpression; problem reference problem ~Condition,AllergyIntolerance
status token status; subject reference subject ~Group,Patient; supporting-info reference supportingInfo
""",
        "Communication": """
based-on reference basedOn; category token category; encounter reference encounter >Encounter
identifier token identifier; instantiates-canonical reference instantiatesCanonical
instantiates-uri uri instantiatesUri; medium token medium; part-of reference partOf
patient reference subject >Patient; received date received; recipient reference recipient; sender reference sender
sent date sent; status token status; subject reference subject ~Group,Patient
""",
        "CommunicationRequest": """
authored date authoredOn; based-on reference basedOn; category token category
encounter reference encounter >Encounter; group-identifier token groupIdentifier; identifier token identifier
medium token medium; occurrence date occurrenceDateTime; patient reference subject >Patient; priority token priority
recipient reference recipient; replaces reference replaces >CommunicationRequest
requester reference requester ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
sender reference sender; status token status; subject reference subject ~Group,Patient
""",
        "Composition": """
attester reference attester.party ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson
author reference author ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
category token category; confidentiality token confidentiality; context token event.code; date date date
encounter reference encounter ~Encounter,EpisodeOfCare; entry reference section.entry; identifier token identifier
patient reference subject >Patient; period date event.period; related-id token relatesTo.targetIdentifier
related-ref reference relatesTo.targetReference >Composition; section token section.code; status token status
subject reference subject; title string title; type token type
""",
        "Consent": """
action token provision.action; actor reference provision.actor.reference; category token category
consentor reference performer ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson
data reference provision.data.reference; date date dateTime; identifier token identifier
organization reference organization >Organization; patient reference patient >Patient; period date provision.period
purpose token provision.purpose; scope token scope; security-label token provision.securityLabel
source-reference reference sourceReference ~Consent,Contract,QuestionnaireResponse,DocumentReference
status token status
""",
        "Contract": """
authority reference authority >Organization; domain reference domain >Location; identifier token identifier
instantiates uri instantiatesUri; issued date issued; patient reference subject >Patient
signer reference signer.party ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson; status token status
subject reference subject; url uri url
""",
        "Coverage": """
beneficiary reference beneficiary >Patient; class-type token class.type; class-value string class.value
dependent string dependent; identifier token identifier; patient reference beneficiary >Patient
payor reference payor ~Organization,Patient,RelatedPerson
policy-holder reference policyHolder ~Organization,Patient,RelatedPerson; status token status
subscriber reference subscriber ~Patient,RelatedPerson; type token type
""",
        "CoverageEligibilityRequest": """
created date created; enterer reference enterer ~Practitioner,PractitionerRole; facility reference facility >Location
identifier token identifier; patient reference patient >Patient
provider reference provider ~Practitioner,Organization,PractitionerRole; status token status
""",
        "CoverageEligibilityResponse": """
created date created; disposition string disposition; identifier token identifier
insurer reference insurer >Organization; outcome token outcome; patient reference patient >Patient
request reference request >CoverageEligibilityRequest
requestor reference requestor ~Practitioner,Organization,PractitionerRole; status token status
""",
        "DetectedIssue": """
author reference author ~Practitioner,Device,PractitionerRole; code token code
identified date identifiedDateTime|identifiedPeriod; identifier token identifier; implicated reference implicated
patient reference patient >Patient; status token status
""",
        "Device": """
device-name string deviceName.name|type.coding.display|type.text; identifier token identifier
location reference location >Location; manufacturer string manufacturer; model string modelNumber
organization reference owner >Organization; patient reference patient >Patient; status token status; type token type
udi-carrier string udiCarrier.carrierHRF; udi-di string udiCarrier.deviceIdentifier; url uri url
""",
        "DeviceRequest": """
authored-on date authoredOn; based-on reference basedOn; code token codeCodeableConcept
device reference codeReference >Device; encounter reference encounter ~Encounter,EpisodeOfCare
event-date date occurrenceDateTime|occurrencePeriod; group-identifier token groupIdentifier
identifier token identifier; instantiates-canonical reference instantiatesCanonical ~PlanDefinition,ActivityDefinition
instantiates-uri uri instantiatesUri; insurance reference insurance ~ClaimResponse,Coverage; intent token intent
patient reference subject >Patient; performer reference performer; prior-request reference priorRequest
requester reference requester ~Practitioner,Organization,Device,PractitionerRole; status token status
subject reference subject ~Group,Device,Patient,Location
""",
        "DeviceUseStatement": """
device reference device >Device; identifier token identifier; patient reference subject >Patient
subject reference subject ~Group,Patient
""",
        "DocumentManifest": """
author reference author ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson; created date created
description string description; identifier token masterIdentifier|identifier; item reference content
patient reference subject >Patient
recipient reference recipient ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson
related-id token related.identifier; related-ref reference related.ref; source uri source; status token status
subject reference subject ~Practitioner,Group,Device,Patient; type token type
""",
        "EnrollmentRequest": """
identifier token identifier; patient reference candidate >Patient; status token status
subject reference candidate >Patient
""",
        "EpisodeOfCare": """
care-manager reference careManager >Practitioner; condition reference diagnosis.condition >Condition; date date period
identifier token identifier; incoming-referral reference referralRequest >ServiceRequest
organization reference managingOrganization >Organization; patient reference patient >Patient; status token status
type token type
""",
        "ExplanationOfBenefit": """
care-team reference careTeam.provider ~Practitioner,Organization,PractitionerRole; claim reference claim >Claim
coverage reference insurance.coverage >Coverage; created date created; detail-udi reference item.detail.udi >Device
disposition string disposition; encounter reference item.encounter >Encounter
enterer reference enterer ~Practitioner,PractitionerRole; facility reference facility >Location
identifier token identifier; item-udi reference item.udi >Device; patient reference patient >Patient
payee reference payee.party ~Practitioner,Organization,Patient,PractitionerRole,RelatedPerson
procedure-udi reference procedure.udi >Device; provider reference provider ~Practitioner,Organization,PractitionerRole
status token status; subdetail-udi reference item.detail.subDetail.udi >Device
""",
        "Flag": """
author reference author ~Practitioner,Organization,Device,Patient,PractitionerRole; date date period
encounter reference encounter ~Encounter,EpisodeOfCare; identifier token identifier
patient reference subject >Patient; subject reference subject
""",
        "Goal": """
achievement-status token achievementStatus; category token category; identifier token identifier
lifecycle-status token lifecycleStatus; patient reference subject >Patient; start-date date startDate
subject reference subject ~Group,Organization,Patient; target-date date target.dueDate
""",
        "Group": """
actual token actual; characteristic token characteristic.code; code token code; exclude token characteristic.exclude
identifier token identifier
managing-entity reference managingEntity ~Practitioner,Organization,PractitionerRole,RelatedPerson
member reference member.entity ~Practitioner,Group,Device,Medication,Patient,Substance,PractitionerRole
type token type; value token characteristic.valueCodeableConcept|characteristic.valueBoolean
""",
        "GuidanceResponse": """
identifier token identifier; patient reference subject >Patient; request token requestIdentifier
subject reference subject ~Group,Patient
""",
        "ImmunizationEvaluation": """
date date date; dose-status token doseStatus; identifier token identifier
immunization-event reference immunizationEvent >Immunization; patient reference patient >Patient; status token status
target-disease token targetDisease
""",
        "ImmunizationRecommendation": """
date date date; identifier token identifier; information reference recommendation.supportingPatientInformation
patient reference patient >Patient; status token recommendation.forecastStatus
support reference recommendation.supportingImmunization ~Immunization,ImmunizationEvaluation
target-disease token recommendation.targetDisease; vaccine-type token recommendation.vaccineCode
""",
        "Invoice": """
account reference account >Account; date date date; identifier token identifier; issuer reference issuer >Organization
participant reference participant.actor ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
participant-role token participant.role; patient reference subject >Patient
recipient reference recipient ~Organization,Patient,RelatedPerson; status token status
subject reference subject ~Group,Patient; totalgross quantity totalGross; totalnet quantity totalNet; type token type
""",
        "List": """
code token code; date date date; empty-reason token emptyReason
encounter reference encounter ~Encounter,EpisodeOfCare; identifier token identifier; item reference entry.item
notes string note.text; patient reference subject >Patient
source reference source ~Practitioner,Device,Patient,PractitionerRole; status token status
subject reference subject ~Group,Device,Patient,Location; title string title
""",
        "MeasureReport": """
date date date; evaluated-resource reference evaluatedResource; identifier token identifier
measure reference measure >Measure; patient reference subject >Patient; period date period
reporter reference reporter ~Practitioner,Organization,PractitionerRole,Location; status token status
subject reference subject
""",
        "Media": """
based-on reference basedOn ~CarePlan,ServiceRequest; created date createdDateTime|createdPeriod
device reference device ~Device,DeviceMetric; encounter reference encounter >Encounter; identifier token identifier
modality token modality; operator reference operator; patient reference subject >Patient; site token bodySite
status token status; subject reference subject ~Practitioner,Group,Specimen,Device,Patient,PractitionerRole,Location
type token type; view token view
""",
        "MedicationAdministration": """
code token medicationCodeableConcept; context reference context ~EpisodeOfCare,Encounter
device reference device >Device; effective-time date effectiveDateTime|effectivePeriod; identifier token identifier
medication reference medicationReference >Medication; patient reference subject >Patient
performer reference performer.actor ~Practitioner,Device,Patient,PractitionerRole,RelatedPerson
reason-given token reasonCode; reason-not-given token statusReason; request reference request >MedicationRequest
status token status; subject reference subject ~Group,Patient
""",
        "MedicationDispense": """
code token medicationCodeableConcept; context reference context ~EpisodeOfCare,Encounter
destination reference destination >Location; identifier token identifier
medication reference medicationReference >Medication; patient reference subject >Patient
performer reference performer.actor ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
prescription reference authorizingPrescription >MedicationRequest; receiver reference receiver ~Practitioner,Patient
responsibleparty reference substitution.responsibleParty ~Practitioner,PractitionerRole; status token status
subject reference subject ~Group,Patient; type token type; whenhandedover date whenHandedOver
whenprepared date whenPrepared
""",
        "MolecularSequence": """
chromosome token referenceSeq.chromosome; identifier token identifier; patient reference patient >Patient
referenceseqid token referenceSeq.referenceSeqId; type token type; variant-end number variant.end
variant-start number variant.start; window-end number referenceSeq.windowEnd
window-start number referenceSeq.windowStart
""",
        "NutritionOrder": """
additive token enteralFormula.additiveType; datetime date dateTime
encounter reference encounter ~Encounter,EpisodeOfCare; formula token enteralFormula.baseFormulaType
identifier token identifier; instantiates-canonical reference instantiatesCanonical ~PlanDefinition,ActivityDefinition
instantiates-uri uri instantiatesUri; oraldiet token oralDiet.type; patient reference patient >Patient
provider reference orderer ~Practitioner,PractitionerRole; status token status; supplement token supplement.type
""",
        "Person": """
address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
birthdate date birthDate; email token telecom[system=email]; gender token gender; identifier token identifier
link reference link.target ~Practitioner,Patient,Person,RelatedPerson; name string name
organization reference managingOrganization >Organization; patient reference link.target >Patient
phone token telecom[system=phone]; practitioner reference link.target >Practitioner
relatedperson reference link.target >RelatedPerson; telecom token telecom
""",
        "Provenance": """
agent reference agent.who ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
agent-role token agent.role; agent-type token agent.type; entity reference entity.what
location reference location >Location; patient reference target >Patient; recorded date recorded
signature-type token signature.type; target reference target; when date occurredDateTime
""",
        "QuestionnaireResponse": """
author reference author ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
authored date authored; based-on reference basedOn ~CarePlan,ServiceRequest; encounter reference encounter >Encounter
identifier token identifier; part-of reference partOf ~Observation,Procedure; patient reference subject >Patient
questionnaire reference questionnaire >Questionnaire
source reference source ~Practitioner,Patient,PractitionerRole,RelatedPerson; status token status
subject reference subject
""",
        "RelatedPerson": """
active token active; address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
birthdate date birthDate; email token telecom[system=email]; gender token gender; identifier token identifier
name string name; patient reference patient >Patient; phone token telecom[system=phone]
relationship token relationship; telecom token telecom
""",
        "RequestGroup": """
author reference author ~Practitioner,Device,PractitionerRole; authored date authoredOn; code token code
encounter reference encounter >Encounter; group-identifier token groupIdentifier; identifier token identifier
instantiates-canonical reference instantiatesCanonical; instantiates-uri uri instantiatesUri; intent token intent
participant reference action.participant ~Practitioner,Device,Patient,PractitionerRole,RelatedPerson
patient reference subject >Patient; priority token priority; status token status
subject reference subject ~Group,Patient
""",
        "ResearchSubject": """
date date period; identifier token identifier; individual reference individual >Patient
patient reference individual >Patient; status token status; study reference study >ResearchStudy
""",
        "Schedule": """
active token active; actor reference actor; date date planningHorizon; identifier token identifier
service-category token serviceCategory; service-type token serviceType; specialty token specialty
""",
        "Specimen": """
accession token accessionIdentifier; bodysite token collection.bodySite
collected date collection.collectedDateTime|collection.collectedPeriod
collector reference collection.collector ~Practitioner,PractitionerRole; container token container.type
container-id token container.identifier; identifier token identifier; parent reference parent >Specimen
patient reference subject >Patient; status token status
subject reference subject ~Group,Device,Patient,Substance,Location; type token type
""",
        "SupplyDelivery": """
identifier token identifier; patient reference patient >Patient
receiver reference receiver ~Practitioner,PractitionerRole; status token status
supplier reference supplier ~Practitioner,Organization,PractitionerRole
""",
        "SupplyRequest": """
category token category; date date authoredOn; identifier token identifier
requester reference requester ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
status token status; subject reference deliverTo ~Organization,Patient,Location
supplier reference supplier ~Organization,HealthcareService
""",
        "Task": """
authored-on date authoredOn; based-on reference basedOn; business-status token businessStatus; code token code
encounter reference encounter >Encounter; focus reference focus; group-identifier token groupIdentifier
identifier token identifier; intent token intent; modified date lastModified; owner reference owner
part-of reference partOf >Task; patient reference for >Patient; performer token performerType
period date executionPeriod; priority token priority
requester reference requester ~Practitioner,Organization,Device,Patient,PractitionerRole,RelatedPerson
status token status; subject reference for
""",
        "VisionPrescription": """
datewritten date dateWritten; encounter reference encounter ~Encounter,EpisodeOfCare; identifier token identifier
patient reference patient >Patient; prescriber reference prescriber ~Practitioner,PractitionerRole
status token status
""",
    }
)
