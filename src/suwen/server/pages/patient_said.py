"""What a resource says as a clinician would say it, in both languages: usual names of measures, units as printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from suwen.consult import Record, resource_of
from suwen.errors import DataError
from suwen.formats.fhir import Json, Summary, summarise
from suwen.server.house import House
from suwen.subject import Saying

__all__ = ["Names", "leads_to", "names_in", "printed", "said_in", "said_of"]

Names = Callable[[str], str]  # the name of an HPO term in the reader's language by its identifier, "" unknown
_LOINC = frozenset({"http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
_HPO = frozenset({"http://human-phenotype-ontology.org", "http://purl.obolibrary.org/obo/hp.owl"})
_CLASS = frozenset({"http://terminology.hl7.org/CodeSystem/v3-ActCode"})

# UCUM codes (ucum.org) as they are printed; what is not here is printed as it is written.
_UNITS: Mapping[str, Saying] = MappingProxyType(
    {
        "Cel": Saying("°C", "°C"),
        "[degF]": Saying("°F", "°F"),
        "mm[Hg]": Saying("mmHg", "mmHg"),
        "kg/m2": Saying("kg/m²", "kg/m²"),
        "m2": Saying("m²", "m²"),
        "/min": Saying("/min", "次/分"),
        "{beats}/min": Saying("/min", "次/分"),
        "{breaths}/min": Saying("/min", "次/分"),
        "10*3/uL": Saying("×10³/µL", "×10³/µL"),
        "10*9/L": Saying("×10⁹/L", "×10⁹/L"),
        "10*6/uL": Saying("×10⁶/µL", "×10⁶/µL"),
        "10*12/L": Saying("×10¹²/L", "×10¹²/L"),
        "ug/L": Saying("µg/L", "µg/L"),
        "ug/dL": Saying("µg/dL", "µg/dL"),
        "umol/L": Saying("µmol/L", "µmol/L"),
        "[IU]/L": Saying("IU/L", "IU/L"),
        "m[IU]/L": Saying("mIU/L", "mIU/L"),
        "mL/min/{1.73_m2}": Saying("mL/min/1.73 m²", "mL/min/1.73 m²"),
        "mmol/mol{Hb}": Saying("mmol/mol", "mmol/mol"),
        "a": Saying("years", "年"),  # of ages and of durations
        "wk": Saying("weeks", "周"),
        "d": Saying("days", "天"),
        "h": Saying("h", "小时"),
        "{score}": Saying("", ""),
        "1": Saying("", ""),
    }
)
# The usual names of what LOINC (loinc.org) calls by its parts: what is measured, in what, how.
_MEASURES: Mapping[str, Saying] = MappingProxyType(
    {
        "85354-9": Saying("Blood pressure", "血压"),
        "55284-4": Saying("Blood pressure", "血压"),
        "8480-6": Saying("Systolic pressure", "收缩压"),
        "8462-4": Saying("Diastolic pressure", "舒张压"),
        "8867-4": Saying("Heart rate", "心率"),
        "9279-1": Saying("Respiratory rate", "呼吸频率"),
        "8310-5": Saying("Body temperature", "体温"),
        "2708-6": Saying("Oxygen saturation", "血氧饱和度"),
        "59408-5": Saying("Oxygen saturation (pulse oximetry)", "血氧饱和度（脉搏）"),
        "29463-7": Saying("Body weight", "体重"),
        "3141-9": Saying("Body weight", "体重"),
        "8339-4": Saying("Birth weight", "出生体重"),
        "8302-2": Saying("Body height", "身高"),
        "39156-5": Saying("Body mass index", "体重指数"),
        "8280-0": Saying("Waist circumference", "腰围"),
        "9843-4": Saying("Head circumference", "头围"),
        "4548-4": Saying("HbA1c", "糖化血红蛋白"),
        "17856-6": Saying("HbA1c", "糖化血红蛋白"),
        "59261-8": Saying("HbA1c (IFCC)", "糖化血红蛋白（IFCC）"),
        "2093-3": Saying("Total cholesterol", "总胆固醇"),
        "14647-2": Saying("Total cholesterol", "总胆固醇"),
        "2085-9": Saying("HDL cholesterol", "高密度脂蛋白胆固醇"),
        "14646-4": Saying("HDL cholesterol", "高密度脂蛋白胆固醇"),
        "2089-1": Saying("LDL cholesterol", "低密度脂蛋白胆固醇"),
        "13457-7": Saying("LDL cholesterol (calculated)", "低密度脂蛋白胆固醇（计算值）"),
        "18262-6": Saying("LDL cholesterol (direct)", "低密度脂蛋白胆固醇（直接法）"),
        "22748-8": Saying("LDL cholesterol", "低密度脂蛋白胆固醇"),
        "2571-8": Saying("Triglycerides", "甘油三酯"),
        "14927-8": Saying("Triglycerides", "甘油三酯"),
        "2345-7": Saying("Glucose", "血糖"),
        "14749-6": Saying("Glucose", "血糖"),
        "1558-6": Saying("Fasting glucose", "空腹血糖"),
        "2160-0": Saying("Creatinine", "肌酐"),
        "14682-9": Saying("Creatinine", "肌酐"),
        "33914-3": Saying("eGFR (MDRD)", "估算肾小球滤过率（MDRD）"),
        "62238-1": Saying("eGFR (CKD-EPI)", "估算肾小球滤过率（CKD-EPI）"),
        "98979-8": Saying("eGFR (CKD-EPI 2021)", "估算肾小球滤过率（CKD-EPI 2021）"),
        "718-7": Saying("Haemoglobin", "血红蛋白"),
        "6690-2": Saying("Leukocytes", "白细胞"),
        "777-3": Saying("Platelets", "血小板"),
        "2951-2": Saying("Sodium", "钠"),
        "2823-3": Saying("Potassium", "钾"),
        "1742-6": Saying("ALT", "丙氨酸氨基转移酶"),
        "1920-8": Saying("AST", "天门冬氨酸氨基转移酶"),
        "1975-2": Saying("Total bilirubin", "总胆红素"),
        "2064-4": Saying("Caeruloplasmin", "铜蓝蛋白"),
        "11524-6": Saying("Electrocardiogram", "心电图"),
        "72166-2": Saying("Tobacco smoking status", "吸烟状况"),
        "11506-3": Saying("Progress note", "病程记录"),
    }
)
_CLASSES: Mapping[str, Saying] = MappingProxyType(  # of encounters (HL7 v3 ActEncounterCode)
    {
        "AMB": Saying("Outpatient visit", "门诊"),
        "EMER": Saying("Emergency visit", "急诊"),
        "HH": Saying("Home visit", "居家访视"),
        "IMP": Saying("Inpatient stay", "住院"),
        "ACUTE": Saying("Acute inpatient stay", "急性期住院"),
        "NONAC": Saying("Inpatient stay", "住院"),
        "OBSENC": Saying("Observation stay", "留观"),
        "SS": Saying("Day case", "日间诊疗"),
        "VR": Saying("Remote visit", "远程诊疗"),
    }
)
_BORN = Saying("Born", "出生")
_SYSTOLIC, _DIASTOLIC, _TRACING = "8480-6", "8462-4", "11524-6"


def said_in(record: Record, lang: str, names: Names | None = None) -> Summary | None:
    """The line of a record that holds a resource; None where it holds something else."""
    resource = resource_of(record)
    return said_of(resource, lang, names) if resource is not None else None


def said_of(resource: Json, lang: str, names: Names | None = None) -> Summary:
    """The line of a resource, what it is about and its value in the reader's words where they are known here."""
    plain = summarise(resource)
    if plain.kind == "Patient" and resource.get("birthDate"):
        return replace(plain, what=_BORN.said(lang), value="")
    return replace(plain, what=_what(resource, lang, names) or plain.what, value=_value(resource, lang) or plain.value)


def names_in(house: House, lang: str) -> Names | None:
    """The names of HPO terms in a language; None while the knowledge is being opened, or where there is none."""
    if not house.science.ready:
        return None
    try:
        ontology = house.science.engine().knowledge.ontology
    except DataError:
        return None
    labels = ontology.labels_zh if lang == "zh" else ontology.labels

    def name(code: str) -> str:
        return labels[ontology.number[code]] if code in ontology.number else ""

    return name


def leads_to(record: Record) -> str:
    """The page of the patient on which a record is seen whole: its path behind the patient's, "" none."""
    if record.kind == "ImagingStudy":
        return "/images"
    resource = resource_of(record) or {}
    said = {str(one.get("code")) for name in ("code", "type") for one in _codings(resource.get(name))}
    if _TRACING in said and record.kind in {"Observation", "DocumentReference"}:
        return "/ecg"
    return f"/notes/{record.id}" if record.kind in {"DocumentReference", "DiagnosticReport"} else ""


def printed(unit: str, lang: str) -> str:
    """A unit as it is printed."""
    return _UNITS[unit].said(lang) if unit in _UNITS else unit


def _what(resource: Json, lang: str, names: Names | None) -> str:
    """The usual name; "" where the resource has words of its own: whoever wrote them may have said more."""
    held = resource.get("code")
    if resource.get("resourceType") == "Encounter" and not resource.get("type"):
        held = resource.get("class")
    return _called(held, lang, names)


def _called(held: Any, lang: str, names: Names | None) -> str:
    text = held.get("text") if isinstance(held, dict) else None
    if text and text not in {one.get("display") for one in _codings(held)}:
        return ""
    return next(filter(None, (_name(one, lang, names) for one in _codings(held))), "")


def _name(coding: Json, lang: str, names: Names | None) -> str:
    system, code = str(coding.get("system", "")), str(coding.get("code", ""))
    table = _MEASURES if system in _LOINC else _CLASSES if system in _CLASS else {}
    if code in table:
        return table[code].said(lang)
    return names(code) if names is not None and system in _HPO else ""


def _value(resource: Json, lang: str) -> str:
    """The value with its unit as printed, a blood pressure as one; "" where there is no number."""
    parts = [one for one in _list(resource.get("component")) if isinstance(one, dict)]
    pressure = _pressure(parts, lang)
    if pressure:
        return pressure
    whole = _quantity(resource.get("valueQuantity"), lang)
    named = [_part(one, lang) for one in parts]
    return "; ".join(filter(None, [whole, *named])) if whole or (named and all(named)) else ""


def _pressure(parts: list[Json], lang: str) -> str:
    found = {str(code.get("code")): one.get("valueQuantity") for one in parts for code in _codings(one.get("code"))}
    high, low = found.get(_SYSTOLIC), found.get(_DIASTOLIC)
    if len(parts) != 2 or not (isinstance(high, dict) and isinstance(low, dict)):
        return ""
    units = {_unit(one, lang) for one in (high, low)}
    plain = all(one.get("value") is not None and not one.get("comparator") for one in (high, low))
    return f"{high['value']}/{low['value']} {units.pop()}".strip() if len(units) == 1 and plain else ""


def _part(one: Json, lang: str) -> str:
    what = _called(one.get("code"), lang, None)
    value = _quantity(one.get("valueQuantity"), lang)
    return f"{what} {value}" if what and value else ""


def _quantity(value: Any, lang: str) -> str:
    if not isinstance(value, dict) or value.get("value") is None:
        return ""
    return " ".join(filter(None, [str(value.get("comparator", "")), str(value["value"]), _unit(value, lang)]))


def _unit(value: Json, lang: str) -> str:
    """The unit by its UCUM code where that is known here, else as it is written."""
    code, unit = str(value.get("code", "")), str(value.get("unit", ""))
    return printed(code, lang) if code in _UNITS else printed(unit, lang) or code


def _codings(held: Any) -> Iterator[Json]:
    if not isinstance(held, dict):
        return
    yield from (one for one in _list(held.get("coding", [held])) if isinstance(one, dict))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
