"""Discovery: where a server's document is asked for, in which order, and whose word counts in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    UNCHECKED,
    Claims,
    ExpiredError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    ProtocolError,
    RejectedError,
    SignatureError,
    TenantIssuer,
    Token,
    TokenVerifier,
    UsageError,
)
from jwtkit.oauth import (
    HttpRequest,
    HttpResponse,
    JWKSCache,
    ServerMetadata,
    arun,
    discover,
    discovery_request,
    parse_discovery_response,
    run,
)

HOST = "https://auth.example.com"
ISSUER = f"{HOST}/tenant"
NOW = 1_800_000_000.0
WELL_KNOWN = ".well-known"
OAUTH, OPENID = f"{WELL_KNOWN}/oauth-authorization-server", f"{WELL_KNOWN}/openid-configuration"


def found(members: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(
        status=status, headers=(("Content-Type", "application/json"),), body=json.dumps(members).encode()
    )


def missing(status: int = 404) -> HttpResponse:
    return HttpResponse(status=status, headers=(("Content-Type", "text/html"),), body=b"<html>")


class Site:
    """A `send` for some documents; everything else is not there."""

    def __init__(self, documents: dict[str, HttpResponse], otherwise: HttpResponse | None = None) -> None:
        self.documents = documents
        self.otherwise = otherwise or missing()
        self.asked: list[str] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert (request.method, request.body) == ("GET", b"")
        self.asked.append(request.url)
        return self.documents.get(request.url, self.otherwise)


# --- where


@pytest.mark.parametrize(
    ("issuer", "kind", "url"),
    [
        # RFC 8414 section 3.1: inserted, and one final slash goes
        ("https://a.example", "oauth", f"https://a.example/{OAUTH}"),
        ("https://a.example/", "oauth", f"https://a.example/{OAUTH}"),
        ("https://a.example/t", "oauth", f"https://a.example/{OAUTH}/t"),
        ("https://a.example/t/", "oauth", f"https://a.example/{OAUTH}/t"),
        ("https://a.example/t//", "oauth", f"https://a.example/{OAUTH}/t/"),
        ("https://a.example/a.example", "oauth", f"https://a.example/{OAUTH}/a.example"),
        ("https://a.example/T;v=1/%2F", "oauth", f"https://a.example/{OAUTH}/T;v=1/%2F"),
        ("https://A.example:8443/t", "oauth", f"https://A.example:8443/{OAUTH}/t"),
        ("https://[::1]:8443/t", "oauth", f"https://[::1]:8443/{OAUTH}/t"),
        # OpenID Connect Discovery section 4.1: appended
        ("https://a.example", "openid", f"https://a.example/{OPENID}"),
        ("https://a.example/", "openid", f"https://a.example/{OPENID}"),
        ("https://a.example/t/", "openid", f"https://a.example/t/{OPENID}"),
        # RFC 8414 section 5, MCP: OpenID's, inserted
        ("https://a.example", "openid-inserted", f"https://a.example/{OPENID}"),
        ("https://a.example/t/", "openid-inserted", f"https://a.example/{OPENID}/t"),
    ],
)
def test_where_to_ask(issuer: str, kind: Any, url: str) -> None:
    assert discovery_request(issuer, kind=kind).url == url


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"issuer": "http://a.example"}, id="http"),
        pytest.param({"issuer": "https://a.example?x"}, id="query"),
        pytest.param({"issuer": "https://a.example#f"}, id="fragment"),
        pytest.param({"issuer": "https://u@a.example"}, id="user information"),
        pytest.param({"issuer": "http://127.0.0.1"}, id="loopback, not allowed"),
        pytest.param({"issuer": "http://localhost", "allow_http_loopback": True}, id="a name is no loopback"),
        pytest.param({"issuer": ISSUER, "metadata_url": "http://a.example"}, id="metadata over http"),
        pytest.param({"issuer": ISSUER, "metadata_url": "/relative"}, id="metadata without host"),
        pytest.param({"issuer": ISSUER, "metadata_url": 5}, id="metadata a number"),
    ],
)
def test_what_is_no_place_to_ask(arguments: dict[str, Any]) -> None:
    """RFC 8414 section 2."""
    for ask in (discovery_request, discover):
        with pytest.raises(UsageError):
            ask(**arguments)


def test_a_kind_that_is_none() -> None:
    with pytest.raises(UsageError, match="kind"):
        discovery_request(ISSUER, kind="saml")  # type: ignore[arg-type]


# --- in which order

ORDER = [f"{HOST}/{OAUTH}/tenant", f"{HOST}/{OPENID}/tenant", f"{ISSUER}/{OPENID}"]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 499])
def test_the_order_for_an_issuer_with_a_path(place: int, status: int) -> None:
    """RFC 8414 section 5 and MCP authorization, "Authorization Server Metadata Discovery"."""
    site = Site({ORDER[place]: found({"issuer": ISSUER})}, missing(status))
    assert run(discover(ISSUER), send=site).issuer == ISSUER
    assert site.asked == ORDER[: place + 1]


def test_the_order_for_an_issuer_without_one() -> None:
    site = Site({f"{HOST}/{OPENID}": found({"issuer": HOST})})
    assert run(discover(HOST), send=site).issuer == HOST
    assert site.asked == [f"{HOST}/{OAUTH}", f"{HOST}/{OPENID}"]


def test_nothing_anywhere() -> None:
    site = Site({})
    with pytest.raises(ProtocolError) as refusal:
        run(discover(ISSUER), send=site)
    assert (refusal.value.status, site.asked) == (404, ORDER)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(found({"issuer": HOST}), "issuer_mismatch", id="another issuer"),
        pytest.param(found({"issuer": f"{ISSUER}/"}), "issuer_mismatch", id="a final slash"),
        pytest.param(found({"issuer": ISSUER, "token_endpoint": "http://a.example"}), "not_https", id="no https"),
        pytest.param(found({"issuer": ISSUER}, 201), "unexpected_status", id="201"),
        pytest.param(HttpResponse(status=301), "redirect", id="redirect"),
        pytest.param(missing(200), "not_json", id="a page"),
        pytest.param(missing(503), "not_json", id="503"),
    ],
)
def test_the_first_answer_counts(answer: HttpResponse, reason: str) -> None:
    """A bad document never leads to the next place: who can make one could choose where that is."""
    site = Site({ORDER[0]: answer, ORDER[1]: found({"issuer": ISSUER})})
    with pytest.raises(ProtocolError) as refusal:
        run(discover(ISSUER), send=site)
    assert refusal.value.reason == reason
    assert len(site.asked) == 1


def test_discover_under_asyncio() -> None:
    site = Site({ORDER[2]: found({"issuer": ISSUER})})

    async def send(request: HttpRequest) -> HttpResponse:
        return site(request)

    assert asyncio.run(arun(discover(ISSUER), send=send)).issuer == ISSUER


# --- documents that are elsewhere


def test_the_document_elsewhere() -> None:
    """Row 7 of the field notes: the issuer of Azure B2C lacks the policy, so it leads nowhere."""
    issuer = "https://contoso.b2clogin.com/775527ff-9a37-4307-8b3d-cc311f58d925/v2.0/"
    url = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration?p=B2C_1_signin"
    site = Site({url: found({"issuer": issuer, "jwks_uri": f"{issuer}keys"})})
    server = run(discover(issuer, metadata_url=url), send=site)
    assert (server.issuer, server.jwks_uri, site.asked) == (issuer, f"{issuer}keys", [url])
    with pytest.raises(ProtocolError) as refusal:
        run(discover("https://contoso.b2clogin.com/tfp/775527ff/b2c_1_signin/v2.0/", metadata_url=url), send=site)
    assert refusal.value.reason == "issuer_mismatch"


def test_only_there() -> None:
    site = Site({url: found({"issuer": ISSUER}) for url in ORDER})
    with pytest.raises(ProtocolError):
        run(discover(ISSUER, metadata_url=f"{HOST}/metadata"), send=site)
    assert site.asked == [f"{HOST}/metadata"]


def test_many_tenants_behind_one_document() -> None:
    """Row 1 of the field notes: Entra ID's document is about a template, its tokens about a tenant."""
    template = "https://login.microsoftonline.com/{tenantid}/v2.0"
    common = "https://login.microsoftonline.com/common/v2.0"
    tenant, other = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", "00000000-0000-0000-0000-000000000000"
    key = JWK.generate("RS256", kid="k")
    keys = json.dumps({"keys": [{**key.public().to_dict(), "issuer": template}]}).encode()
    site = Site(
        {
            f"{common}/{OPENID}": found({"issuer": template, "jwks_uri": f"{common}/keys"}),
            f"{common}/keys": HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=keys),
        }
    )
    with pytest.raises(ProtocolError):
        run(discover(common), send=site)
    server = run(discover(template, metadata_url=f"{common}/{OPENID}"), send=site)
    cache = JWKSCache.of(server)
    verifier = TokenVerifier(
        keys=cache, algorithms=["RS256"], issuer=TenantIssuer(server.issuer, tenants=[tenant]), audience="app"
    )

    def text(tid: str) -> str:
        iss = template.replace("{tenantid}", tid)
        return Token.sign(Claims(iss=iss, aud="app", exp=NOW + 60, extra={"tid": tid}), key).compact

    assert run(cache.verify(verifier, text(tenant), now=NOW), send=site).claims["tid"] == tenant
    with pytest.raises(RejectedError):
        run(cache.verify(verifier, text(other), now=NOW), send=site)


# --- signed metadata

KEY = JWK.generate("ES256", kid="signer")
PLAIN: dict[str, Any] = {"issuer": ISSUER, "token_endpoint": f"{HOST}/plain", "jwks_uri": f"{HOST}/plain-keys"}


def signed(members: dict[str, Any], *, key: JWK = KEY, iss: str | None = ISSUER, exp: float = NOW + 60) -> str:
    return Token.sign(Claims(iss=iss, exp=exp, extra=members), key).compact


def signer(**more: Any) -> TokenVerifier:
    policy: dict[str, Any] = {"keys": KEY.public(), "algorithms": ["ES256"], "issuer": ISSUER, "audience": UNCHECKED}
    return TokenVerifier(**{**policy, **more})


def test_signed_members_win() -> None:
    """RFC 8414 section 2.1."""
    members = {"token_endpoint": f"{HOST}/signed", "scopes_supported": ["a"], "mtls_endpoint_aliases": {}, "own": [{}]}
    text = signed({"issuer": ISSUER, **members, "signed_metadata": "x"})
    document = {**PLAIN, "signed_metadata": text, "own": 5}
    server = ServerMetadata.parse(document, issuer=ISSUER, signed_metadata_verifier=signer(), now=NOW)
    assert server.token_endpoint == f"{HOST}/signed"
    assert server.jwks_uri == f"{HOST}/plain-keys"
    assert server.scopes_supported == ("a",)
    assert server.extra == {"own": ({},), "signed_metadata": text}


def test_nobody_trusts_what_nobody_verifies() -> None:
    text = signed({"token_endpoint": "https://evil.example"}, key=JWK.generate("ES256"))
    server = ServerMetadata.parse({**PLAIN, "signed_metadata": text}, issuer=ISSUER)
    assert server.token_endpoint == f"{HOST}/plain"
    assert server.extra == {"signed_metadata": text}


NAMED = {"issuer": ISSUER}
ACCESS_TOKEN = Token.sign(Claims(iss=ISSUER, sub="alice", aud="api", client_id="c", exp=NOW + 60), KEY).compact
SIGNED: dict[str, tuple[dict[str, Any], type[RejectedError], str]] = {
    "left out": ({}, ProtocolError, "bad_member"),
    "no string": ({"signed_metadata": {}}, ProtocolError, "bad_member"),
    "no token": ({"signed_metadata": "x"}, MalformedError, ""),
    "another key": ({"signed_metadata": signed(NAMED, key=JWK.generate("ES256", kid="signer"))}, SignatureError, ""),
    "unknown key": ({"signed_metadata": signed(NAMED, key=JWK.generate("ES256", kid="x"))}, KeyNotFoundError, ""),
    "another algorithm": ({"signed_metadata": signed(NAMED, key=JWK.generate("HS256"))}, NotAllowedError, ""),
    "expired": ({"signed_metadata": signed(NAMED, exp=NOW - 1)}, ExpiredError, ""),
    "about another issuer": ({"signed_metadata": signed({"issuer": HOST})}, ProtocolError, "issuer_mismatch"),
    "about nobody": ({"signed_metadata": signed({"token_endpoint": HOST})}, ProtocolError, "issuer_mismatch"),
    "an access token of the issuer's": (
        {"signed_metadata": ACCESS_TOKEN},
        ProtocolError,
        "issuer_mismatch",
    ),
    "an endpoint over http": (
        {"signed_metadata": signed({**NAMED, "token_endpoint": "http://a.example"})},
        ProtocolError,
        "not_https",
    ),
    "a member of another type": (
        {"signed_metadata": signed({**NAMED, "token_endpoint": 5})},
        ProtocolError,
        "bad_member",
    ),
    "the plain issuer another": (
        {"issuer": HOST, "signed_metadata": signed({"issuer": ISSUER})},
        ProtocolError,
        "issuer_mismatch",
    ),
}


@pytest.mark.parametrize(("changes", "error", "reason"), SIGNED.values(), ids=SIGNED)
def test_signed_metadata_refused(changes: dict[str, Any], error: type[RejectedError], reason: str) -> None:
    answer = found({**PLAIN, **changes})
    with pytest.raises(error) as refusal:
        parse_discovery_response(answer, issuer=ISSUER, signed_metadata_verifier=signer(), now=NOW)
    assert getattr(refusal.value, "reason", "") == reason
    with pytest.raises(error):
        run(discover(ISSUER, signed_metadata_verifier=signer(), now=NOW), send=lambda _request: answer)


@pytest.mark.parametrize("iss", ["https://evil.example", f"{ISSUER}/", None])
def test_the_issuer_signs_itself_whatever_the_verifier_accepts(iss: str | None) -> None:
    answer = found({**PLAIN, "signed_metadata": signed(NAMED, iss=iss)})
    with pytest.raises(ProtocolError) as refusal:
        parse_discovery_response(answer, issuer=ISSUER, signed_metadata_verifier=signer(issuer=UNCHECKED), now=NOW)
    assert refusal.value.reason == "issuer_mismatch"


def test_a_verifier_that_is_none() -> None:
    with pytest.raises(UsageError, match="TokenVerifier"):
        ServerMetadata.parse(PLAIN, issuer=ISSUER, signed_metadata_verifier="x")  # type: ignore[arg-type]


def test_signed_metadata_with_keys_behind_a_url() -> None:
    """The general form of the cache verifies documents too, and refetches for them."""
    cache = JWKSCache(f"{HOST}/federation-keys")
    keys = found({"keys": [KEY.public().to_dict()]})
    answer = found({**PLAIN, "signed_metadata": signed({**NAMED, "token_endpoint": f"{HOST}/signed"})})
    verifier = signer(keys=cache)
    with pytest.raises(KeyNotFoundError):
        parse_discovery_response(answer, issuer=ISSUER, signed_metadata_verifier=verifier, now=NOW)
    steps = cache.supply(
        lambda: parse_discovery_response(answer, issuer=ISSUER, signed_metadata_verifier=verifier, now=NOW), now=NOW
    )
    assert run(steps, send=lambda _request: keys).token_endpoint == f"{HOST}/signed"


# --- anything


@given(
    st.integers(100, 599),
    st.sampled_from(["application/json", "text/html", ""]),
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["issuer", "signed_metadata", "token_endpoint", "mtls_endpoint_aliases", "x"]),
        st.none()
        | st.text(max_size=9)
        | st.sampled_from([ISSUER, signed({}), signed({**NAMED, "x": [1]})])
        | st.just({}),
    ).map(lambda members: json.dumps(members).encode()),
    st.booleans(),
)
def test_any_answer_gives_metadata_or_a_refusal(status: int, content_type: str, body: bytes, verify: bool) -> None:
    answer = HttpResponse(status=status, headers=(("Content-Type", content_type),), body=body)
    try:
        server = parse_discovery_response(
            answer, issuer=ISSUER, signed_metadata_verifier=signer() if verify else None, now=NOW
        )
    except RejectedError:
        return
    assert (server.issuer, status) == (ISSUER, 200)


@given(st.text(max_size=30).map(lambda text: f"https://a.example/{text}") | st.text(max_size=30))
def test_any_issuer_is_asked_at_its_own_host_or_refused(issuer: str) -> None:
    kinds: list[Any] = ["oauth", "openid", "openid-inserted"]
    for kind in kinds:
        try:
            url = discovery_request(issuer, kind=kind).url
        except UsageError:
            continue
        assert url.startswith(issuer.partition("/")[0] + "//" + issuer.split("/")[2] + "/")


@pytest.mark.parametrize("ask", [discover, discovery_request])
def test_loopback_where_it_is_allowed(ask: Callable[..., object]) -> None:
    assert ask("http://127.0.0.1:5000/t", allow_http_loopback=True)
    assert ask("http://[::1]:5000", metadata_url="http://127.0.0.1/x", allow_http_loopback=True)
