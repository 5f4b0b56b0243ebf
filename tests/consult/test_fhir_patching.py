"""JSON Patch: the examples of RFC 6902, pointers of RFC 6901, laws over made-up trees, and growth that is bounded."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.consult.fhir.rest.patching import patched, read_patch
from suwen.errors import FormatError, InputError
from suwen.formats.fhir import parse_tree, render


def applied(document: Any, *operations: dict[str, Any]) -> Any:
    return patched(document, read_patch(list(operations)))


# RFC 6902, appendix A: document, operation, what becomes of it (None: it fails).
RFC: list[tuple[str, str, str | None]] = [
    ('{"foo":"bar"}', '{"op":"add","path":"/baz","value":"qux"}', '{"foo":"bar","baz":"qux"}'),
    ('{"foo":["bar","baz"]}', '{"op":"add","path":"/foo/1","value":"qux"}', '{"foo":["bar","qux","baz"]}'),
    ('{"baz":"qux","foo":"bar"}', '{"op":"remove","path":"/baz"}', '{"foo":"bar"}'),
    ('{"foo":["bar","qux","baz"]}', '{"op":"remove","path":"/foo/1"}', '{"foo":["bar","baz"]}'),
    ('{"baz":"qux","foo":"bar"}', '{"op":"replace","path":"/baz","value":"boo"}', '{"baz":"boo","foo":"bar"}'),
    (
        '{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}',
        '{"op":"move","from":"/foo/waldo","path":"/qux/thud"}',
        '{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}',
    ),
    (
        '{"foo":["all","grass","cows","eat"]}',
        '{"op":"move","from":"/foo/1","path":"/foo/3"}',
        '{"foo":["all","cows","eat","grass"]}',
    ),
    (
        '{"baz":"qux","foo":["a",2,"c"]}',
        '{"op":"test","path":"/foo/1","value":2}',
        '{"baz":"qux","foo":["a",2,"c"]}',
    ),
    ('{"baz":"qux"}', '{"op":"test","path":"/baz","value":"bar"}', None),
    ('{"foo":"bar"}', '{"op":"add","path":"/child","value":{"g":{}}}', '{"foo":"bar","child":{"g":{}}}'),
    ('{"foo":"bar"}', '{"op":"add","path":"/baz","value":"qux","xyz":123}', '{"foo":"bar","baz":"qux"}'),
    ('{"foo":"bar"}', '{"op":"add","path":"/baz/bat","value":"qux"}', None),
    ('{"/":9,"~1":10}', '{"op":"test","path":"/~01","value":10}', '{"/":9,"~1":10}'),
    ('{"/":9,"~1":10}', '{"op":"test","path":"/~01","value":"10"}', None),
    ('{"foo":["bar"]}', '{"op":"add","path":"/foo/-","value":["abc","def"]}', '{"foo":["bar",["abc","def"]]}'),
    # Beyond the appendix
    ('{"a":[1]}', '{"op":"add","path":"/a/2","value":3}', None),
    ('{"a":[1]}', '{"op":"add","path":"/a/01","value":3}', None),
    ('{"a":[1]}', '{"op":"remove","path":"/a/-"}', None),
    ('{"a":[1]}', '{"op":"remove","path":"/a/-1"}', None),
    ('{"a":{"b":1}}', '{"op":"move","from":"/a","path":"/a/c"}', None),
    ('{"a":{"b":1}}', '{"op":"move","from":"/a","path":"/a"}', '{"a":{"b":1}}'),
    ('{"a":{"b":1}}', '{"op":"copy","from":"/a","path":"/a/c"}', '{"a":{"b":1,"c":{"b":1}}}'),
    ('{"a":1.0}', '{"op":"test","path":"/a","value":1}', '{"a":1.0}'),
    ('{"a":1}', '{"op":"test","path":"/a","value":true}', None),
    ('{"a":[]}', '{"op":"test","path":"/a","value":{}}', None),
    ('{"a":null}', '{"op":"test","path":"/a","value":null}', '{"a":null}'),
    ('{"a":null}', '{"op":"test","path":"/b","value":null}', None),
    ('{"a":{"b":1,"c":2}}', '{"op":"test","path":"/a","value":{"c":2,"b":1}}', '{"a":{"b":1,"c":2}}'),
    ('{"":1}', '{"op":"replace","path":"/","value":2}', '{"":2}'),
    ('{"a":1}', '{"op":"replace","path":"","value":{"b":2}}', '{"b":2}'),
    ('{"a":1}', '{"op":"add","path":"","value":[]}', None),
]


@pytest.mark.parametrize(("document", "operation", "wanted"), RFC, ids=range(len(RFC)))
def test_as_the_rfc_has_it(document: str, operation: str, wanted: str | None) -> None:
    tree = parse_tree(document)
    before = deepcopy(tree)
    if wanted is None:
        with pytest.raises(InputError):
            applied(tree, parse_tree(operation))
    else:
        found = applied(tree, parse_tree(operation))
        assert render(found) == wanted.encode()
    assert tree == before


@pytest.mark.parametrize(
    "patch",
    [
        {},
        "x",
        [1],
        [{}],
        [{"op": "add"}],
        [{"op": ["add"], "path": ""}],
        [{"op": "add", "path": "/a"}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": "/~2", "value": 1}],
        [{"op": "add", "path": "/~", "value": 1}],
        [{"op": "move", "path": "/a"}],
        [{"op": "copy", "from": "a", "path": "/a"}],
        [{"op": "ADD", "path": "/a", "value": 1}],
        [{"op": "test", "path": None, "value": 1}],
        [{"op": "remove", "path": "/a"}] * 501,
    ],
    ids=range(15),
)
def test_what_is_no_patch(patch: Any) -> None:
    with pytest.raises(FormatError):
        read_patch(patch)


def test_all_or_nothing_and_which_it_was() -> None:
    tree = {"a": [{"b": 1}]}
    with pytest.raises(InputError) as caught:
        applied(tree, {"op": "remove", "path": "/a/0/b"}, {"op": "test", "path": "/a/0/b", "value": "Zhangsan"})
    assert "[1]" in str(caught.value)
    assert "Zhangsan" not in str(caught.value)
    assert tree == {"a": [{"b": 1}]}


def test_what_is_put_in_is_no_longer_the_patch_s() -> None:
    value = {"inner": [1]}
    operations = read_patch(
        [{"op": "add", "path": "/a", "value": value}, {"op": "add", "path": "/a/inner/-", "value": 2}]
    )
    assert patched({}, operations) == patched({}, operations) == {"a": {"inner": [1, 2]}}
    assert value == {"inner": [1]}


def test_digits_stay() -> None:
    tree = parse_tree('{"a":1.50,"b":[2.0]}')
    assert render(applied(tree, {"op": "copy", "from": "/a", "path": "/b/-"})) == b'{"a":1.50,"b":[2.0,1.50]}'
    new = applied(tree, {"op": "replace", "path": "/a", "value": Decimal("0.1000")})
    assert render(new) == b'{"a":0.1000,"b":[2.0]}'


def test_growth_is_bounded() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60
    with pytest.raises(InputError, match="too large"):
        applied({"a": [1]}, *doubling)
    deeper = [{"op": "move", "from": "/a", "path": "/b"}, {"op": "add", "path": "/a", "value": {}}]
    deeper += [{"op": "move", "from": "/b", "path": "/a/c"}]
    nested: Any = {}
    for _ in range(60):
        nested = {"c": nested}
    with pytest.raises(InputError, match="too deep"):
        applied({"a": nested}, *(deeper * 60))


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~é", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~0-", max_size=2), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text("ab/~0-", max_size=2)


def pointer(*names: str) -> str:
    return "".join("/" + one.replace("~", "~0").replace("/", "~1") for one in names)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(NAMES, TREES, max_size=4), NAMES, TREES)
def test_what_was_added_is_there_and_taken_away_again(tree: dict[str, Any], name: str, value: Any) -> None:
    path = pointer(name)
    added = applied(tree, {"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value})
    assert added == {**tree, name: value}
    left = {one: inner for one, inner in tree.items() if one != name}
    assert applied(added, {"op": "remove", "path": path}) == left


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=4), NAMES)
def test_moved_is_copied_and_taken_away(tree: dict[str, Any], name: str) -> None:
    first = next(iter(tree))
    moved = applied(tree, {"op": "move", "from": pointer(first), "path": pointer(name)})
    copied = applied(tree, {"op": "copy", "from": pointer(first), "path": pointer(name)})
    assert copied == {**tree, name: tree[first]}
    assert moved == {one: inner for one, inner in copied.items() if one != first or one == name}
