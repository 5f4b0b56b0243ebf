"""English text to phenotypes: names are found as written and as they vary; what only looks like a name is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.knowledge import Knowledge
from suwen.knowledge.ontology import fold
from suwen.language.english import IN_DISEASE, EnglishMatcher
from suwen.language.english_names import read_rows
from suwen.language.english_words import lowered, normal_form, stem


@pytest.fixture(scope="module")
def matcher(knowledge: Knowledge) -> EnglishMatcher:
    return EnglishMatcher(knowledge.ontology)


def said(matcher: EnglishMatcher, text: str) -> list[tuple[str, str]]:
    return [(text[hit.start : hit.end], hit.code) for hit in matcher.hits(text)]


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        ("Bilateral hearing loss was noted.", "hearing loss", "HP:0000365"),
        ("She had oedema of the face.", "oedema of the face", "HP:0000282"),
        ("He has seizures", "seizures", "HP:0001250"),
        ("The child is microcephalic.", "microcephalic", "HP:0000252"),
        ("hyper-reflexia of the legs", "hyper-reflexia of the legs", "HP:0002395"),
        ("hyper-reflexia", "hyper-reflexia", "HP:0001347"),
        ("Fusion of the fingers", "Fusion of the fingers", "HP:0006101"),
        ("hypoplastic nails", "hypoplastic nails", "HP:0001792"),
        ("Intellectual disability, mild, since birth", "Intellectual disability, mild", "HP:0001256"),
        ("a short fifth finger", "short fifth finger", "HP:0009237"),
        ("macroglossia", "macroglossia", "HP:0000158"),
        ("Nephrotic syndrome began at two.", "Nephrotic syndrome", "HP:0000100"),
        ("hepatosplenomegaly, anaemia", "anaemia", "HP:0001903"),
        ("kidneys with cysts: renal cysts", "renal cysts", "HP:0000107"),
        ("drooping eyelids", "drooping eyelids", "HP:0000508"),
    ],
)
def test_a_finding_is_found_as_it_varies(matcher: EnglishMatcher, text: str, words: str, code: str) -> None:
    assert (words, code) in said(matcher, text)


def test_a_coordinated_phrase_says_both(matcher: EnglishMatcher) -> None:
    found = said(matcher, "She has aplastic or hypoplastic nails.")
    assert found == [("aplastic or hypoplastic nails", "HP:0001798"), ("hypoplastic nails", "HP:0001792")]
    hands = said(matcher, "Abnormalities of the hands and feet were seen.")
    assert [code for _, code in hands] == ["HP:0001155", "HP:0001760"]


@pytest.mark.parametrize(
    ("text", "phrase", "code"),
    [
        ("anal, cardiac, limb and ear anomalies", "anal, cardiac, limb and ear anomalies", "HP:0004378"),
        ("branchial fistulas or cysts", "branchial fistulas or cysts", "HP:0009796"),
        ("muscle weakness or wasting", "muscle weakness or wasting", "HP:0003202"),
        ("a short metacarpal IV and V", "short metacarpal IV and V", "HP:0010047"),
        ("mild to moderate hearing impairment", "mild to moderate hearing impairment", "HP:0012712"),
        ("palmar and/or plantar pits", "palmar and/or plantar pits", "HP:0010610"),
        ("involvement of the palate, lips and nails", "involvement of the palate, lips and nails", "HP:0001597"),
        ("brachydactyly type A-1", "brachydactyly type A-1", "HP:0009371"),
        ("café au lait spots", "café au lait spots", "HP:0000957"),
    ],
)
def test_words_that_are_shared_are_understood(matcher: EnglishMatcher, text: str, phrase: str, code: str) -> None:
    assert (phrase, code) in said(matcher, f"She has {text}.")


@pytest.mark.parametrize(
    ("text", "code", "instead"),
    [
        ("Absence of retinal hamartomas.", "HP:0010728", "absence of the retina"),
        ("Ribs and spine, abnormal calcification.", "HP:0040059", "calcification of the ribs"),
        ("Short thumb and ear anomalies.", "HP:0001172", "thumb anomalies"),
        ("The short arm of chromosome 1.", "HP:0009824", "a short arm"),
        ("Hypotonia and seizures.", "HP:0010819", "hypotonic seizures"),
        ("Hypotonia and recurrent seizures.", "HP:0010819", "hypotonic seizures"),
        ("He was short (nails: normal).", "HP:0001799", "short nails"),
        ("The liver was not enlarged.", "HP:0002240", "the liver was enlarged"),
        ("Short stature and nails.", "HP:0001799", "short nails"),
        (
            "Status epilepticus with prominent motor symptoms",
            "HP:0031475",
            "status epilepticus without prominent motor symptoms",
        ),
        ("The mole was caught at the corn market.", "HP:0003764", "nevus"),
        ("It encodes the retinoblastoma protein.", "HP:0009919", "a retinoblastoma"),
        ("There was a cleft. Palate normal.", "HP:0000175", "a cleft palate"),
        ("A nonepileptic event", "HP:0001250", "an epileptic seizure"),
    ],
)
def test_what_only_looks_like_a_finding_is_none(matcher: EnglishMatcher, text: str, code: str, instead: str) -> None:
    assert code in {one for _, one in said(matcher, instead)}
    assert code not in {one for _, one in said(matcher, text)}


def test_the_longest_name_wins(matcher: EnglishMatcher) -> None:
    assert said(matcher, "bilateral sensorineural hearing impairment") == [
        ("bilateral sensorineural hearing impairment", "HP:0008619")
    ]


def test_a_syndrome_named_by_a_finding_is_marked(matcher: EnglishMatcher) -> None:
    (hit,) = matcher.hits("The polydactyly syndrome of this family")
    assert (hit.how, hit.score < 1) == (IN_DISEASE, True)
    (hit,) = matcher.hits("The polydactyly of this family")
    assert (hit.how, hit.score) == ("label", 1.0)


def test_an_abbreviation_means_what_the_text_says(matcher: EnglishMatcher) -> None:
    text = "Atrial septal defect (ASD) was closed. The ASD had been large."
    assert [code for words, code in said(matcher, text) if words == "ASD"] == ["HP:0001631", "HP:0001631"]
    assert said(matcher, "ASD") == []
    assert said(matcher, "GDD") == [("GDD", "HP:0001263")]
    assert said(matcher, "German dental data (GDD). GDD was used.") == []
    plural = said(matcher, "Atrial septal defects (ASDs) are common.")
    assert plural == [("Atrial septal defects", "HP:0001631"), ("ASDs", "HP:0001631")]
    assert [words for words, _ in said(matcher, "He had a meningioma (MN9) and MN9.")] == ["meningioma"]


def test_a_gene_or_a_registry_named_by_a_finding_is_marked(matcher: EnglishMatcher) -> None:
    for text in ("a tumor suppressor", "the epilepsy registry"):
        (hit,) = matcher.hits(text)
        assert (hit.how, hit.score < 1) == (IN_DISEASE, True)


def test_nearly_every_name_of_the_ontology_finds_its_concept(matcher: EnglishMatcher, knowledge: Knowledge) -> None:
    ontology = knowledge.ontology
    terms = [term for term in range(len(ontology)) if ontology.in_branch(term)][1:]
    chosen = terms[::12]
    lost = [term for term in chosen if not _finds(matcher, ontology.labels[term], ontology.ids[term])]
    assert len(lost) < len(chosen) * 0.02


def _finds(matcher: EnglishMatcher, name: str, code: str) -> bool:
    text = f"In this boy {name} was seen."
    return any(hit.code == code and hit.start >= 12 and hit.end <= 12 + len(name) for hit in matcher.hits(text))


def test_every_line_of_our_lexicon_is_true_to_the_ontology(knowledge: Knowledge) -> None:
    ontology = knowledge.ontology
    rows = read_rows("lexicon_en.tsv") + read_rows("lexicon_en_branches.tsv")
    assert len({row[0] for row in rows}) == len(rows)
    for text, code, label in rows:
        assert ontology.labels[ontology.number[code]] == label
        assert ontology.by_name.get(fold(text), code) == code, text


def test_our_lexicon_is_found_as_written(matcher: EnglishMatcher) -> None:
    both = read_rows("lexicon_en.tsv") + read_rows("lexicon_en_branches.tsv")
    rows = [row for row in both if not row[0].isupper()]
    lost = [row[0] for row in rows if row[1] not in {code for _, code in said(matcher, row[0])}]
    assert len(lost) < len(rows) * 0.05, lost


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_and_places_lie_in_it(matcher: EnglishMatcher, text: str) -> None:
    for hit in matcher.hits(text):
        assert 0 <= hit.start < hit.end <= len(text)
        assert 0 < hit.score <= 1


@given(st.text(max_size=80))
def test_lower_case_keeps_the_length(text: str) -> None:
    assert len(lowered(text)) == len(text)


def test_places_stay_where_lower_case_is_longer(matcher: EnglishMatcher) -> None:
    assert said(matcher, "İİİ macroglossia") == [("macroglossia", "HP:0000158")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("haemorrhages", "hemorrhage"),
        ("teeth", "tooth"),
        ("tumours", "tumor"),
        ("hypoplastic", "hypoplasia"),
        ("stenoses", "stenotic"),
        ("vertebrae", "vertebra"),
        ("raynaud's", "raynaud"),
        ("foetal", "fetal"),
        ("dyspnoea", "dyspnea"),
        ("behaviour", "behavior"),
        ("aplastic", "aplasia"),
    ],
)
def test_forms_of_a_word_are_one(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


def test_relatives_share_a_stem_and_strangers_do_not() -> None:
    assert stem(normal_form("abnormalities")) == stem(normal_form("abnormal"))
    assert stem(normal_form("retinal")) == stem(normal_form("retina"))
    for one, other in [("toe", "tooth"), ("hypotension", "hypotonia"), ("limb", "limbic"), ("second", "secondary")]:
        assert stem(normal_form(one)) != stem(normal_form(other))


def test_a_list_of_lines_is_not_one_phrase(matcher: EnglishMatcher) -> None:
    text = "- hypotonia\n- seizures"
    assert said(matcher, text) == [("hypotonia", "HP:0001252"), ("seizures", "HP:0001250")]
    assert said(matcher, "hearing\nloss") == [("hearing\nloss", "HP:0000365")]


def test_a_long_text_without_a_full_stop_is_read_to_its_end(matcher: EnglishMatcher) -> None:
    text = "short broad nails abnormal kidney heart " * 2000 + "macroglossia"
    assert said(matcher, text)[-1] == ("macroglossia", "HP:0000158")


def test_threads_read_alike(matcher: EnglishMatcher) -> None:
    text = "Short stature, aplastic or hypoplastic nails and global developmental delay (GDD). GDD was severe."
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: matcher.hits(text), range(40)))
    assert all(result == results[0] for result in results)
