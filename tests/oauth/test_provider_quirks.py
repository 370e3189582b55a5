"""What well-known providers write in their own way: refused as a rule, read with one argument, and never guessed.

Each answer has the shape that the provider documents or that users reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    ClaimsError,
    JwtkitError,
    OAuthError,
    ProtocolError,
    RejectedError,
    TenantIssuer,
    Token,
    UsageError,
)
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    ClientSecretPost,
    DeviceFlow,
    DPoP,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PublicClient,
    RefreshFlow,
    Secret,
    ServerMetadata,
    TokenExchangeFlow,
    TokenSet,
    TokenType,
    discover,
    fix_members,
    run,
)
from jwtkit.oidc import LoginFlow

Members = dict[str, Any]
ISSUER, NOW, BACK = "https://auth.example.com", 1_800_000_000, "https://app.example.com/callback"
SERVER = ServerMetadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    device_authorization_endpoint=f"{ISSUER}/device",
    jwks_uri=f"{ISSUER}/jwks",
)
AUTH = ClientSecretPost(Secret("s3cret"))
KEY = JWK.generate("RS256")
OTHER: Any = 5
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def client(**quirks: Any) -> Client:
    return Client(**{"server": SERVER, "client_id": "app", "auth": AUTH, **quirks})


def answer(members: Any, status: int = 200, content_type: str = "application/json") -> HttpResponse:
    body = members.encode() if isinstance(members, str) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=(("Content-Type", content_type), ("X-Kept", "1")), body=body)


def ask(response: HttpResponse, **quirks: Any) -> TokenSet:
    steps = ClientCredentialsFlow(client(**quirks)).token(scope=["asked"], now=NOW)
    return run(steps, send=lambda _: response)


def why(error: JwtkitError) -> str:
    if isinstance(error, ClaimsError):
        return ", ".join(f"{found.claim}:{found.reason}" for found in error.mismatches)
    if isinstance(error, OAuthError):
        return error.error
    return error.reason if isinstance(error, ProtocolError) else type(error).__name__


# --- token responses: (what came, what it is without a quirk, the quirks, the tokens or the refusal with them)


def slack_user(members: Members) -> Members:
    return {**members["authed_user"], "token_type": "Bearer"}


def bearer(members: Members) -> Members:
    return {**members, "token_type": "Bearer"}


def commas(members: Members) -> Members:
    return {**members, "scope": members["scope"].replace(",", " ")}


def facebook(members: Members) -> Members:
    return {**members, "token_type": "Bearer", "expires_in": int(members["expires"])}


def fitbit(members: Members) -> Members:
    return {**members, "error": members["errors"][0]["errorType"], "error_description": members["errors"][0]["message"]}


def mailchimp(members: Members) -> Members:
    return {name: value for name, value in members.items() if name != "expires_in"}


def camel(members: Members) -> Members:
    return {
        "access_token": members["accessToken"],
        "token_type": members["tokenType"],
        "expires_in": members["expiresIn"],
    }


def nested(members: Members) -> Members:
    return {**members["response"], "token_type": "Bearer"}


AT: Members = {"access_token": "at-1", "token_type": "Bearer"}
SLACK = {"ok": True, "app_id": "A1", "authed_user": {"id": "U1", "scope": "chat:write,users:read", "access_token": "at-1", "token_type": "user"}}  # fmt: skip
TABLE: dict[str, tuple[HttpResponse, str, Members, Members | str]] = {
    # 6: Entra ID v1 and Azure AD B2C
    "Entra v1: digits as text": (
        answer({**AT, "expires_in": "3599", "ext_expires_in": "3599", "resource": "https://graph.windows.net"}),
        "bad_member",
        {"quirk_text_expires_in": True},
        {"expires_at": NOW + 3599},
    ),
    "B2C: more digits than any lifetime": (answer({**AT, "expires_in": "9" * 13}), "bad_member", {"quirk_text_expires_in": True}, "bad_member"),
    "B2C: text that is no number": (answer({**AT, "expires_in": "soon"}), "bad_member", {"quirk_text_expires_in": True}, "bad_member"),
    "B2C: text below zero": (answer({**AT, "expires_in": "-1"}), "bad_member", {"quirk_text_expires_in": True}, "bad_member"),
    "B2C: a number all the same": (answer({**AT, "expires_in": 60}), "", {"quirk_text_expires_in": True}, {"expires_at": NOW + 60}),
    # 8: B2C gives no access token where no API was asked for
    "B2C: only an ID token": (answer({"id_token": "a.b.c", "token_type": "Bearer"}), "bad_member", {}, "bad_member"),
    # 10: Google gives more scopes than were asked for
    "Google: more scopes": (
        answer({**AT, "expires_in": 3599, "scope": "https://www.googleapis.com/auth/userinfo.email openid"}),
        "",
        {},
        {"scope": ("https://www.googleapis.com/auth/userinfo.email", "openid")},
    ),
    # 23: GitHub
    "GitHub: an error with status 200": (
        answer({"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}),
        "bad_verification_code",
        {},
        "bad_verification_code",
    ),
    "GitHub: a form": (
        answer("access_token=at-1&scope=repo%2Cgist&token_type=bearer", content_type=FORM),
        "not_json",
        {"quirk_response": fix_members(commas, form=True)},
        {"scope": ("repo", "gist")},
    ),
    "GitHub: a form with an error": (
        answer("error=incorrect_client_credentials&error_uri=https%3A%2F%2Fdocs.github.com%2F", content_type=FORM),
        "not_json",
        {"quirk_response": fix_members(dict, form=True)},
        "incorrect_client_credentials",
    ),
    "GitHub: a form that names a member twice": (
        answer("access_token=at-1&access_token=at-2&token_type=bearer", content_type=FORM),
        "not_json",
        {"quirk_response": fix_members(dict, form=True)},
        "not_json",
    ),
    "GitHub: commas": (answer({**AT, "scope": "repo,gist"}), "", {"quirk_response": fix_members(commas)}, {"scope": ("repo", "gist")}),
    # 26: Slack
    "Slack: an error with status 200": (answer({"ok": False, "error": "invalid_code"}), "invalid_code", {}, "invalid_code"),
    "Slack: the token of the user": (answer(SLACK), "bad_member", {"quirk_response": fix_members(slack_user)}, {"token_type": "Bearer"}),
    "Slack: an error where a user was awaited": (
        answer({"ok": False, "error": "invalid_code"}),
        "invalid_code",
        {"quirk_response": fix_members(slack_user)},
        "invalid_code",
    ),
    "Slack: no user where one was awaited": (answer({"ok": True, "authed_user": None}), "bad_member", {"quirk_response": fix_members(slack_user)}, "bad_member"),
    "Slack: the token of the app": (
        answer({**AT, "ok": True, "token_type": "bot", "scope": "chat:write,users:read"}),
        "token_type",
        {"quirk_response": fix_members(lambda members: bearer(commas(members)))},
        {"scope": ("chat:write", "users:read")},
    ),
    # 27: LinkedIn
    "LinkedIn: no token_type": (
        answer({"access_token": "at-1", "expires_in": 5184000, "scope": "openid,profile"}),
        "bad_member",
        {"quirk_assume_bearer": True},
        {"token_type": "Bearer", "expires_at": NOW + 5184000},
    ),
    "LinkedIn: another token_type": (answer({**AT, "token_type": "mac"}), "token_type", {"quirk_assume_bearer": True}, "token_type"),
    "LinkedIn: no token": (answer({"expires_in": 1}), "bad_member", {"quirk_assume_bearer": True}, "bad_member"),
    "LinkedIn: an error": (answer({"error": "invalid_grant"}, 400), "invalid_grant", {"quirk_assume_bearer": True}, "invalid_grant"),
    # 28: Salesforce
    "Salesforce: no lifetime": (
        answer({**AT, "issued_at": "1278448384422", "instance_url": "https://na1.salesforce.com", "signature": "s="}),
        "",
        {},
        {"expires_at": None, "extra": {"issued_at": "1278448384422", "instance_url": "https://na1.salesforce.com", "signature": "s="}},
    ),
    # 29: several, each with a fix of its own
    "Facebook: plain text": (
        answer("access_token=at-1&expires=5183814", content_type="text/plain; charset=UTF-8"),
        "not_json",
        {"quirk_response": fix_members(facebook, form=True)},
        {"expires_at": NOW + 5183814},
    ),
    "eBay: a token_type of its own": (answer({**AT, "token_type": "User Access Token"}), "token_type", {"quirk_response": fix_members(bearer)}, {"token_type": "Bearer"}),
    "Fitbit: a list of errors": (
        answer({"errors": [{"errorType": "invalid_grant", "message": "expired"}], "success": False}, 400),
        "unexpected_status",
        {"quirk_response": fix_members(fitbit)},
        "invalid_grant",
    ),
    "Mailchimp: null and 0": (
        answer({**AT, "expires_in": 0, "scope": None}),
        "",
        {"quirk_response": fix_members(mailchimp)},
        {"expires_at": None, "scope": ("asked",)},
    ),
    "PlentyMarkets: camel case": (
        answer({"accessToken": "at-1", "tokenType": "Bearer", "expiresIn": 86400}),
        "bad_member",
        {"quirk_response": fix_members(camel)},
        {"expires_at": NOW + 86400},
    ),
    # 30
    "Untappd: nested": (answer({"meta": {}, "response": {"access_token": "at-1"}}), "bad_member", {"quirk_response": fix_members(nested)}, {"token_type": "Bearer"}),
    # Two quirks go together, the own fix first.
    "a form with digits and no type": (
        answer("access_token=at-1&expires_in=60", content_type="text/plain"),
        "not_json",
        {"quirk_response": fix_members(dict, form=True), "quirk_text_expires_in": True, "quirk_assume_bearer": True},
        {"expires_at": NOW + 60},
    ),
    # No fix makes a success of what is none.
    "a redirect": (answer(AT, 302), "redirect", {"quirk_response": fix_members(bearer)}, "redirect"),
    "a failed server": (answer(AT, 503), "unexpected_status", {"quirk_response": fix_members(bearer)}, "unexpected_status"),
    "a page": (answer("<html>", content_type="text/html"), "not_json", {"quirk_response": fix_members(bearer)}, "not_json"),
    "a page, where forms are read": (answer("<html>", content_type="text/html"), "not_json", {"quirk_response": fix_members(bearer, form=True)}, "bad_member"),
    "a form without content type": (answer("access_token=at-1", content_type=""), "not_json", {"quirk_response": fix_members(bearer, form=True)}, "not_json"),
    "too large": (answer({**AT, "x": "y" * 1_100_000}), "too_large", {"quirk_response": fix_members(bearer)}, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize(("response", "without", "quirks", "expected"), TABLE.values(), ids=TABLE)
def test_a_token_response(response: HttpResponse, without: str, quirks: Members, expected: Members | str) -> None:
    if without:
        with pytest.raises(RejectedError) as strict:
            ask(response)
        assert why(strict.value) == without
    else:
        assert ask(response).access_token.reveal() == "at-1"
    if isinstance(expected, str):
        with pytest.raises(RejectedError) as refusal:
            ask(response, **quirks)
        assert why(refusal.value) == expected
        return
    tokens = ask(response, **quirks)
    assert tokens.access_token.reveal() == "at-1"
    assert {name: getattr(tokens, name) for name in expected} == expected


# --- every flow of the client reads with its quirks


STORED = TokenSet(access_token=Secret("at-0"), token_type="Bearer", refresh_token=Secret("rt-0"), scope=("a",))


def grant(flow: AuthorizationCodeFlow) -> Any:
    redirect = flow.start(now=NOW)
    state = parse_qs(urlsplit(redirect.url).query)["state"][0]
    return flow.finish(flow.callback(redirect.session, f"{BACK}?code=c&state={state}", now=NOW), now=NOW)


FLOWS: dict[str, Callable[[Client], Any]] = {
    "client credentials": lambda it: ClientCredentialsFlow(it).token(now=NOW),
    "code": lambda it: grant(AuthorizationCodeFlow(it, redirect_uri=BACK)),
    "refresh": lambda it: RefreshFlow(it).refresh(STORED, now=NOW),
    "exchange": lambda it: TokenExchangeFlow(it).exchange(subject_token=Secret("x"), subject_token_type=TokenType.ACCESS_TOKEN, now=NOW),
}  # fmt: skip


@pytest.mark.parametrize("steps", FLOWS.values(), ids=FLOWS)
def test_every_flow(steps: Callable[[Client], Any]) -> None:
    urn = "urn:ietf:params:oauth:token-type:access_token"
    response = answer(f"access_token=at-1&expires=60&issued_token_type={urn}", content_type="text/plain")
    assert (
        run(steps(client(quirk_response=fix_members(facebook, form=True))), send=lambda _: response).expires_at
        == NOW + 60
    )
    with pytest.raises(ProtocolError):
        run(steps(client()), send=lambda _: response)


# --- 11: Google's devices


GOOGLE = {"device_code": "dc", "user_code": "GQVQ-JKEC", "verification_url": "https://www.google.com/device", "expires_in": 1800, "interval": 5}  # fmt: skip


def test_googles_devices() -> None:
    flow = DeviceFlow(client(quirk_verification_url=True))
    device = run(flow.start(scope=["email"], now=NOW), send=lambda _: answer(GOOGLE))
    assert device.verification_uri == "https://www.google.com/device"
    with pytest.raises(ProtocolError) as refusal:
        run(DeviceFlow(client()).start(now=NOW), send=lambda _: answer(GOOGLE))
    assert refusal.value.reason == "bad_member"
    # Pending is 428 there, and too fast 403: the error counts, not the status. The secret is sent each time.
    answers = [answer({"error": "authorization_pending"}, 428), answer({"error": "slow_down"}, 403), answer(AT)]
    pauses: list[float] = []
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answers.pop(0)

    tokens = run(flow.poll(device, now=NOW), send=send, sleep=pauses.append)
    assert tokens.access_token.reveal() == "at-1"
    assert pauses == [5, 5, 10]
    assert all(("client_secret", "s3cret") in fields(request) for request in sent)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"verification_url": "javascript:alert(1)"}, id="no URL"),
        pytest.param({"verification_url": ...}, id="neither"),
        pytest.param({"verification_uri": "javascript:alert(1)"}, id="the right one wins"),
    ],
)
def test_an_address_that_cannot_be_shown(changes: Members) -> None:
    members = {name: value for name, value in {**GOOGLE, **changes}.items() if value is not ...}
    with pytest.raises(ProtocolError) as refusal:
        run(DeviceFlow(client(quirk_verification_url=True)).start(now=NOW), send=lambda _: answer(members))
    assert refusal.value.reason == "bad_member"


# --- 27 and 30: requests


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


def code_grant(**quirks: Any) -> tuple[dict[str, str], dict[str, str], HttpRequest]:
    """Give the parameters of both requests of a grant, and the second one."""
    flow = AuthorizationCodeFlow(client(**quirks), redirect_uri=BACK, scope=["a"])
    redirect, sent = flow.start(now=NOW), list[HttpRequest]()

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answer(AT)

    asked = dict(parse_qsl(urlsplit(redirect.url).query, strict_parsing=True))
    callback = flow.callback(redirect.session, f"{BACK}?code=c&state={asked['state']}", now=NOW)
    run(flow.finish(callback, now=NOW), send=send)
    return asked, dict(fields(sent[0])), sent[0]


def test_parameters_with_other_names() -> None:
    """TikTok says client_key, WeChat appid and secret."""
    asked, redeemed, _ = code_grant(quirk_parameters={"client_id": "appid", "client_secret": "secret"})
    assert asked["appid"] == redeemed["appid"] == "app"
    assert redeemed["secret"] == "s3cret"
    assert not {"client_id", "client_secret"} & {*asked, *redeemed}
    assert {"state", "code_challenge"} <= {*asked}
    plain_asked, plain, request = code_grant()
    assert plain_asked["client_id"] == plain["client_id"] == "app"
    # 23: GitHub answers with JSON because it is asked to.
    assert ("Accept", "application/json") in request.headers


def test_a_request_that_is_renewed_keeps_the_other_names() -> None:
    known = client(quirk_parameters={"client_id": "appid", "client_secret": "secret"})
    request = known.request("token_endpoint", [("grant_type", "x")])
    assert fields(request) == [("grant_type", "x"), ("appid", "app"), ("secret", "s3cret")]
    assert known.renew(request) == request


def test_a_pushed_request_with_other_names() -> None:
    server = replace(SERVER, pushed_authorization_request_endpoint=f"{ISSUER}/par")
    flow = AuthorizationCodeFlow(
        client(server=server, quirk_parameters={"client_id": "client_key"}), redirect_uri=BACK, scope=["a"]
    )
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return answer({"request_uri": "urn:x", "expires_in": 60}, 201)

    redirect = run(flow.start_pushed(now=NOW), send=send)
    assert parse_qsl(urlsplit(redirect.url).query) == [("client_key", "app"), ("request_uri", "urn:x")]
    assert [value for name, value in fields(sent[0]) if name == "client_key"] == ["app"]
    assert "client_id" not in dict(fields(sent[0]))


def test_without_pkce() -> None:
    """LinkedIn refuses requests with it."""
    names = ("code_challenge", "code_challenge_method", "code_verifier")
    asked, redeemed, _ = code_grant(quirk_parameters=dict.fromkeys(names))
    assert not set(names) & {*asked, *redeemed}
    assert {"state", "redirect_uri", "client_id"} <= {*asked}
    plain_asked, plain, _ = code_grant()
    assert set(names) <= {*plain_asked, *plain}


# --- logins


def login(claims: Members, *, server: ServerMetadata = SERVER, nonce: str | None = "as sent", **named: Any) -> Any:
    """Log in at a provider that puts these claims into the ID token, and this nonce; None for none."""
    quirks = {name: named.pop(name) for name in list(named) if name == "quirk_no_nonce"}
    flow = LoginFlow(client(server=server, **quirks), redirect_uri=BACK, keys=JWKS([KEY.public()]), **named)
    redirect = flow.start(now=NOW)
    asked = dict(parse_qsl(urlsplit(redirect.url).query))
    sent = asked["nonce"] if nonce == "as sent" else nonce
    extra = {name: claims.pop(name) for name in list(claims) if name not in ("iss", "sub", "aud")}
    whole = Claims(**{"iss": server.issuer, "sub": "alice", "aud": "app", **claims}, nonce=sent, extra=extra)
    id_token = Token.sign(whole, KEY, lifetime=60, now=NOW).compact
    answered = {"code": "c", "state": asked["state"]}
    callback = flow.callback(redirect.session, came_back(answered, asked.get("response_mode")), now=NOW)
    return run(flow.finish(callback, now=NOW), send=lambda _: answer({**AT, "id_token": id_token}))


def came_back(answered: Members, mode: str | None) -> str | InboundRequest:
    form = "&".join(f"{name}={value}" for name, value in answered.items())
    if mode != "form_post":
        return f"{BACK}?{form}"
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    user = "&user=%7B%22name%22%3A%7B%22firstName%22%3A%22Alice%22%7D%7D"
    return InboundRequest(method="POST", url=BACK, headers=headers, body=(form + user).encode())


GOOGLES = ["https://auth.example.com", "auth.example.com"]
ENTRA = "https://login.example.com/{tenantid}/v2.0"
TENANTS = TenantIssuer(ENTRA, tenants=["contoso"])
CONTOSO: Members = {"iss": "https://login.example.com/contoso/v2.0", "tid": "contoso"}
LOGINS: dict[str, tuple[Members, Members, str]] = {
    # 9: Google has two issuers
    "Google: with a scheme": ({}, {"quirk_issuer": GOOGLES}, ""),
    "Google: without": ({"iss": "auth.example.com"}, {"quirk_issuer": GOOGLES}, ""),
    "Google: a third": ({"iss": "http://auth.example.com"}, {"quirk_issuer": GOOGLES}, "iss:not_accepted"),
    "Google: without the quirk": ({"iss": "auth.example.com"}, {}, "iss:not_accepted"),
    # 1: Entra ID has one for each tenant
    "Entra: a tenant": (CONTOSO, {"quirk_issuer": TENANTS}, ""),
    "Entra: a stranger": ({"iss": ENTRA.replace("{tenantid}", "evil"), "tid": "evil"}, {"quirk_issuer": TENANTS}, "tid:not_accepted"),
    "Entra: a tenant under the name of another": ({**CONTOSO, "iss": ENTRA.replace("{tenantid}", "evil")}, {"quirk_issuer": TENANTS}, "iss:not_accepted"),
    "Entra: the template itself": ({"iss": ENTRA, "tid": "contoso"}, {"quirk_issuer": TENANTS}, "iss:not_accepted"),
    "Entra: without the quirk": (CONTOSO, {}, "iss:not_accepted"),
    # 16: Auth0's issuer ends with a slash, and that counts
    "Auth0: a slash more": ({"iss": ISSUER + "/"}, {}, "iss:not_accepted"),
    # 27: LinkedIn leaves the nonce out
    "LinkedIn: no nonce": ({}, {"nonce": None, "quirk_no_nonce": True}, ""),
    "LinkedIn: a nonce all the same": ({}, {"quirk_no_nonce": True}, ""),
    "LinkedIn: the nonce of another login": ({}, {"nonce": "other", "quirk_no_nonce": True}, "nonce:not_accepted"),
    "LinkedIn: without the quirk": ({}, {"nonce": None}, "nonce:missing"),
    # 22: Apple posts a form, with the user beside
    "Apple: form_post": ({}, {"response_mode": "form_post", "scope": ["openid", "name", "email"]}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("claims", "named", "expected"), LOGINS.values(), ids=LOGINS)
def test_a_login(claims: Members, named: Members, expected: str) -> None:
    if not expected:
        assert login(dict(claims), **named).id_token.sub == "alice"
        return
    with pytest.raises(RejectedError) as refusal:
        login(dict(claims), **named)
    assert why(refusal.value) == expected


def test_no_quirk_for_what_a_browser_brings() -> None:
    """Core 3.3.2.11: an ID token in a callback has a nonce, whoever wrote it; anybody could have put it there."""
    flow = LoginFlow(
        client(quirk_no_nonce=True), redirect_uri=BACK, response_type="code id_token", keys=JWKS([KEY.public()])
    )
    redirect = flow.start(now=NOW)
    state = parse_qs(urlsplit(redirect.url).query)["state"][0]
    half = "jn0wjfBXhE_CaEDmMMjJFg"  # what c_hash would be does not matter: both are named
    claims = Claims(iss=ISSUER, sub="alice", aud="app", extra={"c_hash": half})
    id_token = Token.sign(claims, KEY, lifetime=60, now=NOW).compact
    callback = flow.callback(redirect.session, f"{BACK}#code=c&state={state}&id_token={id_token}", now=NOW)
    with pytest.raises(ClaimsError) as refusal:
        run(flow.finish(callback, now=NOW), send=lambda _: answer(AT))
    assert "nonce:missing" in why(refusal.value)


def test_entras_metadata() -> None:
    """1: the document of all tenants names the template as issuer."""
    members = {"issuer": ENTRA, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/jwks"}  # fmt: skip
    where = "https://login.example.com/common/v2.0/.well-known/openid-configuration"
    server = run(discover(ENTRA, metadata_url=where), send=lambda _: answer(members))
    assert login(dict(CONTOSO), server=server, quirk_issuer=TENANTS).id_token.iss == CONTOSO["iss"]
    with pytest.raises(ProtocolError) as refusal:
        run(discover("https://login.example.com/common/v2.0", metadata_url=where), send=lambda _: answer(members))
    assert refusal.value.reason == "issuer_mismatch"


def test_auth0s_audience() -> None:
    """16: without `audience` the access token is opaque; the metadata is found with the slash at the end."""
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return answer(
            {"issuer": f"{ISSUER}/", **{f"{name}_endpoint": f"{ISSUER}/{name}" for name in ("authorization", "token")}}
        )

    server = run(discover(f"{ISSUER}/"), send=send)
    assert asked[0].url == f"{ISSUER}/.well-known/oauth-authorization-server"
    flow = AuthorizationCodeFlow(client(server=server), redirect_uri=BACK)
    url = flow.start(extra={"audience": "https://api.example.com"}, now=NOW).url
    assert parse_qs(urlsplit(url).query)["audience"] == ["https://api.example.com"]


def test_apples_secret() -> None:
    """22: the client secret is a JWT of half a year at most."""
    key = JWK.generate("ES256")
    made = Token.sign(Claims(iss="TEAM", sub="app", aud="https://appleid.apple.com"), key, lifetime=300, now=NOW)
    request = ClientCredentialsFlow(client(auth=ClientSecretPost(Secret(made.compact)))).token(now=NOW)
    sent: list[HttpRequest] = []
    run(request, send=lambda it: sent.append(it) or answer(AT))  # type: ignore[func-returns-value]  # append gives None
    assert dict(fields(sent[0]))["client_secret"] == made.compact


# --- a fix


def test_what_a_fix_changes() -> None:
    seen: list[Members] = []

    def change(members: Members) -> Members:
        seen.append(dict(members))
        members["x"] = 1
        return members

    before = answer({"a": {"b": [1]}})
    after = fix_members(change)(before)
    assert seen == [{"a": {"b": [1]}}]
    assert json.loads(after.body) == {"a": {"b": [1]}, "x": 1}
    assert after.headers == (("X-Kept", "1"), ("Content-Type", "application/json"))
    # Nothing changed, nothing written anew.
    assert fix_members(dict)(before) is before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda members: members["no"], id="KeyError"),
        pytest.param(lambda members: members["a"]["b"], id="TypeError"),
        pytest.param(lambda members: {"x": members["a"].upper()}, id="AttributeError"),
        pytest.param(lambda members: {"x": int("a")}, id="ValueError"),
        pytest.param(lambda members: {"x": members["b"][1]}, id="IndexError"),
        pytest.param(lambda members: {"x": int(float(members["c"]))}, id="OverflowError"),
        pytest.param(lambda members: {"x": 1 / len(members["b"])}, id="ZeroDivisionError"),
        pytest.param(lambda members: Secret(members["d"]), id="UsageError"),
        # what is no JSON
        pytest.param(lambda members: {**members, "x": float(members["c"])}, id="infinite"),
        pytest.param(lambda members: {**members, "x": {members["c"]}}, id="a set"),
        pytest.param(lambda members: {**members, members["a"]: "x"}, id="a name that is a number"),
    ],
)
def test_a_fix_that_stumbles(change: Any) -> None:
    response = answer({"a": 5, "b": [], "c": "inf", "d": ""})
    assert fix_members(change)(response) is response


def inner(members: Members) -> Members:
    members["user"]["token"] = "new"
    members["user"]["list"].append(1)
    return members


@pytest.mark.parametrize(
    ("change", "came", "body"),
    [
        pytest.param(inner, {"user": {"token": "old", "list": []}}, {"user": {"token": "new", "list": [1]}}, id="inside"),
        pytest.param(lambda it: {**it, "active": bool(it["active"])}, {"active": 1}, {"active": True}, id="1 to true"),
        pytest.param(lambda it: {**it, "n": int(it["n"])}, {"n": 60.0}, {"n": 60}, id="a float to an int"),
    ],
)  # fmt: skip
def test_a_change_that_compares_equal(change: Any, came: Members, body: Members) -> None:
    assert fix_members(change)(answer(came)).body == json.dumps(body, separators=(",", ":")).encode()


RESPONSES = st.builds(
    answer,
    st.dictionaries(st.sampled_from(["access_token", "token_type", "expires_in", "expires", "authed_user", "error", "x"]), st.none() | st.text(max_size=4) | st.integers() | st.booleans() | st.lists(st.none(), max_size=1))
    | st.text(max_size=30)
    | st.text("access_token=&%x", max_size=30),
    st.sampled_from([200, 302, 400, 503]),
    st.sampled_from(["application/json", "text/plain", FORM, ""]),
)  # fmt: skip


@given(RESPONSES, st.sampled_from([facebook, slack_user, fitbit, camel, commas, dict]), st.booleans())
def test_any_answer_gives_tokens_or_a_refusal(response: HttpResponse, change: Any, form: bool) -> None:
    quirks = {"quirk_text_expires_in": True, "quirk_assume_bearer": True, "quirk_verification_url": True}
    try:
        tokens = ask(response, quirk_response=fix_members(change, form=form), **quirks)
    except RejectedError:
        return
    assert tokens.access_token.reveal()


@given(RESPONSES)
def test_no_quirk_changes_nothing(response: HttpResponse) -> None:
    assert client().corrected(response) is response


# --- mistakes

PKCE = ("code_challenge", "code_challenge_method", "code_verifier")
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a fix that is no function": (lambda: client(quirk_response="slack"), "quirk_response"),
    "a fix that gives members": (lambda: ask(answer(AT), quirk_response=lambda _: {}), "HttpResponse"),
    "a change that is no function": (lambda: fix_members(OTHER), "change"),
    "a change that gives nothing": (lambda: ask(answer(AT), quirk_response=fix_members(lambda _: OTHER)), "mapping"),
    "a quirk that is a text": (lambda: client(quirk_text_expires_in="yes"), "quirk_text_expires_in"),
    "a quirk that is 1": (lambda: client(quirk_assume_bearer=1), "quirk_assume_bearer"),
    "a quirk that is None": (lambda: client(quirk_verification_url=None), "quirk_verification_url"),
    "a nonce quirk that is a text": (lambda: client(quirk_no_nonce="linkedin"), "quirk_no_nonce"),
    "parameters that are a list": (lambda: client(quirk_parameters=["client_key"]), "mapping"),
    "a parameter that is a number": (lambda: client(quirk_parameters={"client_id": 5}), "mapping"),
    "a parameter without a name": (lambda: client(quirk_parameters={"client_id": ""}), "mapping"),
    "leaving state out": (lambda: client(quirk_parameters={"state": None}), "state"),
    "leaving redirect_uri out": (lambda: client(quirk_parameters={"redirect_uri": None}), "redirect_uri"),
    "another name for state": (lambda: client(quirk_parameters={"state": "s"}), "binds"),
    "another name for the nonce": (lambda: client(quirk_parameters={"nonce": "n"}), "binds"),
    "another name for the challenge": (lambda: client(quirk_parameters={"code_challenge": "x"}), "binds"),
    "something else called state": (lambda: client(quirk_parameters={"client_id": "state"}), "binds"),
    "a public client without PKCE": (lambda: client(auth=PublicClient(), quirk_parameters=dict.fromkeys(PKCE)), "PKCE"),
    "with DPoP": (lambda: client(quirk_parameters={"client_id": "appid"}, dpop=DPoP(JWK.generate("ES256"))), "dpop"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "match"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make: Callable[[], object], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


def test_no_secret_in_sight() -> None:
    known = client(auth=ClientSecretBasic(Secret("s3cret")), quirk_parameters={"client_secret": "secret"})
    assert "s3cret" not in repr(known)
    assert "quirk_parameters" in repr(known)
