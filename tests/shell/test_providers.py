"""What inspect knows of the field: each provider's token as it is sent, and what resembles it but is something else.

A shape holds the header and the claims that the provider sends, unsigned: nothing here verifies anything.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JWK, Claims, ClaimsError, NotAllowedError, RejectedError, Report, Token, TokenVerifier, report
from jwtkit._wire import b64url_encode
from jwtkit.jwt.report import FindingCode, Severity
from jwtkit.oauth import HttpResponse, parse_token_response
from jwtkit.oidc import IdTokenVerifier
from jwtkit.shell.arguments import Parser
from jwtkit.shell.hint import Hint
from jwtkit.shell.opaque import FORMATS, MEANINGS
from jwtkit.shell.providers import PROVIDERS, opaque_hints, pair_hints, response_hints, token_hints
from jwtkit.shell.purposes import BINDINGS, ENCRYPTED, ISSUERS, KINDS, LACKS
from jwtkit.shell.responses import ERRORS, MEMBERS, SHAPES, TOKEN_TYPES
from jwtkit.shell.rows import Row
from jwtkit.shell.verification import add_verify

NOW = 1_800_000_000
TIMES = {"iat": NOW, "exp": NOW + 600}
RS256 = {"alg": "RS256", "kid": "k", "typ": "JWT"}
ES256 = {**RS256, "alg": "ES256"}
TID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
NAMES = ("token", "access_token", "id_token", "refresh_token")
AT = "an-access-token"
AT_HASH = b64url_encode(sha256(AT.encode()).digest()[:16])


def encoded(members: object) -> str:
    return b64url_encode(json.dumps(members).encode())


def codes(hints: list[Hint]) -> list[str]:
    return [hint.code for hint in hints]


def of(header: Mapping[str, Any], claims: Mapping[str, Any] | None) -> Report:
    """Look at a token as `inspect` does; None stands for claims that are encrypted."""
    tail = "AAAA.AAAA.AAAA.AAAA" if claims is None else f"{encoded(claims)}.AAAA"
    found = report(f"{encoded(header)}.{tail}", now=NOW)
    assert found.kind == ("JWE" if claims is None else "JWS")
    return found


def claims(iss: object = None, aud: object = None, **others: object) -> dict[str, object]:
    """Give claims with times; what is None is left out."""
    given = {"iss": iss, "aud": aud, "sub": "s", **TIMES, **others}
    return {name.replace("__", "."): value for name, value in given.items() if value is not None}


ENTRA = f"https://login.microsoftonline.com/{TID}/v2.0"
STS = f"https://sts.windows.net/{TID}/"
B2C = f"https://contoso.b2clogin.com/{TID}/v2.0/"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example"
AUTH0, OKTA = "https://tenant.eu.auth0.com/", "https://dev-123.okta.com"
REALM = "https://sso.example.com/realms/shop"
ACTIONS = "https://token.actions.githubusercontent.com"
CLUSTER = "https://kubernetes.default.svc.cluster.local"
API = "https://api.example.com"
POD = {"namespace": "default", "serviceaccount": {"name": "app", "uid": "u"}}
ALB = {**ES256, "iss": "i", "client": "c", "exp": NOW, "signer": "arn:aws:elasticloadbalancing:eu-west-1:1:x/y"}
SECRET_OF_APPLE = claims("TEAM123456", "https://appleid.apple.com", sub="com.example.app")
DPOP = {"alg": "ES256", "typ": "dpop+jwt", "jwk": {"kty": "EC"}}
PROOF = {"jti": "j", "htm": "POST", "htu": "https://auth.example.com/token", "iat": NOW}
AT_JWT = {**RS256, "typ": "at+jwt"}

# name, header, claims, codes
SHAPES_OF_TOKENS: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any] | None, list[str]]] = {
    # Entra
    "Entra v2, API": ("token", RS256, claims(ENTRA, "api-id", tid=TID, ver="2.0", scp="read", azp="c"), ["entra_v2", "scp"]),
    "Entra v2, app": ("access_token", RS256, claims(ENTRA, "api-id", tid=TID, ver="2.0", roles=["r"]), ["entra_v2"]),
    "Entra v2, ID": ("id_token", RS256, claims(ENTRA, "c", tid=TID, ver="2.0", nonce="n"), ["entra_v2", "id_token"]),
    "Entra external ID": ("token", RS256, claims(f"https://{TID}.ciamlogin.com/{TID}/v2.0", "c"), ["entra_v2"]),
    "Entra v1": ("token", {**RS256, "x5t": "k"}, claims(STS, "api://app", ver="1.0", appid="c", scp="read"), ["entra_v1", "scp", "iss_ends_in_slash"]),
    "Graph": ("access_token", {**RS256, "nonce": "n"}, claims(STS, "00000003-0000-0000-c000-000000000000", scp="User.Read"), ["graph_token", "scp", "iss_ends_in_slash"]),
    "Graph, by URL": ("token", {**RS256, "nonce": "n"}, claims(STS, "https://graph.microsoft.com"), ["graph_token", "iss_ends_in_slash"]),
    "Graph, without nonce": ("token", RS256, claims(ENTRA, "https://graph.microsoft.com/"), ["graph_audience"]),
    "B2C": ("token", RS256, claims(B2C, "c", tfp="B2C_1_signin", scp="read", azp="c"), ["b2c_issuer", "b2c_policy", "scp", "iss_ends_in_slash"]),
    "B2C, policy in the issuer": ("token", RS256, claims(f"https://contoso.b2clogin.com/tfp/{TID}/b2c_1_signin/v2.0/", "c", tfp="B2C_1_signin"), ["b2c_policy", "iss_ends_in_slash"]),
    "B2C, policy in acr, on its own host": ("token", RS256, claims(f"https://login.example.com/{TID}/v2.0/", "c", acr="b2c_1a_signin"), ["b2c_issuer", "b2c_policy", "iss_ends_in_slash"]),
    "B2C, placeholder": ("id_token", RS256, claims(B2C, "c", tfp="B2C_1_x", sub="Not supported currently. Use oid claim.", nonce="n"), ["b2c_issuer", "b2c_policy", "b2c_placeholder_sub", "id_token", "iss_ends_in_slash"]),
    # Google
    "Google": ("id_token", RS256, claims("https://accounts.google.com", "c", azp="c", at_hash="x"), ["google_issuer", "id_token"]),
    "Google, the other issuer": ("id_token", RS256, claims("accounts.google.com", "c", azp="c", at_hash="x"), ["google_issuer", "id_token"]),
    "Firebase": ("token", RS256, claims("https://securetoken.google.com/shop-1", "shop-1", user_id="u"), ["firebase_keys"]),
    "Firebase, another project": ("token", RS256, claims("https://securetoken.google.com/shop-1", "shop-2", user_id="u"), ["firebase_keys", "firebase_audience"]),
    # AWS
    "Cognito, access": ("access_token", RS256, claims(COGNITO, token_use="access", client_id="c", scope="openid"), ["cognito_access_token"]),
    "Cognito, ID": ("id_token", RS256, claims(COGNITO, "c", token_use="id", email_verified="true"), ["id_token", "email_verified_text"]),
    "Cognito, ID as access": ("access_token", RS256, claims(COGNITO, "c", token_use="id"), ["id_token_as_access_token"]),
    "Cognito, refresh": ("refresh_token", {"alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT"}, None, ["encrypted_refresh_token"]),
    "ALB, without its padding": ("token", ALB, {"sub": "s", "email": "e"}, ["alb"]),
    # Auth0
    "Auth0": ("access_token", RS256, claims(AUTH0, [API, AUTH0 + "userinfo"], azp="c", scope="openid"), ["auth0_userinfo", "iss_ends_in_slash"]),
    "Auth0, RFC 9068": ("access_token", AT_JWT, claims(AUTH0, API, client_id="c", jti="j", scope="read"), ["at_jwt", "iss_ends_in_slash"]),
    "Auth0, no audience": ("access_token", {"alg": "dir", "enc": "A256GCM", "iss": AUTH0}, None, ["auth0_without_audience"]),
    "Auth0, no audience, on its own host": ("token", {"alg": "dir", "enc": "A256GCM", "iss": "https://login.example.com/"}, None, ["auth0_without_audience"]),
    # Okta
    "Okta, custom server": ("access_token", RS256, claims(OKTA + "/oauth2/default", "api://default", scp=["read"], cid="c"), ["scp"]),
    "Okta, org server": ("access_token", RS256, claims(OKTA, OKTA, scp=["read"], cid="c"), ["okta_org_server", "scp"]),
    "Okta, org server, ID": ("id_token", RS256, claims(OKTA, "c", amr=["pwd"], idp="i"), []),
    "Okta, org server, ID with nonce": ("token", RS256, claims("https://dev-123.oktapreview.com", "c", nonce="n"), ["id_token"]),
    # Keycloak
    "Keycloak": ("access_token", RS256, claims(REALM, API, typ="Bearer", azp="c", scope="profile"), ["keycloak_bearer"]),
    "Keycloak, account": ("access_token", RS256, claims(REALM, "account", typ="Bearer", azp="c", realm_access={}), ["keycloak_account_audience", "keycloak_bearer"]),
    "Keycloak, account in a list": ("token", RS256, claims(REALM, ["account"], typ="Bearer"), ["keycloak_account_audience", "keycloak_bearer"]),
    "Keycloak, no aud": ("token", RS256, claims(REALM, typ="Bearer", azp="c"), ["keycloak_no_audience", "keycloak_bearer"]),
    "Keycloak, bound": ("token", RS256, claims(REALM, API, typ="DPoP", cnf={"jkt": "x"}), ["dpop_bound"]),
    "Keycloak, at+jwt": ("token", AT_JWT, claims(REALM, API, typ="Bearer", jti="j", client_id="c"), ["keycloak_bearer", "at_jwt"]),
    "Keycloak, ID": ("id_token", RS256, claims("https://sso.example.com/auth/realms/shop", "c", typ="ID", nonce="n"), ["id_token"]),
    "Keycloak, refresh": ("refresh_token", {"alg": "HS512", "kid": "k"}, claims(REALM, REALM, typ="Refresh", nonce="n"), ["keycloak_refresh_token"]),
    "Keycloak, offline": ("token", {"alg": "HS512", "kid": "k"}, claims(REALM, REALM, typ="Offline"), ["keycloak_refresh_token"]),
    "Keycloak, refresh as access": ("access_token", {"alg": "HS512", "kid": "k"}, claims(REALM, REALM, typ="Refresh"), ["refresh_token_as_access_token"]),
    "Keycloak, access as ID": ("id_token", RS256, claims(REALM, API, typ="Bearer"), ["access_token_as_id_token"]),
    "Keycloak in Docker": ("token", RS256, claims("http://keycloak:8080/realms/shop", API, typ="Bearer"), ["keycloak_bearer", "iss_internal"]),
    "Keycloak on this machine": ("token", RS256, claims("http://localhost:8080/realms/shop", API), ["iss_internal"]),
    # GitHub
    "GitHub Actions": ("token", RS256, claims(ACTIONS, API, repository="o/r", sub="repo:o/r:ref:refs/heads/main"), ["github_actions"]),
    "GitHub Actions, default audience": ("token", RS256, claims(ACTIONS, "https://github.com/o", repository="o/r"), ["github_actions", "github_actions_audience"]),
    "GitHub App": ("token", {"alg": "RS256", "typ": "JWT"}, {"iss": "Iv23liExample", "iat": NOW - 60, "exp": NOW + 600}, ["github_app"]),
    "GitHub App, older name": ("token", RS256, {"iss": "Iv1.8a61f9b3a7aba766", **TIMES}, ["github_app"]),
    "GitHub App, by number": ("token", RS256, {"iss": 12345, **TIMES}, ["github_app"]),
    "GitHub App, an hour": ("token", RS256, {"iss": "12345", "iat": NOW, "exp": NOW + 3600}, ["github_app", "github_app_lifetime"]),
    # Kubernetes
    "Kubernetes": ("token", RS256, claims("https://kubernetes.default.svc", [API], kubernetes__io=POD), ["kubernetes_keys"]),
    "Kubernetes, its own API": ("token", RS256, claims(CLUSTER, [CLUSTER], kubernetes__io=POD), ["kubernetes_keys", "kubernetes_audience"]),
    "Kubernetes elsewhere": ("token", RS256, claims("https://oidc.eks.eu-west-1.amazonaws.com/id/X", ["sts.amazonaws.com"], kubernetes__io=POD), ["kubernetes_keys"]),
    "Kubernetes, from a Secret": ("token", RS256, {"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:default:app"}, ["kubernetes_legacy"]),
    # Apple, LinkedIn, Salesforce
    "Apple, ID": ("id_token", {"alg": "RS256", "kid": "k"}, claims("https://appleid.apple.com", "com.example.app", nonce="n", email_verified="true"), ["apple_issuer", "id_token", "email_verified_text"]),
    "Apple, client secret": ("token", {"alg": "ES256", "kid": "k"}, SECRET_OF_APPLE, ["apple_client_secret"]),
    "Apple, client secret for a year": ("token", ES256, {**SECRET_OF_APPLE, "exp": NOW + 365 * 86400}, ["apple_client_secret", "apple_client_secret_lifetime"]),
    "Apple, client secret with RS256": ("token", RS256, SECRET_OF_APPLE, ["apple_client_secret", "apple_client_secret_alg"]),
    "LinkedIn": ("id_token", RS256, claims("https://www.linkedin.com/oauth", "c", email_verified=True), ["linkedin_nonce"]),
    "Salesforce, grant": ("token", RS256, {"iss": "3MVG9example", "aud": "https://login.salesforce.com", "sub": "a@example.com", "exp": NOW}, ["jwt_grant"]),
    "Google, grant": ("token", RS256, claims("app@shop-1.iam.gserviceaccount.com", "https://oauth2.googleapis.com/token", scope="x"), ["jwt_grant"]),
    # by purpose, whoever issues them
    "nothing to say": ("token", RS256, claims("https://auth.example.com", API), []),
    "logout": ("token", {**RS256, "typ": "logout+jwt"}, claims("https://op.example.com", "c", events={}), ["logout_token"]),
    "logout, by its events": ("token", RS256, claims("https://op.example.com", "c", sid="s", events={"http://schemas.openid.net/event/backchannel-logout": {}}), ["logout_token"]),
    "DPoP proof": ("token", DPOP, PROOF, ["dpop_proof"]),
    "DPoP proof for nothing": ("token", DPOP, {**PROOF, "htu": None}, ["dpop_proof", "dpop_proof_incomplete"]),
    "DPoP proof without key": ("token", {"alg": "ES256", "typ": "application/DPoP+JWT"}, PROOF, ["dpop_proof", "dpop_proof_incomplete"]),
    "client assertion": ("token", {**ES256, "typ": "client-authentication+jwt"}, claims("c", "https://auth.example.com", sub="c", jti="j"), ["client_assertion"]),
    "client assertion, as it was": ("token", RS256, claims("c", "https://auth.example.com/token", sub="c", jti="j"), ["client_assertion", "client_assertion_audience"]),
    "client assertion for two": ("token", RS256, claims("c", ["https://a.example.com", "https://b.example.com"], sub="c"), ["client_assertion", "client_assertion_audience"]),
    "at+jwt": ("access_token", AT_JWT, claims("https://auth.example.com", API, client_id="c", jti="j"), ["at_jwt"]),
    "at+jwt, no client_id": ("token", AT_JWT, claims("https://auth.example.com", API, jti="j"), ["at_jwt", "at_jwt_incomplete"]),
    "at+jwt as ID": ("id_token", AT_JWT, claims("https://auth.example.com", API, client_id="c", jti="j"), ["access_token_as_id_token"]),
    "ID": ("token", RS256, claims("https://op.example.com", "c", c_hash="x"), ["id_token"]),
    "ID as access": ("access_token", RS256, claims("https://op.example.com", "c", nonce="n"), ["id_token_as_access_token"]),
    "ID for two": ("id_token", RS256, claims("https://op.example.com", ["c", "d"], nonce="n", azp="c"), ["id_token", "id_token_audiences"]),
    "ID for two, no azp": ("id_token", RS256, claims("https://op.example.com", ["c", "d"], nonce="n"), ["id_token", "id_token_without_azp"]),
    "an event": ("token", {**RS256, "typ": "secevent+jwt"}, claims("https://op.example.com", "c"), ["other_typ"]),
    "bound by DPoP and mTLS": ("token", RS256, claims("https://auth.example.com", API, cnf={"jkt": "x", "x5t#S256": "y"}), ["dpop_bound", "mtls_bound"]),
    "scope as a list": ("token", RS256, claims("https://auth.example.com", API, scope=["a", "b"]), ["scope_array"]),
    "issuer over http": ("token", RS256, claims("http://auth.example.com", API), ["iss_http"]),
    "issuer without scheme": ("token", RS256, claims("auth.example.com/x", API), ["iss_without_scheme"]),
    "encrypted": ("token", {"alg": "RSA-OAEP-256", "enc": "A256GCM"}, None, []),
    "encrypted access": ("access_token", {"alg": "RSA-OAEP-256", "enc": "A256GCM", "iss": "https://a.example.com"}, None, ["encrypted_access_token"]),
    "encrypted ID": ("id_token", {"alg": "RSA-OAEP-256", "enc": "A256GCM"}, None, ["nested"]),
    "nested": ("access_token", {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "application/jwt"}, None, ["nested"]),
}  # fmt: skip

# What resembles a shape of the table above: none of these codes may come.
NEAR_MISSES: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any] | None, list[str]]] = {
    "Entra's host as the beginning of another": ("token", RS256, claims("https://login.microsoftonline.com.evil.example/x/v2.0", API), []),
    "Entra's host as a user": ("token", RS256, claims("https://login.microsoftonline.com@evil.example/x/v2.0", API), []),
    "Entra's host behind a backslash": ("token", RS256, claims("https://evil.example\\.ciamlogin.com/x/v2.0", API), []),
    "Entra's host with a tab": ("token", RS256, claims("https://login.microsoftonline\t.com/x/v2.0", API), []),
    "Entra's host in capitals": ("token", RS256, claims("https://LOGIN.microsoftonline.com/x/v2.0", API), []),
    "Entra's host with a port": ("token", RS256, claims("https://login.microsoftonline.com:444/x/v2.0", API), []),
    "Entra's host with a space before it": ("token", RS256, claims(" " + ENTRA, API), []),
    "Entra's host in the path": ("token", RS256, claims("https://evil.example/login.microsoftonline.com/v2.0", API), []),
    "Entra's host, another path": ("token", RS256, claims("https://login.microsoftonline.com/x/y/v2.0", API), []),
    "Entra's host, and the v2 goes on": ("token", RS256, claims("https://login.microsoftonline.com/x/v2.0x", API), []),
    "Entra v1's host as the end of another": ("token", RS256, claims("https://evilsts.windows.net/x", API), []),
    "nonce in the header of another issuer's": ("token", {**RS256, "nonce": "n"}, claims("https://auth.example.com", API), []),
    "Graph's audience from another issuer": ("token", RS256, claims("https://auth.example.com", "https://graph.microsoft.com"), []),
    "B2C's host without a dot": ("token", RS256, claims("https://evilb2clogin.com/x", API), []),
    "B2C's host as the beginning": ("token", RS256, claims("https://x.b2clogin.com.evil.example/x", API), []),
    "acr that is no policy": ("token", RS256, claims("https://auth.example.com", API, acr="1", tfp=["B2C_1_x"]), []),
    "Google's host, another path": ("token", RS256, claims("https://accounts.google.com.evil.example", API), []),
    "Google over http": ("token", RS256, claims("http://accounts.google.com", API), ["iss_http"]),
    "Google with a slash": ("token", RS256, claims("https://accounts.google.com/", API), ["iss_ends_in_slash"]),
    "Firebase's host as the beginning": ("token", RS256, claims("https://securetoken.google.com.evil.example/p", "p"), []),
    "Cognito's host as the beginning": ("token", RS256, claims("https://cognito-idp.x.amazonaws.com.evil.example/p", token_use="access"), []),
    "Cognito's host as the end": ("token", RS256, claims("https://evil-cognito-idp.x.amazonaws.com/p", token_use="access"), []),
    "Cognito with an audience": ("token", RS256, claims(COGNITO, API, token_use="access"), []),
    "token_use of another issuer's": ("token", RS256, claims("https://auth.example.com", API, token_use="refresh"), []),
    "signer that is no load balancer": ("token", {**ES256, "signer": "arn:evil:x"}, claims("https://auth.example.com", API), []),
    "Auth0's host without a dot": ("token", RS256, claims("https://evilauth0.com/", [API, "https://evilauth0.com/userinfo"]), ["iss_ends_in_slash"]),
    "Auth0, userinfo alone": ("token", RS256, claims(AUTH0, AUTH0 + "userinfo"), ["iss_ends_in_slash"]),
    "encrypted with dir, no issuer": ("token", {"alg": "dir", "enc": "A256GCM"}, None, []),
    "encrypted with dir, issuer without slash": ("token", {"alg": "dir", "enc": "A256GCM", "iss": API}, None, []),
    "encrypted with dir and another enc": ("token", {"alg": "dir", "enc": "A128GCM", "iss": API + "/"}, None, []),
    "Okta's host without a dot": ("token", RS256, claims("https://evilokta.com", API), []),
    "Okta's host as the beginning": ("token", RS256, claims("https://dev.okta.com.evil.example", API), []),
    "realms that are no realm": ("token", RS256, claims("https://sso.example.com/realms", "account"), []),
    "realms with more behind": ("token", RS256, claims("https://sso.example.com/realms/shop/x", "account"), []),
    "realm in a query": ("token", RS256, claims("https://sso.example.com/?/realms/shop", "account"), []),
    "payload typ without a realm": ("token", RS256, claims("https://auth.example.com", API, typ="ID"), []),
    "payload typ Refresh without a realm": ("access_token", RS256, claims("https://auth.example.com", API, typ="Refresh"), []),
    "account beside the API": ("token", RS256, claims(REALM, ["account", API]), []),
    "nonce in an access token": ("access_token", RS256, claims("https://auth.example.com", API, nonce="n", scope="read"), []),
    "GitHub Actions as the beginning": ("token", RS256, claims(ACTIONS + ".evil.example", "https://github.com/o"), []),
    "a number that issues for somebody": ("token", RS256, claims("12345", API), []),
    "a number that issues with ES256": ("token", ES256, {"iss": "12345", **TIMES}, []),
    "a number beyond all Apps": ("token", RS256, {"iss": 10**30, **TIMES}, []),
    "true as issuer": ("token", RS256, {"iss": True, **TIMES}, []),
    "App with 11 minutes, from a minute back": ("token", RS256, {"iss": "12345", "iat": NOW - 60, "exp": NOW + 600}, ["github_app"]),
    "Kubernetes' host as the beginning": ("token", RS256, claims("https://kubernetes.default.svc.evil.example", CLUSTER), []),
    "kubernetes.io as text": ("token", RS256, claims("https://auth.example.com", API, kubernetes__io="x"), []),
    "Apple's issuer with a slash": ("token", RS256, claims("https://appleid.apple.com/", API), ["iss_ends_in_slash"]),
    "Apple's secret for six months": ("token", ES256, {**SECRET_OF_APPLE, "exp": NOW + 15_777_000}, ["apple_client_secret"]),
    "Apple as audience, no issuer": ("token", ES256, claims(None, "https://appleid.apple.com"), []),
    "LinkedIn with a nonce": ("id_token", RS256, claims("https://www.linkedin.com/oauth", "c", nonce="n"), ["id_token"]),
    "LinkedIn's host as the end": ("token", RS256, claims("https://evil-www.linkedin.com", "c"), []),
    "events of another kind": ("token", RS256, claims("https://op.example.com", "c", events={"https://x": {}}), []),
    "events as a list": ("token", RS256, claims("https://op.example.com", "c", events=["http://schemas.openid.net/event/backchannel-logout"]), []),
    "iss and sub empty": ("token", RS256, {"iss": "", "sub": "", "aud": "a", **TIMES}, []),
    "iss and sub the same, for nobody": ("token", RS256, {"iss": "c", "sub": "c", **TIMES}, []),
    "typ JWT in full": ("token", {**RS256, "typ": "application/jwt"}, claims("https://auth.example.com", API), []),
    "cnf with a jwk": ("token", RS256, claims("https://auth.example.com", API, cnf={"jwk": {}}), []),
    "cnf as text": ("token", RS256, claims("https://auth.example.com", API, cnf="jkt"), []),
    "scope and scp": ("token", RS256, claims("https://auth.example.com", API, scope="a", scp=["a"]), []),
    "email_verified as it should be": ("token", RS256, claims("https://auth.example.com", API, email_verified=False), []),
    "internal hosts are not public ones": ("token", RS256, claims("https://localhost.example.com", API), []),
    "host with an address": ("token", RS256, claims("https://[::1]:8443", API), ["iss_internal"]),
    "host that is no address": ("token", RS256, claims("https://[::zz", API), []),
    "issuer that is a word": ("token", RS256, claims("auth-service", API), []),
    "issuer that is an e-mail address": ("token", RS256, claims("app@auth.example.com", API), []),
    "issuer that is not ASCII": ("token", RS256, claims("https://\u0430uth.example.com", API), []),
}  # fmt: skip


def clean(hints: list[Hint]) -> list[Hint]:
    """Look at what holds for all hints."""
    for hint in hints:
        assert hint.severity in get_args(Severity)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", hint.code)
        assert hint.message.isprintable()
        assert 0 < len(hint.message) < 400
    assert len(set(codes(hints))) == len(hints)
    return hints


@pytest.mark.parametrize(
    "shape", [*SHAPES_OF_TOKENS.values(), *NEAR_MISSES.values()], ids=[*SHAPES_OF_TOKENS, *NEAR_MISSES]
)
def test_tokens(shape: tuple[str, Mapping[str, Any], Mapping[str, Any] | None, list[str]]) -> None:
    name, header, members, expected = shape
    assert codes(clean(token_hints(of(header, members), name=name))) == expected
    assert len(expected) <= 6


JWT = f"{encoded(RS256)}.{encoded(claims('i', 'a'))}.AAAA"


def padded(members: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode()


# Long enough that each segment ends in padding.
ALB_TEXT = f"{padded({**ALB, 'kid': 'k1'})}.{padded({'sub': 'ss'})}.AAA="
TEXTS: dict[str, tuple[str, str, list[str]]] = {
    "GitHub, OAuth App": ("gho_16C7e42F292c6912E7710c838347Ae178B4a", "access_token", ["github_oauth_token"]),
    "GitHub App, for a user": ("ghu_x", "token", ["github_oauth_token"]),
    "GitHub, installation": ("ghs_x", "token", ["github_installation_token"]),
    "GitHub, installation with a JWT": (f"ghs_12345_{JWT}", "token", ["github_installation_token"]),
    "GitHub, refresh": ("ghr_x", "refresh_token", ["github_refresh_token"]),
    "GitHub, a person's": ("ghp_x", "token", ["github_personal_token"]),
    "GitHub, a person's, newer": ("github_pat_x", "token", ["github_personal_token"]),
    "GitLab": ("glpat-x", "token", ["gitlab_token"]),
    "Slack": ("xoxb-1-2-x", "access_token", ["slack_token"]),
    "Slack, rotated": ("xoxe.xoxp-1-x", "access_token", ["slack_token"]),
    "Google": ("ya29.a0x", "access_token", ["google_access_token"]),
    "Google, refresh": ("1//0x", "refresh_token", ["google_refresh_token"]),
    "Salesforce": ("00Dx0000000BV7z!AR8AQx", "access_token", ["salesforce_token"]),
    "Salesforce, longer": ("00Dx0000000BV7zAAA!AR8AQx", "access_token", ["salesforce_token"]),
    "PASETO": ("v4.public.eyJ", "token", ["paseto"]),
    "PASETO, local": ("v2.local.x", "token", ["paseto"]),
    "SD-JWT": (f"{JWT}~WyJhIl0~", "token", ["sd_jwt"]),
    "SD-JWT with a key binding": (f"{JWT}~WyJhIl0~{JWT}", "token", ["sd_jwt"]),
    "SAML": ('<saml2:Assertion xmlns:saml2="x">', "token", ["saml"]),
    "SAML, base64": (base64.b64encode(b"<saml:Assertion>").decode(), "token", ["saml"]),
    "SAML response, base64url": (b64url_encode(b'<?xml version="1.0"?><Response/>'), "token", ["saml"]),
    "SAML assertion, base64": (base64.b64encode(b"<Assertion ID='x'>").decode(), "token", ["saml"]),
    "SAML, encrypted": (base64.b64encode(b"<EncryptedAssertion>").decode(), "token", ["saml"]),
    "SAML, samlp": (base64.b64encode(b"<samlp:Response>").decode(), "token", ["saml"]),
    "a plain Response": (base64.b64encode(b"<Response ID='x'>").decode(), "token", ["saml"]),
    "PEM": ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "token", ["pem"]),
    "Basic": ("Authorization: Basic YTpi", "token", ["basic_credentials"]),
    "ALB": (ALB_TEXT, "token", ["alb_padded"]),
    "padded": (f"{padded(ES256)}.{padded({'sub': 'ss'})}.AAA=", "token", ["padded_segments"]),
    "padded garbage": ("x===.y.z", "token", ["padded_segments"]),
    "wrapped by a terminal": (f"{JWT[:40]}\n  {JWT[40:]}", "token", ["wrapped"]),
    "shortened": ("eyJhbGciOiJSUzI1NiJ9...", "token", ["shortened"]),
    "shortened in the middle": ("eyJhbGci\u2026AAAA", "access_token", ["shortened"]),
    "ID token that is none": ("2YotnFZFEjr1zCsicMWpAA", "id_token", ["id_token_opaque"]),
    "refresh token": ("tGzv3JOkF0XG5Qx2TlKWIA", "refresh_token", ["opaque_refresh_token"]),
    "refresh token with a dot": ("v1.Mxample", "refresh_token", ["opaque_refresh_token"]),
    "UUID": ("1f0c3b5e-8a52-4a3e-9f0a-3c2b1d4e5f60", "access_token", ["opaque_reference"]),
    "hex": ("5f4dcc3b5aa765d61d8327deb882cf99", "token", ["opaque_reference"]),
    "hex, quoted": ('"5F4DCC3B5AA765D61D8327DEB882CF99"', "token", ["opaque_reference"]),
    "UUID that refreshes": ("1f0c3b5e-8a52-4a3e-9f0a-3c2b1d4e5f60", "refresh_token", ["opaque_refresh_token"]),
    "anything": ("2YotnFZFEjr1zCsicMWpAA", "token", ["opaque_token"]),
    "anything, as an access token": ("2YotnFZFEjr1zCsicMWpAA\n", "access_token", ["opaque_token"]),
    # what resembles these, and what report has explained already
    "no text": ("", "token", []),
    "quotes without text": ("''", "token", []),
    "a JWT cut short": (JWT.rpartition(".")[0], "access_token", []),
    "three words": ("a.b.c", "token", []),
    "five words": ("a.b.c.d.e", "id_token", []),
    "JSON": ('{"sub":', "token", []),
    "a sentence": ("this is no token", "token", []),
    "not ASCII": ("\u00e4", "token", []),
    "a control character": ("\x00", "token", []),
    "beyond any limit": ("gho_" + "x" * 300_000, "token", []),
    "hex that is too short": ("5f4dcc3b", "token", ["opaque_token"]),
    "a UUID that goes on": ("1f0c3b5e-8a52-4a3e-9f0a-3c2b1d4e5f60-x", "token", ["opaque_token"]),
    "gho without underscore": ("ghost", "token", ["opaque_token"]),
    "xox of another kind": ("xoxo", "token", ["opaque_token"]),
    "PASETO of the future": ("v5.public.x", "token", []),
    "a tilde after no JWT": ("abc~def", "token", ["opaque_token"]),
    "one word with padding": ("YTpi=", "token", ["opaque_token"]),
    "Basically": ("basically", "token", ["opaque_token"]),
    "signer that is a number": (f"{padded({**ES256, 'signer': 5})}.{padded({'sub': 'ss'})}.AAA=", "token", ["padded_segments"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "expected"), TEXTS.values(), ids=TEXTS)
def test_texts(text: str, name: str, expected: list[str]) -> None:
    assert report(text, now=NOW).kind in ("opaque", "broken")
    hints = clean(opaque_hints(text, name=name))
    assert codes(hints) == expected
    secret = text.strip().strip("\"'")
    assert len(secret) < 8 or all(secret not in hint.message for hint in hints)


BEARER = {"access_token": "secret-at", "token_type": "Bearer", "expires_in": 3600}
RESPONSES: dict[str, tuple[dict[str, object], list[str]]] = {
    "as it should be": (BEARER, []),
    "with everything": ({**BEARER, "token_type": "bearer", "scope": "openid offline_access", "refresh_token": "r", "id_token": "i"}, []),
    # providers
    "Entra v1": ({**BEARER, "expires_in": "3599", "ext_expires_in": "3599", "resource": "r"}, ["expires_in_text"]),
    "Entra, offline_access dropped": ({**BEARER, "scope": "openid offline_access", "id_token": "i"}, ["no_refresh_token"]),
    "B2C, ID token alone": ({"id_token": "i", "token_type": "Bearer", "not_before": 1}, ["only_id_token"]),
    "Google, more scopes than asked": ({**BEARER, "scope": "https://www.googleapis.com/auth/userinfo.email openid", "id_token": "i"}, []),
    "Google, device": ({"device_code": "secret-dc", "user_code": "A", "verification_url": "https://www.google.com/device", "expires_in": 1800}, ["device_authorization"]),
    "GitHub": ({"access_token": "gho_x", "token_type": "bearer", "scope": "repo,gist"}, ["no_expires_in", "scope_commas"]),
    "GitHub, no scope": ({"access_token": "gho_x", "token_type": "bearer", "scope": "", "expires_in": 28800}, []),
    "Slack, app": ({"ok": True, "access_token": "xoxb-x", "token_type": "bot", "scope": "chat:write,im:read", "authed_user": {"id": "U"}}, ["token_type_slack", "no_expires_in", "scope_commas"]),
    "Slack, app and user": ({**BEARER, "ok": True, "authed_user": {"id": "U", "access_token": "xoxp-x"}}, ["slack_two_tokens"]),
    "Slack, user": ({"ok": True, "authed_user": {"id": "U", "access_token": "xoxp-x", "token_type": "user"}}, ["slack_user_token"]),
    "Slack, no": ({"ok": False, "error": "invalid_code"}, ["slack_error"]),
    "Slack, no without a reason": ({"ok": False}, ["slack_error"]),
    "LinkedIn": ({"access_token": "x", "expires_in": 5184000, "scope": "openid,profile", "id_token": "i"}, ["no_token_type", "scope_commas"]),
    "Salesforce": ({"access_token": "00D!x", "token_type": "Bearer", "instance_url": "https://x.my.salesforce.com", "issued_at": "1796000000000", "signature": "s", "scope": "api"}, ["no_expires_in", "issued_at_milliseconds"]),
    "issued_at as a number": ({**BEARER, "issued_at": 1_796_000_000_000}, ["issued_at_milliseconds"]),
    "issued_at in seconds": ({**BEARER, "issued_at": 1_796_000_000}, []),
    "Facebook": ({"access_token": "x", "token_type": "bearer", "expires": "5184000"}, ["expires_member"]),
    "eBay": ({**BEARER, "token_type": "User Access Token"}, ["token_type_other"]),
    "Fitbit": ({"errors": [{"errorType": "invalid_grant"}], "success": False}, ["errors_list"]),
    "Mailchimp": ({**BEARER, "expires_in": 0, "scope": None}, ["expires_in_zero", "scope_null"]),
    "PlentyMarkets": ({"tokenType": "Bearer", "expiresIn": 86400, "accessToken": "secret-at"}, ["camel_case"]),
    "Untappd": ({"meta": {}, "response": {"access_token": "secret-at"}}, ["nested_response"]),
    "TikTok": ({"data": {"access_token": "secret-at"}, "message": "success"}, ["nested_response"]),
    # members
    "DPoP": ({**BEARER, "token_type": "DPoP"}, ["token_type_dpop"]),
    "exchanged for no access token": ({**BEARER, "token_type": "N_A", "issued_token_type": "x"}, ["token_type_na"]),
    "token_type null": ({**BEARER, "token_type": None}, ["no_token_type"]),
    "nothing": ({}, ["no_access_token"]),
    "access_token null": ({**BEARER, "access_token": None}, ["no_access_token"]),
    "access_token a number": ({**BEARER, "access_token": 5}, ["access_token_type"]),
    "access_token empty": ({**BEARER, "access_token": "", "id_token": "i"}, ["access_token_type"]),
    "id_token an object": ({**BEARER, "id_token": {"x": 1}}, ["token_not_text"]),
    "refresh_token a number": ({**BEARER, "refresh_token": 0}, ["token_not_text"]),
    "refresh_token and id_token null": ({**BEARER, "refresh_token": None, "id_token": None}, []),
    "expires_in as words": ({**BEARER, "expires_in": "1h"}, ["expires_in_type"]),
    "expires_in a list": ({**BEARER, "expires_in": []}, ["expires_in_type"]),
    "expires_in true": ({**BEARER, "expires_in": True}, ["expires_in_type"]),
    "expires_in null": ({**BEARER, "expires_in": None}, ["no_expires_in"]),
    "expires_in beyond any float": ({**BEARER, "expires_in": 10**39}, ["expires_in_too_long"]),
    "expires_in negative": ({**BEARER, "expires_in": -1}, ["expires_in_negative"]),
    "expires_in a fraction": ({**BEARER, "expires_in": 0.5}, []),
    "expires_in a moment": ({**BEARER, "expires_in": NOW}, ["expires_in_absolute"]),
    "expires_in a year": ({**BEARER, "expires_in": 366 * 86400}, []),
    "expires_in a century": ({**BEARER, "expires_in": 100 * 366 * 86400}, ["expires_in_absolute"]),
    "expires_in more": ({**BEARER, "expires_in": 100 * 366 * 86400 + 1}, ["expires_in_too_long"]),
    "expires beside expires_in": ({**BEARER, "expires": 5}, []),
    "scope a list": ({**BEARER, "scope": ["openid"]}, ["scope_type"]),
    "scope with commas and spaces": ({**BEARER, "scope": "a,b c"}, []),
    "openid without an ID token": ({**BEARER, "scope": "openid"}, ["no_id_token"]),
    "an ID token without openid": ({**BEARER, "scope": "read", "id_token": "i"}, ["id_token_without_openid"]),
    "an ID token, and no scope": ({**BEARER, "id_token": "i"}, []),
    "errors beside a token": ({**BEARER, "errors": []}, []),
    "authed_user as text": ({**BEARER, "authed_user": "U"}, []),
    "not ok, but a token": ({**BEARER, "ok": False}, []),
    "a token at the top and below": ({**BEARER, "data": {"access_token": "x"}, "accessToken": "x", "device_code": "x"}, []),
    "ok as text": ({**BEARER, "ok": "false"}, []),
    # errors
    "an error without words": ({"error": 5}, ["error_type"]),
    "an error that is null": ({**BEARER, "error": None}, []),
    "an error that nobody knows": ({"error": "no_luck", "error_description": "x"}, ["error_other"]),
    "an error in capitals": ({"error": "INVALID_GRANT"}, ["error_other"]),
    **{code: ({"error": code}, [f"error_{code}"]) for code in ERRORS},
}  # fmt: skip
# The parser refuses these too, but nothing is wrong.
NO_FAILURE = {"error_authorization_pending", "error_slow_down", "device_authorization"}


def is_error(hints: list[Hint]) -> bool:
    return any(hint.severity == "error" for hint in hints)


def is_refused(members: Mapping[str, object]) -> bool:
    body = json.dumps(members).encode()
    answer = HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)
    try:
        parse_token_response(answer, now=NOW)
    except RejectedError:
        return True
    return False


@pytest.mark.parametrize(("members", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_responses(members: dict[str, object], expected: list[str]) -> None:
    hints = clean(response_hints(members))
    assert codes(hints) == expected
    assert not any("secret" in hint.message.replace("client_secret", "").replace(" secret", "") for hint in hints)
    assert is_error(hints) == (is_refused(members) and NO_FAILURE.isdisjoint(expected))


PAIRS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any] | None, list[str]]] = {
    "they belong together": (RS256, {"at_hash": AT_HASH}, []),
    "another's": (RS256, {"at_hash": AT_HASH[:-2] + "AA"}, ["at_hash_mismatch"]),
    "of another hash": ({**RS256, "alg": "RS512"}, {"at_hash": AT_HASH}, ["at_hash_mismatch"]),
    "not ASCII": (RS256, {"at_hash": "\u00e4"}, ["at_hash_mismatch"]),
    "where no hash is defined": ({**RS256, "alg": "Ed448"}, {"at_hash": AT_HASH}, ["at_hash_mismatch"]),
    "a number": (RS256, {"at_hash": 5}, ["at_hash_type"]),
    "none": (RS256, {}, []),
    "null": (RS256, {"at_hash": None}, []),
    "an algorithm that nobody knows": ({**RS256, "alg": "XS256"}, {"at_hash": AT_HASH}, []),
    "encrypted": ({"alg": "dir", "enc": "A256GCM"}, None, []),
}


@pytest.mark.parametrize(("header", "members", "expected"), PAIRS.values(), ids=PAIRS)
def test_pairs(header: Mapping[str, Any], members: Mapping[str, Any] | None, expected: list[str]) -> None:
    hints = clean(pair_hints(AT, of(header, members)))
    assert codes(hints) == expected
    assert all(hint.severity == "error" and AT not in hint.message for hint in hints)


def test_a_lone_surrogate_belongs_to_no_id_token() -> None:
    assert codes(pair_hints("\ud800", of(RS256, {"at_hash": AT_HASH}))) == ["at_hash_mismatch"]


OF_TOKENS: tuple[Row[Any], ...] = (*KINDS, *LACKS, *BINDINGS, *ISSUERS, *ENCRYPTED, *(row for rows in PROVIDERS.values() for row in rows))  # fmt: skip
OF_TEXTS: tuple[Row[Any], ...] = (*FORMATS, *MEANINGS)
OF_RESPONSES: tuple[Row[Any], ...] = (*SHAPES, *TOKEN_TYPES, *MEMBERS)
WITHOUT_ROW = {"slack_error", "error_type", "error_other", *(f"error_{code}" for code in ERRORS)}


def test_every_row_has_a_shape() -> None:
    seen = {code for *_, expected in SHAPES_OF_TOKENS.values() for code in expected}
    assert seen == {row.code for row in OF_TOKENS}
    assert {code for *_, expected in TEXTS.values() for code in expected} == {row.code for row in OF_TEXTS}
    assert {code for _, expected in RESPONSES.values() for code in expected} == {
        row.code for row in OF_RESPONSES
    } | WITHOUT_ROW


def test_codes_are_one_vocabulary() -> None:
    every = [row.code for row in (*OF_TOKENS, *OF_TEXTS, *OF_RESPONSES)] + sorted(WITHOUT_ROW)
    assert len(set(every)) == len(every)
    assert set(every).isdisjoint(get_args(FindingCode))


def test_a_row_that_quotes_has_a_place_for_it() -> None:
    for row in (*OF_TOKENS, *OF_TEXTS, *OF_RESPONSES):
        assert ("{}" in row.message) == (row.quoted is not None), row.code


def test_options_that_are_named_exist() -> None:
    parser = Parser()
    add_verify(parser)
    known = set(re.findall(r"--[a-z-]+", parser.format_help()))
    for row in (*OF_TOKENS, *OF_TEXTS, *OF_RESPONSES):
        named = set(re.findall(r"(?<!-)--[a-z-]+", row.message)) - {"--raw"}  # that one is kubectl's
        assert named <= known, row.code


def test_what_is_quoted_is_escaped_and_cut() -> None:
    hostile = "x\n\x1b[31m\u202e" + "y" * 1000
    for shape in ({**RS256, "typ": hostile}, {**AT_JWT, "typ": hostile}):
        [hint] = clean(token_hints(of(shape, claims("https://auth.example.com", API)), name="token"))
        assert hint.code == "other_typ"
    clean(token_hints(of(RS256, claims(B2C, "c", tfp="B2C_1" + hostile)), name="token"))
    clean(response_hints({"error": hostile}))
    clean(response_hints({"ok": False, "error": hostile}))
    clean(response_hints({**BEARER, "token_type": hostile}))


@pytest.mark.parametrize(
    "number", [10**5000, -(10**5000), float("inf"), float("nan")], ids=["huge", "tiny", "inf", "nan"]
)
def test_numbers_that_python_does_not_print(number: float) -> None:
    names = ("iss", "sub", "exp", "iat", "scope", "tfp", "at_hash", "email_verified")
    found = Report("JWS", header={**RS256, "nonce": number}, claims=dict.fromkeys(names, number), findings=[])
    clean(token_hints(found, name="token"))
    clean(pair_hints(AT, found))
    clean(response_hints(dict.fromkeys(("expires_in", "issued_at", "token_type", "scope"), number)))
    clean(response_hints({"error": number}))
    clean(response_hints({**BEARER, "expires_in": number, "issued_at": number}))


# What the hints about verifying say is what the verifiers do.

KEY = JWK.generate("ES256")


def test_at_jwt_is_refused_unless_its_typ_is_named() -> None:
    token = Token.sign(Claims(iss="i", aud="a"), KEY, lifetime=60, typ="at+jwt").compact
    with pytest.raises(NotAllowedError):
        TokenVerifier(keys=KEY, algorithms=["ES256"], issuer="i", audience="a").verify(token)
    assert TokenVerifier(keys=KEY, algorithms=["ES256"], issuer="i", audience="a", typ="at+jwt").verify(token)


@pytest.mark.parametrize(
    ("azp", "trusted", "code", "accepted"),
    [
        (None, ["d"], "id_token_without_azp", False),
        ("c", [], "id_token_audiences", False),
        ("c", ["d"], "id_token_audiences", True),
    ],
)
def test_id_tokens_for_several(azp: str | None, trusted: list[str], code: str, accepted: bool) -> None:
    given = Claims(iss="i", sub="s", aud=["c", "d"], azp=azp, nonce="n", exp=NOW + 60, iat=NOW)
    token = Token.sign(given, KEY).compact
    assert code in codes(token_hints(report(token, now=NOW), name="id_token"))
    verifier = IdTokenVerifier(issuer="i", client_id="c", keys=KEY, algorithms=["ES256"], trusted_audiences=trusted)
    if accepted:
        assert verifier.verify(token, nonce="n", now=NOW)
    else:
        with pytest.raises(ClaimsError):
            verifier.verify(token, nonce="n", now=NOW)


# Whatever a peer sends gives hints, and the hints give nothing away.

TEXT = st.text(max_size=30) | st.sampled_from(
    [ENTRA, STS, B2C, COGNITO, AUTH0, OKTA, REALM, ACTIONS, CLUSTER, API, "https://[", "http://\ud800", "accounts.google.com",
     "at+jwt", "dpop+jwt", "logout+jwt", "Bearer", "Refresh", "ID", "RS256", "ES256", "dir", "A256GCM", "access", "id", "B2C_1"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | TEXT
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
CLAIM_NAMES = st.sampled_from(
    ["iss", "aud", "sub", "exp", "iat", "typ", "nonce", "at_hash", "scope", "scp", "cnf", "events", "tfp", "acr", "azp",
     "token_use", "kubernetes.io", "email_verified", "client_id", "jti"]
)  # fmt: skip
HEADER_NAMES = st.sampled_from(["alg", "enc", "typ", "cty", "kid", "jwk", "iss", "nonce", "signer"])
MEMBER_NAMES = st.sampled_from(
    ["access_token", "refresh_token", "id_token", "token_type", "expires_in", "expires", "issued_at", "scope", "error",
     "ok", "authed_user", "response", "data", "errors", "device_code", "accessToken"]
)  # fmt: skip


@given(
    st.sampled_from(["JWS", "JWE"]),
    st.none() | st.dictionaries(HEADER_NAMES | TEXT, VALUES, max_size=6),
    st.none() | st.dictionaries(CLAIM_NAMES | TEXT, VALUES, max_size=8),
    st.sampled_from(NAMES),
)
def test_any_token_gives_hints(kind: Any, header: Any, members: Any, name: str) -> None:
    found = Report(kind, header=header, claims=members, findings=[])
    clean(token_hints(found, name=name))
    clean(pair_hints(AT, found))


@given(st.dictionaries(MEMBER_NAMES | TEXT, VALUES, max_size=8))
def test_any_response_gives_hints(members: dict[str, Any]) -> None:
    clean(response_hints(members))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["", "a", "3599", "Bearer", "DPoP", "bot", "invalid_grant", "x y"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(MEMBER_NAMES, inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


@given(st.dictionaries(MEMBER_NAMES, JSON, max_size=6), st.booleans())
def test_an_error_is_what_the_library_refuses(members: dict[str, Any], good: bool) -> None:
    members = {**BEARER, **members} if good else members
    hints = response_hints(members)
    if NO_FAILURE.isdisjoint(codes(hints)):
        assert is_error(hints) == is_refused(members)


@given(
    st.text(max_size=80) | st.from_regex(r"[\w~=.-]{0,60}") | st.text("eyJ.~= \n<v4", max_size=60),
    st.sampled_from(NAMES),
)
def test_any_text_gives_hints(text: str, name: str) -> None:
    assert len(clean(opaque_hints(text, name=name))) <= 1


SECRETS = ("access_token", "refresh_token", "id_token", "client_secret", "code", "device_code", "assertion")


@given(
    st.dictionaries(MEMBER_NAMES.filter(lambda name: name not in SECRETS), SCALARS), st.sets(st.sampled_from(SECRETS))
)
def test_no_response_gives_a_secret_away(members: dict[str, Any], secrets: set[str]) -> None:
    marked = "Zm9vYmFy" * 3
    hints = response_hints({**members, **dict.fromkeys(secrets, marked), "authed_user": {"access_token": marked}})
    assert all(marked not in hint.message for hint in hints)
