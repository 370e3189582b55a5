"""FetchedKeys: what a `JWKSCache` holds, and the fetching of it: when it is due, by whom, and what an answer is worth.

Rules of this room:

- What is held is a frozen value that is replaced as a whole, by one dictionary operation; so is every moment.
- `now` is read anew wherever time may have passed, unless the caller fixed it.
- What a key server does wrong is a `ProtocolError`, never a class that a token is refused with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit.errors import MalformedError, NotAllowedError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.limits import Limits
from jwtkit.oauth.freshness import Lifetimes, entity_tag
from jwtkit.oauth.held_keys import HeldKeys
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import unusable
from jwtkit.oauth.key_set import key_set_request, parse_jwks_response
from jwtkit.oauth.steps import Steps, Wait, ask, wait
from jwtkit.oauth.turns import Turns

__all__ = ["FetchedKeys"]

_WHAT: Final = "key set"
# Longer than any time-out that a `send` should have.
_LONGEST_FETCH: Final = 60.0
# How often those who wait for another one's fetch look again; after that they ask for themselves.
_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
# How soon a server is asked again that failed while there is nothing to go on with.
_BREATH: Final = 1.0


class FetchedKeys(Frozen):
    """The state of one cache; see `JWKSCache` for what the arguments mean."""

    __slots__ = (
        "_certificates",
        "_cool_down",
        "_held",
        "_jwks_uri",
        "_lifetimes",
        "_limits",
        "_moments",
        "_stale_seconds",
        "_turns",
    )

    def __init__(
        self,
        jwks_uri: str,
        *,
        lifetimes: Lifetimes,
        cool_down: float,
        stale_seconds: float,
        certificates: bool,
        limits: Limits,
    ) -> None:
        self._jwks_uri: Final = jwks_uri
        self._lifetimes: Final = lifetimes
        self._cool_down: Final = cool_down
        self._stale_seconds: Final = stale_seconds
        self._certificates: Final = certificates
        self._limits: Final = limits
        self._turns: Final = Turns(_LONGEST_FETCH)
        self._held: Final[dict[Literal["set"], HeldKeys]] = {}
        self._moments: Final[dict[Literal["asked", "failed"], float]] = {}

    @property
    def held(self) -> HeldKeys | None:
        """The set that is there, however old."""
        return self._held.get("set")

    def fetched(self) -> HeldKeys:
        """Give the set that is there after `fetch_once` did not raise."""
        return self._held["set"]

    def usable(self, moment: float) -> HeldKeys | None:
        """Give the set that is there, if it may still go on."""
        held = self.held
        return held if held is not None and held.is_usable(moment, self._stale_seconds) else None

    def restore(self, text: str | bytes) -> None:
        """Take over a snapshot; see `JWKSCache.restore`."""
        restored = HeldKeys.from_json(text, self._jwks_uri, limits=self._limits, longest=self._lifetimes.longest)
        held = self.held
        if held is None or held.fetched_at < restored.fetched_at:
            self._held["set"] = restored

    def fetch_once(
        self, is_due: Callable[[float], bool], *, wait: bool, now: float | None
    ) -> Steps[Any, Exception | None]:
        """Fetch the set if it is due, unless another one is at it.

        Args:
            is_due: decides at a moment; asked by the one whose turn it is.
            wait: wait for the other one; left out, go on without where a set is there, and ask too where none is.
            now: as everywhere.

        Returns:
            Steps that give the failure that the old set survives, or None.

        Raises:
            ProtocolError, Exception: the failure, where no set survives it.
        """
        turn = self._turns.take(resolve_now(now))
        if turn is None and wait:
            yield from self._wait(now)
            turn = self._turns.take(resolve_now(now))
        if turn is None and self.usable(resolve_now(now)) is not None:
            return None
        try:
            # Decided only now, because the one who had the turn before may have brought what was wanted.
            return (yield from self._fetch(now)) if is_due(resolve_now(now)) else None
        finally:
            if turn is not None:
                turn.end()

    def is_old(self, moment: float) -> bool:
        """Tell whether the set is to be asked for because of its age, or because there is none.

        Raises:
            ProtocolError: there is none to go on with, and asking has failed a moment ago.
        """
        held = self.held
        if held is not None and held.is_usable(moment):
            return False
        failed = self._moments.get("failed")
        if failed is None:
            return True
        if self.usable(moment) is not None:
            return abs(moment - failed) >= self._cool_down
        rest = min(_BREATH, self._cool_down) - abs(moment - failed)
        if rest > 0:
            message = f"{_WHAT}: {quote(self._jwks_uri)} failed a moment ago and is asked again in {rest:.1f} s"
            raise ProtocolError(message, reason=ProtocolReason.UNAVAILABLE, retry_after=rest)
        return True

    def may_have_new_key(self, moment: float) -> bool:
        """Tell whether the set is to be asked for because a token names a key that it does not have."""
        if self.usable(moment) is None:
            return self.is_old(moment)
        asked = self._moments.get("asked")
        return asked is None or abs(moment - asked) >= self._cool_down

    def _wait(self, now: float | None) -> Steps[Wait, None]:
        for pause in _PAUSES:
            if not self._turns.is_taken(resolve_now(now)):
                return
            yield from wait(pause)

    def _fetch(self, now: float | None) -> Steps[HttpRequest, Exception | None]:
        asked, held = resolve_now(now), self.held
        # Before the answer is there, so that a failure counts as well.
        self._moments["asked"] = asked
        etag = None if held is None else held.etag
        request = key_set_request(self._jwks_uri, etag=etag, certificates=self._certificates, limits=self._limits)
        try:
            response = yield from ask(request)
            renewed = self._read(response, held, asked)
        except UsageError:
            raise
        except Exception as failure:
            moment = self._moments["failed"] = resolve_now(now)
            if self.usable(moment) is None:
                raise
            return failure
        self._moments.pop("failed", None)
        if self.held is held:
            # Otherwise another one brought a set in the meantime, and this one may be the older.
            self._held["set"] = renewed
        return None

    def _read(self, response: HttpResponse, held: HeldKeys | None, asked: float) -> HeldKeys:
        if not isinstance(response, HttpResponse):
            raise UsageError(f"{_WHAT}: the answer must be an HttpResponse, got {type(response).__name__}")
        fresh_until = asked + self._lifetimes.of(response)
        if response.status == 304 and held is not None and held.etag is not None:
            return HeldKeys(held.jwks, etag=held.etag, fetched_at=asked, fresh_until=fresh_until)
        try:
            jwks = parse_jwks_response(response, certificates=self._certificates, limits=self._limits)
        except (MalformedError, NotAllowedError) as finding:
            raise unusable(response, f"{_WHAT}: {finding}", ProtocolReason.BAD_MEMBER) from None
        if not jwks.keys:
            message = f"{_WHAT} has no usable key: {len(jwks.unusable)} of another kind"
            raise unusable(response, message, ProtocolReason.BAD_MEMBER)
        return HeldKeys(jwks, etag=entity_tag(response), fetched_at=asked, fresh_until=fresh_until)
