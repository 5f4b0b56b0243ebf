"""Which terminology a FHIR coding speaks: addresses, shapes and check digits of the code systems met in medicine.

Addresses are those of "Using codes: external code systems" of R4 (https://hl7.org/fhir/R4/terminologies-systems.html)
and, where R4 names none, of HL7 Terminology (https://terminology.hl7.org). ICD-10-CN has no published address and
stands nowhere here: such codings stay what they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from suwen.errors import InputError
from suwen.formats.codes import curie
from suwen.formats.fhir.nouns import Json
from suwen.knowledge.ucum import is_ucum
from suwen.subject import Code, Saying

__all__ = ["TERMINOLOGIES", "Terminology", "code_of", "coding", "coding_problem", "system_of", "terminology"]


@dataclass(frozen=True, slots=True)
class Terminology:
    """A code system: `prefix` is that of our codes, `url` the address to write, `aliases` others to understand.

    Aliases stand without scheme, `www.` and trailing `/` or `#`, in lower case; `oid` becomes one more. `shape` is what
    a code matches as a whole, without our prefix. `keeps_prefix`: the system's own codes carry it (`HP:0001250`).
    `version` is that of the data carried here, "" where none are. `licence` says who may use the codes.
    """

    prefix: str
    url: str
    shape: re.Pattern[str] = field(repr=False)
    en: str
    zh: str
    licence: str
    oid: str = ""
    aliases: tuple[str, ...] = ()
    keeps_prefix: bool = False
    version: str = ""


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_HL7 = "HL7 International: free to use (CC0)"
_ICD11_STEM = r"[0-9A-HJ-NP-Z][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z](?:\.[0-9A-HJ-NP-Z]{1,3})?"

TERMINOLOGIES: tuple[Terminology, ...] = (
    Terminology(
        "HP",
        "http://human-phenotype-ontology.org",
        _shape(r"[0-9]{7}"),
        "Human Phenotype Ontology",
        "人类表型本体",
        "free to use with attribution, unchanged (https://hpo.jax.org/license)",
        oid="2.16.840.1.113883.6.339",
        aliases=(
            "human-phenotype-ontology.github.io",
            "hpo.jax.org",
            "hpo.jax.org/app",
            "purl.obolibrary.org/obo/hp",
            "purl.obolibrary.org/obo/hp.owl",
            "purl.obolibrary.org/obo/hp.obo",
            "purl.obolibrary.org/obo/hp.fhir",
            "purl.obolibrary.org/obo/hp_",
        ),
        keeps_prefix=True,
        version="2025-01-16",
    ),
    Terminology(
        "SNOMEDCT",
        "http://snomed.info/sct",
        _shape(r"[1-9][0-9]{5,17}"),
        "SNOMED CT",
        "医学系统命名法—临床术语",
        "needs a licence of SNOMED International, free in member countries; its content is not carried here",
        oid="2.16.840.1.113883.6.96",
    ),
    Terminology(
        "LOINC",
        "http://loinc.org",
        _shape(r"(?:L[AGLP])?[0-9]{1,8}-[0-9]"),
        "LOINC",
        "观测指标标识符逻辑命名与编码系统",
        "free to use under the LOINC licence (https://loinc.org/license), which asks for its notice",
        oid="2.16.840.1.113883.6.1",
    ),
    Terminology(
        "ICD10",
        "http://hl7.org/fhir/sid/icd-10",
        _shape(r"[A-Z][0-9]{2}(?:\.[0-9]{1,2})?"),
        "ICD-10 (WHO)",
        "国际疾病分类第十次修订本",
        "WHO: free for use of the codes, commercial products need a licence",
        oid="2.16.840.1.113883.6.3",
    ),
    Terminology(
        "ICD10CM",
        "http://hl7.org/fhir/sid/icd-10-cm",
        _shape(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?"),
        "ICD-10-CM (United States)",
        "美国临床版国际疾病分类第十次修订本",
        "NCHS: public domain in the United States",
        oid="2.16.840.1.113883.6.90",
    ),
    Terminology(
        "ICD11",
        "http://id.who.int/icd/release/11/mms",
        _shape(rf"(?:{_ICD11_STEM}|X[0-9A-HJ-NP-Z.]{{3,6}})(?:[&/](?:{_ICD11_STEM}|X[0-9A-HJ-NP-Z.]{{3,6}}))*"),
        "ICD-11 for mortality and morbidity statistics",
        "国际疾病分类第十一次修订本",
        "WHO: CC BY-ND 3.0 IGO",
        aliases=("id.who.int/icd11/mms",),
    ),
    Terminology(
        "OMIM",
        "http://www.omim.org",
        _shape(r"(?:PS)?[0-9]{6}"),
        "OMIM",
        "在线人类孟德尔遗传",
        "OMIM numbers are free to cite; its texts need a licence of Johns Hopkins University",
        oid="2.16.840.1.113883.6.174",
        aliases=("omim.org/entry",),
    ),
    Terminology(
        "ORPHA",
        "http://www.orpha.net",
        _shape(r"[0-9]{1,7}"),
        "Orphanet",
        "罕见病目录（Orphanet）",
        "CC BY 4.0",
        aliases=("orpha.net/ordo",),
    ),
    Terminology(
        "MONDO",
        "http://purl.obolibrary.org/obo/mondo.owl",
        _shape(r"[0-9]{7}"),
        "Mondo Disease Ontology",
        "Mondo 疾病本体",
        "CC BY 4.0",
        aliases=("purl.obolibrary.org/obo/mondo",),
        keeps_prefix=True,
        version="2026-08-04",
    ),
    Terminology(
        "UCUM",
        "http://unitsofmeasure.org",
        _shape(r"[!-~]{1,200}"),
        "Unified Code for Units of Measure",
        "统一计量单位代码",
        "free to use with its notice (https://ucum.org/license)",
        oid="2.16.840.1.113883.6.8",
    ),
    Terminology(
        "RXNORM",
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        _shape(r"[0-9]{1,8}"),
        "RxNorm",
        "美国临床药品标准命名",
        "RxNorm's own names and numbers are in the public domain (National Library of Medicine)",
        oid="2.16.840.1.113883.6.88",
    ),
    Terminology(
        "ATC",
        "http://www.whocc.no/atc",
        _shape(r"[A-Z](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?"),
        "Anatomical Therapeutic Chemical classification",
        "解剖学治疗学及化学分类",
        "WHO Collaborating Centre: free for non-commercial use, no changes, no redistribution of the index",
        oid="2.16.840.1.113883.6.73",
    ),
    Terminology(
        "CVX",
        "http://hl7.org/fhir/sid/cvx",
        _shape(r"[0-9]{2,3}"),
        "Vaccines administered (CVX)",
        "疫苗代码（CVX）",
        "CDC: public domain",
        oid="2.16.840.1.113883.12.292",
    ),
    Terminology(
        "UMLS",
        "http://www.nlm.nih.gov/research/umls",
        _shape(r"C[0-9]{7}"),
        "UMLS Metathesaurus",
        "一体化医学语言系统",
        "needs a free licence of the National Library of Medicine",
        oid="2.16.840.1.113883.6.86",
    ),
    Terminology(
        "NCIT",
        "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
        _shape(r"C[0-9]{1,7}"),
        "NCI Thesaurus",
        "美国国家癌症研究所叙词表",
        "CC BY 4.0",
        oid="2.16.840.1.113883.3.26.1.1",
    ),
    Terminology(
        "HGNC",
        "http://www.genenames.org",
        _shape(r"[0-9]{1,6}"),
        "HUGO gene nomenclature",
        "人类基因命名",
        "free to use (CC0)",
        oid="2.16.840.1.113883.6.281",
        keeps_prefix=True,
    ),
    Terminology(
        "DCM",
        "http://dicom.nema.org/resources/ontology/DCM",
        _shape(r"[0-9A-Z]{1,16}"),
        "DICOM controlled terminology",
        "DICOM 受控术语",
        "NEMA: free to use",
        oid="1.2.840.10008.2.16.4",
    ),
    Terminology(
        "ACTCODE",
        "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        _shape(r"[0-9A-Za-z_\-]{1,64}"),
        "HL7 act codes",
        "HL7 活动代码",
        _HL7,
        oid="2.16.840.1.113883.5.4",
        aliases=("hl7.org/fhir/v3/actcode",),
    ),
    Terminology(
        "ROLECODE",
        "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
        _shape(r"[0-9A-Za-z_\-]{1,64}"),
        "HL7 role codes (kinship)",
        "HL7 角色代码（亲属关系）",
        _HL7,
        oid="2.16.840.1.113883.5.111",
        aliases=("hl7.org/fhir/v3/rolecode",),
    ),
    Terminology(
        "INTERPRETATION",
        "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        _shape(r"[0-9A-Za-z_<>\-]{1,64}"),
        "HL7 observation interpretation",
        "HL7 观测结果解释",
        _HL7,
        oid="2.16.840.1.113883.5.83",
        aliases=("hl7.org/fhir/v2/0078", "hl7.org/fhir/v3/observationinterpretation"),
    ),
)

_DRESSING = re.compile(r"^https?://(?:www\.)?|[/#]+$")
_MAX_ADDRESS = 2_000


def _bare(url: str) -> str:
    return _DRESSING.sub("", url.strip().lower())


@cache
def _addresses() -> dict[str, Terminology]:
    found = {_bare(one.url): one for one in TERMINOLOGIES}
    found |= {alias: one for one in TERMINOLOGIES for alias in one.aliases}
    return found | {f"urn:oid:{one.oid}": one for one in TERMINOLOGIES if one.oid}


@cache
def _prefixes() -> dict[str, Terminology]:
    return {one.prefix: one for one in TERMINOLOGIES}


def system_of(url: str) -> Terminology | None:
    """The terminology that a coding's system names; None for an address that stands in no row."""
    return _addresses().get(_bare(url)) if len(url) <= _MAX_ADDRESS else None


def terminology(prefix: str) -> Terminology | None:
    """The terminology of codes with this prefix, such as `HP` or `LOINC`."""
    return _prefixes().get(prefix)


def coding(code: Code, *, version: str = "") -> Json:
    """A code as a FHIR Coding: address of its system, the code as that system writes it, and the display.

    HPO, MONDO and HGNC keep their prefix (`HP:0001250`), the others are bare (OMIM `154700`, Orphanet `558`). `version`
    stands only where it is given: which edition a code was taken from is the caller's knowledge.

    Raises InputError: the code's prefix names no terminology of the table, or it is none of that terminology's codes.
    """
    system = terminology(code.system)
    if system is None:
        known = ", ".join(_prefixes())
        raise InputError(
            f"a FHIR coding needs a code of a known terminology; use one with a prefix of {known}",
            zh=f"FHIR 编码须属于已知术语系统；请使用以下前缀之一：{known}",
        )
    local = code.value.partition(":")[2]
    wrong = _wrong(system, local)
    if wrong:
        raise InputError(
            f"this is no code of {system.en}: {wrong.en}; correct the code",
            zh=f"这不是 {system.zh} 的编码：{wrong.zh}；请更正编码",
        )
    said = {"system": system.url, "version": version, "code": code.value if system.keeps_prefix else local}
    said["display"] = code.label
    return {name: value for name, value in said.items() if value}


def code_of(coding: Json) -> Code | None:
    """The code a Coding names, with our prefix; None where `coding_problem` says why not."""
    return _read(coding)[0]


def coding_problem(coding: Json) -> str:
    """What keeps a Coding from being a code of its system, as a clause without the coded value; "" for nothing."""
    return _read(coding)[1]


def _read(coding: Json) -> tuple[Code | None, str]:
    url, text, display = (coding.get(name) for name in ("system", "code", "display"))
    if not isinstance(text, str) or not text.strip():
        return None, "has no code"
    system = system_of(url) if isinstance(url, str) else None
    if system is None:
        return None, "names no system" if not url else "its system is not one that is understood here"
    local = _local(text.strip(), system)
    wrong = _wrong(system, local)
    if wrong:
        return None, f"is no code of {system.en}: {wrong.en}"
    return Code(f"{system.prefix}:{local}", display if isinstance(display, str) else ""), ""


def _local(text: str, system: Terminology) -> str:
    """A code without the prefix that exporters put before it although their system has none (`OMIM:154700`)."""
    head, _, tail = (curie(text) or "").partition(":")
    return tail if head == system.prefix else text.removeprefix("#")


def _wrong(system: Terminology, local: str) -> Saying | None:
    """What is wrong with a code without its prefix; None for nothing."""
    if not system.shape.fullmatch(local):
        return Saying("its shape is another", "格式不符")
    if system.prefix == "UCUM" and not is_ucum(local):
        return Saying("UCUM's grammar or units do not have it", "UCUM 的语法或单位中没有")
    if system.prefix == "LOINC" and local[0] != "L" and not _mod_ten(local):  # parts and answers reckon otherwise
        return Saying("its check digit is wrong (mod 10)", "校验位有误（模 10）")
    if system.prefix == "SNOMEDCT":
        if not _verhoeff(local):
            return Saying("its check digit is wrong (Verhoeff)", "校验位有误（Verhoeff）")
        if local[-3:-1] not in {"00", "10"}:
            return Saying(
                "it identifies a description or relationship, not a concept", "它标识的是描述或关系，而非概念"
            )
    return None


def _mod_ten(local: str) -> bool:
    """Check digit of LOINC (LOINC Users' Guide, appendix "Calculating mod 10 check digits"): Luhn's of ISO/IEC 7812."""
    digits = [int(one) for one in local if one.isdigit()]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits[::-1])]
    return sum(doubled) % 10 == 0


# Dihedral group D5 and Verhoeff's permutation (J. Verhoeff, Error Detecting Decimal Codes, 1969), as the SNOMED CT
# Release File Specifications, "Check-digit computation", give them.
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _verhoeff(local: str) -> bool:
    state = 0
    for place, letter in enumerate(reversed(local)):
        digit = int(letter)
        for _ in range(place % 8):
            digit = _PERMUTATION[digit]
        state = _times(state, digit)
    return state == 0


def _times(one: int, other: int) -> int:
    """Product in D5: 0 to 4 are rotations, 5 to 9 reflections."""
    if one < 5:
        return (one + other) % 5 if other < 5 else 5 + (one + other - 5) % 5
    return 5 + (one - 5 - other) % 5 if other < 5 else (one - other) % 5
