"""Strict base64url and strict JSON, in both directions."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import MalformedError, UsageError, _wire

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


def parse(data: bytes | str, depth: int = 8, int_digits: int = 40) -> dict[str, Any]:
    return _wire.parse_object(data, "object", depth=depth, int_limit=10**int_digits)


# --- base64url


@given(st.binary(max_size=200))
def test_base64url_round_trip(data: bytes) -> None:
    assert _wire.b64url_decode(_wire.b64url_encode(data), "x") == data


@pytest.mark.parametrize("length", [2, 3])
def test_every_ending_has_one_spelling(length: int) -> None:
    accepted = 0
    for last in ALPHABET:
        text = "A" * (length - 1) + last
        try:
            assert _wire.b64url_encode(_wire.b64url_decode(text, "x")) == text
            accepted += 1
        except MalformedError:
            pass
    assert accepted == {2: 4, 3: 16}[length]


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "AA==",
        "AAA=",
        "=",
        "====",
        "AA\n",
        "\nAA",
        "A A",
        "AA ",
        "A+AA",
        "A/AA",
        "AÄ",
        "AAAA\0",
        "AA.A",
        "AAAA====",
        "AA\r\n",
    ],
)
@pytest.mark.parametrize("kind", [str, bytes])
def test_base64url_refuses(text: str, kind: type) -> None:
    with pytest.raises(MalformedError):
        _wire.b64url_decode(text if kind is str else text.encode("latin-1"), "x")


@given(st.text(max_size=40) | st.text(ALPHABET, max_size=40))
def test_base64url_gives_bytes_or_malformed(text: str) -> None:
    try:
        assert _wire.b64url_encode(_wire.b64url_decode(text, "x")) == text
    except MalformedError:
        pass


@pytest.mark.parametrize("text", ["YQ", "YR==", "Y Q==", "YQ==\n", "YQ=", "ä", "Y*=="])
def test_standard_base64_refuses(text: str) -> None:
    with pytest.raises(MalformedError):
        _wire.parse_standard_base64(text, "x")


@given(st.binary(max_size=60))
def test_standard_base64_round_trip(data: bytes) -> None:
    assert _wire.parse_standard_base64(_wire.b64_encode(data), "x") == data


# --- JSON, reading


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b"{}", {}, id="empty"),
        pytest.param(b' {"a": [1, 2.5, null, true, "x"]}\n', {"a": [1, 2.5, None, True, "x"]}, id="white space around"),
        pytest.param('{"a":"ä€😀"}'.encode(), {"a": "ä€😀"}, id="UTF-8"),
        pytest.param(b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}, id="surrogate pair"),
        pytest.param(b'{"a":"[[[[[[[[[[[[[[[["}', {"a": "[" * 16}, id="brackets in a string"),
        pytest.param(b'{"a":"\\"[[[[[[[[[[[[[[[["}', {"a": '"' + "[" * 16}, id="brackets after an escaped quote"),
        pytest.param(b'{"a":"\\\\","b":"[[[[[[[[[["}', {"a": "\\", "b": "[" * 10}, id="a string that ends in a backslash"),
        pytest.param(b'{"a":' + b"[" * 7 + b"]" * 7 + b"}", {"a": [[[[[[[]]]]]]]}, id="as deep as allowed"),
        pytest.param(b'{"a":[' + b"[]," * 100 + b"[]]}", {"a": [[]] * 101}, id="wide, not deep"),
        pytest.param(b'{"a":' + b"9" * 40 + b"}", {"a": int("9" * 40)}, id="as many digits as allowed"),
        pytest.param(b'{"a":"' + b"9" * 5000 + b'"}', {"a": "9" * 5000}, id="digits in a string"),
        pytest.param(b'{"a":0.' + b"1" * 60 + b"}", {"a": float("0." + "1" * 60)}, id="digits of a fraction"),
    ],
)  # fmt: skip
def test_json_accepts(data: bytes, value: dict[str, Any]) -> None:
    assert parse(data) == value


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'"x"', id="string"),
        pytest.param(b"1", id="number"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param("{}".encode("utf-16-le"), id="UTF-16 without mark"),
        pytest.param("{}".encode("utf-32"), id="UTF-32"),
        pytest.param(b'{"a":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"a":"\xc0\x80"}', id="overlong UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', id="lone high surrogate"),
        pytest.param(b'{"a":"\\udc00\\ud800"}', id="surrogates the wrong way round"),
        pytest.param(b'{"\\ud800":1}', id="lone surrogate in a name"),
        pytest.param('{"a":"\ud800"}', id="lone surrogate in a str"),
        pytest.param(b'{"a":1,"a":2}', id="duplicate member"),
        pytest.param(b'{"a":1,"\\u0061":2}', id="duplicate member, escaped"),
        pytest.param(b'{"x":{"a":1,"a":1}}', id="duplicate member inside"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":-Infinity}', id="-Infinity"),
        pytest.param(b'{"a":1e400}', id="beyond a double"),
        pytest.param(b'{"a":-1e400}', id="beyond a double, negative"),
        pytest.param(b'{"a":' + b"9" * 41 + b"}", id="41 digits"),
        pytest.param(b'{"a":[-' + b"9" * 41 + b"]}", id="41 digits inside, negative"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"a":' + b"[" * 8 + b"]" * 8 + b"}", id="one level too deep"),
        pytest.param(b'{"a":' * 9 + b"1" + b"}" * 9, id="objects too deep"),
        pytest.param(b"[" * 100_000, id="deep and never closed"),
        pytest.param(b'{"a":"\\\\' + b'","b":' + b"[" * 20 + b"]" * 20 + b"}", id="deep after a backslash"),
        pytest.param(b'{"a":1} x', id="more after the end"),
        pytest.param(b'{"a":1}{}', id="two objects"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b'{"a":1,}', id="trailing comma"),
        pytest.param(b'{"a":01}', id="leading zero"),
        pytest.param(b'{"a":+1}', id="plus sign"),
        pytest.param(b'{"a":.5}', id="no digit before the point"),
        pytest.param(b'{"a":1} // x', id="comment"),
        pytest.param(b'{"a":"\n"}', id="control character"),
        pytest.param(b'{"a":"\0"}', id="NUL"),
        pytest.param(b'{"a":"\\x"}', id="unknown escape"),
        pytest.param(b'{"a":tru}', id="broken word"),
    ],
)
def test_json_refuses(data: bytes | str) -> None:
    with pytest.raises(MalformedError):
        parse(data)


@given(JSON)
def test_json_round_trip(value: Any) -> None:
    members = {"value": value}
    text = _wire.serialize(members, "object")
    assert parse(text, depth=64) == members
    assert _wire.serialize(parse(text, depth=64), "object") == text


@given(st.binary(max_size=80) | st.text(max_size=80) | st.text('{}[]",:\\u0d8e1', max_size=60))
def test_json_gives_an_object_or_malformed(data: bytes | str) -> None:
    try:
        assert isinstance(parse(data), dict)
    except MalformedError as refusal:
        assert len(str(refusal)) < 200


DUPLICATES = [
    pytest.param('{"a":1,"a":2}', id="plain"),
    pytest.param('{"a":1,"a":2,"b" :3}', id="a space before a colon"),
    pytest.param('{"a":"x","a":1}', id="a string is lost"),
    pytest.param('{"a":["x","y"],"a":"z"}', id="strings are lost"),
    pytest.param('{"a":1,"\\u0061":2}', id="an escaped name"),
    pytest.param('{"a":1,"a":"\\u0022"}', id="an escaped quote that is none in the text"),
    pytest.param('{"a\\"":1,"a\\"":2}', id="names with a quote"),
    pytest.param('{"a":1,"a":2,"b"  :3}', id="two spaces before a colon"),
    pytest.param('{"a":1,"a":2,"b"\n:3}', id="a newline before a colon"),
    pytest.param('{"a":1,"a":2,"b"\t:3,"c"\r:4}', id="a tab and a return before a colon"),
    pytest.param('{"a":1,"a":2,"b":"://"}', id="the colon of a URL"),
    pytest.param('{"a":1,"a":2,"b":"https://a.example","c" :"://"}', id="URLs, and a space before a colon"),
    pytest.param('{"a":1,"a":":"}', id="a string that begins with a colon"),
    pytest.param('{"a":1,"a":" :"}', id="a string with a space before a colon"),
    pytest.param('{"a":1,"a":"\\":"}', id="a string with a quote before a colon"),
    pytest.param('{"a:":1,"a:":2}', id="names with a colon"),
    pytest.param('{"a://":1,"a://":2}', id="names like a URL"),
    pytest.param('{"a":[{"b":1,"b":2}],"c":"urn:x"}', id="inside an array"),
    pytest.param('{"a":{"b":1},"a":{"c":2,"d":3}}', id="the last has as many members as both names"),
    pytest.param('{"":1,"":2}', id="empty names"),
]


@pytest.mark.parametrize("text", DUPLICATES)
def test_nothing_hides_a_duplicate(text: str) -> None:
    with pytest.raises(MalformedError, match="duplicate member"):
        parse(text.encode())
    with pytest.raises(MalformedError, match="duplicate member"):
        parse(f'{{"x":{text},"y":"read:users"}}'.encode())


# Text in which names come twice, and quotes, colons and spaces stand anywhere that JSON lets them.
STRINGS = st.sampled_from(["", "a", "b", ":", " :", '"', '":', '""', "\\", '\\"', "https://x"])
SPACES = st.sampled_from(["", "", "", " ", "  ", "\t", "\n", "\r"])


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> str:
    members = []
    for _ in range(draw(st.integers(0, 4))):
        value = draw(objects(depth - 1)) if depth and draw(st.booleans()) else json.dumps(draw(STRINGS))
        if draw(st.integers(0, 4)) == 0:
            value = f"[{value}]"
        members.append(f"{json.dumps(draw(STRINGS))}{draw(SPACES)}:{draw(SPACES)}{value}")
    return "{" + ",".join(members) + "}"


def has_duplicates(text: str) -> bool:
    found = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len(dict(pairs)) != len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return any(found)


@given(objects())
def test_duplicates_are_found_whatever_the_strings(text: str) -> None:
    if has_duplicates(text):
        with pytest.raises(MalformedError, match="duplicate member"):
            parse(text.encode())
    else:
        assert parse(text.encode()) == json.loads(text)


def test_deep_nesting_does_not_crash_a_small_stack() -> None:
    program = (
        "import threading\n"
        "from jwtkit import MalformedError, UnverifiedToken, _wire\n"
        "threading.stack_size(128 * 1024)\n"
        "def attack():\n"
        "    deep = _wire.b64url_encode(b'{\"alg\":' + b'[' * 5000 + b']' * 5000 + b'}')\n"
        "    try:\n"
        "        UnverifiedToken.parse(f'{deep}.{deep}.AA')\n"
        "    except MalformedError:\n"
        "        print('refused')\n"
        "thread = threading.Thread(target=attack)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


# --- JSON, writing


class Name(str):
    __slots__ = ()


def cycle() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["again"] = made
    return made


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": {1, 2}}, id="set"),
        pytest.param({"a": b"x"}, id="bytes"),
        pytest.param({"a": float("nan")}, id="NaN"),
        pytest.param({"a": float("inf")}, id="Infinity"),
        pytest.param({1: "x"}, id="name that is no str"),
        pytest.param({"a": object()}, id="object"),
        pytest.param({"a": "\ud800"}, id="lone surrogate"),
        pytest.param({"a": [1, {"b": 1j}]}, id="complex number inside"),
        pytest.param(cycle(), id="cycle"),
        pytest.param({"a": 10**5000}, id="an integer beyond conversion"),
    ],
)
def test_serialize_refuses(value: Any) -> None:
    with pytest.raises(UsageError):
        _wire.serialize(value, "object")


def test_a_subclass_is_the_text_that_it_holds() -> None:
    class Shouting(str):
        __slots__ = ()

        def __str__(self) -> str:
            return '{"a":2}'

    class Octets(bytes):
        pass

    for source in (Shouting('{"a":1}'), Octets(b'{"a":1}')):
        assert _wire.parse_object(source, "it", depth=4, int_limit=10) == {"a": 1}


def test_serialize_takes_mappings_tuples_and_subclasses() -> None:
    frozen = _wire.freeze({"a": [1, {"b": [2]}], Name("c"): Name("d")})
    assert _wire.serialize(frozen, "object") == b'{"a":[1,{"b":[2]}],"c":"d"}'


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_the_encoder_that_is_kept_writes_what_the_usual_one_writes(members: dict[str, Any]) -> None:
    frozen = {name: _wire.freeze(value) for name, value in members.items()}
    assert _wire.serialize_plain(frozen, "object") == _wire.serialize(members, "object")


def test_without_the_kept_encoder_there_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.encoder.c_make_encoder", None)
    assert _wire._plain_encoder()({"a": _wire.freeze({"b": [1.5]})}) == '{"a":{"b":[1.5]}}'


def test_freeze_leaves_nothing_to_change() -> None:
    frozen = _wire.freeze({"a": [1, {"b": [2]}]})
    assert isinstance(frozen["a"], tuple)
    with pytest.raises(TypeError):
        frozen["a"][1]["b"] = 3


def test_indented_json_is_ascii() -> None:
    assert _wire.indented({"a": "\x1b[31m\u202e"}, "object") == '{\n  "a": "\\u001b[31m\\u202e"\n}'
