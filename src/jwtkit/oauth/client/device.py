"""The device grant: a user grants access on another screen, while this program asks whether they did (RFC 8628).

Rules of this room:

- What is shown to people, the code and the address, is plain: no control characters, and http or https only.
- No poll comes before its pause, and no pause is shorter than the server wants.
- Polling ends: with the session, or when the network fails several times in a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit.errors import JwtkitError, OAuthError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.client.token_endpoint import (
    NOTHING,
    answer_as_it_came,
    ask_endpoint,
    endpoint_request,
    form_fields,
    read_answer,
    read_tokens,
    seconds_from,
    token_request,
)
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.resource_indicator import check_resources
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, Wait, wait
from jwtkit.oauth.urls import is_plain_url

__all__ = [
    "DeviceFlow",
    "DeviceSession",
    "device_authorization_request",
    "device_token_request",
    "parse_device_authorization_response",
]

_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_WHAT: Final = "device authorization endpoint"
_STORED: Final = "device session"
_VERSION: Final = 1
_LONGEST_SESSION: Final = 7 * 24 * 3600
_INTERVAL: Final = 5.0
_SLOWER: Final = 5.0
# Nothing is asked more often than this, whatever a server allows: an interval of 0 would be a loop without a pause.
_SHORTEST_PAUSE: Final = 1.0
_LONGEST_BACKOFF: Final = 60.0
_FAILURES: Final = 5
# A mistake in `send` does not go away by waiting.
_MISTAKES: Final = (JwtkitError, AssertionError, AttributeError, NameError, TypeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSession:
    """One attempt to be let in from another screen; no repr shows its codes.

    Show `user_code` and `verification_uri`, also where a QR code carries `verification_uri_complete`: users compare
    the code on both screens (RFC 8628 section 3.3.1).

    Attributes:
        issuer: the server that was asked.
        client_id: the client that asked.
        device_code: what this program polls with.
        user_code: what the user types in.
        verification_uri: where.
        verification_uri_complete: the same with the code in it, or None.
        expires_at: seconds since the epoch; both codes are useless then.
        interval: seconds to wait before each poll.
        scope: what was asked for.
        resource: for which APIs (RFC 8707).
    """

    issuer: str
    client_id: str
    device_code: Secret
    user_code: str = field(repr=False)
    verification_uri: str
    verification_uri_complete: str | None = field(default=None, repr=False)
    expires_at: float
    interval: float = _INTERVAL
    scope: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Write JSON to keep. It holds the device code: keep it where secrets are kept."""
        return write(_STORED, _VERSION, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _STORED, _VERSION)
        session = cls(
            issuer=stored.text("issuer"),
            client_id=stored.text("client_id"),
            device_code=Secret(stored.text("device_code")),
            user_code=stored.text("user_code"),
            verification_uri=stored.text("verification_uri"),
            verification_uri_complete=stored.optional_text("verification_uri_complete"),
            expires_at=stored.number("expires_at"),
            interval=stored.number("interval"),
            scope=stored.texts("scope"),
            resource=stored.texts("resource"),
        )
        try:
            check_resources(session.resource)
        except UsageError:
            sound = False
        else:
            uris = (session.verification_uri, session.verification_uri_complete or session.verification_uri)
            sound = session.user_code.isprintable() and all(map(_is_shown_safely, uris)) and session.interval >= 0
        if not sound:
            raise stored.wrong()
        return session


def device_authorization_request(
    client: Client,
    *,
    scope: Iterable[str] = (),
    resource: Iterable[str] = (),
    extra: Mapping[str, str] = NOTHING,
    now: float | None = None,
) -> HttpRequest:
    """Make the request that begins.

    Args:
        client: who asks.
        scope: what to ask for.
        resource: the APIs that the token is for, as absolute URIs (RFC 8707).
        extra: parameters that this server knows beside these.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no such endpoint.

    Spec: RFC 8628 section 3.1.
    """
    fields = form_fields((), scope=scope, resource=resource, extra=extra)
    return endpoint_request(client, "device_authorization_endpoint", fields, now=now)


def parse_device_authorization_response(
    response: HttpResponse,
    *,
    client: Client,
    scope: Iterable[str] = (),
    resource: Iterable[str] = (),
    now: float | None = None,
) -> DeviceSession:
    """Read the answer to `device_authorization_request`.

    Args:
        response: what came. Untrusted.
        client: who asked.
        scope: what was asked for.
        resource: for which APIs.
        now: seconds since the epoch, to reckon `expires_in` from; None reads the clock.

    Raises:
        OAuthError: the server said no.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        UsageError: an argument is of the wrong form.

    Spec: RFC 8628 section 3.2.
    """
    _check_client(client)
    moment, wanted, resources = resolve_now(now), check_scope(scope), check_resources(resource)
    members = read_answer(response, _WHAT)
    lifetime = seconds_from(members, "expires_in", _WHAT)
    if lifetime > _LONGEST_SESSION:
        raise bad_member(_WHAT, "expires_in", f"at most {_LONGEST_SESSION} seconds", response.status)
    interval = _INTERVAL if members.get("interval") is None else seconds_from(members, "interval", _WHAT)
    for name in ("verification_uri", "verification_uri_complete"):
        uri = members.get(name)
        if not _is_shown_safely(uri) and (uri is not None or name == "verification_uri"):
            raise bad_member(_WHAT, name, "an http or https URL", response.status)
    return DeviceSession(
        issuer=client.server.issuer,
        client_id=client.client_id,
        device_code=Secret(_code(members, "device_code")),
        user_code=_code(members, "user_code"),
        verification_uri=members["verification_uri"],
        verification_uri_complete=members.get("verification_uri_complete"),
        expires_at=moment + lifetime,
        interval=interval,
        scope=wanted,
        resource=resources,
    )


def device_token_request(client: Client, device: DeviceSession, *, now: float | None = None) -> HttpRequest:
    """Make the request of one poll, for those who wait themselves; `parse_token_response` reads the answer.

    An OAuthError says how to go on: with `authorization_pending` wait `device.interval` seconds and ask again, with
    `slow_down` wait five seconds longer from now on, and with any other stop.

    Args:
        client: who asks.
        device: the session.
        now: seconds since the epoch; None reads the clock.

    Raises:
        ProtocolError: the session belongs to another client or server.
        UsageError: it is no session.

    Spec: RFC 8628 section 3.4.
    """
    _check_session(client, device)
    own = [("grant_type", _GRANT), ("device_code", device.device_code.reveal())]
    return token_request(client, form_fields(own, resource=device.resource), now=now)


class DeviceFlow(Frozen):
    """Lets a user grant access on another screen, for programs without a browser.

    Args:
        client: the client.

    Raises:
        UsageError: it is no client, or the server has no device authorization endpoint.

    Spec: RFC 8628.
    """

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        _check_client(client)
        client.server.endpoint("device_authorization_endpoint")
        self.client: Final = client

    def start(
        self,
        *,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, DeviceSession]:
        """Begin; show the user what comes of it.

        Args:
            scope: what to ask for.
            resource: the APIs that the token is for, as absolute URIs (RFC 8707).
            extra: parameters that this server knows beside these.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: at the call; an argument is of the wrong form.
            OAuthError: from the steps; the server said no.
            ProtocolError: from the steps; the answer cannot be used.
        """
        wanted, resources = check_scope(scope), check_resources(resource)
        request = device_authorization_request(self.client, scope=wanted, resource=resources, extra=extra, now=now)

        def steps() -> Steps[HttpRequest, DeviceSession]:
            response = yield from ask_endpoint(self.client, request, now)
            return parse_device_authorization_response(
                response, client=self.client, scope=wanted, resource=resources, now=now
            )

        return steps()

    def poll(self, device: DeviceSession, *, now: float | None = None) -> Steps[HttpRequest | Wait, TokenSet]:
        """Ask until the user has decided.

        It waits before every question, longer after `slow_down`, and twice as long after each failure of the network
        or the server (5xx, 429), up to five of them in a row.

        Args:
            device: what `start` gave.
            now: seconds since the epoch when polling begins, from which it is reckoned by what was waited; None reads
                the clock each time.

        Raises:
            ProtocolError: at the call, the session belongs to another client or server; from the steps, `expired`
                when nobody decided in time, or the answer cannot be used.
            OAuthError: from the steps; `access_denied`, `expired_token` or another refusal.
            Exception: what your `send` raised the last time, when it failed too often.

        Spec: RFC 8628 sections 3.4 and 3.5.
        """
        _check_session(self.client, device)
        return _Poll(self.client, device, now).steps()


class _Poll:
    """The memory of one poll: how much was waited, how slowly to go on, and what failed."""

    __slots__ = ("_client", "_device", "_failures", "_interval", "_now", "_pause", "_started", "_waited")

    def __init__(self, client: Client, device: DeviceSession, now: float | None) -> None:
        self._client: Final = client
        self._device: Final = device
        self._now: Final = now
        self._interval = max(device.interval, _SHORTEST_PAUSE)
        self._pause = self._interval
        self._failures = 0
        self._started = 0.0
        self._waited = 0.0

    def steps(self) -> Steps[HttpRequest | Wait, TokenSet]:
        """Wait, ask, and look at what came, over and over."""
        self._started = resolve_now(self._now)
        while True:
            yield from wait(min(self._pause, self._remaining()))
            self._waited += self._pause
            self._remaining()
            now = None if self._now is None else self._moment()
            # Made anew each time: a proof of the client's identity that is dated counts once.
            request = device_token_request(self._client, self._device, now=now)
            try:
                came = yield from answer_as_it_came(self._client, request, now)
            except _MISTAKES:
                raise
            except Exception as failure:  # noqa: BLE001 - every HTTP client has its own; it is raised again in the end
                self._back_off(failure)
                continue
            response = self._client.corrected(came)
            try:
                return read_tokens(self._client, response, self._device.scope, now)
            except (OAuthError, ProtocolError) as failure:
                self._go_on(failure)

    def _moment(self) -> float:
        """Give the time; a clock that stands still, or a pause that was cut short, does not make this endless."""
        reckoned = self._started + self._waited
        return reckoned if self._now is not None else max(resolve_now(None), reckoned)

    def _remaining(self) -> float:
        remaining = self._device.expires_at - self._moment()
        if remaining <= 0:
            message = "nobody entered the user code in time: start again"
            raise ProtocolError(message, reason=ProtocolReason.EXPIRED)
        return remaining

    def _go_on(self, answer: OAuthError | ProtocolError) -> None:
        error = answer.error if isinstance(answer, OAuthError) else None
        if error in ("authorization_pending", "slow_down"):
            self._interval += _SLOWER if error == "slow_down" else 0
            self._failures, self._pause = 0, max(self._interval, answer.retry_after or 0.0)
        elif answer.status == 429 or (answer.status or 0) >= 500:
            self._back_off(answer)
        else:
            raise answer

    def _back_off(self, failure: Exception) -> None:
        self._failures += 1
        if self._failures >= _FAILURES:
            raise failure
        asked_for = failure.retry_after if isinstance(failure, (OAuthError, ProtocolError)) else None
        longest = max(_LONGEST_BACKOFF, 2 * self._interval)
        self._pause = max(min(self._pause * 2, longest), asked_for or 0.0)


def _check_client(client: object) -> None:
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")


def _check_session(client: Client, device: DeviceSession) -> None:
    _check_client(client)
    if not isinstance(device, DeviceSession):
        raise UsageError(f"device must be a DeviceSession, got {type(device).__name__}: see from_json")
    if (device.issuer, device.client_id) != (client.server.issuer, client.client_id):
        # The code would be shown to a server that did not give it.
        message = f"the device session belongs to client {quote(device.client_id)} of {quote(device.issuer)}"
        raise ProtocolError(message, reason=ProtocolReason.SESSION_MISMATCH)


def _is_shown_safely(uri: object) -> bool:
    """Tell whether people may be sent there: "javascript:" and the like never."""
    if not isinstance(uri, str) or not uri.isascii() or not uri.isprintable() or " " in uri:
        return False
    return is_plain_url(uri.partition("#")[0])


def _code(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise bad_member(_WHAT, name, "a non-empty, printable string", 200)
    return value
