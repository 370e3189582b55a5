"""WWW-Authenticate and Authorization: what is read, what is refused, and what is written (RFC 9110 section 11)."""

from __future__ import annotations

import copy
import dataclasses
from time import process_time
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import MalformedError, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    AuthorizationCredentials,
    Challenge,
    HttpResponse,
    OAuthChallenge,
    Secret,
    build_authorization,
    build_challenge,
    find_challenge,
    parse_authorization,
    parse_challenges,
    parse_oauth_challenge,
    parse_token_response,
)
from jwtkit.oauth.resource.challenge import bearer_challenge
from jwtkit.oidc import LoginRecord, parse_userinfo_response

# A scheme with parameters, with a token68, or with nothing.
Parts = tuple[str, "dict[str, str] | str | None"]


def parts(challenge: Challenge) -> Parts:
    return challenge.scheme, challenge.token68 or dict(challenge.parameters) or None


def build(scheme: str, rest: dict[str, str] | str | None) -> str:
    if isinstance(rest, str):
        return build_challenge(scheme, token68=rest)
    return build_challenge(scheme, rest or {})


FOO: list[Parts] = [("Basic", {"realm": "foo"})]
JWT = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln_-"
WIDE = "".join(map(chr, range(0x21, 0x7F)))
QUOTED = WIDE.replace("\\", "\\\\").replace('"', '\\"')

# --- canonical: read as this, and written so again

CANONICAL: dict[str, tuple[str, list[Parts]]] = {
    # RFC 9110 section 11.3: a scheme, and parameters or a token68 or nothing
    "a realm, 11.5": ('Basic realm="foo"', FOO),
    "a bare scheme, 11.3": ("Basic", [("Basic", None)]),
    "two bare schemes, 11.6.1": ("A, B", [("A", None), ("B", None)]),
    "every character of a token, 5.6.2": ("!#$%&'*+-.^_`|~09azAZ", [("!#$%&'*+-.^_`|~09azAZ", None)]),
    "a scheme of digits": ('1 realm="x"', [("1", {"realm": "x"})]),
    "an unknown scheme, 11.1": ('Newauth param="value"', [("Newauth", {"param": "value"})]),
    "the case of the scheme stays, 11.1": ('bAsIc realm="foo"', [("bAsIc", {"realm": "foo"})]),
    # section 5.6.4: quoted strings
    "an empty string": ('Basic realm=""', [("Basic", {"realm": ""})]),
    "a comma in a string": ('Basic realm="a, b"', [("Basic", {"realm": "a, b"})]),
    "an equals sign in a string": ('Basic realm="a=b"', [("Basic", {"realm": "a=b"})]),
    "escaped quotes": ('Basic realm="\\"foo\\""', [("Basic", {"realm": '"foo"'})]),
    "an escaped backslash": ('Basic realm="a\\\\b"', [("Basic", {"realm": "a\\b"})]),
    "an escaped backslash at the end": ('Basic realm="a\\\\"', [("Basic", {"realm": "a\\"})]),
    "a challenge inside a string": ('Basic realm="x, Bearer error=\\"e\\""', [("Basic", {"realm": 'x, Bearer error="e"'})]),
    "only spaces": ('Basic realm="   "', [("Basic", {"realm": "   "})]),
    "percent is no escape": ('Basic realm="foo%20bar"', [("Basic", {"realm": "foo%20bar"})]),
    "RFC 2047 is no escape": ('Basic realm="=?ISO-8859-1?Q?foo-=E4?="', [("Basic", {"realm": "=?ISO-8859-1?Q?foo-=E4?="})]),
    "every visible character": (f'Basic realm="{QUOTED}"', [("Basic", {"realm": WIDE})]),
    # section 11.3: what looks like another thing inside a value or a name
    "a realm in a value": ('Basic foo="realm=nottherealm", realm="basic"', [("Basic", {"foo": "realm=nottherealm", "realm": "basic"})]),
    "a realm in a name": ('Basic nottherealm="x", realm="basic"', [("Basic", {"nottherealm": "x", "realm": "basic"})]),
    "another order": ('Basic bar="xyz", realm="foo"', [("Basic", {"bar": "xyz", "realm": "foo"})]),
    # section 11.6.1: several in one value
    "two": ('Basic realm="b", Newauth realm="n"', [("Basic", {"realm": "b"}), ("Newauth", {"realm": "n"})]),
    "a bare one last": ('Basic realm="b", Newauth', [("Basic", {"realm": "b"}), ("Newauth", None)]),
    "a bare one first": ('Newauth, Basic realm="b"', [("Newauth", None), ("Basic", {"realm": "b"})]),
    "one of a kind twice": ('Bearer realm="a", Bearer realm="b"', [("Bearer", {"realm": "a"}), ("Bearer", {"realm": "b"})]),
    # section 11.2: token68
    "a token68": ("Negotiate YII=", [("Negotiate", "YII=")]),
    "every character of a token68": ("Negotiate azAZ09-._~+/==", [("Negotiate", "azAZ09-._~+/==")]),
    "what looks like a name": ("Newauth realm", [("Newauth", "realm")]),
    "what looks like a parameter without a value": ("Newauth realm=", [("Newauth", "realm=")]),
    "a token68 first": ('Negotiate a==, Basic realm="x"', [("Negotiate", "a=="), ("Basic", {"realm": "x"})]),
    "a token68 last": ('Basic realm="x", Negotiate a==', [("Basic", {"realm": "x"}), ("Negotiate", "a==")]),
    "a token68 and a bare scheme": ("Newauth abc, def", [("Newauth", "abc"), ("def", None)]),
    # the protocol
    "RFC 7617 section 2.1": ('Basic realm="foo", charset="UTF-8"', [("Basic", {"realm": "foo", "charset": "UTF-8"})]),
    "RFC 6750 section 3": (
        'Bearer realm="example", error="invalid_token", error_description="The access token expired"',
        [("Bearer", {"realm": "example", "error": "invalid_token", "error_description": "The access token expired"})],
    ),
    "RFC 9449 section 7.1": (
        'DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256"',
        [("DPoP", {"error": "invalid_token", "error_description": "Invalid DPoP key binding", "algs": "ES256"})],
    ),
    "RFC 9449 section 7.2": (
        'Bearer, DPoP algs="ES256 PS256"',
        [("Bearer", None), ("DPoP", {"algs": "ES256 PS256"})],
    ),
    "RFC 9449 section 9": (
        'DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"',
        [("DPoP", {"error": "use_dpop_nonce", "error_description": "Resource server requires nonce in DPoP proof"})],
    ),
    "RFC 9470 section 3": (
        'Bearer error="insufficient_user_authentication", error_description="more is needed", acr_values="myACR"',
        [("Bearer", {"error": "insufficient_user_authentication", "error_description": "more is needed", "acr_values": "myACR"})],
    ),
    "RFC 9728 section 5.1": (
        'Bearer resource_metadata="https://r.example/.well-known/oauth-protected-resource"',
        [("Bearer", {"resource_metadata": "https://r.example/.well-known/oauth-protected-resource"})],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CANONICAL.values(), ids=CANONICAL)
def test_canonical_text_is_read_and_written_again(text: str, expected: list[Parts]) -> None:
    found = parse_challenges(text)
    assert [parts(challenge) for challenge in found] == expected
    assert ", ".join(build(*part) for part in expected) == text


# --- read too, and written canonically

OTHERS: dict[str, tuple[str, list[Parts]]] = {
    "nothing, 5.6.1.2": ("", []),
    "spaces": (" \t ", []),
    "empty elements only": (", ,\t,", []),
    "a name in upper case, 11.2": ('BASIC REALM="foo"', [("BASIC", {"realm": "foo"})]),
    "a token for a value, 11.2": ("Basic realm=foo", FOO),
    "single quotes are characters": ("Basic realm='foo'", [("Basic", {"realm": "'foo'"})]),
    "needless escapes, 5.6.4": ('Basic realm="\\f\\o\\o"', FOO),
    "a tab in a string": ('Basic realm="a\tb"', [("Basic", {"realm": "a\tb"})]),
    "an escaped tab": ('Basic realm="a\\\tb"', [("Basic", {"realm": "a\tb"})]),
    "an escaped space": ('Basic realm="a\\ b"', [("Basic", {"realm": "a b"})]),
    "beyond ASCII, 5.5": ('Basic realm="foo-\xe4"', [("Basic", {"realm": "foo-\xe4"})]),
    "beyond ASCII, as octets of UTF-8": ('Basic realm="foo-\xc3\xa4"', [("Basic", {"realm": "foo-\xc3\xa4"})]),
    "beyond ASCII, escaped": ('Basic realm="\\\xe4"', [("Basic", {"realm": "\xe4"})]),
    "octets that a client library kept": ('Basic realm="\udce4"', [("Basic", {"realm": "\udce4"})]),
    "spaces around the equals sign, 11.2": ('Basic realm = "foo"', FOO),
    "tabs around the equals sign": ('Basic realm\t=\t"foo"', FOO),
    "spaces around, a token": ("Basic realm = foo", FOO),
    "a space behind the equals sign, no token68": ("Basic realm= foo", FOO),
    "several spaces after the scheme, 11.3": ('Basic   realm="foo"', FOO),
    "spaces around all": ('  Basic realm="foo" \t', FOO),
    "a space after a bare scheme": ("Basic ", [("Basic", None)]),
    "no space after a comma": ('Basic realm="foo",a=b', [("Basic", {"realm": "foo", "a": "b"})]),
    "a tab and a space around a comma": ('Basic realm="foo"\t, a=b', [("Basic", {"realm": "foo", "a": "b"})]),
    "empty elements between parameters": (
        'Basic realm="foo", bar="xyz",, a=b,,,c=d',
        [("Basic", {"realm": "foo", "bar": "xyz", "a": "b", "c": "d"})],
    ),
    "an empty element first": (',Basic realm="foo"', FOO),
    "empty elements first": (' , ,Basic realm="foo"', FOO),
    "an empty element last": ('Basic realm="foo",', FOO),
    "empty elements last": ('Basic realm="foo" , ,', FOO),
    # "Basic" SP #auth-param, whose first element is empty
    "a comma before the parameters": ('Basic , realm="foo"', FOO),
    "spaces and a comma before the parameters": ('Basic  \t, ,realm="foo"', FOO),
    "a bare scheme, a space and a comma": ('Newauth , Basic realm="foo"', [("Newauth", None), *FOO]),
    "a bare scheme, a tab and a comma": ('Newauth\t, Basic realm="foo"', [("Newauth", None), *FOO]),
    "no space between challenges": ('A,Basic realm="foo"', [("A", None), *FOO]),
    "a token68, a space and a comma": ('Negotiate a= , Basic realm="foo"', [("Negotiate", "a="), *FOO]),
    "escaped quotes before the next challenge": (
        'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="foo"',
        [("Newauth", {"realm": "apps", "type": "1", "title": 'Login to "apps"'}), *FOO],
    ),
    "a parameter named as a scheme": (
        'Newauth realm="N", basic=foo, Basic realm="foo"',
        [("Newauth", {"realm": "N", "basic": "foo"}), *FOO],
    ),
    "a parameter named as a scheme, spaces around": (
        'Newauth realm="N", Basic = foo, Basic realm="foo"',
        [("Newauth", {"realm": "N", "basic": "foo"}), *FOO],
    ),
    "a scheme and a token68 after parameters": ("Newauth a=b, Scheme c", [("Newauth", {"a": "b"}), ("Scheme", "c")]),
    "three kinds": (
        'Negotiate, Digest realm="d", nonce=n, qop="auth,auth-int", Bearer',
        [("Negotiate", None), ("Digest", {"realm": "d", "nonce": "n", "qop": "auth,auth-int"}), ("Bearer", None)],
    ),
    "a number, RFC 9470 section 3": ("Bearer max_age=5", [("Bearer", {"max_age": "5"})]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OTHERS.values(), ids=OTHERS)
def test_other_text_is_read(text: str, expected: list[Parts]) -> None:
    found = parse_challenges(text)
    assert [parts(challenge) for challenge in found] == expected
    if all(value.isascii() and value.isprintable() for challenge in found for value in challenge.parameters.values()):
        written = ", ".join(build(*part) for part in expected)
        assert parse_challenges(written) == found
        assert written != text or not text


# --- refused

BROKEN: dict[str, str] = {
    "no scheme": '"foo"',
    "a parameter and no scheme": 'realm="foo"',
    "an equals sign": "=",
    "a scheme that is no token": 'Bas(ic) realm="foo"',
    "a scheme beyond ASCII": 'B\xe4sic realm="foo"',
    # Parameters need a space: after this comma the next challenge has to begin.
    "a comma right behind the scheme": 'Basic, realm="foo"',
    "a tab behind the scheme": 'Basic\trealm="foo"',
    "a space and a tab behind the scheme": 'Basic \trealm="foo"',
    "a line that goes on": 'Basic\r\n realm="foo"',
    "a line end in a string": 'Basic realm="a\nb"',
    "a line end at the end": 'Basic realm="a"\n',
    "NUL in a string": 'Basic realm="a\0b"',
    "an escaped control character": 'Basic realm="a\\\x01b"',
    "DEL in a string": 'Basic realm="a\x7fb"',
    "no closing quote": 'Basic realm="basic',
    "no opening quote": 'Basic realm=basic"',
    "an escape at the end": 'Basic realm="basic\\"',
    "an escape in a token": "Basic realm=\\f\\o\\o",
    "text behind a string": 'Basic realm="a"b',
    "two strings": 'Basic realm="a" "b"',
    "no comma between parameters": 'Bearer error="invalid_token" error_description="x"',
    "neither comma nor space between parameters": 'Bearer error="invalid_token"error_description="x"',
    "a semicolon between parameters": 'Bearer realm="a"; error="x"',
    "a semicolon behind the scheme": 'Basic;realm="a"',
    "a colon for an equals sign": 'Basic realm:"a"',
    "no value after a parameter": 'Basic realm="a", error=',
    "no value before a comma": 'Basic error=, realm="a"',
    "no name": 'Basic ="a"',
    "a string for a name": 'Basic "realm"="a"',
    "a value that is no token": "Basic realm=a/b, x=y",
    "a value with a comma": "Basic realm=a@b, x=y",
    "a value beyond ASCII": "Basic realm=\xe4",
    "two equals signs": "Basic realm==a",
    "an equals sign in a token": "Basic realm=a=b",
    "a space in a token": "Basic realm=a b",
    "two token68": "Negotiate a b",
    "a token68 and a parameter": "Negotiate a==, b=c",
    "a parameter and a token68": "Negotiate b=c, a==",
    "a token68 with = inside": "Negotiate a==b",
    "a token68 of = only": "Negotiate ==",
    "the same name twice, 11.2": 'Basic realm="foo", realm="bar"',
    "the same name twice, with the same value": "Basic realm=foo, realm=foo",
    "the same name twice, in another case": 'Basic realm="foo", Realm="bar"',
    "one good, one broken": 'Basic realm="foo", Bearer error="x',
    "one broken, one good": 'Bearer error="x, Basic realm="foo"',
    "33 parameters": f"Basic {', '.join(f'p{number}=x' for number in range(33))}",
    "33 challenges": ", ".join(["A"] * 33),
    "16385 characters": f'Basic realm="{"a" * 16371}"',
    "16385 commas": "," * 16385,
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_is_no_list_of_challenges_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="WWW-Authenticate"):
        parse_challenges(text)
    with pytest.raises(MalformedError):
        parse_challenges([text])


def test_the_bounds_are_the_last_that_pass() -> None:
    assert len(parse_challenges(f"Basic {', '.join(f'p{number}=x' for number in range(32))}")[0].parameters) == 32
    assert len(parse_challenges(", ".join(["A"] * 32))) == 32
    assert len(parse_challenges(f'Basic realm="{"a" * 16370}"')[0].parameters["realm"]) == 16370
    assert parse_challenges("," * 16384) == ()
    assert len(parse_challenges(["A"] * 32)) == 32
    with pytest.raises(MalformedError, match="more than 32 lines"):
        parse_challenges(["A"] * 33)


WHERE: dict[str, tuple[str, str]] = {
    "behind a parameter": ('Bearer realm="hunter2" hunter2', "WWW-Authenticate cannot be read: expected a comma or the end at character 22"),
    "no scheme": ('"hunter2"', "WWW-Authenticate cannot be read: expected a scheme at character 0"),
    "no scheme behind a comma": ('hunter2, "', "WWW-Authenticate cannot be read: expected a scheme at character 9"),
    "a name twice": (
        "A hunter2=x, hunter2=y",
        "WWW-Authenticate cannot be read: expected a name that this scheme does not have already at character 13",
    ),
    "too many": (
        f"A {', '.join(f'p{number:02}=x' for number in range(33))}",
        "WWW-Authenticate cannot be read: expected at most 32 parameters at character 226",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WHERE.values(), ids=WHERE)
def test_the_message_says_where_and_quotes_nothing(text: str, message: str) -> None:
    with pytest.raises(MalformedError) as refusal:
        parse_challenges(text)
    assert str(refusal.value) == message
    with pytest.raises(MalformedError) as several:
        parse_challenges([text, ""])
    assert str(several.value) == message


def test_of_several_broken_lines_the_first_is_told() -> None:
    with pytest.raises(MalformedError, match="at character 3"):
        parse_challenges(["A, =", "="])


# --- several lines: each is read whole or not at all

GOOD, BAD = 'Bearer error="invalid_token"', 'Basic realm="x'
LINES: dict[str, tuple[list[str], list[str] | None]] = {
    "none": ([], []),
    "an empty one": ([""], []),
    "two": (["Newauth", 'Basic realm="b"'], ["Newauth", "Basic"]),
    "two in one of them": (["A, B", "C"], ["A", "B", "C"]),
    "a parameter alone goes on with nothing": (["Basic realm=x", "a=b"], ["Basic"]),
    "the first broken": ([BAD, GOOD], ["Bearer"]),
    "the last broken": ([GOOD, BAD], ["Bearer"]),
    "one too long": (["x" * 16385, GOOD], ["Bearer"]),
    "all broken": ([BAD, BAD], None),
    "one broken, one empty": ([BAD, ""], None),
    "broken inside": ([f"A, {BAD}", GOOD], ["Bearer"]),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), LINES.values(), ids=LINES)
def test_a_broken_line_hides_no_other(lines: list[str], expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(MalformedError):
            parse_challenges(lines)
        return
    assert [challenge.scheme for challenge in parse_challenges(lines)] == expected
    assert parse_challenges(iter(lines)) == parse_challenges(tuple(lines))


def test_lines_of_a_response() -> None:
    answer = HttpResponse(
        status=401, headers=(("WWW-Authenticate", "Bearer"), ("X", "Y"), ("www-authenticate", 'DPoP algs="ES256"'))
    )
    assert answer.header_values("Www-Authenticate") == ("Bearer", 'DPoP algs="ES256"')
    assert answer.header_values("Y") == ()
    assert [one.scheme for one in parse_challenges(answer.header_values("WWW-Authenticate"))] == ["Bearer", "DPoP"]


@pytest.mark.parametrize("wrong", [None, 5, b"Bearer", b"", bytearray(), [b"Bearer"], [None], ["Bearer", 5]])
def test_values_must_be_str(wrong: Any) -> None:
    with pytest.raises(UsageError, match="must be a str"):
        parse_challenges(wrong)


# --- the value


def test_a_challenge_is_found_by_its_scheme() -> None:
    found = parse_challenges('dpop algs="ES256", Bearer realm="a", BEARER realm="b"')
    assert find_challenge(found, "DPoP") is found[0]
    assert find_challenge(found, "bearer") is found[1]
    assert find_challenge(found, "Basic") is None
    assert find_challenge(found, "DPo") is None
    assert find_challenge((), "DPoP") is None
    assert found[0].has_scheme("DPOP")
    assert not found[0].has_scheme("DPoPX")
    mistakes: list[tuple[Any, Any]] = [
        (found, 5),
        ((), None),
        (5, "Basic"),
        (None, "Basic"),
        ('Basic realm="a"', "Basic"),
    ]
    for challenges, scheme in mistakes:
        with pytest.raises(UsageError):
            find_challenge(challenges, scheme)


def test_a_challenge_is_frozen() -> None:
    challenge: Any = parse_challenges('Bearer realm="a"')[0]
    parameters: Any = challenge.parameters
    assert isinstance(parameters, MappingProxyType)
    with pytest.raises(dataclasses.FrozenInstanceError):
        challenge.scheme = "Basic"
    with pytest.raises(AttributeError):
        challenge.parameters.__setitem__("realm", "b")
    assert len({challenge, parse_challenges('Bearer realm="a"')[0], copy.copy(challenge)}) == 1
    assert challenge != parse_challenges('Bearer realm="b"')[0]
    assert parse_challenges("Negotiate aGk=")[0] != parse_challenges("Negotiate")[0]
    assert "aGk" not in repr(parse_challenges("Negotiate aGk=")[0])


MISTAKES: dict[str, dict[str, Any]] = {
    "an empty scheme": {"scheme": ""},
    "a scheme with a space": {"scheme": "a b"},
    "a scheme with a line end": {"scheme": "a\n"},
    "no text for a scheme": {"scheme": None},
    "a name with a space": {"parameters": {"a b": "c"}},
    "an empty name": {"parameters": {"": "c"}},
    "a name that is no text": {"parameters": {5: "c"}},
    "a name beyond ASCII": {"parameters": {"\xe4": "c"}},
    "a value that is no text": {"parameters": {"a": 5}},
    "a token68 with a space": {"token68": "a b"},
    "an empty token68": {"token68": ""},
    "a token68 that is =": {"token68": "="},
    "a token68 with a line end": {"token68": "a\n"},
    "a token68 that is no text": {"token68": 5},
    "parameters and a token68": {"parameters": {"a": "b"}, "token68": "c"},
    "no mapping": {"parameters": 5},
}  # fmt: skip
VALUE_ONLY: dict[str, dict[str, Any]] = {
    "a name in upper case": {"parameters": {"A": "b"}},
    "a list": {"parameters": [("a", "b")]},
}
BUILDING_ONLY: dict[str, dict[str, Any]] = {
    "a value beyond ASCII": {"parameters": {"a": "\xe4"}},
    "a value with a line end": {"parameters": {"a": "x\r\nSet-Cookie: y"}},
    "a value with a tab": {"parameters": {"a": "\t"}},
    "a name twice": {"parameters": [("a", "b"), ("a", "c")]},
    "a name twice, in another case": {"parameters": [("a", "b"), ("A", "c")]},
    "a list of names": {"parameters": ["ab"]},
    "a triple": {"parameters": [("a", "b", "c")]},
    "33 parameters": {"parameters": {f"p{number}": "" for number in range(33)}},
    "too long": {"parameters": {"a": "b" * 16384}},
    "too long once it is escaped": {"parameters": {"a": '"' * 8190}},
    "a long token68": {"token68": "a" * 16384},
}


@pytest.mark.parametrize("named", [*MISTAKES.values(), *VALUE_ONLY.values()], ids=[*MISTAKES, *VALUE_ONLY])
def test_mistakes_in_values(named: dict[str, Any]) -> None:
    whole: dict[str, Any] = {"scheme": "Bearer", **named}
    with pytest.raises(UsageError):
        Challenge(**whole)
    if isinstance(whole.get("token68"), str) and whole["token68"]:
        whole["token68"] = Secret(whole["token68"])
    with pytest.raises(UsageError):
        AuthorizationCredentials(**whole)


@pytest.mark.parametrize("named", [*MISTAKES.values(), *BUILDING_ONLY.values()], ids=[*MISTAKES, *BUILDING_ONLY])
def test_mistakes_in_building(named: dict[str, Any]) -> None:
    whole: dict[str, Any] = {"scheme": "Bearer", **named}
    with pytest.raises(UsageError):
        build_challenge(**whole)
    if isinstance(whole.get("token68"), str) and whole["token68"]:
        whole["token68"] = Secret(whole["token68"])
    with pytest.raises(UsageError):
        build_authorization(**whole)


def test_what_is_built_keeps_names_and_order() -> None:
    assert build_challenge("Bearer", [("Realm", "a"), ("error", "b")]) == 'Bearer Realm="a", error="b"'
    assert build_challenge("Bearer", (pair for pair in [("z", "1"), ("a", "2")])) == 'Bearer z="1", a="2"'
    assert len(build_challenge("A", token68="b" * 16382)) == 16384
    assert build_challenge("A", {f"p{number}": "" for number in range(32)}).endswith('p31=""')
    assert bearer_challenge({"realm": "a"}.items()) == 'Bearer realm="a"'
    with pytest.raises(UsageError, match="twice"):
        bearer_challenge([("realm", "a"), ("realm", "b")])


# --- Authorization: (text, scheme, what belongs to it, whether it is canonical)

SENT: dict[str, tuple[str, str, dict[str, str] | str | None, bool]] = {
    "Bearer, RFC 6750 section 2.1": (f"Bearer {JWT}", "Bearer", JWT, True),
    "Bearer in lower case": (f"bearer {JWT}", "bearer", JWT, True),
    "DPoP, RFC 9449 section 7.1": ("DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp", "DPoP", "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp", True),
    "Basic, RFC 7617 section 2": ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", True),
    "Digest": ('Digest username="Mufasa", uri="/a?b=c,d"', "Digest", {"username": "Mufasa", "uri": "/a?b=c,d"}, True),
    "tokens for values": ("Digest username=Mufasa,qop=auth", "Digest", {"username": "Mufasa", "qop": "auth"}, False),
    "a bare scheme": ("Bearer", "Bearer", None, True),
    "spaces between": (f"Bearer   {JWT}", "Bearer", JWT, False),
    "spaces around, 5.5": (f" Bearer {JWT}\t", "Bearer", JWT, False),
    "an empty parameter first": ("Digest ,a=b", "Digest", {"a": "b"}, False),
    "an empty parameter last": ("Digest a=b , ,", "Digest", {"a": "b"}, False),
    "a list without parameters": ("Digest ,", "Digest", None, False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "scheme", "rest", "canonical"), SENT.values(), ids=SENT)
def test_credentials(text: str, scheme: str, rest: dict[str, str] | str | None, canonical: bool) -> None:
    credentials = parse_authorization(text)
    assert (credentials.scheme, credentials.has_scheme(scheme.upper())) == (scheme, True)
    assert not credentials.has_scheme("Basi")
    held = credentials.token68.reveal() if credentials.token68 else dict(credentials.parameters) or None
    assert held == rest
    written = build_authorization(scheme, credentials.token68, parameters=credentials.parameters)
    assert (written == text) == canonical
    assert parse_authorization(written) == credentials


REFUSED_CREDENTIALS: dict[str, str] = {
    "nothing": "",
    "a space": " ",
    "a comma": ",",
    "a comma first": f",Bearer {JWT}",
    "two of them": f"Bearer {JWT}, Bearer {JWT}",
    "two schemes": "A, B",
    "Basic after Digest": 'Digest a="b", Basic eA==',
    "two tokens": f"Bearer {JWT} {JWT}",
    "a comma behind the token": f"Bearer {JWT},",
    "a comma right behind the scheme": "Bearer,",
    "a tab behind the scheme": f"Bearer\t{JWT}",
    "a quoted token": f'Bearer "{JWT}"',
    "no scheme": '"x"',
    "a colon": f"Bearer: {JWT}",
    "a token beyond ASCII": "Bearer \xe4",
    "= inside the token": "Bearer a=b=c",
    "a line end": f"Bearer {JWT}\n",
    "a line end and a header": f"Bearer {JWT}\r\nX: y",
    "NUL": f"Bearer {JWT}\0",
    "a name twice": "Digest a=b, A=c",
    "no closing quote": 'Digest a="b',
    "33 parameters": f"Digest {', '.join(f'p{number}=x' for number in range(33))}",
    "16385 characters": f"Bearer {'a' * 16378}",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED_CREDENTIALS.values(), ids=REFUSED_CREDENTIALS)
def test_what_is_no_credentials_is_refused(text: str) -> None:
    with pytest.raises(
        MalformedError, match=r"^Authorization (cannot be read: expected .* at character \d+|has 16385)"
    ) as refusal:
        parse_authorization(text)
    assert JWT not in str(refusal.value)
    assert "a" * 20 not in str(refusal.value)


@pytest.mark.parametrize("wrong", [None, b"Bearer a", ["Bearer a"], Secret("Bearer a")])
def test_credentials_must_be_a_str(wrong: Any) -> None:
    with pytest.raises(UsageError, match="must be a str"):
        parse_authorization(wrong)


def test_credentials_are_shown_to_nobody() -> None:
    for text in ("Bearer hunter2", 'Digest response="hunter2"', "Digest response=hunter2"):
        credentials = parse_authorization(text)
        for shown in (repr(credentials), str(credentials), f"{credentials}", repr([credentials])):
            assert "hunter2" not in shown
    assert repr(parse_authorization("Bearer x")) == "AuthorizationCredentials(Bearer: Secret(...))"
    assert repr(parse_authorization("Digest a=b, c=d")) == "AuthorizationCredentials(Digest: a, c)"
    assert repr(parse_authorization("Bearer")) == "AuthorizationCredentials(Bearer)"
    # A token without a scheme stands where the scheme would.
    for bare in ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIi.c2ln", "a.b.c", "x" * 21):
        assert repr(parse_authorization(bare)) == "AuthorizationCredentials(...)"
        assert repr(parse_authorization(f"{bare} y")) == "AuthorizationCredentials(...: Secret(...))"
    assert repr(parse_authorization("x" * 20)) == f"AuthorizationCredentials({'x' * 20})"
    mistakes: list[dict[str, Any]] = [
        {"token68": Secret("hunter2 ")},
        {"token68": "hunter2"},
        {"parameters": {"a": "hunter2\n"}},
    ]
    for named in mistakes:
        with pytest.raises(UsageError) as mistake:
            build_authorization("Bearer", **named)
        assert "hunter2" not in str(mistake.value)


def test_a_token_is_given_as_a_secret() -> None:
    assert build_authorization("Bearer", Secret(JWT)) == f"Bearer {JWT}"
    assert AuthorizationCredentials(scheme="Bearer", token68=Secret("a")) == parse_authorization("Bearer a")
    assert len({parse_authorization("Digest a=b"), parse_authorization('Digest a="b"')}) == 1
    with pytest.raises(UsageError, match=r"write Secret\(text\)"):
        build_authorization("Bearer", JWT)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UsageError, match=r"write Secret\(text\)"):
        AuthorizationCredentials(scheme="Bearer", token68=JWT)  # type: ignore[arg-type]  # the same


# --- what Bearer and DPoP say: (the challenge, what differs from nothing)

MEMBERS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("Bearer", {}),
    "others": ('Bearer realm="a", x="y"', {}),
    "error, RFC 6750 section 3": ('Bearer error="invalid_token"', {"error": "invalid_token"}),
    "an error with a space": ('Bearer error="no way!"', {"error": "no way!"}),
    "an empty error": ('Bearer error=""', {}),
    "an error beyond ASCII": ('Bearer error="\xe4"', {}),
    "an error with a quote": ('Bearer error="a\\"b"', {}),
    "an error with a tab": ('Bearer error="a\tb"', {}),
    "a description": ('Bearer error_description="it ended"', {"error_description": "it ended"}),
    "a description with a quote": ('Bearer error_description="a \\"b\\""', {"error_description": 'a "b"'}),
    "a description beyond ASCII": ('Bearer error_description="\xe4"', {"error_description": "\xe4"}),
    "a description with a tab": ('Bearer error_description="a\tb"', {}),
    "a description that turns text around": ('Bearer error_description="a\u202eb"', {}),
    "a description that cannot be encoded": ('Bearer error_description="\udce4"', {}),
    "an empty description": ('Bearer error_description=""', {}),
    "a page": ('Bearer error_uri="https://a.example/x?y#z"', {"error_uri": "https://a.example/x?y#z"}),
    "a script": ('Bearer error_uri="javascript:alert(1)"', {}),
    "a page with a space": ('Bearer error_uri="https://a.example/#a b"', {}),
    "a page with a quote": ('Bearer error_uri="https://a.example/#\\""', {}),
    "a path": ('Bearer error_uri="/x"', {}),
    "scope": ('Bearer scope="a b"', {"scope": ("a", "b")}),
    "one scope, as a token": ("Bearer scope=a", {"scope": ("a",)}),
    "scopes with spaces around": ('Bearer scope=" a  b "', {"scope": ("a", "b")}),
    "a scope with a quote": ('Bearer scope="a \\"b"', {}),
    "a scope with a tab": ('Bearer scope="a\tb"', {}),
    "no scope": ('Bearer scope=""', {}),
    "resource_metadata, RFC 9728 section 5.1": ('Bearer resource_metadata="https://a.example/m"', {"resource_metadata": "https://a.example/m"}),
    "resource_metadata, loopback": ('Bearer resource_metadata="http://127.0.0.1:8000/m"', {"resource_metadata": "http://127.0.0.1:8000/m"}),
    "resource_metadata, http": ('Bearer resource_metadata="http://a.example/m"', {}),
    "resource_metadata, a name for loopback": ('Bearer resource_metadata="http://localhost/m"', {}),
    "resource_metadata, user information": ('Bearer resource_metadata="https://a@b.example/m"', {}),
    "resource_metadata, a fragment": ('Bearer resource_metadata="https://a.example/m#x"', {}),
    "resource_metadata, a file": ('Bearer resource_metadata="file:///etc/passwd"', {}),
    "resource_metadata, a path": ('Bearer resource_metadata="/m"', {}),
    "acr_values, RFC 9470 section 3": ('Bearer acr_values="urn:gold silver"', {"acr_values": ("urn:gold", "silver")}),
    "acr_values beyond ASCII": ('Bearer acr_values="\xe4"', {}),
    "acr_values with a tab": ('Bearer acr_values="a\tb"', {}),
    "max_age, RFC 9470 section 3": ('Bearer max_age="5"', {"max_age": 5}),
    "max_age, a token": ("Bearer max_age=0", {"max_age": 0}),
    "max_age, negative": ('Bearer max_age="-1"', {}),
    "max_age, a fraction": ('Bearer max_age="1.5"', {}),
    "max_age, a word": ('Bearer max_age="soon"', {}),
    "max_age, other digits": ('Bearer max_age="\u0665"', {}),
    "max_age, beyond reason": (f'Bearer max_age="{"9" * 11}"', {}),
    "algs, RFC 9449 section 7.1": ('DPoP algs="ES256 EdDSA"', {"algs": ("ES256", "EdDSA")}),
    "no algs": ('DPoP algs=" "', {}),
    "use_dpop_nonce, RFC 9449 section 9": ('DPoP error="use_dpop_nonce"', {"error": "use_dpop_nonce"}),
    "one unusable, the others stay": (
        'Bearer ERROR=insufficient_scope, scope="\xe4", max_age=x, resource_metadata="https://a.example"',
        {"error": "insufficient_scope", "resource_metadata": "https://a.example"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MEMBERS.values(), ids=MEMBERS)
def test_members(text: str, expected: dict[str, Any]) -> None:
    (challenge,) = parse_challenges(text)
    assert parse_oauth_challenge(challenge) == OAuthChallenge(**expected)


@pytest.mark.parametrize("wrong", [None, "Bearer", (), {"error": "x"}])
def test_members_of_a_challenge_only(wrong: Any) -> None:
    with pytest.raises(UsageError, match="must be a Challenge"):
        parse_oauth_challenge(wrong)


# --- where the clients look: (the lines, the OAuth error that UserInfo raises, how the token endpoint names the schemes)

ASKED: dict[str, tuple[list[str], str | None, str]] = {
    "Bearer with an error": (['Bearer error="invalid_token"'], "invalid_token", "'Bearer'"),
    "an error as a token": (["Bearer error=invalid_token"], "invalid_token", "'Bearer'"),
    "the second in a line": (['Basic realm="a", Bearer error="invalid_token"'], "invalid_token", "'Basic, Bearer'"),
    "the second Bearer": (['Bearer realm="a"', 'Bearer error="invalid_token"'], "invalid_token", "'Bearer'"),
    "DPoP with an error": (['Bearer, DPoP error="use_dpop_nonce"'], "use_dpop_nonce", "'Bearer, DPoP'"),
    "an error of another scheme": (['Newauth error="invalid_token"'], None, "'Newauth'"),
    "a broken line before": (['Basic realm="a', 'Bearer error="invalid_token"'], "invalid_token", "'Bearer'"),
    "only a broken line": (['Bearer error="invalid_token'], None, "authentication"),
    "no comma": (['Bearer error="invalid_token" error_description="x"'], None, "authentication"),
    "no error": (['Bearer realm="a"'], None, "'Bearer'"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "error", "named"), ASKED.values(), ids=ASKED)
def test_clients_read_challenges(lines: list[str], error: str | None, named: str) -> None:
    answer = HttpResponse(status=401, headers=tuple(("WWW-Authenticate", line) for line in lines))
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        parse_userinfo_response(answer, id_token=LoginRecord(iss="https://op.example", sub="alice", aud=("app",)))
    assert getattr(refusal.value, "error", None) == error
    with pytest.raises(ProtocolError) as asked:
        parse_token_response(answer)
    assert (asked.value.reason, asked.value.status) == ("unexpected_status", 401)
    assert f"answered 401 and asks for {named}: compare" in str(asked.value)


# --- anything

NAMES = st.text("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
TOKEN68 = st.from_regex(r"[A-Za-z0-9\-._~+/]{1,12}={0,3}", fullmatch=True)
SCHEMES = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=8)
BUILT = st.tuples(SCHEMES, st.none() | TOKEN68 | st.dictionaries(NAMES, TEXTS, min_size=1, max_size=5))
ANYTHING = st.text(max_size=80) | st.text("Ab1=\"\\, \t~!'\xe4", max_size=60)
TIGHT = st.lists(
    st.sampled_from(["A", "b", "=", '"', "\\", ",", " ", "\t", "==", 'x="y"', "Bearer ", "error=", "/", "\n", "\xe4"]),
    max_size=30,
).map("".join)


@given(st.lists(BUILT, max_size=5))
def test_what_is_built_is_read_again(built: list[Parts]) -> None:
    text = ", ".join(build(*part) for part in built)
    assert [parts(challenge) for challenge in parse_challenges(text)] == built
    assert parse_challenges([build(*part) for part in built]) == parse_challenges(text)


@given(BUILT)
def test_credentials_that_are_built_are_read_again(built: Parts) -> None:
    scheme, rest = built
    token68 = Secret(rest) if isinstance(rest, str) else None
    parameters = rest if isinstance(rest, dict) else {}
    expected = AuthorizationCredentials(scheme=scheme, token68=token68, parameters=parameters)
    assert parse_authorization(build_authorization(scheme, token68, parameters=parameters)) == expected


@given(ANYTHING | TIGHT)
def test_any_text_gives_challenges_or_a_refusal(text: str) -> None:
    try:
        found = parse_challenges(text)
    except MalformedError:
        assert text.strip(" \t")
        return
    for challenge in found:
        assert isinstance(parse_oauth_challenge(challenge), OAuthChallenge)
        assert challenge.scheme in text
        try:
            written = build_challenge(challenge.scheme, challenge.parameters, token68=challenge.token68)
        except UsageError:
            assert not all(value.isascii() and value.isprintable() for value in challenge.parameters.values())
        else:
            assert parse_challenges(written) == (challenge,)
    # A line that can be read is read the same beside others, as section 5.3 wants.
    assert parse_challenges(f"First, {text}") == (*parse_challenges("First"), *found)
    assert parse_challenges(["First", text]) == parse_challenges(f"First, {text}")


@given(st.lists(ANYTHING | TIGHT, max_size=4))
def test_any_lines_give_challenges_or_a_refusal(lines: list[str]) -> None:
    try:
        found = parse_challenges(lines)
    except RejectedError as refusal:
        assert isinstance(refusal, MalformedError)
        return
    assert len(found) <= 32 * len(lines)


@given(ANYTHING | TIGHT)
def test_any_text_gives_credentials_or_a_refusal(text: str) -> None:
    try:
        credentials = parse_authorization(text)
    except MalformedError:
        return
    # Whatever is credentials is a challenge too, and one.
    (challenge,) = parse_challenges(text)
    assert (challenge.scheme, challenge.parameters) == (credentials.scheme, credentials.parameters)
    assert challenge.token68 == (credentials.token68.reveal() if credentials.token68 else None)


@given(
    st.binary(min_size=16, max_size=40).map(bytes.hex),
    st.sampled_from(["Bearer {}", 'Digest a="{}"', "X {} {}", '{}="', "X a={}, a={}"]),
)
def test_no_secret_in_what_is_shown(secret: str, form: str) -> None:
    text = form.format(secret, secret)
    try:
        shown = repr(parse_authorization(text))
    except MalformedError as refusal:
        shown = str(refusal)
    assert secret not in shown
    try:
        assert secret not in repr(parse_authorization(secret))
    except MalformedError as refusal:
        assert secret not in str(refusal)
    if form != 'Digest a="{}"':  # the parameters of a challenge are no secrets
        try:
            shown = repr(parse_challenges(text))
        except MalformedError as refusal:
            shown = str(refusal)
        assert secret not in shown


SLOW = {
    "spaces": "A" + " " * 16000 + '"',
    "spaces before =": "A b" + " " * 16000 + '"',
    "spaces after =": "A b=" + " " * 16000 + "=",
    "equals signs": "A b" + "=" * 16000 + '"',
    "commas": "A b=c" + "," * 16000 + '"',
    "commas and spaces": "A b=c" + ", " * 8000 + '"',
    "spaces and commas": "A b=c" + " \t," * 5000 + '"',
    "a long name": "A " + "b" * 16000 + '"',
    "a long scheme": "A" * 16000 + '"',
    "escapes": 'A b="' + "\\\\" * 8000,
    "escaped quotes": 'A b="' + '\\"' * 8000,
    "open strings": 'A b="' * 3200,
    "a long string": 'A b="' + "c" * 16000,
    "token68": "A " + "b" * 8000 + "=" * 8000 + '"',
    "bare schemes": "A," * 8000,
}  # fmt: skip


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_long_text_is_refused_by_the_same_rules(text: str) -> None:
    """Each pattern is linear: were one not, 32 lines of these would run for minutes."""
    began = process_time()
    with pytest.raises(MalformedError):
        parse_challenges([text] * 32)
    with pytest.raises(MalformedError):
        parse_authorization(text)
    assert process_time() - began < 5
