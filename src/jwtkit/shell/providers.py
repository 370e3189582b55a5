"""What is known of the field beyond the format: who issues such tokens, and what to do with theirs.

Rules of this room:

- A provider is recognised by its exact host, or by a suffix that begins with a dot; what resembles it is not it.
- What a provider does otherwise than the specifications say is one row, and a row says which option answers it.
- Nothing here says to fetch keys from where the token points to: an issuer comes from configuration.
- Every function answers, whatever a peer sent, and quotes nothing that could be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.jwt.report import Report
from jwtkit.oidc.id_token import access_token_hash_problem
from jwtkit.shell.hint import Hint
from jwtkit.shell.opaque import opaque_hints
from jwtkit.shell.purposes import BINDINGS, ENCRYPTED, ISSUERS, KINDS, LACKS, is_id_token, is_keycloak, is_refresh_token
from jwtkit.shell.responses import response_hints
from jwtkit.shell.rows import Row, fired, first_fired
from jwtkit.shell.seen import Seen

__all__ = ["PROVIDERS", "opaque_hints", "pair_hints", "response_hints", "token_hints"]

_ENTRA: Final = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")
_ENTRA_V1: Final = ("sts.windows.net", "sts.chinacloudapi.cn")
_GRAPH: Final = frozenset(["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"])
_GOOGLE: Final = ("https://accounts.google.com", "accounts.google.com")
_OKTA: Final = (".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com")
_COGNITO: Final = re.compile(r"cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_B2C_POLICY: Final = re.compile(r"(?i)b2c_1")
_KUBERNETES: Final = ("https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local")
_KUBERNETES_OLD: Final = "kubernetes/serviceaccount"


def _is_entra(seen: Seen) -> bool:
    return seen.host in _ENTRA or seen.host in _ENTRA_V1 or seen.host.endswith(".ciamlogin.com")


def _is_graph(seen: Seen) -> bool:
    return _is_entra(seen) and ("nonce" in seen.header or _for_graph(seen))


def _for_graph(seen: Seen) -> bool:
    return any(one.rstrip("/") in _GRAPH for one in seen.audiences)


def _b2c_policy(seen: Seen) -> str:
    """Give the policy: in tfp, or in acr where the tenant keeps the older name."""
    return next((value for value in map(seen.text, ("tfp", "acr")) if _B2C_POLICY.match(value)), "")


def _is_b2c(seen: Seen) -> bool:
    # A tenant may have a host of its own; the policy then is what shows.
    return seen.host.endswith(".b2clogin.com") or _b2c_policy(seen) != ""


def _is_kubernetes(seen: Seen) -> bool:
    known = seen.text("iss") in (*_KUBERNETES, _KUBERNETES_OLD)
    return known or isinstance(seen.claims.get("kubernetes.io"), Mapping)


def _is_keycloak_access_token(seen: Seen) -> bool:
    return seen.name in ("token", "access_token") and not is_id_token(seen) and not is_refresh_token(seen)


def _is_auth0_without_audience(seen: Seen) -> bool:
    encrypted = seen.member("alg") == "dir" and seen.member("enc") == "A256GCM" and seen.kind == "JWE"
    # A tenant may have a host of its own; every issuer of Auth0's ends in a slash.
    return encrypted and (seen.host.endswith(".auth0.com") or (seen.scheme == "https" and seen.path == "/"))


# The first row that shows names the provider.
_NAMES: Final[tuple[tuple[str, Callable[[Seen], bool]], ...]] = (
    ("alb", lambda seen: seen.member("signer").startswith(("arn:aws:", "arn:aws-cn:", "arn:aws-us-gov:"))),
    ("graph", _is_graph),
    ("b2c", _is_b2c),
    ("entra_v1", lambda seen: seen.host in _ENTRA_V1),
    ("entra_v2", lambda seen: _is_entra(seen) and re.fullmatch(r"/[^/]+/v2\.0", seen.path) is not None),
    ("google", lambda seen: seen.text("iss") in _GOOGLE),
    ("firebase", lambda seen: seen.host == "securetoken.google.com" and seen.scheme == "https"),
    ("cognito", lambda seen: _COGNITO.fullmatch(seen.host) is not None),
    ("auth0", lambda seen: seen.host.endswith(".auth0.com") or _is_auth0_without_audience(seen)),
    ("okta", lambda seen: seen.host.endswith(_OKTA)),
    ("github_actions", lambda seen: seen.host == "token.actions.githubusercontent.com"),
    ("kubernetes", _is_kubernetes),
    ("apple", lambda seen: seen.text("iss") == "https://appleid.apple.com"),
    ("linkedin", lambda seen: seen.host == "www.linkedin.com"),
    ("keycloak", is_keycloak),
)

# What is known of each: every row that shows.
_ROWS: Final[dict[str, tuple[Row[Seen], ...]]] = {
    "alb": (
        Row(
            "alb",
            "warning",
            lambda _: True,
            "an AWS load balancer wrote this (x-amzn-oidc-data): it signs the text with its '=' padding, so without it "
            "nothing verifies. Check yourself that signer in the header is your load balancer, and exp there",
        ),
    ),
    "graph": (
        Row(
            "graph_token",
            "error",
            lambda seen: "nonce" in seen.header,
            "the nonce in its header marks a Microsoft-internal token, whose signature nobody else can verify: treat "
            "it as opaque, and ask for a token with a scope of your own API (api://...)",
        ),
        Row(
            "graph_audience",
            "warning",
            lambda seen: "nonce" not in seen.header,
            "this token is for Microsoft Graph, not for you: send it there and treat it as opaque, and ask for a token "
            "with a scope of your own API (api://...)",
        ),
    ),
    "b2c": (
        Row(
            "b2c_issuer",
            "info",
            lambda seen: not seen.path.startswith("/tfp/"),
            "Azure AD B2C leaves the policy out of its issuer, so its metadata is not found from it: "
            "configure the URL of the metadata, which names the policy, apart from the issuer",
        ),
        Row(
            "b2c_policy",
            "info",
            lambda seen: _b2c_policy(seen) != "",
            "the policy of Azure AD B2C is {}: all policies of a tenant share the issuer, so check yours with "
            "--expected tfp=POLICY (or acr, where that holds it)",
            _b2c_policy,
        ),
        Row(
            "b2c_placeholder_sub",
            "warning",
            lambda seen: seen.text("sub").startswith("Not supported currently"),
            "sub is the placeholder that Azure AD B2C gives to every user: identify users by oid, or have the policy "
            "set sub to the object ID",
        ),
    ),
    "entra_v1": (
        Row(
            "entra_v1",
            "info",
            lambda _: True,
            "this is a v1 token of Microsoft Entra: the issuer to expect is https://sts.windows.net/TENANT/. For v2 "
            "tokens set accessTokenAcceptedVersion to 2 in the API's manifest. Its keys carry no alg: say --alg RS256",
        ),
    ),
    "entra_v2": (
        Row(
            "entra_v2",
            "info",
            lambda _: True,
            "Microsoft Entra puts the tenant into its issuer: say --issuer with your tenant's, or use TenantIssuer for "
            "several, never a pattern. Its keys carry no alg: say --alg RS256",
        ),
    ),
    "google": (
        Row(
            "google_issuer",
            "info",
            lambda _: True,
            "Google writes its issuer in two ways: accept both, with --issuer https://accounts.google.com --issuer "
            "accounts.google.com",
        ),
    ),
    "firebase": (
        Row(
            "firebase_keys",
            "info",
            lambda _: True,
            "Firebase publishes its keys as a map from kid to certificate, which --jwks takes; Google also has them as "
            "a JWKS (securetoken@system.gserviceaccount.com)",
        ),
        Row(
            "firebase_audience",
            "warning",
            lambda seen: seen.path[1:] not in seen.audiences,
            "the audience of Firebase is the project at the end of its issuer, and here it is another: say both, "
            "--issuer https://securetoken.google.com/PROJECT and --audience PROJECT",
        ),
    ),
    "cognito": (
        Row(
            "cognito_access_token",
            "warning",
            lambda seen: seen.text("token_use") == "access" and "aud" not in seen.claims,
            "an access token of Cognito names its client in client_id and has no aud: say --absent-audience --expected "
            "token_use=access --expected client_id=CLIENT",
        ),
    ),
    "auth0": (
        Row(
            "auth0_without_audience",
            "error",
            _is_auth0_without_audience,
            "this is how Auth0 encrypts an access token that no API was asked for, and only Auth0 can read it: send "
            "audience=API with the authorization request to get a signed one",
        ),
        Row(
            "auth0_userinfo",
            "info",
            lambda seen: len(seen.audiences) > 1 and any(one.endswith("/userinfo") for one in seen.audiences),
            "the audience lists Auth0's userinfo beside the API, because openid was asked for: say --audience with the "
            "API only",
        ),
    ),
    "okta": (
        Row(
            "okta_org_server",
            "error",
            lambda seen: seen.path == "" and seen.name != "id_token" and not is_id_token(seen),
            "this access token is from Okta's org server, for Okta's own APIs: you must not validate it. Ask a custom "
            "authorization server (/oauth2/default) for yours",
        ),
    ),
    "github_actions": (
        Row(
            "github_actions",
            "warning",
            lambda _: True,
            "every repository on GitHub gets tokens from this issuer: demand yours, with --expected "
            "repository=OWNER/NAME, and sub or job_workflow_ref where the workflow counts",
        ),
        Row(
            "github_actions_audience",
            "warning",
            lambda seen: any(one.startswith("https://github.com/") for one in seen.audiences),
            "the audience is GitHub's default, the same for every service: have the workflow ask for a token with an "
            "audience that names yours",
        ),
    ),
    "kubernetes": (
        Row(
            "kubernetes_keys",
            "info",
            lambda seen: seen.text("iss") != _KUBERNETES_OLD,
            "its keys come from the cluster: kubectl get --raw /openid/v1/jwks > KEYS, then --jwks KEYS. Only the "
            "cluster knows what it has revoked (TokenReview), so let tokens live shortly",
        ),
        Row(
            "kubernetes_legacy",
            "warning",
            lambda seen: seen.text("iss") == _KUBERNETES_OLD,
            "this is the old kind of service account token, from a Secret: it is for nobody in particular and never "
            "expires. Get another with kubectl create token ACCOUNT --audience AUDIENCE",
        ),
        Row(
            "kubernetes_audience",
            "warning",
            lambda seen: any(one in _KUBERNETES for one in seen.audiences),
            "the audience is the cluster's own API: whoever is sent this token can use the cluster with it. Ask for "
            "one with an audience that names your service",
        ),
    ),
    "apple": (
        Row(
            "apple_issuer",
            "info",
            lambda _: True,
            "Apple signs ID tokens with RS256, while the client secret that you make for Apple is ES256: say --alg "
            "RS256, and --audience with your client_id",
        ),
    ),
    "linkedin": (
        Row(
            "linkedin_nonce",
            "warning",
            lambda seen: "nonce" not in seen.claims,
            "LinkedIn puts no nonce into ID tokens, even where the login sent one: Client(quirk_no_nonce=True) accepts "
            "that, and state binds the login to the browser",
        ),
    ),
    "keycloak": (
        Row(
            "keycloak_no_audience",
            "warning",
            lambda seen: _is_keycloak_access_token(seen) and "aud" not in seen.claims,
            "Keycloak names no API unless it is told to: add a mapper of type Audience to the client, or to a client "
            "scope, and say --audience with what it adds",
        ),
        Row(
            "keycloak_account_audience",
            "warning",
            lambda seen: _is_keycloak_access_token(seen) and seen.audiences == ("account",),
            "audience 'account' is in the tokens of every client of the realm: an API that accepts it accepts tokens "
            "made for others. Add a mapper of type Audience to the client, and say --audience with what it adds",
        ),
        Row(
            "keycloak_bearer",
            "info",
            lambda seen: _is_keycloak_access_token(seen) and seen.text("typ") == "Bearer",
            "the typ in the payload tells Keycloak's kinds of token apart, where all headers say JWT: say --expected "
            "typ=Bearer, so that an ID token does not pass as an access token",
        ),
    ),
}
PROVIDERS: Final[Mapping[str, tuple[Row[Seen], ...]]] = MappingProxyType(_ROWS)


def token_hints(report: Report, *, name: str) -> list[Hint]:
    """Say what is known of a token beyond its format.

    Args:
        report: of a token that was parsed. Untrusted.
        name: "token", "access_token", "id_token" or "refresh_token".
    """
    seen = Seen.of(report, name)
    provider = next((provider for provider, is_it in _NAMES if is_it(seen)), None)
    hints = [] if provider is None else fired(PROVIDERS[provider], seen)
    if seen.kind == "JWE":
        return hints or first_fired(ENCRYPTED, seen)
    hints += first_fired(KINDS, seen)
    # Both of Google's issuers have their row already.
    issuers = () if provider == "google" else ISSUERS
    return hints + fired((*LACKS, *BINDINGS, *issuers), seen)


def pair_hints(access_token: str, id_token: Report) -> list[Hint]:
    """Compare at_hash in an ID token with the access token that came with it.

    Args:
        access_token: its text. Untrusted, and never quoted.
        id_token: of the ID token. Untrusted.

    Spec: OpenID Connect Core section 3.1.3.6.
    """
    seen = Seen.of(id_token, "id_token")
    at_hash, alg = seen.claims.get("at_hash"), seen.member("alg")
    if at_hash is None or alg not in SIGNATURE_ALGORITHMS:
        return []
    if not isinstance(at_hash, str):
        return [Hint(code="at_hash_type", severity="error", message="at_hash must be text: IdTokenVerifier refuses it")]
    problem = access_token_hash_problem(at_hash, access_token, alg)
    if problem is None:
        return []
    message = f"{problem}: take both tokens from the same response, as they came"
    return [Hint(code="at_hash_mismatch", severity="error", message=message)]
