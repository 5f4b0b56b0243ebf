"""Codes by which a record states what the risk equations ask: LOINC, SNOMED CT, ICD-10, HPO, ATC, names of drugs.

A code stands for one factor only where it says no less than the factor asks. ICD-10 and ATC are matched from their
begin, SNOMED CT code by code (no hierarchy is at hand), so that a concept that stands nowhere here stays unread.
RxNorm codes name thousands of products; their ingredients are read in the name that comes with the code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ATC",
    "CONDITIONS",
    "CORONARY",
    "EGFR_OLDER",
    "EXCLUDED",
    "HISTORY",
    "ICD_10",
    "INGREDIENTS",
    "LASTING",
    "MEASURES",
    "PRESSURE_DRUG",
    "RACES",
    "RELATIVES",
    "SMOKING",
    "SMOKING_STATUS",
]

# LOINC of what is measured. Units come with the value; codes of mass and of substance lead to the same factor.
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("8480-6", "8459-0", "76534-7"), "sbp"),
        **dict.fromkeys(("2093-3", "14647-2"), "total_cholesterol"),
        **dict.fromkeys(("2085-9", "14646-4"), "hdl"),
        **dict.fromkeys(("2089-1", "18262-6", "13457-7", "22748-8", "39469-2"), "ldl"),
        **dict.fromkeys(("4548-4", "17856-6", "59261-8"), "hba1c"),
        **dict.fromkeys(("2160-0", "14682-9", "38483-4"), "creatinine"),
        "98979-8": "egfr",  # by CKD-EPI 2021, as the equations ask
        **dict.fromkeys(("9318-7", "14959-1", "14585-4", "32294-1", "30000-4"), "uacr"),
        "39156-5": "bmi",
        "8302-2": "height",
        "29463-7": "weight",
        "8280-0": "waist",
        "8867-4": "heart_rate",
    }
)
# eGFR by MDRD and CKD-EPI 2009: read only where there is no creatinine to compute it anew from
EGFR_OLDER = frozenset({"33914-3", "48642-3", "62238-1", "69405-9", "77147-7"})
SMOKING_STATUS = frozenset({"72166-2"})
LASTING = frozenset({"height"})  # what does not age in an adult

# Answers of the smoking status (SNOMED CT; LOINC list LL2201-3): what it says of smoking, or only of the present
SMOKING: Mapping[str, tuple[str, str | float]] = MappingProxyType(
    {
        **dict.fromkeys(("266919005", "LA18978-9"), ("smoking", "never")),
        **dict.fromkeys(("8517006", "LA15920-4"), ("smoking", "former")),
        **dict.fromkeys(
            (
                *("449868002", "428041000124106", "428061000124105", "428071000124103", "77176002"),
                *("LA18976-3", "LA18977-1", "LA18979-7", "LA18981-3", "LA18982-1"),
            ),
            ("smoker", 1.0),
        ),
    }
)

_DIABETES, _TYPE_1, _TYPE_2 = ("diabetes", 1.0), ("diabetes_type", "type 1"), ("diabetes_type", "type 2")
_CORONARY = (("cvd", 1.0),)
_INFARCTION = (("cvd", 1.0), ("vascular_disease", 1.0))
_STROKE = (("cvd", 1.0), ("stroke", 1.0))


def _yes(*keys: str) -> tuple[tuple[str, str | float], ...]:
    return tuple((key, 1.0) for key in keys)


_Stated = tuple[tuple[str, str | float], ...]
_SNOMED: Mapping[str, _Stated] = {
    "73211009": (_DIABETES,),
    "46635009": (_TYPE_1,),
    **dict.fromkeys(
        (
            *("44054006", "422034002", "127013003", "368581000119106", "1551000119108", "97331000119101"),
            *("90781000119102", "157141000119108", "60951000119105"),
        ),
        (_TYPE_2,),
    ),
    **dict.fromkeys(("38341003", "59621000", "10725009", "78975002", "31992008", "1201005"), _yes("hypertension")),
    **dict.fromkeys(
        ("49436004", "282825002", "440059007", "440028005", "195080001", "5370000"), _yes("atrial_fibrillation")
    ),
    **dict.fromkeys(
        ("84114007", "42343007", "88805009", "85232009", "367363000", "418304008", "417996009", "446221000"),
        _yes("heart_failure"),
    ),
    **dict.fromkeys(("230690007", "422504002", "432504007", "266257000", "275526006", "161511000"), _STROKE),
    **dict.fromkeys(("22298006", "57054005", "401303003", "401314000", "1755008", "399211009"), _INFARCTION),
    **dict.fromkeys(
        # coronary disease, angina; bypass and angioplasty (procedures)
        (
            *("53741008", "414545008", "413838009", "194828000", "233819005", "4557003"),
            *("232717009", "415070008", "36969009"),
        ),
        _CORONARY,
    ),
    **dict.fromkeys(("399957001", "400047006"), _INFARCTION),
    **dict.fromkeys(
        ("433144002", "700378005", "700379002", "431857002", "433146000", "46177005"), _yes("kidney_disease")
    ),
    "69896004": _yes("rheumatoid_arthritis"),
    "55464009": _yes("lupus"),
    **dict.fromkeys(("37796009", "4473006", "56097005", "124171000119105"), _yes("migraine")),
    **dict.fromkeys(("58214004", "13746004", "68890003", "310496002", "310497006"), _yes("severe_mental_illness")),
    **dict.fromkeys(("397803000", "860914002"), _yes("erectile_dysfunction")),
    "19943007": _yes("liver_disease"),
    **dict.fromkeys(("74474003", "274100004"), _yes("bleeding")),
    **dict.fromkeys(("55822004", "370992007", "13644009", "302870006", "267434003"), _yes("dyslipidaemia")),
}
_HPO: Mapping[str, _Stated] = {
    "HP:0000819": (_DIABETES,),
    "HP:0100651": (_TYPE_1,),
    "HP:0005978": (_TYPE_2,),
    "HP:0000822": _yes("hypertension"),
    "HP:0005110": _yes("atrial_fibrillation"),
    "HP:0001635": _yes("heart_failure"),
    **dict.fromkeys(("HP:0001297", "HP:0002326", "HP:0002140"), _STROKE),
    "HP:0001658": _INFARCTION,
    **dict.fromkeys(("HP:0001677", "HP:0001681"), _CORONARY),
    "HP:0004950": _INFARCTION,
    "HP:0001370": _yes("rheumatoid_arthritis"),
    "HP:0002725": _yes("lupus"),
    **dict.fromkeys(("HP:0002076", "HP:0002077", "HP:0002083"), _yes("migraine")),
    "HP:0100639": _yes("erectile_dysfunction"),
    "HP:0001394": _yes("liver_disease"),
    "HP:0003119": _yes("dyslipidaemia"),
}
CONDITIONS: Mapping[str, _Stated] = MappingProxyType({**_SNOMED, **_HPO})
# ICD-10 (WHO, and its national editions, which only divide it further) by begin, the longest first to be looked up
ICD_10: Mapping[str, _Stated] = MappingProxyType(
    {
        "E10": (_TYPE_1,),
        "E11": (_TYPE_2,),
        **dict.fromkeys(("E12", "E13", "E14"), (_DIABETES,)),
        **dict.fromkeys(("I10", "I12", "I15"), _yes("hypertension")),
        **dict.fromkeys(("I110", "I130", "I132"), _yes("hypertension", "heart_failure")),
        **dict.fromkeys(("I11", "I13"), _yes("hypertension")),
        "I48": _yes("atrial_fibrillation"),
        "I50": _yes("heart_failure"),
        **dict.fromkeys(("I63", "I64", "I693", "I694", "I74", "Z8673"), _STROKE),
        **dict.fromkeys(("G450", "G451", "G452", "G453", "G458", "G459"), _STROKE),
        **dict.fromkeys(("I20", "I23", "I24", "I25", "Z951", "Z955"), _CORONARY),
        **dict.fromkeys(("I21", "I22", "I252", "I700", "I702", "I739"), _INFARCTION),
        **dict.fromkeys(("N183", "N184", "N185", "N186"), _yes("kidney_disease")),
        **dict.fromkeys(("M05", "M060", "M068", "M069"), _yes("rheumatoid_arthritis")),
        "M32": _yes("lupus"),
        "G43": _yes("migraine"),
        **dict.fromkeys(
            ("F20", "F25", "F31", "F321", "F322", "F323", "F331", "F332", "F333"), _yes("severe_mental_illness")
        ),
        **dict.fromkeys(("N484", "N52"), _yes("erectile_dysfunction")),
        **dict.fromkeys(("K703", "K743", "K744", "K745", "K746"), _yes("liver_disease")),
        **dict.fromkeys(("I60", "I61", "I62"), _yes("bleeding", "cvd")),
        **dict.fromkeys(("K920", "K921", "K922"), _yes("bleeding")),
        **dict.fromkeys(("E780", "E781", "E782", "E783", "E784", "E785"), _yes("dyslipidaemia")),
    }
)  # fmt: skip
# Of a relative: coronary disease itself, as the equations ask
CORONARY = frozenset(
    {
        *("22298006", "57054005", "401303003", "401314000", "1755008", "399211009", "53741008", "414545008"),
        *("413838009", "194828000", "233819005", "4557003", "HP:0001658", "HP:0001677", "HP:0001681"),
        *("I20", "I21", "I22", "I23", "I24", "I25"),
    }
)
# Where one of these is denied, the factor is not there; to deny a special form (type 2, paroxysmal) says nothing
EXCLUDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("73211009", "HP:0000819"), ("diabetes",)),
        **dict.fromkeys(("38341003", "HP:0000822"), ("hypertension",)),
        **dict.fromkeys(("49436004", "HP:0005110"), ("atrial_fibrillation",)),
        **dict.fromkeys(("84114007", "HP:0001635"), ("heart_failure",)),
        **dict.fromkeys(("49601007", "HP:0001626"), ("cvd", "heart_failure")),
        **dict.fromkeys(("709044004", "HP:0012622"), ("kidney_disease",)),
        **dict.fromkeys(("69896004", "HP:0001370"), ("rheumatoid_arthritis",)),
        **dict.fromkeys(("55464009", "HP:0002725"), ("lupus",)),
        **dict.fromkeys(("37796009", "HP:0002076"), ("migraine",)),
    }
)
# What a person once had counts for good; the rest counts no longer once it is said to be resolved
HISTORY = frozenset({"cvd", "stroke", "vascular_disease", "bleeding"})

PRESSURE_DRUG = "antihypertensive"
_ANTIPLATELET = "antiplatelet"
ATC: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("C02A", "C02C", "C02D", "C02L", "C03A", "C03B", "C03D", "C03E", "C07", "C08", "C09"), PRESSURE_DRUG
        ),
        **dict.fromkeys(("C10AA", "C10BA0", "C10BX"), "statin"),
        **dict.fromkeys(("B01AC", "M01A", "N02BA01"), _ANTIPLATELET),
        "H02AB": "steroids",
        **dict.fromkeys(
            # the atypical ones that QRISK3 counts
            (
                *("N05AE03", "N05AE05", "N05AH02", "N05AH03", "N05AH04", "N05AL05", "N05AX08", "N05AX11"),
                *("N05AX12", "N05AX13"),
            ),
            "antipsychotic",
        ),
    }
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "statin": (
        *("atorvastatin", "fluvastatin", "lovastatin", "pitavastatin", "pravastatin", "rosuvastatin", "simvastatin"),
        *("阿托伐他汀", "氟伐他汀", "洛伐他汀", "匹伐他汀", "普伐他汀", "瑞舒伐他汀", "辛伐他汀"),
    ),
    PRESSURE_DRUG: (
        *("amlodipine", "felodipine", "nifedipine", "nicardipine", "lercanidipine", "diltiazem", "verapamil"),
        *("benazepril", "captopril", "enalapril", "fosinopril", "lisinopril", "perindopril", "quinapril", "ramipril"),
        *("azilsartan", "candesartan", "irbesartan", "losartan", "olmesartan", "telmisartan", "valsartan"),
        *("chlorthalidone", "hydrochlorothiazide", "indapamide", "spironolactone"),
        *("atenolol", "bisoprolol", "carvedilol", "labetalol", "metoprolol", "nebivolol", "propranolol"),
        *("clonidine", "doxazosin", "hydralazine", "methyldopa", "prazosin", "terazosin"),
        *("氨氯地平", "硝苯地平", "非洛地平", "贝那普利", "卡托普利", "依那普利", "培哚普利", "雷米普利", "缬沙坦"),
        *("氯沙坦", "厄贝沙坦", "替米沙坦", "坎地沙坦", "奥美沙坦", "氢氯噻嗪", "吲达帕胺", "美托洛尔", "比索洛尔"),
    ),
    _ANTIPLATELET: (
        *("aspirin", "acetylsalicylic acid", "clopidogrel", "prasugrel", "ticagrelor", "dipyridamole", "cilostazol"),
        *("ibuprofen", "naproxen", "diclofenac", "indomethacin", "celecoxib", "etoricoxib", "meloxicam", "ketorolac"),
        *("阿司匹林", "氯吡格雷", "替格瑞洛", "布洛芬", "萘普生", "双氯芬酸", "塞来昔布", "美洛昔康"),
    ),
    "antipsychotic": (
        *("amisulpride", "aripiprazole", "clozapine", "lurasidone", "olanzapine", "paliperidone", "quetiapine"),
        *("risperidone", "sertindole", "zotepine"),
        *("氨磺必利", "阿立哌唑", "氯氮平", "奥氮平", "喹硫平", "利培酮", "帕利哌酮"),
    ),
    "steroids": ("prednisone", "prednisolone", "methylprednisolone", "dexamethasone", "泼尼松", "泼尼松龙", "地塞米松"),
}
INGREDIENTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {key: re.compile("|".join(rf"\b{one}\b" if one.isascii() else one for one in words), re.IGNORECASE)
     for key, words in _WORDS.items()}
)  # fmt: skip

# First-degree relatives (HL7 v3 RoleCode)
RELATIVES = frozenset(
    {
        *("FTH", "MTH", "NFTH", "NMTH", "PRN", "NPRN", "BRO", "SIS", "NBRO", "NSIS", "SIB", "NSIB"),
        *("SON", "DAU", "NCHILD", "SONC", "DAUC"),
    }
)
# US Core: race of the Office of Management and Budget, as far as the equations know it
RACES: Mapping[str, str] = MappingProxyType({"2106-3": "white", "2054-5": "black"})
