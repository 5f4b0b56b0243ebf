"""The page on security: each requirement of ASVS 5.0.0 (levels 1 and 2) once, with its level, and tests that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PAGE = HERE / "docs" / "reference" / "security.md"
# OWASP ASVS 5.0.0: the level of each requirement of a section, in order.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123", "2.1": "122", "2.2": "112",
    "2.3": "12223", "2.4": "23", "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333",
    "3.6": "3", "3.7": "22333", "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222", "5.1": "2",
    "5.2": "112333", "5.3": "113", "5.4": "222", "6.1": "122", "6.2": "111111112222", "6.3": "11223333",
    "6.4": "112233", "6.5": "22222333", "6.6": "2223", "6.7": "33", "6.8": "2222", "7.1": "222", "7.2": "1111",
    "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22", "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222", "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333",
    "10.5": "22222", "10.6": "22", "10.7": "222", "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222",
    "11.5": "23", "11.6": "23", "11.7": "33", "12.1": "12233", "12.2": "11", "12.3": "22223", "13.1": "2333",
    "13.2": "222223", "13.3": "2233", "13.4": "1222233", "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333", "16.1": "2", "16.2": "22222", "16.3": "2222",
    "16.4": "222", "16.5": "2223", "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
WANTED = {
    f"{section}.{number}": int(level)
    for section, levels in LEVELS.items()
    for number, level in enumerate(levels, 1)
    if level in "12"
}
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d) \|.*\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the documentation is not beside the tests")
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def tests() -> set[str]:
    files = (HERE / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^def (test_\w+)\(", file.read_text("utf-8"), re.MULTILINE)}


def test_each_requirement_stands_there_once_with_its_level(page: str) -> None:
    rows = ROW.findall(page)
    assert [one for one, count in Counter(number for number, _ in rows).items() if count > 1] == []
    assert {number: int(level) for number, level in rows} == WANTED


def test_each_test_that_is_named_exists(page: str, tests: set[str]) -> None:
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 100
    assert named - tests == set()


def test_whatever_is_met_names_a_test(page: str) -> None:
    """The part that says what is shown says by what; the parts after it do not pretend."""
    shown, _, rest = page.partition("### Met in writing")
    for line in shown.partition("### Met, and shown")[2].splitlines():
        if ROW.match(line):
            assert "`test_" in line, line
    assert "### Not met" in rest


def test_the_code_names_requirements_that_exist() -> None:
    """A comment that names a requirement which is none, or of another matter, misleads whoever checks it."""
    known = {f"{section}.{number}" for section, levels in LEVELS.items() for number in range(1, len(levels) + 1)}
    known |= set(LEVELS)
    for file in (HERE / "src" / "suwen").rglob("*.py"):
        for said in re.findall(r"ASVS(?: 5\.0)?,? ?((?:\d+\.\d+(?:\.\d+)?(?:, | and )?)+)", file.read_text("utf-8")):
            for number in re.findall(r"\d+\.\d+(?:\.\d+)?", said):
                assert number in known | {"5.0"}, f"{file.name}: {number}"


# Each file that makes a key of its own, and the words of the row in which that key stands.
MAKERS = {
    "server/tls/certificates.py": "| the server's |",
    "records/identity/authority.py": "| authority of the hospital |",
    "learn/site_keys.py": "| key of a site |",
    "formats/images/deidentifying/key.py": "| key of de-identified images |",
    "cohort/pseudonyms.py": "| cohort key:",
    "records/keys/file.py": "| key-encryption key |",
    "records/keys/environment.py": "| key-encryption key |",
    "records/keys/keyring_service.py": "| key-encryption key |",
    "records/keys/pkcs11_token.py": "| key-encryption key |",
    "records/keys/pkcs11_methods.py": "| key-encryption key |",
    "records/keys/key_file.py": "| passphrase |",
    "records/vault/patient_key.py": "| data key |",
    "records/vault/bundle.py": "`suwen bundle`",
    "records/store/backup.py": "`suwen backup`",
    "records/identity/totp.py": "| authenticator app |",
    "records/identity/oidc.py": "| sign-in under way",
    "records/identity/passkeys.py": "| sign-in under way",
    "records/identity/pending.py": "| sign-in under way",
    "server/smart/boxes.py": "| session, token or code of an app |",
    "records/identity/sessions.py": "| session, token or code of an app |",
}
NO_KEYS = {"govern/measure.py", "records/vault/stream.py"}  # a key that seals nothing, for measuring; a salt
MAKING = re.compile(
    r"generate_private_key\(|PrivateKey\.generate\(|generate_key\(|token_bytes\((?:KEY_BYTES|32)\)|random\(32\)"
)


def labels() -> dict[str, str]:
    """Each label from which a key is derived, without the number of its format, and the file in which it stands."""
    found: dict[str, str] = {}
    for folder in ("records", "cohort", "consult", "govern", "server", "learn"):
        for file in (HERE / "src" / "suwen" / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in {"derive", "_derive"}:
                    parts = (one for given in call.args for one in ast.walk(given) if isinstance(one, ast.Constant))
                    for text in (one.value for one in parts):
                        said = text.decode() if isinstance(text, bytes) else str(text)
                        if said.startswith("suwen "):
                            found[re.sub(r" \d+(?=\s|$)", "", said).strip()] = file.name
    return found


def test_every_key_of_the_code_stands_in_the_inventory(page: str) -> None:
    """ASVS 5.0, 11.1.2: a key that is derived or made somewhere new has to be placed before this passes."""
    inventory = page.partition("## Keys and algorithms")[2].partition("## Classes of data")[0]
    known = labels()
    assert len(known) > 20
    assert {label: file for label, file in known.items() if f"`{label}`" not in inventory} == {}
    assert set(re.findall(r"`(suwen [a-z ]+)`", inventory)) - set(known) <= COMMANDS
    makers = {
        str(file.relative_to(HERE / "src" / "suwen"))
        for file in (HERE / "src" / "suwen").rglob("*.py")
        if MAKING.search(file.read_text("utf-8"))
    }
    assert makers - set(MAKERS) == NO_KEYS
    assert [row for row in MAKERS.values() if row not in inventory] == []


COMMANDS = {"suwen records rotate kek", "suwen records passphrase", "suwen records erase"}
