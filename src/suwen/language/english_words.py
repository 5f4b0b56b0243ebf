"""English words as the matcher sees them: tokens with positions, spelling, number, and the stem that variants share."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["TOKEN", "lowered", "normal_form", "stem"]

# Prefixes that are written with and without a hyphen; as a token of their own they would hide the word.
_PREFIX = "hyper|hypo|micro|macro|poly|brachy|syn|pan|hemi|para|quadri|tetra|pseudo|non|anti|a|an|dys|mega|oligo|cardio"
TOKEN = re.compile(
    rf"(?:{_PREFIX})-[a-z]{{4,}}|[a-h]-\d\b|[a-z0-9]+(?:['’](?=s\b)s)?|[.?!](?=\s)|\n\s*[\n*•-]|[,/;:()\[\]+]|\S"
)

_ACCENTS = str.maketrans("áàâäãåçéèêëíìîïñóòôöõúùûü", "aaaaaaceeeeiiiinooooouuuu")

_IRREGULAR = {
    "teeth": "tooth", "feet": "foot", "phalanges": "phalanx", "phalangeal": "phalanx", "irides": "iris",
    "cortices": "cortex", "indices": "index", "appendices": "appendix", "nevi": "nevus", "naevi": "nevus",
    "bronchi": "bronchus", "thrombi": "thrombus", "emboli": "embolus", "fungi": "fungus", "calculi": "calculus",
    "women": "woman", "men": "man", "children": "child", "extremities": "limb", "extremity": "limb",
    "larynges": "larynx", "nares": "naris", "testes": "testis", "testicles": "testis", "testicle": "testis",
    "diagnoses": "diagnosis", "metastases": "metastasis", "crises": "crisis", "pelves": "pelvis", "penises": "penis",
    "ova": "ovum", "criteria": "criterion", "mitochondria": "mitochondrion", "ganglia": "ganglion",
    "bacteria": "bacterium", "fibre": "fiber", "centre": "center", "fibres": "fiber", "litre": "liter",
    "calves": "calf", "halves": "half", "knives": "knife", "noses": "nose", "doses": "dose",
    "diseases": "disease", "cases": "case", "does": "does", "always": "always", "species": "species",
    "series": "series", "lens": "lens", "lenses": "lens", "grey": "gray", "scull": "skull",
    "foetus": "fetus", "foetal": "fetal", "aging": "ageing", "pubes": "pubis", "uvulae": "uvula", "pes": "pes",
    "situs": "situs", "genitals": "genitalia", "genital": "genitalia", "less": "less", "loss": "loss",
    "abscesses": "abscess",
    "aplastic": "aplasia", "helices": "helix", "halluces": "hallux", "centres": "center", "myoclonia": "myoclonus",
    "myoclonias": "myoclonus", "biopsies": "biopsy", "growths": "growth",
}  # fmt: skip

_SPELLING = (
    (re.compile(r"ae(?=[a-z])|oe(?=[a-z]{2}|a$)"), "e"),
    (re.compile(r"(?<=[mvbli])our(?=s?$|al|ed$|ing$|less$)"), "or"),
    (re.compile(r"is(?=ation|ed$|ing$|e$)"), "iz"),
    (re.compile(r"leuc(?=o)"), "leuk"),
    (re.compile(r"sulph"), "sulf"),
    (re.compile(r"yz(?=e|a)|ys(?=e$|ed$)"), "yz"),
)

# Greek and Latin endings: adjective and noun name the same finding.
_GREEK = (
    ("plastic", "plasia"), ("plasic", "plasia"), ("trophic", "trophy"), ("cephalic", "cephaly"),
    ("cephalous", "cephaly"), ("cephalia", "cephaly"), ("dactylous", "dactyly"), ("dactylia", "dactyly"),
    ("dactylism", "dactyly"),
    ("gnathic", "gnathia"), ("gnathism", "gnathia"), ("ectatic", "ectasia"), ("ectasis", "ectasia"),
    ("ectases", "ectasia"), ("kinetic", "kinesia"), ("paretic", "paresis"), ("tonic", "tonia"), ("emic", "emia"),
    ("uric", "uria"), ("opic", "opia"), ("pathic", "pathy"), ("plegic", "plegia"), ("ataxic", "ataxia"),
    ("melic", "melia"), ("penic", "penia"), ("lytic", "lysis"), ("otic", "osis"), ("oses", "osis"), ("itic", "itis"),
    ("itides", "itis"), ("edematous", "edema"), ("omata", "oma"), ("omas", "oma"), ("morphic", "morphism"),
    ("morphia", "morphism"), ("morphy", "morphism"), ("spastic", "spasticity"), ("genetic", "genesis"),
    ("epileptic", "epilepsy"), ("dontic", "dontia"), ("thermic", "thermia"), ("tensive", "tension"),
    ("blastic", "blastoma"), ("reflexic", "reflexia"), ("rrheic", "rrhea"),
)  # fmt: skip
_SHORTEST_FRONT = 2

_ENDINGS = (
    "ational", "ivities", "iveness", "ization", "ivity", "icity", "osity", "arity", "izing", "ations", "ically",
    "ements", "mental", "iform", "ation", "ative", "ement", "ities", "ality", "ments", "atous", "inous", "itary",
    "ially", "ility", "ible", "able", "ance", "ence", "ancy", "ency", "ment", "ness", "ions", "ical", "ized", "eous",
    "ious", "uous", "atic", "ally", "less", "ant", "ent", "ion", "ity", "ism", "ous", "ive", "ial", "ian",
    "ual", "ate", "ile", "ary", "oid", "ing", "ize", "ed", "al", "ar", "ic", "um", "us", "is", "ia", "ly", "en",
    "or", "a", "e", "y", "o",
)  # fmt: skip
_SHORTEST_STEM = 4
# Words that would lose their meaning with their ending: form, and the stem it keeps.
_OWN_STEM = {
    "conduct": "behave",
    "corneal": "cornea", "corneas": "cornea", "choroidal": "choroid", "chorionic": "chorion", "macular": "macula",
    "coronary": "coronary", "testis": "testis", "testicular": "testis", "pectoral": "pectoral", "septic": "septic",
    "partial": "partial", "partially": "partial", "colony": "colony", "clonal": "clonal", "callus": "callus",
    "secondary": "secondary", "labial": "labia", "tendency": "tendency", "vocalization": "vocalization",
    "fragment": "fragment", "fragmentation": "fragment", "fragmented": "fragment", "steroid": "steroid",
} | {
    word: word
    for word in [
        "cornea", "choroid", "chorion", "chorea", "macula", "macule", "radiation", "limbic", "limbal", "limbus",
        "labia", "malaria", "difficile", "distance", "distension", "distention", "hypotension", "hypertension",
        "dysphoria", "dysphonia", "static", "status", "mention", "several", "lateral", "later", "signal",
        "signaling", "generation", "concentric", "countenance", "anomia", "malleus", "mallory", "cushing", "cushion",
        "belly", "bulla", "compared", "component", "placenta", "traction", "tension", "organism", "portal",
        "position", "relative", "ratio", "ration", "sensory", "total", "passive", "present", "presence", "presenile",
        "previous", "personality", "general", "vaginismus", "sebaceous", "stationary", "prone", "primum", "prime",
        "capital", "carbon", "common", "comma", "conventional", "convention", "fungus", "punctate", "scaly",
        "button", "hallux", "involvement", "manifestation",
         "sign", "symptom", "characterized", "characterize", "affecting", "affected",
    ]
}  # fmt: skip


def lowered(text: str) -> str:
    """Lower case without accents, of the same length, so that positions stay those of the text."""
    small = text.lower()
    if text.isascii():
        return small
    if len(small) == len(text):
        return small.translate(_ACCENTS)
    return "".join(
        one if len(one) == 1 else whole for whole, one in ((char, char.lower().translate(_ACCENTS)) for char in text)
    )


@lru_cache(maxsize=1 << 16)
def normal_form(word: str) -> str:
    """American spelling, singular, Greek noun for Greek adjective: "haemorrhages" and "hemorrhage" are one form."""
    word = word.replace("-", "")
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.isalpha():
        return word
    for pattern, instead in _SPELLING:
        word = pattern.sub(instead, word)
    word = _singular(word)
    for ending, noun in _GREEK:
        if word.endswith(ending) and len(word) >= len(ending) + _SHORTEST_FRONT:
            return word[: -len(ending)] + noun
    return word


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ae"):
        return word[:-1]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes", "uses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ous", "oses", "itides", "ectases", "omas")):
        return word[:-1]
    return word


@lru_cache(maxsize=1 << 16)
def stem(form: str) -> str:
    """What a form shares with its relatives: "abnormal" and "abnormality", "retina" and "retinal"."""
    if form in _OWN_STEM:
        return _OWN_STEM[form]
    for ending in _ENDINGS:
        if form.endswith(ending) and len(form) - len(ending) >= _SHORTEST_STEM:
            return stem(form[: -len(ending)])
    return form
