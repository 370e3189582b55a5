"""JWKSCache: the keys behind a URL, fetched when they are needed and kept for as long as they may be.

Rules of this room:

- A token decides about a request only by naming a key that is not known, and that costs one request in each cool-down.
- What the key server does wrong is a `ProtocolError`, or the exception of the caller's own client; never a refusal of
  the token, so that the two can be told apart.
- What is held is replaced as a whole, by a frozen value. Threads share it without a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, Self, TypeVar, overload

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit.errors import KeyNotFoundError, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.limits import DEFAULT_LIMITS, Limits
from jwtkit.oauth.fetched_keys import FetchedKeys
from jwtkit.oauth.freshness import Lifetimes
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.metadata import LOOPBACK_HINT, ServerMetadata
from jwtkit.oauth.steps import Steps, Wait
from jwtkit.oauth.urls import is_secure, without_query

__all__ = ["JWKSCache"]

C = TypeVar("C", bound=Claims)
T = TypeVar("T")


class JWKSCache(Frozen):
    """The key set behind a URL: give it to a `TokenVerifier` as its keys, and let it fetch what it needs.

    It asks when it has no set, when the set is no longer fresh, and once more when a token names a key that the set
    does not have. Share one between all threads and tasks of a process: while one of them asks, the others go on with
    the set that is there.

    Where a refresh fails, for whatever reason, the old set goes on for a while. An answer without a single usable key
    counts as a failure too: nobody publishes it on purpose, and it would refuse every token. A key that is missing from
    an answer with other keys is gone at once.

    Args:
        jwks_uri: where the set is published.
        lifetime: how long a set is fresh, in seconds or a timedelta, where the server does not say.
        min_lifetime: shortest time a set is fresh, whatever the server says; so `no-store` does not make each token
            cost a request.
        max_lifetime: longest time a set is fresh, whatever the server says; so a key that was withdrawn is gone then.
        cool_down: pause between requests for keys that are not known, and after a request that failed, so that tokens
            with invented key identifiers do not make a storm. After a failure a longer Retry-After of the server counts
            instead, up to five minutes.
        stale_if_error: how long after it was fresh a set goes on while the server cannot be asked; 0 for not at all.
        certificates: read a map from kid to X.509 certificate, as some issuers publish, instead of a JWK Set.
        limits: bounds for the set; its text is never more than a MiB.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.

    Attributes:
        jwks_uri: where the set is published.

    Raises:
        UsageError: an argument is of the wrong type, `jwks_uri` is no https URL, or a duration makes no sense.

    Example:
        >>> from jwtkit import Claims, JWK, JWKS, Token, TokenVerifier
        >>> from jwtkit.oauth import HttpResponse, run
        >>> key = JWK.generate("ES256")
        >>> def send(request):  # yours, with any HTTP client
        ...     body = JWKS([key.public()]).to_json().encode()
        ...     return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)
        >>> cache = JWKSCache("https://auth.example.com/jwks")
        >>> verifier = TokenVerifier(
        ...     keys=cache, algorithms=["ES256"], issuer="https://auth.example.com", audience="api"
        ... )
        >>> token = Token.sign(Claims(iss="https://auth.example.com", sub="alice", aud="api"), key, lifetime=60)
        >>> run(cache.verify(verifier, token.compact), send=send).sub
        'alice'

    Spec: RFC 7517 section 5, RFC 9111 section 4, OpenID Connect Core section 10.1.1.
    """

    __slots__ = ("_keys", "jwks_uri")

    def __init__(
        self,
        jwks_uri: str,
        *,
        lifetime: float | timedelta = 3600,
        min_lifetime: float | timedelta = 60,
        max_lifetime: float | timedelta = 24 * 3600,
        cool_down: float | timedelta = 30,
        stale_if_error: float | timedelta = 24 * 3600,
        certificates: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        allow_http_loopback: bool = False,
    ) -> None:
        if not is_secure(jwks_uri, allow_http_loopback=allow_http_loopback):
            raise UsageError(f"jwks_uri must be an https URL without fragment ({LOOPBACK_HINT})")
        if not isinstance(limits, Limits):
            raise UsageError(f"limits must be Limits(...), got {type(limits).__name__}")
        self.jwks_uri: Final = jwks_uri
        lifetimes = Lifetimes(
            unsaid=seconds(lifetime, "lifetime", zero=True),
            shortest=seconds(min_lifetime, "min_lifetime", zero=True),
            longest=seconds(max_lifetime, "max_lifetime"),
        )
        self._keys: Final = FetchedKeys(
            jwks_uri,
            lifetimes=lifetimes,
            cool_down=seconds(cool_down, "cool_down", zero=True),
            stale_seconds=seconds(stale_if_error, "stale_if_error", zero=True),
            certificates=certificates,
            limits=limits,
        )

    @classmethod
    def of(cls, server: ServerMetadata) -> Self:
        """Make the cache of a server's keys; for other durations pass `server.endpoint("jwks_uri")` to the class.

        Raises:
            UsageError: the server publishes none.
        """
        if not isinstance(server, ServerMetadata):
            raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}: see discover(...)")
        return cls(server.endpoint("jwks_uri"), allow_http_loopback=server.allow_http_loopback)

    @property
    def jwks(self) -> JWKS | None:
        """The set that is held, however old, or None."""
        held = self._keys.held
        return None if held is None else held.jwks

    @property
    def fresh_until(self) -> float | None:
        """Until when the set that is held is fresh, in seconds since the epoch; long ago where refreshing fails."""
        held = self._keys.held
        return None if held is None else held.fresh_until

    def keys_for(self, header: Header, issuer: str | None, /) -> Sequence[JWK]:
        """Give the keys that a header may mean, at the time the clock says; see `KeySource`."""
        return self.keys_at(header, issuer, resolve_now(None))

    def keys_at(self, header: Header, issuer: str | None, now: float, /) -> Sequence[JWK]:
        """Give the keys that a header may mean, at a moment; none where the set is too old to be used."""
        held = self._keys.usable(now)
        return () if held is None else held.jwks.keys_for(header, issuer)

    @overload
    def verify(
        self, verifier: TokenVerifier[C], compact: str, *, wait: Literal[True], now: float | None = None
    ) -> Steps[HttpRequest | Wait, Token[C]]: ...
    @overload
    def verify(
        self, verifier: TokenVerifier[C], compact: str, *, wait: Literal[False] = False, now: float | None = None
    ) -> Steps[HttpRequest, Token[C]]: ...
    def verify(
        self, verifier: TokenVerifier[C], compact: str, *, wait: bool = False, now: float | None = None
    ) -> Steps[Any, Token[C]]:
        """Check a token with a verifier that has this cache as its keys, or among them.

        Args:
            verifier: the policy.
            compact: the text of the token. Untrusted.
            wait: as for `supply`.
            now: seconds since the epoch; None reads the clock.

        Returns:
            Steps that give the token.

        Raises:
            RejectedError: from the steps, as `TokenVerifier.verify`; the token is refused.
            ProtocolError: from the steps; the keys could not be had, and nothing is known about the token.
            Exception: from the steps; whatever your `send` raised, which means the same.
            UsageError: `verifier` is no TokenVerifier, or `now` is no time.
        """
        if not isinstance(verifier, TokenVerifier):
            raise UsageError(f"verifier must be a TokenVerifier, got {type(verifier).__name__}")
        resolve_now(now)
        return self._supply(lambda: verifier.verify(compact, now=now), wait, now)

    @overload
    def supply(
        self, attempt: Callable[[], T], *, wait: Literal[True], now: float | None = None
    ) -> Steps[HttpRequest | Wait, T]: ...
    @overload
    def supply(
        self, attempt: Callable[[], T], *, wait: Literal[False] = False, now: float | None = None
    ) -> Steps[HttpRequest, T]: ...
    def supply(self, attempt: Callable[[], T], *, wait: bool = False, now: float | None = None) -> Steps[Any, T]:
        """Supply something that verifies with this cache's keys: see that they are there, and try again if one is not.

        Args:
            attempt: verifies, and raises KeyNotFoundError where a key is missing. It is called once or twice.
            wait: while another one asks for the set and there is none yet, or none with the key that is wanted, wait
                for that answer; the steps then want a `sleep` too. Left out, they ask for themselves where there is no
                set, and otherwise go on with the one there is.
            now: seconds since the epoch; None reads the clock.

        Returns:
            Steps that give what `attempt` gives.

        Raises:
            ProtocolError: from the steps; the keys could not be had. `.retry_after` may say when to try again.
            Exception: from the steps; what `attempt` raised, or your `send`. A KeyNotFoundError has as its `__cause__`
                the reason why a newer set could not be fetched, if that was tried now or a moment ago.
            UsageError: `attempt` cannot be called, or `now` is no time.
        """
        if not callable(attempt):
            raise UsageError(f"attempt must be a callable without arguments, got {type(attempt).__name__}")
        resolve_now(now)
        return self._supply(attempt, wait, now)

    def ready(self, *, now: float | None = None) -> Steps[HttpRequest, JWKS]:
        """See that there is a set: ask for it where there is none, or where its time is over.

        Returns:
            Steps that give the set that is in use then, as those of `refresh`.

        Raises:
            ProtocolError, Exception: from the steps; as `supply`, where there is no set that may go on.
            UsageError: `now` is no time.
        """
        resolve_now(now)
        return self._ready(now)

    def refresh(self, *, now: float | None = None) -> Steps[HttpRequest, JWKS]:
        """Ask for the set now, fresh or not: to be ready before the first token comes, or in the background.

        Returns:
            Steps that give the set that is in use then: the old one where the new one could not be had and the old one
            may go on, or where another one is asking already.

        Raises:
            ProtocolError, Exception: from the steps; as `supply`, where there is no set that may go on.
            UsageError: `now` is no time.
        """
        resolve_now(now)
        return self._refresh(now)

    def snapshot(self) -> str | None:
        """Write down the set that is held, for `restore` in another process; None where there is none.

        It holds no secrets, but who can write it can make any token valid: keep it as safe as the program itself.
        """
        held = self._keys.held
        return None if held is None else held.to_json(self.jwks_uri)

    def restore(self, text: str | bytes, *, now: float | None = None) -> None:
        """Take over what `snapshot` wrote, unless what is held is newer. Its times go on as if it were fetched here.

        What comes from the future replaces nothing that can be used, and is replaced by what does not.

        Args:
            text: the snapshot.
            now: seconds since the epoch; None reads the clock.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: it is of another URL or another version, or beyond the limits.
            UsageError: it is no text, or `now` is no time.
        """
        self._keys.restore(text, resolve_now(now))

    def __repr__(self) -> str:
        held = self._keys.held
        return f"JWKSCache({without_query(self.jwks_uri)!r}, {'nothing fetched' if held is None else held.jwks!r})"

    def _supply(self, attempt: Callable[[], T], wait: bool, now: float | None) -> Steps[Any, T]:  # noqa: FBT001 - private
        keys, failure = self._keys, None
        held = keys.held
        if held is not None and not held.is_usable(resolve_now(now)):
            # Who has a set that may go on does not wait for a newer one.
            patient = wait and keys.usable(resolve_now(now)) is None
            failure = yield from keys.fetch_once(keys.is_old, wait=patient, now=now)
            held = keys.held
        try:
            # Without a set too: a token that is refused for what it says itself is not worth a request.
            return attempt()
        except KeyNotFoundError as finding:
            missing = finding
        if keys.held is held:
            failure = (yield from keys.fetch_once(keys.may_have_new_key, wait=wait, now=now)) or failure
        if keys.held is held:
            # A moment ago another one may have tried in vain.
            raise missing from (failure or keys.failure(resolve_now(now)))
        return attempt()

    def _ready(self, now: float | None) -> Steps[HttpRequest, JWKS]:
        held = self._keys.held
        if held is None or not held.is_usable(resolve_now(now)):
            yield from self._keys.fetch_once(self._keys.is_old, wait=False, now=now)
        return self._keys.fetched().jwks

    def _refresh(self, now: float | None) -> Steps[HttpRequest, JWKS]:
        yield from self._keys.fetch_once(lambda _moment: True, wait=False, now=now)
        return self._keys.fetched().jwks
