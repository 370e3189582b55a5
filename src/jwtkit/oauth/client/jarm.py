"""JARM: authorization responses that the server signs (JWT Secured Authorization Response Mode for OAuth 2.0).

Rules of this room:

- The signature is verified before a single parameter is acted upon; `none` does not exist.
- Issuer, audience and expiry are always checked; no argument turns one of them off.
- What is inside is as untrusted as the parameters of a plain response, and passes the same checks afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm, check_algorithms
from jwtkit.errors import UsageError
from jwtkit.jose.select import Keys
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.jwks_cache import JWKSCache
from jwtkit.oauth.steps import Steps

__all__ = ["JARM", "ResponseVerifier"]

_WHAT: Final = "signed authorization response"
# About the JWT, and no parameters; `iss` is both (RFC 9207 section 2.4).
_ENVELOPE: Final = frozenset(["aud", "exp", "nbf", "iat", "jti", "sub"])
_TEXTS: Final = frozenset(["code", "state", "error", "id_token", "access_token"])


@dataclass(frozen=True, slots=True, kw_only=True)
class JARM:
    """How a flow verifies signed responses; the `jarm=` of a flow whose response_mode is "jwt" or ends with it.

    Attributes:
        algorithms: the algorithm registered for this client (`authorization_signed_response_alg`); RS256 where nothing
            was registered.
        keys: the server's keys, or a `JWKSCache` that is shared; left out, they are asked for at its `jwks_uri`. An HS
            algorithm takes the client's secret, as `JWK.from_secret(...)`.
        decryption: keys and algorithms, where encrypted responses were registered; then one that is only signed is
            refused.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.

    Raises:
        UsageError: an algorithm that does not exist, or one of shared secrets without `keys`.

    Spec: JARM sections 2.4 and 3.
    """

    algorithms: Iterable[SignatureAlgorithm] = ("RS256",)
    keys: Keys | None = field(default=None, repr=False)
    decryption: Decryption | None = None
    leeway: float | timedelta | None = None

    def __post_init__(self) -> None:
        if isinstance(self.algorithms, str) or not isinstance(self.algorithms, (tuple, list, set, frozenset)):
            raise UsageError("algorithms is a list: write algorithms=['RS256']", code="algorithms_is_text")
        names = check_algorithms(self.algorithms)
        if self.keys is None and any(SIGNATURE_ALGORITHMS[name].kty == "oct" for name in names):
            raise UsageError("responses with HS* are verified with the client's secret: pass keys=JWK.from_secret(...)")


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
