"""What kind of token is this, what is it bound to, and what does its issuer look like: whoever issued it.

Rules of this room:

- A token is looked at through `Seen`, so that no claim of an odd type makes a row raise.
- Kinds exclude each other, and the first row that shows names it. What else is worth knowing is in the other tables.
- What `jwtkit.report` finds is not repeated here. A row says "error" only where something refuses the token for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from jwtkit.shell.rows import Row
from jwtkit.shell.seen import Seen

__all__ = ["BINDINGS", "ENCRYPTED", "ISSUERS", "KINDS", "LACKS", "is_id_token", "is_keycloak", "is_refresh_token"]

_APPLE: Final = "https://appleid.apple.com"
_APPLE_LONGEST: Final = 15_777_000  # six months, as Apple counts them in seconds
_GITHUB_LONGEST: Final = 600 + 60  # from iat, which GitHub wants a minute back
_GITHUB_APP: Final = re.compile(r"[0-9]{1,12}|Iv1\.[0-9A-Za-z]+|Iv23[0-9A-Za-z]+")
_LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_DPOP_CLAIMS: Final = ("jti", "htm", "htu", "iat")  # RFC 9449 section 4.2
_AT_JWT_CLAIMS: Final = ("sub", "client_id", "iat", "jti")  # RFC 9068 section 2.2; report misses the others
_ONE_MACHINE: Final = re.compile(
    r"(?:.+\.)?localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0|host\.docker\.internal|[A-Za-z0-9_-]+"
)
_HOST_WITHOUT_SCHEME: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:/[^\s@]*)?")
_GRANT_HOSTS: Final = ("https://login.salesforce.com", "https://test.salesforce.com")


def is_keycloak(seen: Seen) -> bool:
    """Tell whether the issuer is a realm of Keycloak, which can be on any host."""
    before, _, realm = seen.path.rpartition("/")
    return realm != "" and before.endswith("/realms")


def _keycloak_typ(seen: Seen) -> str:
    return seen.text("typ") if is_keycloak(seen) else ""


def is_refresh_token(seen: Seen) -> bool:
    """Tell whether it is a refresh token, of the one provider that says so in the token."""
    return _keycloak_typ(seen) in ("Refresh", "Offline")


def _is_access_token(seen: Seen) -> bool:
    return seen.typ == "at+jwt" or _keycloak_typ(seen) in ("Bearer", "DPoP") or seen.text("token_use") == "access"


def is_id_token(seen: Seen) -> bool:
    """Tell whether it looks like an ID token: by what it says of itself, or by what only an ID token needs."""
    if _keycloak_typ(seen) == "ID" or seen.text("token_use") == "id":
        return True
    if _is_access_token(seen) or is_refresh_token(seen) or not seen.claims.keys().isdisjoint(("scope", "scp")):
        return False
    return not seen.claims.keys().isdisjoint(("at_hash", "c_hash", "nonce"))


def _is_logout_token(seen: Seen) -> bool:
    events = seen.claims.get("events")
    return seen.typ == "logout+jwt" or (isinstance(events, Mapping) and _LOGOUT_EVENT in events)


def _is_apple_secret(seen: Seen) -> bool:
    return _APPLE in seen.audiences and seen.text("iss") not in ("", _APPLE)


def _is_github_app(seen: Seen) -> bool:
    iss = seen.claims.get("iss")
    number = type(iss) is int and 0 < iss < 10**12
    named = number or _GITHUB_APP.fullmatch(seen.text("iss")) is not None
    return named and seen.member("alg") == "RS256" and seen.claims.keys().isdisjoint(("aud", "sub"))


def _is_client_assertion(seen: Seen) -> bool:
    same = seen.text("iss") == seen.text("sub") != ""
    return seen.typ == "client-authentication+jwt" or (same and bool(seen.audiences))


def _is_token_endpoint(audience: str) -> bool:
    return "://" in audience and audience.rstrip("/").endswith("/token")


def _is_grant(seen: Seen) -> bool:
    return any(_is_token_endpoint(one) or one in _GRANT_HOSTS for one in seen.audiences)


def _is_other_typ(seen: Seen) -> bool:
    return seen.kind == "JWS" and seen.typ not in ("", "jwt")


def _confirms(seen: Seen, member: str) -> bool:
    cnf = seen.claims.get("cnf")
    return isinstance(cnf, Mapping) and member in cnf


def _is_internal(seen: Seen) -> bool:
    return seen.host != "" and _ONE_MACHINE.fullmatch(re.sub(r":[0-9]*\Z", "", seen.host)) is not None


# What kind of token it is: the first row that shows.
KINDS: Final[tuple[Row[Seen], ...]] = (
    Row(
        "logout_token",
        "info",
        _is_logout_token,
        "this is a logout token: it ends sessions and logs nobody in. It is for the client that its aud names, and is "
        "verified with --typ logout+jwt where its header says so",
    ),
    Row(
        "dpop_proof",
        "info",
        lambda seen: seen.typ == "dpop+jwt",
        "this is a DPoP proof, which a client makes anew for every request, and no token. The jwk in its header is "
        "right there: it is the key that tokens are bound to (RFC 9449 section 4.2)",
    ),
    Row(
        "apple_client_secret",
        "info",
        _is_apple_secret,
        "this is the client secret that a client makes for Apple: send it as client_secret to Apple's token endpoint, "
        "and nowhere else",
    ),
    Row(
        "github_app",
        "info",
        _is_github_app,
        "this is the JWT by which a GitHub App speaks for itself: send it to GitHub's API to get an installation "
        "token. It logs no user in, and no API of yours should accept it",
    ),
    Row(
        "client_assertion",
        "info",
        _is_client_assertion,
        "iss and sub are the same: a client authenticates itself with this at the token endpoint, as "
        "client_assertion (RFC 7523 section 2.2). It is no access token, so no API should accept it",
    ),
    Row(
        "jwt_grant",
        "info",
        _is_grant,
        "its audience is a token endpoint: it is an assertion to be exchanged there for an access token (RFC 7523 "
        "section 2.1), and not for an API",
    ),
    Row(
        "refresh_token_as_access_token",
        "error",
        lambda seen: is_refresh_token(seen) and seen.name in ("access_token", "id_token"),
        "its payload says typ {}: this is Keycloak's refresh token in the place of another one. Send the access_token "
        "of the response to APIs instead",
        lambda seen: seen.text("typ"),
    ),
    Row(
        "keycloak_refresh_token",
        "info",
        is_refresh_token,
        "its payload says typ {}: a refresh token that Keycloak alone can verify. Send it to Keycloak's token "
        "endpoint, never to an API",
        lambda seen: seen.text("typ"),
    ),
    Row(
        "access_token_as_id_token",
        "error",
        lambda seen: seen.name == "id_token" and _is_access_token(seen),
        "this is an access token in the place of an ID token: it does not say who logged in at your client. Take the "
        "id_token of the response",
    ),
    Row(
        "at_jwt",
        "info",
        lambda seen: seen.kind == "JWS" and seen.typ == "at+jwt",
        "this is an access token by RFC 9068: verify it with --typ at+jwt, without which it is refused",
    ),
    Row(
        "id_token_as_access_token",
        "error",
        lambda seen: seen.name == "access_token" and is_id_token(seen),
        "this is an ID token in the place of an access token: it tells a client who logged in, and opens no API. Send "
        "the access_token of the response instead; if that is what came, ask for a scope of the API",
    ),
    Row(
        "id_token",
        "info",
        is_id_token,
        "this looks like an ID token: it is for the client that its aud names, and never to be sent to an API. The "
        "client verifies it with IdTokenVerifier and the nonce of the login",
    ),
    Row(
        "other_typ",
        "info",
        _is_other_typ,
        "its header says typ {}: if that is the kind you expect, verify it with --typ and exactly that, without which "
        "it is refused",
        lambda seen: seen.member("typ"),
    ),
)

# What an encrypted token is, whose claims nobody sees: the first row that shows.
ENCRYPTED: Final[tuple[Row[Seen], ...]] = (
    Row(
        "encrypted_refresh_token",
        "info",
        lambda seen: seen.name == "refresh_token",
        "an encrypted refresh token is as it should be: only its issuer reads it, at the token endpoint",
    ),
    Row(
        "nested",
        "info",
        lambda seen: seen.name == "id_token" or seen.member("cty").lower().removeprefix("application/") == "jwt",
        "what is encrypted in it is a signed token: decrypt it with the recipient's key, then inspect and verify what "
        "comes out",
    ),
    Row(
        "encrypted_access_token",
        "info",
        lambda seen: seen.name == "access_token",
        "a client sends an encrypted access token as it came: only the API that it is for, or its issuer, reads it",
    ),
)

# What a token of its kind must have and does not: every row that shows.
LACKS: Final[tuple[Row[Seen], ...]] = (
    Row(
        "dpop_proof_incomplete",
        "error",
        lambda seen: seen.typ == "dpop+jwt" and (seen.lacks(_DPOP_CLAIMS) or "jwk" not in seen.header),
        "a DPoP proof has jti, htm, htu and iat in its payload and jwk in its header, and this one lacks one of them "
        "(RFC 9449 section 4.2)",
    ),
    Row(
        "at_jwt_incomplete",
        "error",
        lambda seen: seen.kind == "JWS" and seen.typ == "at+jwt" and seen.lacks(_AT_JWT_CLAIMS),
        "a token of typ at+jwt has sub, client_id, iat and jti, and this one lacks one of them (RFC 9068 section "
        "2.2): its issuer must add it, or not call the token at+jwt",
    ),
    Row(
        "apple_client_secret_alg",
        "error",
        lambda seen: _is_apple_secret(seen) and seen.member("alg") != "ES256",
        "Apple refuses a client secret that is not signed with ES256: use the key that Apple gave you, and its kid",
    ),
    Row(
        "apple_client_secret_lifetime",
        "error",
        lambda seen: _is_apple_secret(seen) and seen.lives_longer_than(_APPLE_LONGEST),
        "Apple refuses a client secret that lives longer than six months (15777000 seconds): make it with a shorter "
        "lifetime",
    ),
    Row(
        "github_app_lifetime",
        "error",
        lambda seen: _is_github_app(seen) and seen.lives_longer_than(_GITHUB_LONGEST),
        "GitHub refuses a JWT of an App whose exp is more than 10 minutes ahead: set iat a minute back and exp at "
        "most 10 minutes from now",
    ),
    Row(
        "client_assertion_audience",
        "warning",
        lambda seen: _is_client_assertion(seen) and (len(seen.audiences) != 1 or _is_token_endpoint(seen.audiences[0])),
        "the audience of a client assertion should be the issuer of the authorization server, and nothing else: a "
        "token endpoint there can be another server's, and newer servers refuse it",
    ),
    Row(
        "id_token_without_azp",
        "error",
        lambda seen: is_id_token(seen) and len(seen.audiences) > 1 and not seen.text("azp"),
        "an ID token with several audiences names the client in azp, and this one does not: IdTokenVerifier refuses "
        "it (OpenID Connect Core section 3.1.3.7)",
    ),
    Row(
        "id_token_audiences",
        "warning",
        lambda seen: is_id_token(seen) and len(seen.audiences) > 1 and bool(seen.text("azp")),
        "this ID token is for several audiences: IdTokenVerifier accepts it only where trusted_audiences names every "
        "one beside the client",
    ),
)

# What it is bound to, and claims that are written in a way of their own: every row that shows.
BINDINGS: Final[tuple[Row[Seen], ...]] = (
    Row(
        "dpop_bound",
        "warning",
        lambda seen: _confirms(seen, "jkt"),
        "it is bound to a key of the client (cnf.jkt): send it as 'Authorization: DPoP' with a proof for each request "
        "(RFC 9449). As Bearer it should be refused",
    ),
    Row(
        "mtls_bound",
        "warning",
        lambda seen: _confirms(seen, "x5t#S256"),
        "it is bound to a TLS certificate of the client (cnf.x5t#S256, RFC 8705): send it over a connection with that "
        "certificate. Alone it should be refused",
    ),
    Row(
        "scope_array",
        "warning",
        lambda seen: isinstance(seen.claims.get("scope"), (list, tuple)),
        "scope is one text with spaces between the scopes (RFC 8693 section 4.2); a list goes into a claim of another "
        "name, such as scp. Have the issuer change it",
    ),
    Row(
        "scp",
        "warning",
        lambda seen: "scp" in seen.claims and "scope" not in seen.claims,
        "the scopes are in scp, as Okta (a list) and Microsoft (a text) write them: ProtectedResource reads scope "
        "only, so compare scp in your own code",
    ),
    Row(
        "email_verified_text",
        "warning",
        lambda seen: isinstance(seen.claims.get("email_verified"), str),
        "email_verified is text, not true or false, as Cognito and Apple write it: compare it with 'true', since any "
        "text counts as true in a condition, 'false' too",
    ),
)

# What the issuer looks like: every row that shows.
ISSUERS: Final[tuple[Row[Seen], ...]] = (
    Row(
        "iss_internal",
        "warning",
        _is_internal,
        "iss names a host that exists only on one machine or in one container network. Keycloak takes it from the Host "
        "header: set its hostname option, and say --issuer with exactly what its tokens then say",
    ),
    Row(
        "iss_http",
        "warning",
        lambda seen: seen.scheme == "http" and not _is_internal(seen),
        "iss is an http:// URL: whoever is between you and it can hand you other keys. An issuer is an https:// URL; "
        "set that where the issuer is configured",
    ),
    Row(
        "iss_ends_in_slash",
        "info",
        lambda seen: seen.text("iss").endswith("/"),
        "iss ends in a slash, as Auth0, Entra v1 and Azure AD B2C write theirs: it is compared exactly, so --issuer "
        "needs the slash too",
    ),
    Row(
        "iss_without_scheme",
        "info",
        lambda seen: _HOST_WITHOUT_SCHEME.fullmatch(seen.text("iss")) is not None and not _is_github_app(seen),
        "iss is a host without https://: it is compared exactly, so --issuer must leave it out too",
    ),
)
