"""Dynamic registration and its management (oauth.md 4.6 Registration, RFC 7591, RFC 7592)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    MalformedError,
    NotAllowedError,
    OAuthError,
    ProtocolError,
    RejectedError,
    Token,
    UsageError,
)
from jwtkit.oauth import (
    ClientMetadata,
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretPost,
    HttpRequest,
    HttpResponse,
    PrivateKeyJWT,
    PublicClient,
    Registration,
    Secret,
    SelfSignedTlsClientAuth,
    ServerMetadata,
    TlsClientAuth,
    delete_registration,
    parse_registration_deletion_response,
    parse_registration_management_response,
    parse_registration_response,
    read_registration,
    register,
    registration_deletion_request,
    registration_read_request,
    registration_request,
    registration_update_request,
    run,
    update_registration,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000
SERVER = ServerMetadata(issuer=ISSUER, token_endpoint=f"{ISSUER}/t", registration_endpoint=f"{ISSUER}/reg")
OTHER = ServerMetadata(issuer="https://other.example.com", registration_endpoint="https://other.example.com/reg")
JSON = ("Content-Type", "application/json")
CALLBACK = "https://app.example.com/cb"
KEY = JWK.generate("ES256", kid="k")
KEYS = JWKS([KEY.public()]).to_dict()
WISHES = ClientMetadata(redirect_uris=(CALLBACK,), client_name="My app", scope=("a", "b"))
SAID: dict[str, Any] = {
    "client_id": "c-1",
    "client_secret": "s3cret-s3cret-s3cret-s3cret-s3cret",
    "client_secret_expires_at": NOW + 60,
    "client_id_issued_at": NOW,
    "registration_client_uri": f"{ISSUER}/reg/c-1?key=k3y",
    "registration_access_token": "r4t",
    "redirect_uris": [CALLBACK],
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "a",
    "vendor": {"x": [1]},
}
MISTAKE: Any = "x"


def response(members: Any, status: int = 201, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**SAID, **changes}.items() if name not in names}


def registered(**changes: Any) -> Registration:
    return parse_registration_response(response({**SAID, **changes}), server=SERVER)


REGISTERED = registered()


# --- metadata, RFC 7591 section 2

EVERYTHING = {
    "redirect_uris": [CALLBACK, "http://127.0.0.1:8000/cb", "http://[::1]/cb", "com.example.app:/cb"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
    "client_name": "My app",
    "client_uri": "https://app.example.com",
    "logo_uri": "http://app.example.com/logo.png",
    "scope": "a b",
    "contacts": ["me@example.com"],
    "tos_uri": "https://app.example.com/tos",
    "policy_uri": "https://app.example.com/policy",
    "jwks": KEYS,
    "software_id": "4NRB1",
    "software_version": "1",
    "application_type": "web",
    "sector_identifier_uri": "https://app.example.com/sector",
    "subject_type": "pairwise",
    "id_token_signed_response_alg": "ES256",
    "default_max_age": 0,
    "require_auth_time": False,
    "default_acr_values": ["mfa"],
    "initiate_login_uri": "https://app.example.com/login",
    "request_uris": ["https://app.example.com/r#hash"],
    "post_logout_redirect_uris": ["https://app.example.com/bye"],
    "introspection_signed_response_alg": "ES256",
    "dpop_bound_access_tokens": True,
    "client_name#de": "Meine App",
}


def test_metadata_goes_round() -> None:
    metadata = ClientMetadata.parse(json.dumps(EVERYTHING))
    assert json.loads(metadata.to_json()) == EVERYTHING
    assert (metadata.scope, metadata.extra) == (("a", "b"), {"client_name#de": "Meine App"})
    assert metadata == ClientMetadata.parse(metadata.to_json().encode()) == ClientMetadata.parse(metadata.members())
    assert metadata.jwks is not None
    assert [key.kid for key in JWKS.parse(metadata.jwks)] == ["k"]


EMPTY: dict[str, dict[str, Any]] = {
    "nothing": {},
    "null": dict.fromkeys(EVERYTHING),
    "empty, as some servers write it": {"client_uri": "", "jwks": {}, "jwks_uri": "", "logo_uri": "", "scope": ""},
}


@pytest.mark.parametrize("members", EMPTY.values(), ids=EMPTY)
def test_what_says_nothing(members: dict[str, Any]) -> None:
    assert ClientMetadata.parse(members) == ClientMetadata()
    assert ClientMetadata().to_json() == "{}"


REDIRECTS = {
    "https://app.example.com": True,
    "https://app.example.com/cb?x=1": True,
    "https://localhost/cb": True,
    "http://127.0.0.1/cb": True,
    "http://[::1]:1234/cb": True,
    "com.example.app:/cb": True,  # RFC 8252 section 7.1
    "com.example.app://cb": True,
    "https://app.example.com/cb#f": False,  # RFC 6749 section 3.1.2
    "com.example.app:/cb#f": False,
    "http://app.example.com/cb": False,
    "http://127.0.0.2/cb": False,
    "http://localhost/cb": False,  # RFC 8252 section 8.3
    "http://localhost.example.com/cb": False,
    "http://127.0.0.1@evil.example/cb": False,
    "http://[::1].evil.example/cb": False,
    "http://evil.example[::1]/cb": False,
    "https://[v1.a]/cb": False,
    "/cb": False,
    "app.example.com/cb": False,
    "myapp:/cb": False,
    "javascript:alert(1)": False,
    "data:text/html,x": False,
    ".app:/cb": False,
    "com.example.app:": False,
    "com.example.app:/a b": False,
    "com..app:/cb": False,
    "https://": False,
    "": False,
    "*": False,
}  # fmt: skip


@pytest.mark.parametrize("name", ["redirect_uris", "post_logout_redirect_uris"])
@pytest.mark.parametrize(("uri", "sound"), REDIRECTS.items(), ids=REDIRECTS)
def test_redirect_uris(name: str, uri: str, sound: bool) -> None:
    given: dict[str, Any] = {name: (uri,)}
    if sound:
        assert ClientMetadata.parse({name: [uri]}) == ClientMetadata(**given)
        return
    with pytest.raises(ProtocolError):
        ClientMetadata.parse({name: [uri]})
    with pytest.raises(UsageError, match=name):
        ClientMetadata(**given)


def test_localhost_is_a_relaxation() -> None:
    uri = "http://localhost:3000/cb"
    assert ClientMetadata(redirect_uris=(uri,), allow_localhost=True).redirect_uris == (uri,)
    assert ClientMetadata.parse({"redirect_uris": [uri]}, allow_localhost=True).redirect_uris == (uri,)
    for other in ("http://localhost.example.com/cb", "http://app.example.com/cb"):
        with pytest.raises(ProtocolError):
            ClientMetadata.parse({"redirect_uris": [other]}, allow_localhost=True)


WRONG: dict[str, list[Any]] = {
    "redirect_uris": ["https://app.example.com/cb", [5], {"a": 1}, 5],
    "token_endpoint_auth_method": [5, ["none"]],
    "grant_types": ["authorization_code", [5]],
    "client_name": [5],
    "client_uri": ["javascript:alert(1)", "https://a b", 5],
    "logo_uri": ["data:image/png;base64,AA"],
    "scope": [["a b"], 'a "b"', 5],
    "contacts": ["me"],
    "jwks_uri": ["http://app.example.com/jwks", 5],
    "jwks": [
        "x",
        [],
        {"keys": {}},
        {"keys": ["x"]},
        {"keys": [KEY.to_dict(private=True)]},
        {"keys": [JWK.generate("HS256").to_dict(private=True)]},
        {"keys": [{"kty": "oct"}]},
    ],
    "sector_identifier_uri": ["http://app.example.com"],
    "initiate_login_uri": ["http://app.example.com"],
    "request_uris": [["http://app.example.com"], "https://app.example.com"],
    "default_max_age": [-1, "5", True, [5]],
    "require_auth_time": ["true", 1],
    "client_id": ["c"],
    "client_secret": ["s"],
    "registration_access_token": ["t"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name}-{place}") for name, values in WRONG.items() for place, value in enumerate(values)],
)  # fmt: skip
def test_members_of_another_type(name: str, value: Any) -> None:
    with pytest.raises(ProtocolError) as refusal:
        ClientMetadata.parse({name: value})
    assert refusal.value.reason == "bad_member"
    # The program's own mistake is its own. What is no field at all is a TypeError, as everywhere.
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value}
    with pytest.raises((UsageError, TypeError)):
        ClientMetadata(**given)
    with pytest.raises(UsageError):
        ClientMetadata(extra={name: value})


def test_keys_stand_in_one_place() -> None:
    with pytest.raises(ProtocolError, match="jwks_uri"):
        ClientMetadata.parse({"jwks": KEYS, "jwks_uri": "https://app.example.com/jwks"})
    with pytest.raises(UsageError, match="jwks_uri"):
        ClientMetadata(jwks=KEYS, jwks_uri="https://app.example.com/jwks")


def test_the_keys_are_a_copy() -> None:
    """What was checked is what is published: nothing private gets in afterwards."""
    keys = {"keys": [KEY.public().to_dict()]}
    metadata = ClientMetadata(jwks=keys)
    keys["keys"].append(KEY.to_dict(private=True))
    keys["keys"][0]["d"] = "x"
    assert json.loads(metadata.to_json())["jwks"] == {"keys": [KEY.public().to_dict()]}
    with pytest.raises(TypeError):
        metadata.jwks["keys"] = []  # type: ignore[index]  # the mistake under test


MISTAKES: dict[str, Callable[[], object]] = {
    "extra is no mapping": lambda: ClientMetadata(extra=MISTAKE),
    "a list where a tuple belongs": lambda: ClientMetadata(redirect_uris=[CALLBACK]),  # type: ignore[arg-type]  # the mistake under test
    "scopes in one": lambda: ClientMetadata(scope=("a b",)),
    "no JSON": lambda: ClientMetadata(extra={"x": {1}}).to_json(),
    "no server": lambda: register(MISTAKE, WISHES),
    "no metadata": lambda: register(SERVER, MISTAKE),
    "no endpoint": lambda: register(ServerMetadata(issuer=ISSUER), WISHES),
    "a token that is text": lambda: register(SERVER, WISHES, initial_access_token=MISTAKE),
    "a token no header can carry": lambda: register(SERVER, WISHES, initial_access_token=Secret("a\r\nb")),
    "an empty statement": lambda: register(SERVER, WISHES, software_statement=""),
    "a statement that is a number": lambda: register(SERVER, WISHES, software_statement=5),  # type: ignore[arg-type]  # the mistake under test
    "two statements": lambda: register(SERVER, ClientMetadata(extra={"software_statement": "a"}), software_statement="b"),
    "no registration": lambda: read_registration(SERVER, MISTAKE),
    "no registration to delete": lambda: delete_registration(SERVER, MISTAKE),
    "no server to manage at": lambda: read_registration(MISTAKE, REGISTERED),
    "no metadata to update": lambda: update_registration(SERVER, REGISTERED, MISTAKE),
    "nothing to manage with": lambda: read_registration(SERVER, replace(REGISTERED, registration_client_uri=None)),
    "no token to manage with": lambda: read_registration(SERVER, replace(REGISTERED, registration_access_token=None)),
    "no server that answered": lambda: parse_registration_response(response(SAID), server=MISTAKE),
    "no response": lambda: parse_registration_response(MISTAKE, server=SERVER),
    "no response to a deletion": lambda: parse_registration_deletion_response(MISTAKE),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        mistake()


@given(st.dictionaries(
    st.sampled_from([*EVERYTHING, "jwks_uri", "client_id", "x"]),
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=20), max_size=2)
    | st.sampled_from(list(EVERYTHING.values())),
))  # fmt: skip
def test_any_metadata_gives_a_value_or_a_refusal(members: dict[str, Any]) -> None:
    try:
        metadata = ClientMetadata.parse(json.dumps(members))
    except RejectedError:
        return
    assert ClientMetadata.parse(metadata.to_json()) == metadata


# --- registering, RFC 7591 section 3


def test_the_request() -> None:
    request = registration_request(SERVER, WISHES)
    assert (request.method, request.url) == ("POST", f"{ISSUER}/reg")
    assert request.headers == (("Accept", "application/json"), JSON)
    assert json.loads(request.body) == {"redirect_uris": [CALLBACK], "client_name": "My app", "scope": "a b"}


STATEMENT = Token.sign(Claims(iss="https://vendor.example", extra={"software_id": "x"}), KEY, lifetime=60)


def test_the_request_with_everything() -> None:
    request = registration_request(SERVER, WISHES, initial_access_token=Secret("iat-1"), software_statement=STATEMENT)
    assert dict(request.headers)["Authorization"] == "Bearer iat-1"
    assert json.loads(request.body)["software_statement"] == STATEMENT.compact
    assert "iat-1" not in repr(request)
    assert (
        json.loads(registration_request(SERVER, WISHES, software_statement="a.b.c").body)["software_statement"]
        == "a.b.c"
    )


def test_what_the_server_says_counts() -> None:
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return response(SAID)

    registration = run(register(SERVER, WISHES), send=send)
    assert sent == [registration_request(SERVER, WISHES)]
    # The server granted less, and forgot the name: nothing of the wishes is left.
    metadata = ClientMetadata(
        redirect_uris=(CALLBACK,),
        token_endpoint_auth_method="client_secret_basic",
        scope=("a",),
        extra={"vendor": {"x": (1,)}},
    )
    assert registration == Registration(
        issuer=ISSUER,
        client_id="c-1",
        metadata=metadata,
        client_secret=Secret(SAID["client_secret"]),
        client_secret_expires_at=NOW + 60,
        client_id_issued_at=NOW,
        registration_client_uri=SAID["registration_client_uri"],
        registration_access_token=Secret("r4t"),
    )
    for text in ("s3cret", "r4t", "k3y"):
        assert text not in repr(registration)


LEAST: dict[str, dict[str, Any]] = {
    "an identifier only": {"client_id": "c"},
    "a secret that does not end": without(client_secret_expires_at=0),
    "an end without a secret": {"client_id": "c", "client_secret_expires_at": 0},
    "no management": without("registration_client_uri", "registration_access_token"),
    "null is absent": {"client_id": "c", "client_secret": None, "registration_client_uri": None},
}


@pytest.mark.parametrize("members", LEAST.values(), ids=LEAST)
def test_answers(members: dict[str, Any]) -> None:
    registration = parse_registration_response(response(members), server=SERVER)
    assert (registration.client_secret is None) == (members.get("client_secret") is None)
    assert Registration.from_json(registration.to_json()) == registration


REFUSED: dict[str, tuple[HttpResponse, str]] = {
    "no client_id": (response(without("client_id")), "bad_member"),
    "an empty client_id": (response(without(client_id="")), "bad_member"),
    "a client_id with a line break": (response(without(client_id="a\nb")), "bad_member"),
    "a client_id that is a number": (response(without(client_id=5)), "bad_member"),
    "a secret without its end, 3.2.1": (response(without("client_secret_expires_at")), "bad_member"),
    "an end that is text": (response(without(client_secret_expires_at="0")), "bad_member"),
    "an end that is true": (response(without(client_secret_expires_at=True)), "bad_member"),
    "an end before time": (response(without(client_secret_expires_at=-1)), "bad_member"),
    "a secret that is a number": (response(without(client_secret=5)), "bad_member"),
    "a date that is text": (response(without(client_id_issued_at="x")), "bad_member"),
    "a token without a URL": (response(without("registration_client_uri")), "bad_member"),
    "a URL without a token": (response(without("registration_access_token")), "bad_member"),
    "a token no header can carry": (response(without(registration_access_token="a\r\nb")), "bad_member"),
    "a URL without https": (response(without(registration_client_uri="http://auth.example.com/reg/1")), "not_https"),
    "a URL that is none": (response(without(registration_client_uri="reg/1")), "not_https"),
    "loopback, which was not allowed": (response(without(registration_client_uri="http://127.0.0.1/1")), "not_https"),
    "metadata of a wrong type": (response(without(redirect_uris=CALLBACK)), "bad_member"),
    "a redirect URI with a fragment": (response(without(redirect_uris=[f"{CALLBACK}#x"])), "bad_member"),
    "200 is no registration": (response(SAID, 200), "unexpected_status"),
    "202": (response(SAID, 202), "unexpected_status"),
    "a redirect": (response(SAID, 307), "redirect"),
    "a page": (response(b"<html>", 201, ("Content-Type", "text/html")), "not_json"),
    "an array": (response([SAID]), "not_json"),
    "too large": (response(b" " * (1024 * 1024 + 1)), "too_large"),
    "the server failed": (response({"error": "server_error"}, 503), "unexpected_status"),
    "invalid_redirect_uri, 3.2.2": (response({"error": "invalid_redirect_uri"}, 400), "invalid_redirect_uri"),
    "invalid_client_metadata": (response({"error": "invalid_client_metadata"}, 400), "invalid_client_metadata"),
    "invalid_software_statement": (response({"error": "invalid_software_statement"}, 400), "invalid_software_statement"),
    "unapproved_software_statement": (response({"error": "unapproved_software_statement"}, 400), "unapproved_software_statement"),
    "the initial access token": (response({"error": "invalid_token"}, 401, JSON, ("WWW-Authenticate", 'Bearer error="invalid_token"')), "invalid_token"),
    "only a challenge": (response(b"", 401, ("WWW-Authenticate", 'Bearer error="invalid_token"')), "unexpected_status"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "outcome"), REFUSED.values(), ids=REFUSED)
def test_answers_that_are_refused(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(register(SERVER, WISHES), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))
    assert "r4t" not in str(refusal.value)


def test_loopback_and_localhost() -> None:
    server = replace(SERVER, allow_http_loopback=True)
    wishes = ClientMetadata(redirect_uris=("http://localhost/cb",), allow_localhost=True)
    answer = response(without(registration_client_uri="http://127.0.0.1:3/reg", redirect_uris=["http://localhost/cb"]))
    registration = run(register(server, wishes), send=lambda _: answer)
    assert registration.registration_client_uri == "http://127.0.0.1:3/reg"
    assert Registration.from_json(registration.to_json()) == registration
    with pytest.raises(ProtocolError):
        parse_registration_response(answer, server=server)
    # What was made where loopback counts does not count elsewhere.
    with pytest.raises(ProtocolError) as refusal:
        read_registration(SERVER, registration)
    assert refusal.value.reason == "not_https"


# --- the client

METHODS: dict[str, tuple[Registration, object]] = {
    "basic": (REGISTERED, ClientSecretBasic(Secret(SAID["client_secret"]))),
    "left out means basic": (
        registered(token_endpoint_auth_method=None),
        ClientSecretBasic(Secret(SAID["client_secret"])),
    ),
    "post": (
        registered(token_endpoint_auth_method="client_secret_post"),
        ClientSecretPost(Secret(SAID["client_secret"])),
    ),
    "none": (registered(token_endpoint_auth_method="none"), PublicClient()),
    "the secret as a key": (
        registered(token_endpoint_auth_method="client_secret_jwt", token_endpoint_auth_signing_alg="HS256"),
        ClientSecretJWT(Secret(SAID["client_secret"]), alg="HS256"),
    ),
    "a key": (registered(token_endpoint_auth_method="private_key_jwt"), PrivateKeyJWT(KEY)),
    "a certificate": (registered(token_endpoint_auth_method="tls_client_auth"), TlsClientAuth()),
    "a certificate of its own": (
        registered(token_endpoint_auth_method="self_signed_tls_client_auth"),
        SelfSignedTlsClientAuth(),
    ),
}


@pytest.mark.parametrize(("registration", "auth"), METHODS.values(), ids=METHODS)
def test_the_client_authenticates_as_it_is_registered(registration: Registration, auth: object) -> None:
    # The server lists other methods for others: the registration counts.
    server = replace(SERVER, token_endpoint_auth_methods_supported=("tls_client_auth",))
    client = registration.client(server, key=KEY, now=NOW)
    assert (client.client_id, client.auth, client.server) == ("c-1", auth, server)


UNFIT: dict[str, tuple[Registration, str]] = {
    "no secret came": (replace(REGISTERED, client_secret=None), "unsupported"),
    "a method nobody knows": (registered(token_endpoint_auth_method="smoke_signals"), "unsupported"),
    "too short a secret": (
        registered(
            token_endpoint_auth_method="client_secret_jwt",
            token_endpoint_auth_signing_alg="HS256",
            client_secret="short",
        ),
        "unsupported",
    ),
    "the secret ended": (registered(client_secret_expires_at=NOW), "expired"),
    "of another server": (replace(REGISTERED, issuer="https://other.example.com"), "session_mismatch"),
    "of the same server with a slash": (replace(REGISTERED, issuer=f"{ISSUER}/"), "session_mismatch"),
}


@pytest.mark.parametrize(("registration", "reason"), UNFIT.values(), ids=UNFIT)
def test_registrations_that_make_no_client(registration: Registration, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        registration.client(SERVER, now=NOW)
    assert refusal.value.reason == reason
    assert "s3cret" not in str(refusal.value)


def test_a_key_is_the_programs_to_bring() -> None:
    registration = registered(token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg="ES256")
    assert registration.client(SERVER, key=KEY, now=NOW).auth == PrivateKeyJWT(KEY)
    with pytest.raises(UsageError, match="key="):
        registration.client(SERVER, now=NOW)
    with pytest.raises(UsageError, match="ES256"):
        registration.client(SERVER, key=JWK.generate("Ed25519"), now=NOW)
    with pytest.raises(UsageError, match="server"):
        registration.client(MISTAKE, key=KEY, now=NOW)


def test_the_end_of_a_secret() -> None:
    assert not REGISTERED.secret_is_expired(now=NOW + 59)
    assert REGISTERED.secret_is_expired(now=NOW + 60)
    assert REGISTERED.secret_is_expired(now=NOW + 31, leeway=30)
    assert not replace(REGISTERED, client_secret_expires_at=0).secret_is_expired(now=NOW + 60)
    assert not replace(REGISTERED, client_secret=None).secret_is_expired(now=NOW + 60)
    assert REGISTERED.secret_is_expired(now=NOW + 31, leeway=timedelta(seconds=30))
    for leeway in (float("nan"), float("inf"), -1, "5"):
        with pytest.raises(UsageError, match="leeway"):
            REGISTERED.secret_is_expired(now=NOW, leeway=leeway)  # type: ignore[arg-type]  # a str is the mistake


# --- keeping it


def test_it_is_kept_and_found_again() -> None:
    text = REGISTERED.to_json()
    assert Registration.from_json(text) == Registration.from_json(text.encode()) == REGISTERED
    assert json.loads(text)["v"] == 1


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "no issuer": lambda kept: kept.pop("issuer"),
    "no client_id": lambda kept: kept.pop("client_id"),
    "no kind": lambda kept: kept.pop("kind"),
    "another kind": lambda kept: kept.update(kind="token set"),
    "a client_id with a line break": lambda kept: kept.update(client_id="a\n"),
    "a secret that is a number": lambda kept: kept.update(client_secret=5),
    "no end": lambda kept: kept.pop("client_secret_expires_at"),
    "metadata that is text": lambda kept: kept.update(metadata="x"),
    "metadata of a wrong type": lambda kept: kept.update(metadata={"scope": 5}),
    "localhost, which was not allowed": lambda kept: kept.update(metadata={"redirect_uris": ["http://localhost/"]}),
    "a token no header can carry": lambda kept: kept.update(registration_access_token="a\r\nb"),
    "a relaxation that is true": lambda kept: kept.update(allow=True),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_was_not_kept_here(change: Callable[[dict[str, Any]], object]) -> None:
    kept = json.loads(REGISTERED.to_json())
    change(kept)
    with pytest.raises(MalformedError):
        Registration.from_json(json.dumps(kept))


def test_another_version() -> None:
    with pytest.raises(NotAllowedError):
        Registration.from_json(REGISTERED.to_json().replace('"v":1', '"v":2'))


@given(st.text(max_size=200) | st.binary(max_size=200) | st.dictionaries(
    st.sampled_from([*json.loads(REGISTERED.to_json()), "x"]),
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.dictionaries(st.text(max_size=5), st.text()),
).map(lambda changes: json.dumps({**json.loads(REGISTERED.to_json()), **changes})))  # fmt: skip
def test_any_text_gives_a_registration_or_a_refusal(text: str | bytes) -> None:
    try:
        found = Registration.from_json(text)
    except RejectedError:
        return
    assert Registration.from_json(found.to_json()) == found
    try:
        found.client(SERVER, key=KEY, now=NOW)
        read_registration(SERVER, found)
    except (RejectedError, UsageError):
        pass


# --- managing it, RFC 7592


def test_the_requests_that_manage() -> None:
    authorized = (("Accept", "application/json"), ("Authorization", "Bearer r4t"))
    read = registration_read_request(SERVER, REGISTERED)
    assert (read.method, read.url, read.headers, read.body) == ("GET", SAID["registration_client_uri"], authorized, b"")
    gone = registration_deletion_request(SERVER, REGISTERED)
    assert (gone.method, gone.url, gone.headers, gone.body) == ("DELETE", read.url, authorized, b"")
    update = registration_update_request(SERVER, REGISTERED, replace(REGISTERED.metadata, client_name="New"))
    assert (update.method, update.url, update.headers) == ("PUT", read.url, (*authorized, JSON))
    # Section 2.2: client_id, all of the metadata, and nothing that is the server's to give.
    assert json.loads(update.body) == {
        "client_id": "c-1",
        "client_name": "New",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "a",
        "vendor": {"x": [1]},
    }
    for request in (read, update, gone):
        assert "r4t" not in repr(request)
        assert "k3y" not in repr(request)


def updated(server: ServerMetadata, registration: Registration) -> Any:
    return update_registration(server, registration, WISHES)


AFTER: dict[str, tuple[dict[str, Any], Callable[[Registration], bool]]] = {
    "the same": (SAID, lambda now: now == REGISTERED),
    "another token, section 3": ({**SAID, "registration_access_token": "new"}, lambda now: now.registration_access_token == Secret("new")),
    "another URL": ({**SAID, "registration_client_uri": f"{ISSUER}/2"}, lambda now: now.registration_client_uri == f"{ISSUER}/2"),
    "another secret": ({**SAID, "client_secret": "new"}, lambda now: now.client_secret == Secret("new")),
    "no token and URL again": (without("registration_access_token", "registration_client_uri"), lambda now: now == REGISTERED),
    "no secret again": (without("client_secret", "client_secret_expires_at"), lambda now: now == REGISTERED),
    "no secret, which ends later": (without("client_secret", client_secret_expires_at=0), lambda now: (now.client_secret, now.client_secret_expires_at) == (REGISTERED.client_secret, 0)),
    "no secret any more": (without("client_secret", token_endpoint_auth_method="none"), lambda now: (now.client_secret, now.client_secret_expires_at) == (None, 0)),
    "other metadata": ({**SAID, "scope": "a c"}, lambda now: now.metadata.scope == ("a", "c")),
}  # fmt: skip


@pytest.mark.parametrize(("members", "holds"), AFTER.values(), ids=AFTER)
@pytest.mark.parametrize(
    "steps",
    [read_registration, updated],
    ids=["read", "update"],
)
def test_what_is_kept_is_replaced(steps: Any, members: dict[str, Any], holds: Callable[[Registration], bool]) -> None:
    assert holds(run(steps(SERVER, REGISTERED), send=lambda _: response(members, 200)))


NOT_AFTER: dict[str, tuple[HttpResponse, str]] = {
    "another client": (response(without(client_id="c-2"), 200), "bad_member"),
    "no client": (response(without("client_id"), 200), "bad_member"),
    "a secret without its end": (response(without("client_secret_expires_at"), 200), "bad_member"),
    "a URL without https": (response(without(registration_client_uri="http://a.example"), 200), "not_https"),
    "201": (response(SAID, 201), "unexpected_status"),
    "the token does not count": (response({"error": "invalid_token"}, 401), "invalid_token"),
    "it may not": (response({"error": "access_denied"}, 403), "access_denied"),
    "metadata that is refused": (response({"error": "invalid_client_metadata"}, 400), "invalid_client_metadata"),
    "no such method": (response(b"", 405, ("Allow", "GET")), "not_json"),
    "a redirect": (response(SAID, 302), "redirect"),
    "a failure": (response({}, 500), "unexpected_status"),
}


@pytest.mark.parametrize(("answer", "outcome"), NOT_AFTER.values(), ids=NOT_AFTER)
@pytest.mark.parametrize(
    "steps",
    [read_registration, updated],
    ids=["read", "update"],
)
def test_answers_that_replace_nothing(steps: Any, answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(steps(SERVER, REGISTERED), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))


def test_deletion() -> None:
    assert run(delete_registration(SERVER, REGISTERED), send=lambda _: HttpResponse(status=204)) is None


NOT_GONE: dict[str, tuple[HttpResponse, str]] = {
    "200": (response({}, 200), "unexpected_status"),
    "a page": (response(b"<html>", 200, ("Content-Type", "text/html")), "not_json"),
    "the token does not count": (response({"error": "invalid_token"}, 401), "invalid_token"),
    "no such method": (response(b"", 405, ("Allow", "GET")), "not_json"),
    "a redirect": (response(b"", 303), "redirect"),
}


@pytest.mark.parametrize(("answer", "outcome"), NOT_GONE.values(), ids=NOT_GONE)
def test_it_is_there_still(answer: HttpResponse, outcome: str) -> None:
    with pytest.raises((OAuthError, ProtocolError)) as refusal:
        run(delete_registration(SERVER, REGISTERED), send=lambda _: answer)
    assert outcome in (getattr(refusal.value, "error", None), getattr(refusal.value, "reason", None))


ELSEWHERE: dict[str, Callable[[], object]] = {
    "client": lambda: REGISTERED.client(OTHER, now=NOW),
    "read": lambda: read_registration(OTHER, REGISTERED),
    "update": lambda: update_registration(OTHER, REGISTERED, WISHES),
    "delete": lambda: delete_registration(OTHER, REGISTERED),
    "an answer": lambda: parse_registration_management_response(response(SAID, 200), server=OTHER, registration=REGISTERED),
}  # fmt: skip


@pytest.mark.parametrize("use", ELSEWHERE.values(), ids=ELSEWHERE)
def test_it_is_no_good_at_another_server(use: Callable[[], object]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        use()
    assert refusal.value.reason == "session_mismatch"


@given(
    st.integers(100, 599) | st.sampled_from([200, 201, 204]),
    st.sampled_from([(JSON,), (), (("Content-Type", "text/html"),), (("WWW-Authenticate", "x"),)]),
    st.binary(max_size=50)
    | st.dictionaries(
        st.sampled_from([*SAID, "error", "x"]),
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.lists(st.text(), max_size=2),
    ).map(lambda changes: json.dumps({**SAID, **changes}).encode()),
)
def test_any_answer_gives_a_value_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    answer = HttpResponse(status=status, headers=headers, body=body)
    for parse, success in (
        (lambda: parse_registration_response(answer, server=SERVER), 201),
        (lambda: parse_registration_management_response(answer, server=SERVER, registration=REGISTERED), 200),
        (lambda: parse_registration_deletion_response(answer), 204),
    ):
        try:
            found: Any = parse()
        except RejectedError:
            continue
        assert status == success
        if found is not None:
            assert Registration.from_json(found.to_json()) == found
