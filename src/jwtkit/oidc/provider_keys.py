"""The keys with which a client verifies what its provider signed, and when to ask for them again.

Rules of this room:

- Asymmetric keys are the provider's own: what is behind its `jwks_uri`, or what the program configured.
- A shared secret counts only where the program lists an HS algorithm, and never beside public keys: one client has one
  registered algorithm, and a public key must never be taken for a secret (OpenID Connect Core section 10.1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final, TypeVar

from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm, check_algorithms
from jwtkit.errors import UsageError, quote_some
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import Keys
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.jwks_cache import JWKSCache
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = ["ProviderKeys"]

T = TypeVar("T")


class ProviderKeys(Frozen):
    """A key source, and the one refetch that an unknown key is worth.

    Attributes:
        algorithms: the allow-list.
        keys: what verifiers take as `keys=`.
    """

    __slots__ = ("_cache", "algorithms", "keys")

    def __init__(
        self,
        client: Client,
        algorithms: Iterable[SignatureAlgorithm],
        keys: Keys | None,
        supported: Collection[str] | None,
    ) -> None:
        """Choose the keys.

        Args:
            client: the client.
            algorithms: the algorithm registered for it.
            keys: keys that the program configured; None takes those behind the `jwks_uri`, or the client's secret.
            supported: what the provider says it can sign with, or None where it does not say.

        Raises:
            UsageError: the provider signs with none of the algorithms, HS algorithms stand beside others or are for a
                client without a secret, or the provider has no jwks_uri.
        """
        self.algorithms: Final = check_algorithms(algorithms)
        if supported is not None and not set(self.algorithms).intersection(supported):
            names = quote_some(supported) or "nothing"
            raise UsageError(f"the provider signs with {names}: pass the one that is registered as algorithms=")
        shared: list[SignatureAlgorithm] = [name for name in self.algorithms if SIGNATURE_ALGORITHMS[name].kty == "oct"]
        if shared and len(shared) < len(self.algorithms):
            raise UsageError("algorithms mixes HS* with public keys: list the one that is registered for this client")
        if shared and client.auth.method == "none":
            raise UsageError(f"{shared[0]} needs a secret, which a public client does not have")
        if keys is None:
            keys = _secret_keys(client, shared) if shared else JWKSCache.of(client.server)
        self.keys: Final[Keys] = keys
        self._cache: Final = keys if isinstance(keys, JWKSCache) else None

    def ready(self, now: float | None) -> Steps[HttpRequest, None]:
        """Ask for the keys where they are due, before a refresh token is spent that counts only once."""
        if self._cache is not None:
            yield from self._cache.ready(now=now)

    def supply(self, attempt: Callable[[], T], now: float | None) -> Steps[HttpRequest, T]:
        """Verify, and where no key fits ask the provider for its keys, once, and verify again."""
        if self._cache is None:
            return attempt()
        return (yield from self._cache.supply(attempt, now=now))


def _secret_keys(client: Client, algorithms: Iterable[SignatureAlgorithm]) -> tuple[JWK, ...]:
    secret = getattr(client.auth, "secret", None)
    if not isinstance(secret, Secret):
        raise UsageError("HS* needs the client's secret, which its authentication does not have: pass keys=")
    # The octets of the secret's UTF-8 (Core section 10.1).
    octets = secret.reveal().encode("utf-8", "surrogatepass")
    return tuple(JWK.from_secret(octets, alg=name) for name in algorithms)
