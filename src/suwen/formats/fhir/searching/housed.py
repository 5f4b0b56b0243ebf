"""Search parameters of R4 for resources that are about no patient by themselves, as `table.py` reads them."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["HOUSED"]

HOUSED = MappingProxyType(
    {
        "Endpoint": """
connection-type token connectionType; identifier token identifier; name string name
organization reference managingOrganization >Organization; payload-type token payloadType; status token status
""",
        "HealthcareService": """
active token active; characteristic token characteristic; coverage-area reference coverageArea >Location
endpoint reference endpoint >Endpoint; identifier token identifier; location reference location >Location
name string name; organization reference providedBy >Organization; program token program
service-category token category; service-type token type; specialty token specialty
""",
        "Location": """
address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
endpoint reference endpoint >Endpoint; identifier token identifier; name string name|alias
operational-status token operationalStatus; organization reference managingOrganization >Organization
partof reference partOf >Location; status token status; type token type
""",
        "Organization": """
active token active; address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
endpoint reference endpoint >Endpoint; identifier token identifier; name string name|alias
partof reference partOf >Organization; type token type
""",
        "Practitioner": """
active token active; address string address; address-city string address.city; address-country string address.country
address-postalcode string address.postalCode; address-state string address.state; address-use token address.use
communication token communication; email token telecom[system=email]; family string name.family; gender token gender
given string name.given; identifier token identifier; name string name; phone token telecom[system=phone]
telecom token telecom
""",
        "PractitionerRole": """
active token active; date date period; email token telecom[system=email]; endpoint reference endpoint >Endpoint
identifier token identifier; location reference location >Location; organization reference organization >Organization
phone token telecom[system=phone]; practitioner reference practitioner >Practitioner; role token code
service reference healthcareService >HealthcareService; specialty token specialty; telecom token telecom
""",
        "Medication": """
code token code; expiration-date date batch.expirationDate; form token form; identifier token identifier
ingredient reference ingredient.itemReference ~Medication,Substance
ingredient-code token ingredient.itemCodeableConcept; lot-number token batch.lotNumber
manufacturer reference manufacturer >Organization; status token status
""",
        "MedicationKnowledge": """
classification token medicineClassification.classification; classification-type token medicineClassification.type
code token code; doseform token doseForm; ingredient reference ingredient.itemReference >Substance
ingredient-code token ingredient.itemCodeableConcept; manufacturer reference manufacturer >Organization
monitoring-program-name token monitoringProgram.name; monitoring-program-type token monitoringProgram.type
monograph reference monograph.source ~Media,DocumentReference; monograph-type token monograph.type
source-cost token cost.source; status token status
""",
        "Substance": """
category token category; code token code|ingredient.substanceCodeableConcept
container-identifier token instance.identifier; expiry date instance.expiry; identifier token identifier
quantity quantity instance.quantity; status token status
substance-reference reference ingredient.substanceReference >Substance
""",
        "DeviceDefinition": """
identifier token identifier; parent reference parentDevice >DeviceDefinition; type token type
""",
        "DeviceMetric": """
category token category; identifier token identifier; parent reference parent >Device; source reference source >Device
type token type
""",
        "Slot": """
appointment-type token appointmentType; identifier token identifier; schedule reference schedule >Schedule
service-category token serviceCategory; service-type token serviceType; specialty token specialty; start date start
status token status
""",
        "OrganizationAffiliation": """
active token active; date date period; email token telecom[system=email]; endpoint reference endpoint >Endpoint
identifier token identifier; location reference location >Location; network reference network >Organization
participating-organization reference participatingOrganization >Organization; phone token telecom[system=phone]
primary-organization reference organization >Organization; role token code
service reference healthcareService >HealthcareService; specialty token specialty; telecom token telecom
""",
        "InsurancePlan": """
address string contact.address; address-city string contact.address.city
address-country string contact.address.country; address-postalcode string contact.address.postalCode
address-state string contact.address.state; address-use token contact.address.use
administered-by reference administeredBy >Organization; endpoint reference endpoint >Endpoint
identifier token identifier; name string name|alias; owned-by reference ownedBy >Organization; status token status
type token type
""",
        "PaymentNotice": """
created date created; identifier token identifier; payment-status token paymentStatus
provider reference provider ~Practitioner,Organization,PractitionerRole; request reference request
response reference response; status token status
""",
        "PaymentReconciliation": """
created date created; disposition string disposition; identifier token identifier; outcome token outcome
payment-issuer reference paymentIssuer >Organization; request reference request >Task
requestor reference requestor ~Practitioner,Organization,PractitionerRole; status token status
""",
        "EnrollmentResponse": """
identifier token identifier; request reference request >EnrollmentRequest; status token status
""",
        "Questionnaire": """
code token item.code; context token useContext.valueCodeableConcept
context-quantity quantity useContext.valueQuantity|useContext.valueRange; context-type token useContext.code
date date date; definition uri item.definition; description string description; effective date effectivePeriod
identifier token identifier; jurisdiction token jurisdiction; name string name; publisher string publisher
status token status; subject-type token subjectType; title string title; url uri url; version token version
""",
        "ResearchStudy": """
category token category; date date period; focus token focus; identifier token identifier; keyword token keyword
location token location; partof reference partOf >ResearchStudy
principalinvestigator reference principalInvestigator ~Practitioner,PractitionerRole
protocol reference protocol >PlanDefinition; site reference site >Location; sponsor reference sponsor >Organization
status token status; title string title
""",
        "SpecimenDefinition": """
container token typeTested.container.type; identifier token identifier; type token typeCollected
""",
        "Linkage": """
author reference author ~Practitioner,Organization,PractitionerRole; item reference item.resource
source reference item.resource
""",
    }
)
