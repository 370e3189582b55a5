"""Every way in which a client says who it is, as a certified provider reads it, and every one that it does not believe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from jwtkit import JWK, OAuthError
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Callback,
    Client,
    ClientAssertion,
    ClientAuthentication,
    ClientSecretBasic,
    ClientSecretJWT,
    ClientSecretPost,
    PrivateKeyJWT,
    PublicClient,
    RefreshFlow,
    Secret,
    SelfSignedTlsClientAuth,
    TlsClientAuth,
    TokenSet,
    choose_authentication,
    client_assertion_draft,
)

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Browser, Certificate, Http, Provider, Registered

NATIVE = "http://127.0.0.1:51004/cb"
WEB = "https://rp.example/cb"


def login(client: Client, browser: Browser) -> tuple[AuthorizationCodeFlow, Callback]:
    """Bring a code, which only the client itself can redeem."""
    flow = AuthorizationCodeFlow(
        client, redirect_uri=NATIVE if client.client_id == "public-native" else WEB, scope=["openid"]
    )
    redirect = flow.start()
    return flow, flow.callback(redirect.session, browser.leave(redirect.url))


# What each method adds to the request: form fields beside those of the grant, headers, and the path.
METHODS: dict[str, tuple[set[str], bool, str]] = {
    "public-native": ({"client_id"}, False, "/token"),
    "web-basic": (set(), True, "/token"),
    "web-post": ({"client_id", "client_secret"}, False, "/token"),
    "csjwt": ({"client_id", "client_assertion", "client_assertion_type"}, False, "/token"),
    "pkjwt": ({"client_id", "client_assertion", "client_assertion_type"}, False, "/token"),
    "mtls-self": ({"client_id"}, False, "/mtls/token"),
    "mtls-ca": ({"client_id"}, False, "/mtls/token"),
}
GRANT = {"grant_type", "code", "redirect_uri", "code_verifier"}


@pytest.mark.parametrize("client_id", METHODS)
def test_believed(client_id: str, http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    flow, callback = login(registered(client_id), browser)
    http.certificate = provider.certificate
    assert http(flow.finish(callback)).access_token.reveal()
    fields, header, path = METHODS[client_id]
    sent = http.sent[-1]
    pairs = parse_qsl(sent.body.decode(), strict_parsing=True)
    # RFC 6749 section 2.3: one method, and no parameter twice.
    assert sorted(name for name, _ in pairs) == sorted(GRANT | fields)
    assert ("Authorization" in dict(sent.headers)) is header
    assert sent.url == f"{provider.issuer}{path}"


def test_a_key_that_is_elsewhere(http: Http, provider: Provider, registered: Registered, browser: Browser) -> None:
    client = registered("pkjwt")
    flow, callback = login(client, browser)
    draft = client_assertion_draft("pkjwt", client.server, alg="ES256", kid=provider.client_key.kid)
    token = draft.seal(provider.client_key.sign(draft.signing_input), verify_with=provider.client_key.public())
    assertion = Client(server=client.server, client_id="pkjwt", auth=ClientAssertion(token))
    assert http(AuthorizationCodeFlow(assertion, redirect_uri=WEB).finish(callback)).access_token.reveal()
    # RFC 7523 section 3: the provider takes each jti once.
    flow, callback = login(assertion, browser)
    with pytest.raises(OAuthError) as refusal:
        http(flow.finish(callback))
    assert (refusal.value.error, refusal.value.status) == ("invalid_client", 401)


# Whoever is believed is told that this grant is void; who is not, is not told as much (RFC 6749 section 5.2).
VOID = TokenSet(access_token=Secret("void"), token_type="Bearer", refresh_token=Secret("void"))


def told(http: Http, client: Client) -> tuple[str, int | None]:
    with pytest.raises(OAuthError) as refusal:
        http(RefreshFlow(client).refresh(VOID))
    return refusal.value.error, refusal.value.status


@pytest.mark.parametrize("quirks", [{"quirk_typ": "JWT"}, {"quirk_audience": "token_endpoint"}], ids=["typ", "aud"])
def test_assertions_of_the_past(quirks: dict[str, Any], http: Http, provider: Provider, registered: Registered) -> None:
    """The provider takes the older forms of an assertion as well, so that they are tried here."""
    assert told(http, registered("pkjwt", PrivateKeyJWT(provider.client_key, **quirks))) == ("invalid_grant", 400)


Make = Callable[["Provider"], ClientAuthentication]
# Who it claims to be, with what, and what it shows in the handshake.
IMPOSTORS: dict[str, tuple[str, Make, str | None]] = {
    "another secret, basic": ("web-basic", lambda _: ClientSecretBasic(Secret("a:b/c+d %~")), None),
    "a secret that was encoded twice": (
        "web-basic",
        lambda _: ClientSecretBasic(Secret("a%3Ab%2Fc%2Bd+%25%7Ee")),
        None,
    ),
    "no secret at all": ("web-basic", lambda _: PublicClient(), None),
    "another secret, post": ("web-post", lambda _: ClientSecretPost(Secret("wrong")), None),
    "an assertion with another secret": ("csjwt", lambda _: ClientSecretJWT(Secret("x" * 38)), None),
    "the secret itself for an assertion": (
        "csjwt",
        lambda _: ClientSecretPost(Secret("a-shared-secret-of-at-least-32-bytes!!")),
        None,
    ),
    "an assertion with another key": (
        "pkjwt",
        lambda provider: PrivateKeyJWT(JWK.generate("ES256", kid=provider.client_key.kid)),
        None,
    ),
    "an assertion with another algorithm": ("pkjwt", lambda _: PrivateKeyJWT(JWK.generate("ES384")), None),
    "no assertion": ("pkjwt", lambda _: PublicClient(), None),
    "no certificate, self-signed": ("mtls-self", lambda _: SelfSignedTlsClientAuth(), None),
    "another certificate, self-signed": ("mtls-self", lambda _: SelfSignedTlsClientAuth(), "another"),
    "no certificate, of an authority": ("mtls-ca", lambda _: TlsClientAuth(), None),
    "another certificate, of an authority": ("mtls-ca", lambda _: TlsClientAuth(), "another"),
    "a certificate for a secret": ("web-basic", lambda _: TlsClientAuth(), "own"),
}


@pytest.mark.parametrize(("client_id", "make", "shown"), IMPOSTORS.values(), ids=IMPOSTORS)
def test_not_believed(
    client_id: str,
    make: Make,
    shown: str | None,
    *,
    http: Http,
    provider: Provider,
    registered: Registered,
    other_certificate: Certificate,
) -> None:
    http.certificate = {None: None, "own": provider.certificate, "another": other_certificate}[shown]
    assert told(http, registered(client_id, make(provider))) == ("invalid_client", 401)
    http.certificate = provider.certificate
    assert told(http, registered(client_id)) == ("invalid_grant", 400)


CHOICES: dict[str, tuple[dict[str, Any], str]] = {
    "web-basic": ({"secret": Secret("a:b/c+d %~e"), "method": "client_secret_basic"}, "client_secret_basic"),
    "web-post": (
        {"secret": Secret("secret-post-secret-post-secret-post!"), "method": "client_secret_post"},
        "client_secret_post",
    ),
    "csjwt": ({"secret": Secret("a-shared-secret-of-at-least-32-bytes!!")}, "client_secret_jwt"),
    "pkjwt": ({"key": None}, "private_key_jwt"),
    "mtls-self": ({"certificate": "self_signed_tls_client_auth"}, "self_signed_tls_client_auth"),
    "mtls-ca": ({"certificate": "tls_client_auth"}, "tls_client_auth"),
}


@pytest.mark.parametrize("client_id", CHOICES)
def test_chosen_from_what_the_provider_lists(
    client_id: str, http: Http, provider: Provider, registered: Registered
) -> None:
    given, method = CHOICES[client_id]
    at_hand: dict[str, Any] = {name: provider.client_key if name == "key" else value for name, value in given.items()}
    auth = choose_authentication(registered(client_id).server, **at_hand)
    assert auth.method == method
    http.certificate = provider.certificate
    assert told(http, registered(client_id, auth)) == ("invalid_grant", 400)
