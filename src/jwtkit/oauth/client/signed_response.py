"""Signed authorization responses: verified, then read as the parameters of a plain one (JARM).

Rules of this room:

- The signature is verified before a single parameter is acted upon; `none` does not exist.
- Issuer, audience and expiry are always checked; no argument turns one of them off.
- What is inside is as untrusted as the parameters of a plain response, and passes the same checks afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from jwtkit._frozen import Frozen
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.jarm import JARM
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.jwks_cache import JWKSCache
from jwtkit.oauth.steps import Steps

__all__ = ["ResponseVerifier"]

_WHAT: Final = "signed authorization response"
# About the JWT, and no parameters; `iss` is both (RFC 9207 section 2.4).
_ENVELOPE: Final = frozenset(["aud", "exp", "nbf", "iat", "jti", "sub"])
_TEXTS: Final = frozenset(["code", "state", "error", "id_token", "access_token"])


class ResponseVerifier(Frozen):
    """Verifies the signed responses of one server to one client."""

    __slots__ = ("_cache", "_verifier")

    def __init__(self, client: Client, jarm: JARM) -> None:
        """Choose the keys.

        Raises:
            UsageError: the server publishes no keys and none were given, or they could never accept a response.
        """
        keys = JWKSCache.of(client.server) if jarm.keys is None else jarm.keys
        self._cache: Final = keys if isinstance(keys, JWKSCache) else None
        self._verifier: Final = TokenVerifier(
            keys=keys,
            algorithms=jarm.algorithms,
            issuer=client.server.issuer,
            audience=client.client_id,
            decryption=jarm.decryption,
            leeway=jarm.leeway,
        )

    def parameters(self, compact: str, now: float | None) -> Steps[HttpRequest, dict[str, str]]:
        """Verify a response, and give the parameters inside, `iss` among them.

        Raises:
            RejectedError: from the steps; as `TokenVerifier.verify`.
            ProtocolError: from the steps; a parameter is no text, or the keys could not be had.
        """
        attempt = partial(self._verifier.verify, compact, now=now)
        token = attempt() if self._cache is None else (yield from self._cache.supply(attempt, now=now))
        return _parameters(token.claims)


def _parameters(claims: Mapping[str, Any]) -> dict[str, str]:
    """Read what a form would have carried; a parameter without a value counts as absent (RFC 6749 section 3.1)."""
    fields: dict[str, str] = {}
    for name, value in claims.items():
        if name in _ENVELOPE:
            continue
        if isinstance(value, str):
            if value:
                fields[name] = value
        elif name in _TEXTS:
            raise bad_member(_WHAT, name, "a string")
    return fields
