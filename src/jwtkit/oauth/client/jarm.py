"""JARM: how to verify authorization responses that the server signs; `signed_response` does it.

Spec: JWT Secured Authorization Response Mode for OAuth 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm, check_algorithms
from jwtkit.errors import UsageError
from jwtkit.jose.select import Keys
from jwtkit.jwt.decryption import Decryption

__all__ = ["JARM"]


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
        if isinstance(self.algorithms, (str, bytes)) or not isinstance(self.algorithms, Iterable):
            raise UsageError("algorithms is a list: write algorithms=['RS256']", code="algorithms_is_text")
        names = check_algorithms(self.algorithms)
        # An iterator has its items once, and a list could change.
        object.__setattr__(self, "algorithms", names)
        if self.keys is None and any(SIGNATURE_ALGORITHMS[name].kty == "oct" for name in names):
            raise UsageError("responses with HS* are verified with the client's secret: pass keys=JWK.from_secret(...)")
