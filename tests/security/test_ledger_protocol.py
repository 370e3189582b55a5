"""Known attacks on OAuth libraries, mounted against this one: clients, APIs, and what a server reads.

Each test is named after the public identifier of the weakness, or after the specification that describes the attack.
"""

from __future__ import annotations

import hmac
import inspect
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from jwtkit import JWK, Claims, OAuthError, ProtocolError, Token, TokenVerifier, UsageError
from jwtkit.oauth import (
    PKCE,
    AuthorizationCodeFlow,
    AuthorizationRequest,
    AuthorizationSession,
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    Consume,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    ProtectedResource,
    PublicClient,
    Refused,
    Secret,
    ServerMetadata,
    TokenRequest,
    discover,
    run,
)
from jwtkit.oidc import IdTokenVerifier, LoginFlow, parse_userinfo_response

REDIRECT = "https://app.example.com/callback"


def server(issuer: str = "https://auth.example.com", **named: Any) -> ServerMetadata:
    return ServerMetadata(
        issuer=issuer, authorization_endpoint=f"{issuer}/authorize", token_endpoint=f"{issuer}/token", **named
    )


def flow(at: ServerMetadata | None = None) -> AuthorizationCodeFlow:
    return AuthorizationCodeFlow(
        Client(server=at or server(), client_id="app", auth=PublicClient()), redirect_uri=REDIRECT
    )


def address(session: AuthorizationSession, **changes: str) -> str:
    return f"{REDIRECT}?{urlencode({'code': 'c', 'state': session.state, **changes})}"


def reason_of(own: AuthorizationCodeFlow, session: AuthorizationSession, url: str) -> str:
    with pytest.raises(ProtocolError) as refusal:
        own.callback(session, url)
    return str(refusal.value.reason)


def test_cve_2025_68158_the_attackers_state_is_not_this_browsers() -> None:
    own = flow()
    mine, attackers = own.start().session, own.start().session
    assert reason_of(own, mine, address(attackers)) == "state_mismatch"


def test_cve_2026_41425_a_code_without_state() -> None:
    session = flow().start().session
    assert reason_of(flow(), session, f"{REDIRECT}?code=c") == "state_mismatch"


def test_cve_2025_68158_a_session_counts_once() -> None:
    """A callback that was seen is of no use to whoever has seen it."""
    seen: set[str] = set()

    def consume(what: Consume) -> bool:
        first = what.key not in seen
        seen.add(what.key)
        return first

    def send(_request: HttpRequest) -> HttpResponse:
        body = b'{"access_token":"a","token_type":"Bearer"}'
        return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)

    own = flow()
    session = own.start().session
    callback = own.callback(session, address(session))
    assert run(own.finish(callback, once=True), send=send, consume=consume)
    with pytest.raises(ProtocolError) as refusal:
        run(own.finish(own.callback(session, address(session)), once=True), send=send, consume=consume)
    assert refusal.value.reason == "session_used"


def test_cve_2015_9284_a_login_that_another_page_began() -> None:
    """Without the session of this very browser there is no callback, and with it only the response to its own start."""
    begun_elsewhere, own = flow().start().session, flow().start().session
    assert reason_of(flow(), own, address(begun_elsewhere)) == "state_mismatch"
    with pytest.raises(UsageError):
        flow().callback(None, address(begun_elsewhere))  # type: ignore[arg-type]  # there is no session


@pytest.mark.parametrize("sub", ["mallory", "alice ", "Alice", ""], ids=repr)
def test_cve_2024_30173_userinfo_of_another_user(sub: str) -> None:
    key = JWK.generate("ES256")
    verifier = IdTokenVerifier(issuer="i", client_id="c", keys=key.public(), algorithms=["ES256"])
    token = Token.sign(Claims(iss="i", sub="alice", aud="c"), key, lifetime=60)
    id_token = verifier.verify(token.compact, nonce=None)
    headers = (("Content-Type", "application/json"),)
    answer = HttpResponse(status=200, headers=headers, body=f'{{"sub":"{sub}"}}'.encode())
    with pytest.raises(ProtocolError):
        parse_userinfo_response(answer, id_token=id_token)
    same = HttpResponse(status=200, headers=headers, body=b'{"sub":"alice"}')
    assert parse_userinfo_response(same, id_token=id_token).sub == "alice"


def test_cve_2025_24856_a_login_needs_an_id_token() -> None:
    """An access token says nothing about who logged in, so there is no login with it alone."""
    own = LoginFlow(
        Client(server=server(), client_id="app", auth=PublicClient()),
        redirect_uri=REDIRECT,
        keys=JWK.generate("RS256").public(),
    )
    session = own.start().session

    def send(_request: HttpRequest) -> HttpResponse:
        body = b'{"access_token":"a","token_type":"Bearer"}'
        return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)

    with pytest.raises(ProtocolError, match="id_token"):
        run(own.finish(own.callback(session, address(session))), send=send)


def test_ghsa_x445_f3h2_j279_a_session_belongs_to_one_provider() -> None:
    session = flow(server("https://evil.example")).start().session
    assert reason_of(flow(), session, address(session)) == "session_mismatch"


def test_cve_2023_27490_no_check_can_be_left_out() -> None:
    """State, verifier and issuer are in the session, and no argument of the flow switches one of them off."""
    arguments = set(inspect.signature(AuthorizationCodeFlow).parameters)
    arguments |= set(inspect.signature(AuthorizationCodeFlow.start).parameters)
    arguments |= set(inspect.signature(AuthorizationCodeFlow.callback).parameters)
    wishes = {"prompt", "max_age", "acr_values", "claims", "login_hint", "ui_locales", "extra", "authorization_details"}
    places = {"client", "redirect_uri", "scope", "resource", "response_mode", "session_lifetime"}
    signatures = {"request_object", "jarm"}  # more of it, never less
    assert arguments == {"self", "now", "session", "request"} | places | wishes | signatures


def test_cve_2026_54603_credentials_never_follow_a_redirect() -> None:
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return HttpResponse(status=307, headers=(("Location", "//evil.example/"),))

    own = Client(server=server(), client_id="app", auth=ClientSecretBasic(Secret("s")))
    for steps in (ClientCredentialsFlow(own).token(), discover("https://auth.example.com")):
        with pytest.raises(ProtocolError) as refusal:
            run(steps, send=send)
        assert refusal.value.reason == "redirect"
    assert len(asked) == 2


@pytest.mark.parametrize("url", ["http://auth.example.com", "http://localhost", "http://127.0.0.1.evil.example"])
def test_cve_2016_11086_no_plain_http(url: str) -> None:
    with pytest.raises(UsageError, match="https"):
        discover(url, allow_http_loopback=True)
    with pytest.raises(UsageError, match="https"):
        ServerMetadata(issuer=url, allow_http_loopback=True)
    with pytest.raises(ProtocolError):
        ServerMetadata.parse({"issuer": "https://a.example", "token_endpoint": url}, issuer="https://a.example")


def test_cve_2025_21617_state_and_verifier_are_never_repeated() -> None:
    sessions = [flow().start().session for _ in range(200)]
    assert len({session.state for session in sessions}) == 200
    assert len({session.code_verifier for session in sessions}) == 200
    assert all(len(session.state) == 43 for session in sessions)


def test_fett_2016_mix_up() -> None:
    """The honest server's response arrives where the attacker's was expected: its iss tells (RFC 9207)."""
    attackers = flow(server("https://evil.example"))
    session = attackers.start().session
    assert reason_of(attackers, session, address(session, iss="https://auth.example.com")) == "issuer_mismatch"


def test_rfc_9207_a_server_that_names_itself_always_does() -> None:
    own = flow(server(authorization_response_iss_parameter_supported=True))
    session = own.start().session
    assert reason_of(own, session, address(session)) == "issuer_missing"


def test_rfc_9700_error_fields_of_strangers_are_not_acted_upon() -> None:
    own = flow()
    session = own.start().session
    url = f"{REDIRECT}?{urlencode({'error': 'x', 'error_description': 'call 555', 'state': 'y'})}"
    with pytest.raises(ProtocolError) as refusal:
        own.callback(session, url)
    assert "555" not in str(refusal.value)
    with pytest.raises(OAuthError):
        own.callback(session, address(session, error="access_denied"))


def test_rfc_9700_2_1_1_no_downgrade_of_pkce() -> None:
    redirect = flow().start()
    fields = parse_qs(urlsplit(redirect.url).query)
    assert fields["code_challenge_method"] == ["S256"]
    assert PKCE.parse(redirect.session.code_verifier).matches(fields["code_challenge"][0])
    with pytest.raises(ProtocolError):
        flow(server(code_challenge_methods_supported=("plain",)))


@pytest.mark.parametrize(
    "changes", [{"code_challenge": ""}, {"code_challenge_method": ""}, {"code_challenge_method": "plain"}]
)
def test_cve_2025_4143_a_server_demands_the_challenge(changes: dict[str, str]) -> None:
    fields = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "code_challenge": PKCE.generate().challenge,
        "code_challenge_method": "S256",
    }
    AuthorizationRequest.parse(urlencode(fields))
    with pytest.raises(ProtocolError):
        AuthorizationRequest.parse(urlencode({**fields, **changes}))


def test_cve_2024_10318_the_nonce_is_compared() -> None:
    from jwtkit import Claims, ClaimsError, Token

    key = JWK.generate("ES256")
    verifier = IdTokenVerifier(issuer="i", client_id="c", keys=key.public(), algorithms=["ES256"])
    replayed = Token.sign(Claims(iss="i", aud="c", sub="s", nonce="old"), key, lifetime=60).compact
    assert verifier.verify(replayed, nonce="old").sub == "s"
    with pytest.raises(ClaimsError):
        verifier.verify(replayed, nonce="new")


def test_cve_2026_41479_a_redirect_uri_of_another_scheme_is_not_even_read() -> None:
    with pytest.raises(ProtocolError):
        AuthorizationRequest.parse(
            urlencode(
                {"response_type": "x", "client_id": "app", "redirect_uri": "javascript:alert(1)", "code_challenge": "x"}
            )
        )


def test_oauthlib_4_0_the_verifier_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    pkce = PKCE.generate()
    assert pkce.matches(pkce.challenge)
    assert not pkce.matches("x" * 43)
    assert compared == [(pkce.challenge.encode(), pkce.challenge.encode()), (pkce.challenge.encode(), b"x" * 43)]


def test_cve_2026_44476_one_method_of_authentication() -> None:
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "Basic YXBwOnM="))
    request = InboundRequest(
        method="POST", url="/token", headers=headers, body=b"grant_type=x&client_id=app&client_secret=s"
    )
    with pytest.raises(ProtocolError):
        TokenRequest.parse(request)


@pytest.mark.parametrize(
    "value",
    ["Bearer\tabc", "Bearer", "Bearer ", "Bearer a b", "bearer=abc", "\x7fBearer abc", "Bearer " + "a" * 300_000],
)
def test_ghsa_7qjx_gp9h_65qj_a_lenient_bearer(value: str) -> None:
    verifier = TokenVerifier(keys=JWK.generate("HS256"), algorithms=["HS256"], issuer="i", audience="a")
    api = ProtectedResource(resource="a", verifier=verifier)
    request = InboundRequest(method="GET", url="/", headers=(("Authorization", value),))

    def send(request: HttpRequest) -> HttpResponse:
        raise AssertionError

    assert isinstance(run(api.check(request), send=send), Refused)


def test_no_secret_of_a_login_in_any_text() -> None:
    own = Client(server=server(), client_id="app", auth=ClientSecretBasic(Secret("the-client-secret")))
    redirect = AuthorizationCodeFlow(own, redirect_uri=REDIRECT).start()
    callback = AuthorizationCodeFlow(own, redirect_uri=REDIRECT).callback(
        redirect.session, address(redirect.session, code="the-code")
    )
    request = AuthorizationCodeFlow(own, redirect_uri=REDIRECT).token_request(callback)
    shown = [repr(it) for it in (own, redirect, redirect.session, callback, request)]
    secrets = ["the-client-secret", "the-code", redirect.session.state, redirect.session.code_verifier]
    assert not [(text, secret) for text in shown for secret in secrets if secret in text]
