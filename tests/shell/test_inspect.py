"""inspect: what people paste, and what they are told."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest

from jwtkit import JWK, Claims, Token, jwe, jws
from jwtkit._wire import b64url_encode

NOW = 1_900_000_000
KEY = JWK.generate("ES256", kid="k1")
ISS, AUD = "https://auth.example.com", "https://api.example.com"
TOKEN = Token.sign(Claims(iss=ISS, sub="alice", aud=AUD), KEY, lifetime=600, now=NOW).compact
EXPIRED = Token.sign(Claims(iss=ISS, sub="alice", aud=AUD), KEY, lifetime=600, now=NOW - 4181).compact
JWE = jwe.encrypt(b"x", JWK.generate("A256GCM", kid="k"), alg="dir", enc="A256GCM")
FLAT = jws.sign(b'{"sub":"alice"}', KEY, serialization="flattened")
GENERAL = jws.sign(b'{"sub":"alice"}', [KEY], serialization="general")
AT = ("--now", str(NOW))


def unsigned(claims: object, header: object = {"alg": "none"}) -> str:
    return ".".join([*(b64url_encode(json.dumps(part).encode()) for part in (header, claims)), ""])


def codes(done: Any, *path: str) -> list[str]:
    members = json.loads(done.out)
    for name in path:
        members = members[name]
    return [finding["code"] for finding in members["findings"]]


SHEET = """\
token: a signed token (JWS), {size} characters; not verified: anybody may have written this

  header
    alg  "ES256"
    kid  "k1"
    typ  "JWT"

  claims
    iss  "https://auth.example.com"
    sub  "alice"
    aud  "https://api.example.com"
    iat  1899995819  2030-03-17T16:36:59Z, 1h 9m ago
    exp  1899996419  2030-03-17T16:46:59Z, 59m 41s ago
    jti  "{jti}"

  what to know
    error    token expired 59m 41s ago: get a fresh one

  next
    verify it, with the keys, issuer and audience that you trust, not those that it names:
    jwtkit verify --jwks KEYS --alg ES256 --issuer ISSUER --audience AUDIENCE TOKEN_FILE

"""


def test_a_token(shell: Any) -> None:
    done = shell("inspect", *AT, text=EXPIRED)
    jti = json.loads(shell("decode", text=EXPIRED).out)["unverified_claims"]["jti"]
    assert (done.code, done.err) == (0, "")
    assert done.out == SHEET.format(size=len(EXPIRED), jti=jti)


def test_a_token_with_nothing_wrong(shell: Any) -> None:
    assert "nothing is wrong with it, as far as that shows without its key" in shell("inspect", *AT, text=TOKEN).out


def test_a_token_over_several_lines(shell: Any) -> None:
    text = "\n".join(TOKEN[start : start + 76] for start in range(0, len(TOKEN), 76))
    done = shell("inspect", "--json", *AT, text=text)
    assert codes(done) == ["broken_lines"]
    assert json.loads(done.out)["tokens"]["token"]["claims"]["sub"] == "alice"


def test_the_next_step_names_a_media_type_that_must_be_named(shell: Any) -> None:
    text = Token.sign(Claims(sub="alice"), KEY, lifetime=60, typ="at+jwt").compact
    assert "--alg ES256 --typ at+jwt --issuer" in shell("inspect", text=text).out
    assert "--typ" not in shell("inspect", text=TOKEN).out


def test_there_is_no_next_step_with_a_token_for_others(shell: Any) -> None:
    text = unsigned({"aud": "x"}, {"alg": "RS256", "nonce": "n", "typ": "JWT"}) + "AAAA"
    with_nonce = shell("inspect", text=text).out
    assert "jwtkit verify" in with_nonce
    graph = {"aud": "00000003-0000-0000-c000-000000000000", "iss": "https://sts.windows.net/t/", "tid": "t"}
    text = unsigned(graph, {"alg": "RS256", "nonce": "n", "typ": "JWT"}) + "AAAA"
    assert "jwtkit verify" not in shell("inspect", text=text).out


def test_keeping_the_signature_is_for_the_page(shell: Any) -> None:
    shell.fails(2, "say --html too", "inspect", "--keep-signature", text=TOKEN)


def test_nested_claims_and_long_names(shell: Any) -> None:
    shown = shell("inspect", text=unsigned({"a": {"b": [1, {}]}, "x" * 30: True, "e": {}})).out
    assert '    a                     {\n                            "b": [\n' in shown
    assert f"    {'x' * 30}  true\n" in shown
    assert "    (empty)\n" in shell("inspect", text=unsigned({})).out


@pytest.mark.parametrize(
    ("text", "taken_off"),
    [
        (f"Bearer {TOKEN}", ["scheme_taken_off"]),
        (f"bearer   {TOKEN}\n", ["scheme_taken_off"]),
        (f"Authorization: Bearer {TOKEN}", ["scheme_taken_off"]),
        (f"authorization:DPoP {TOKEN}", ["scheme_taken_off"]),
        (f"  {TOKEN}\r\n", []),
    ],
)
def test_what_surrounds_a_token(shell: Any, text: str, taken_off: list[str]) -> None:
    done = shell("inspect", "--json", *AT, text=text)
    assert done.code == 0
    assert codes(done) == taken_off
    assert json.loads(done.out)["tokens"]["token"]["claims"]["sub"] == "alice"


@pytest.mark.parametrize("text", [f'"{TOKEN}"', f"b'{TOKEN}'"])
def test_what_a_verifier_would_stumble_over_is_a_finding(shell: Any, text: str) -> None:
    done = shell("inspect", "--json", *AT, text=text)
    assert codes(done, "tokens", "token")[0] in ("quoted", "bytes_repr")
    assert json.loads(done.out)["tokens"]["token"]["claims"]["sub"] == "alice"


@pytest.mark.parametrize("text", [FLAT, GENERAL])
def test_a_jws_in_a_json_form(shell: Any, text: str) -> None:
    done = shell("inspect", "--json", text=text)
    assert codes(done) == ["json_form"]
    assert json.loads(done.out)["tokens"]["token"]["claims"] == {"sub": "alice"}


RESPONSE = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 600, "refresh_token": "rt-secret-rt-secret"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RESPONSE),
        json.dumps(RESPONSE, indent=4) + "\n",
        "&".join(f"{name}={value}" for name, value in RESPONSE.items()),
        "https://app.example.com/callback#" + "&".join(f"{name}={value}" for name, value in RESPONSE.items()),
        "https://app.example.com/callback?" + "&".join(f"{name}={value}" for name, value in RESPONSE.items()),
    ],
)
def test_a_token_response(shell: Any, text: str) -> None:
    done = shell("inspect", "--json", *AT, text=text)
    shown = json.loads(done.out)
    assert done.code == 0
    assert list(shown["tokens"]) == ["access_token", "refresh_token"]
    assert shown["tokens"]["access_token"]["claims"]["sub"] == "alice"
    assert shown["tokens"]["refresh_token"]["kind"] == "opaque"
    assert set(shown["response"]) == {"token_type", "expires_in"}
    for output in (done.out, shell("inspect", *AT, text=text).out, shell("inspect", "--html", "-", *AT, text=text).out):
        assert "rt-secret" not in output
        assert TOKEN.rpartition(".")[2] not in output


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (
            {"device_code": "hidden-code", "user_code": "ABCD-EFGH", "verification_uri": "https://x.example"},
            "device_authorization",
        ),
        ({"errors": [{"errorType": "invalid_grant"}]}, "errors_list"),
        ({"response": {"access_token": "hidden-token"}}, "nested_response"),
        ({"accessToken": "hidden-token"}, "camel_case"),
        ({"ok": False, "error": "invalid_code"}, "slack_error"),
    ],
)
def test_what_servers_answer_in_forms_of_their_own(shell: Any, members: dict[str, Any], code: str) -> None:
    done = shell("inspect", "--json", text=json.dumps(members))
    assert done.code == 0
    assert codes(done) == [code]
    assert "hidden" not in done.out
    assert "user_code" not in members or "ABCD-EFGH" in done.out


@pytest.mark.parametrize(
    ("value", "shown"), [("60", 60), ("9" * 5000, "9" * 5000), ("\u0663", "\u0663"), ("-1", "-1"), ("", None)]
)
def test_numbers_in_a_form(shell: Any, value: str, shown: object) -> None:
    done = shell("inspect", "--json", text=f"access_token=x&expires_in={value}")
    assert json.loads(done.out)["response"].get("expires_in") == shown


def test_the_tokens_of_a_user_beside_those_of_an_app(shell: Any) -> None:
    text = json.dumps({"ok": True, "access_token": "xoxb-1", "authed_user": {"id": "U1", "access_token": "xoxp-1"}})
    shown = json.loads(shell("inspect", "--json", text=text).out)
    assert shown["response"] == {"ok": True, "authed_user": {"id": "U1"}}
    assert list(shown["tokens"]) == ["access_token", "authed_user.access_token"]
    assert "xox" not in json.dumps(shown)


def test_secrets_are_left_out_wherever_they_stand(shell: Any) -> None:
    text = json.dumps(
        {"access_token": "a", "x": [{"y": {"client_secret": "hidden-secret", "z": 1}}], "code": "hidden-code"}
    )
    for output in (shell("inspect", text=text).out, shell("inspect", "--json", text=text).out):
        assert "hidden" not in output
        assert '"z": 1' in output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"kty":"EC"}', "this is a key, not a token"),
        ('{"keys":[]}', "this is a key set, not a token"),
        ('{"active":true}', "introspection endpoint"),
        ('{"issuer":"i","jwks_uri":"j"}', "metadata of an authorization server"),
        ('{"ciphertext":""}', "JWE in a JSON form"),
        ('{"iss":"i"}', "claims without a signature"),
        ('{"signatures":[1]}', "neither a token nor a token response"),
        ('{"signatures":[{"protected":1}],"payload":"","x":2}', "neither a token nor a token response"),
        ("{}", "neither a token nor a token response"),
        ('{"code":401,"message":"secret"}', "neither a token nor a token response"),
        ("https://app.example.com/?keys=x&kty=y", "this is a URL without a token in it"),
        ("https://app.example.com/callback?code=secret&state=x", "this URL carries an authorization code"),
        ("https://app.example.com/", "this is a URL without a token in it"),
    ],
)
def test_what_is_no_token_is_said_to_be_what_it_is(shell: Any, text: str, words: str) -> None:
    done = shell("inspect", text=text)
    assert (done.code, done.err) == (3, "")
    assert words in done.out
    assert "secret" not in done.out


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", "broken", "there is nothing here"),
        ("opaque", "opaque", "introspection endpoint"),
        ("hello, world", "opaque", "there is white space inside"),
        ("a.b.c", "opaque", "header"),
        ("eyJh.b.c", "broken", "header"),
        ("v1.MrRmc3", "opaque", "introspection endpoint"),
        ("eyJhbGciOiJFUzI1NiJ9.b.c.d", "broken", "4 segments"),
        ('{"sub":', "broken", "is JSON"),
        ('{"a":1,"a":2}', "broken", "is JSON"),
        ("x" * 300_000, "opaque", "more than any token here may have"),
        ("a=b", "opaque", "not"),
        (b"\xff\xfe\x00", "opaque", "no dots"),
        ("\x00", "opaque", "no dots"),
    ],
)
def test_what_is_no_jwt_is_explained(shell: Any, text: str | bytes, kind: str, words: str) -> None:
    done = shell("inspect", text=text)
    assert (done.code, done.err) == (3, "")
    assert words in done.out
    shown = shell("inspect", "--json", text=text)
    assert shown.code == 3
    found = json.loads(shown.out)["tokens"]
    assert not found or found["token"]["kind"] == kind


def test_an_encrypted_token(shell: Any) -> None:
    done = shell("inspect", text=JWE)
    assert done.code == 0
    assert "token: an encrypted token (JWE)" in done.out
    assert "jwtkit decrypt --key KEY --alg dir TOKEN_FILE" in done.out


def test_a_token_without_signature(shell: Any) -> None:
    shown = shell("inspect", text=unsigned({"sub": "alice"})).out
    assert shown.startswith("token: a token without a signature,")
    assert "jwtkit verify" not in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], []),
        (["--issuer", ISS], ["iss_accepted"]),
        (["--issuer", "x", "--issuer", ISS], ["iss_accepted"]),
        (["--issuer", ISS + "/"], ["iss_mismatch"]),
        (["--audience", AUD], ["aud_accepted"]),
        (["--audience", "x"], ["aud_mismatch"]),
        (["--issuer", "x", "--audience", AUD], ["iss_mismatch", "aud_accepted"]),
    ],
)
def test_what_a_verifier_would_say(shell: Any, arguments: list[str], expected: list[str]) -> None:
    assert codes(shell("inspect", "--json", *arguments, *AT, text=TOKEN), "tokens", "token") == expected


def test_what_a_verifier_would_say_of_mistyped_claims(shell: Any) -> None:
    text = unsigned({"iss": 5, "aud": [5]}, {"alg": "ES256", "kid": "k", "typ": "JWT"})
    found = codes(shell("inspect", "--json", "--issuer", "x", "--audience", "y", text=text), "tokens", "token")
    assert found.count("claim_type") == 2
    assert "iss_accepted" not in found
    assert "aud_accepted" not in found


def test_the_clock_can_be_set(shell: Any) -> None:
    assert codes(shell("inspect", "--json", "--now", str(NOW + 600), text=TOKEN), "tokens", "token") == ["expired"]
    assert codes(shell("inspect", "--json", "--now", "2030-03-17T17:46:40Z", text=TOKEN), "tokens", "token") == []
    # Without it, it is the system's.
    assert "expired" not in codes(shell("inspect", "--json", text=TOKEN), "tokens", "token")


def test_the_page(shell: Any) -> None:
    done = shell("inspect", "--html", "page.html", *AT, text=EXPIRED)
    assert (done.code, done.out) == (0, "")
    assert done.err == "the page is in 'page.html': its claims are as private as the token's\n"
    page = shell.read("page.html")
    assert page.startswith("<!doctype html>")
    assert "token expired 59m 41s ago" in page
    assert EXPIRED.rpartition(".")[2] not in page
    assert stat.S_IMODE((shell.folder / "page.html").stat().st_mode) == 0o600
    shell.fails(2, "'page.html' exists, and nothing is overwritten here", "inspect", "--html", "page.html", text=TOKEN)
    assert shell.read("page.html") == page
    whole = shell("inspect", "--html", "-", "--keep-signature", *AT, text=EXPIRED)
    assert EXPIRED.rpartition(".")[2] in whole.out


@pytest.mark.parametrize("name", ["header", "claims"])
def test_nothing_of_a_token_reaches_the_terminal_raw(shell: Any, name: str) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\u200b\r\n\x9b31m\x00"
    members: dict[str, object] = {
        hostile: hostile,
        "list": [hostile],
        "sub": hostile,
        "iss": hostile,
        "nested": {hostile: {}},
    }
    header: dict[str, object] = {"alg": "ES256"}
    if name == "header":
        header |= {**members, "kid": hostile, "typ": hostile, "alg": "x" + hostile}
        members = {}
    text = unsigned(members, header) + "AAAA"
    for arguments in ([], ["--json"], ["--issuer", "x", "--audience", "y"]):
        done = shell("inspect", *arguments, text=text)
        assert all(character == "\n" or character.isprintable() for character in done.out)
    response = json.dumps({"access_token": "x", hostile: hostile, "error": hostile, "scope": hostile})
    assert all(character == "\n" or character.isprintable() for character in shell("inspect", text=response).out)
