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
from jwtkit.oauth.urls import without_query

__all__ = ["FetchedKeys"]

_WHAT: Final = "key set"
# Longer than any time-out that a `send` should have.
_LONGEST_FETCH: Final = 60.0
# How often those who wait for another one's fetch look again; after that they ask for themselves.
_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
# How soon a server is asked again that failed while there is nothing to go on with.
_BREATH: Final = 1.0
# For how long at most a server is left alone because it says so.
_LONGEST_PAUSE: Final = 300.0


class FetchedKeys(Frozen):
    """The state of one cache; see `JWKSCache` for what the arguments mean."""

    __slots__ = (
        "_asked",
        "_certificates",
        "_cool_down",
        "_failed",
        "_held",
        "_jwks_uri",
        "_lifetimes",
        "_limits",
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
        self._asked: Final[dict[Literal["last"], float]] = {}
        # While the latest outcome is a failure: when that was, and how long the server then wants to be left alone.
        self._failed: Final[dict[Literal["last"], tuple[float, float]]] = {}

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

    def restore(self, text: str | bytes, now: float) -> None:
        """Take over a snapshot; see `JWKSCache.restore`."""
        restored = HeldKeys.from_json(text, self._jwks_uri, limits=self._limits, longest=self._lifetimes.longest)
        held = self.held
        if held is None:
            takes = True
        elif restored.is_ahead(now):
            # It does not serve yet, so that it is better than something useless only.
            takes = held.fetched_at < restored.fetched_at and self.usable(now) is None
        else:
            takes = held.fetched_at < restored.fetched_at or held.is_ahead(now)
        if takes:
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
        if self.usable(moment) is not None:
            return self._rest(moment, self._cool_down) <= 0
        rest = self._rest(moment, min(_BREATH, self._cool_down))
        if rest > 0:
            raise self._unavailable(rest)
        return True

    def failure(self, moment: float) -> ProtocolError | None:
        """Give the reason why the set is not asked for: that it could not be had a moment ago; None where it could."""
        rest = self._rest(moment, self._cool_down)
        return self._unavailable(rest) if rest > 0 else None

    def may_have_new_key(self, moment: float) -> bool:
        """Tell whether the set is to be asked for because a token names a key that it does not have."""
        if self.usable(moment) is None:
            return self.is_old(moment)
        asked = self._asked.get("last")
        return (asked is None or abs(moment - asked) >= self._cool_down) and self._rest(moment, 0.0) <= 0

    def _rest(self, moment: float, least: float) -> float:
        """Give for how long a server that failed is left alone: `least`, or as it said; zero or less for no more."""
        failed = self._failed.get("last")
        return 0.0 if failed is None else max(least, failed[1]) - abs(moment - failed[0])

    def _unavailable(self, rest: float) -> ProtocolError:
        url = quote(without_query(self._jwks_uri))
        message = f"{_WHAT}: {url} failed a moment ago and is asked again in {rest:.1f} s"
        return ProtocolError(message, reason=ProtocolReason.UNAVAILABLE, retry_after=rest)

    def _wait(self, now: float | None) -> Steps[Wait, None]:
        for pause in _PAUSES:
            if not self._turns.is_taken(resolve_now(now)):
                return
            yield from wait(pause)

    def _fetch(self, now: float | None) -> Steps[HttpRequest, Exception | None]:
        asked, held, before = resolve_now(now), self.held, self._asked.get("last")
        # Before the answer is there, so that a failure counts as well.
        self._asked["last"] = asked
        etag = None if held is None else held.etag
        request = key_set_request(self._jwks_uri, etag=etag, certificates=self._certificates, limits=self._limits)
        try:
            response = yield from ask(request)
            renewed = self._read(response, held, asked)
        except UsageError:
            raise
        except Exception as failure:
            moment = resolve_now(now)
            self._failed["last"] = moment, _pause(failure)
            if self.usable(moment) is None:
                raise
            return failure
        except BaseException:
            # Abandoned before there was an outcome: nothing is known, so that the next one may ask at once. Whoever has
            # the turn still asks alone.
            self._take_back(asked, before)
            raise
        self._failed.pop("last", None)
        current = self.held
        # Another one may have brought a set in the meantime, which is kept if it was asked for later.
        if current is None or current is held or current.fetched_at <= asked or current.is_ahead(resolve_now(now)):
            self._held["set"] = renewed
        return None

    def _take_back(self, asked: float, before: float | None) -> None:
        if self._asked.get("last") is not asked:
            return
        if before is None:
            self._asked.pop("last", None)
        else:
            self._asked["last"] = before

    def _read(self, response: HttpResponse, held: HeldKeys | None, asked: float) -> HeldKeys:
        if not isinstance(response, HttpResponse):
            raise UsageError(f"{_WHAT}: the answer must be an HttpResponse, got {type(response).__name__}")
        if response.status == 304 and held is not None and held.etag is not None:
            lifetime = self._lifetimes.of(response, confirmed=held.fresh_until - held.fetched_at)
            return HeldKeys(held.jwks, etag=held.etag, fetched_at=asked, fresh_until=asked + lifetime)
        try:
            jwks = parse_jwks_response(response, certificates=self._certificates, limits=self._limits)
        except (MalformedError, NotAllowedError) as finding:
            raise unusable(response, f"{_WHAT}: {finding}", ProtocolReason.BAD_MEMBER) from None
        if not jwks.keys:
            message = f"{_WHAT} has no usable key: {len(jwks.unusable)} of another kind"
            raise unusable(response, message, ProtocolReason.BAD_MEMBER)
        fresh_until = asked + self._lifetimes.of(response)
        return HeldKeys(jwks, etag=entity_tag(response), fetched_at=asked, fresh_until=fresh_until)


def _pause(failure: Exception) -> float:
    said = failure.retry_after if isinstance(failure, ProtocolError) else None
    return min(said or 0.0, _LONGEST_PAUSE)
