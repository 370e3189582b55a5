"""LogoutToken: a provider's word that a user has logged out there (OpenID Connect Back-Channel Logout section 2.4).

Rules of this room:

- No other token of the same provider passes for one: `events` must say that it is a logout, and a nonce, which ID
  tokens have, must not be there.
- A LogoutToken comes from `LogoutTokenVerifier` only: possession is proof. Whether it came before is for
  `back_channel_logout` to ask.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, final

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import Mismatch, NotAllowedError, UsageError, quote, shown_names
from jwtkit.jose.header import Header, is_media_type
from jwtkit.jose.select import Keys
from jwtkit.jwt.claim_fields import claim
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.policy import UNCHECKED, TenantIssuer, Unchecked, refuse
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.scope import listed_texts
from jwtkit.oauth.secret import same_text
from jwtkit.oauth.steps import Consume
from jwtkit.oidc.login_record import LoginRecord

__all__ = ["LogoutToken", "LogoutTokenClaims", "LogoutTokenVerifier"]

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_TYP: Final = "logout+jwt"
_SKEW: Final = 30.0
_MAX_AGE_SECONDS: Final = 300.0


class LogoutTokenClaims(Claims):
    """The claims of a logout token; one of `sub` and `sid` is there, or both (Back-Channel Logout section 2.4)."""

    iss: str = claim()
    aud: Sequence[str] = claim()
    exp: float = claim()
    iat: float = claim()
    jti: str = claim()
    events: Mapping[str, Any] = claim()


@final
class LogoutToken(Proof, Frozen):
    """A verified logout token. Get one from `LogoutTokenVerifier.verify`, or from `back_channel_logout`."""

    __slots__ = ("_consumption", "_token")

    _origin = "LogoutTokenVerifier.verify(...)"
    _token: Token[LogoutTokenClaims]
    _consumption: Consume

    @property
    def iss(self) -> str:
        """The provider."""
        return self.claims.iss

    @property
    def sub(self) -> str | None:
        """The user, or None where the token names only a session."""
        return self.claims.sub

    @property
    def sid(self) -> str | None:
        """The provider's session, or None where all sessions of the user end."""
        return self.claims.sid

    @property
    def jti(self) -> str:
        """What makes the token one of its kind."""
        return self.claims.jti

    @property
    def claims(self) -> LogoutTokenClaims:
        """Everything the token says."""
        return self._token.claims

    @property
    def header(self) -> Header:
        """The JOSE header."""
        return self._token.header

    def ends(self, record: LoginRecord) -> bool:
        """Tell whether a login of this client ends with it: the session it names, or else everything of the user.

        A login whose ID token named no session is told by its user.

        Spec: OpenID Connect Back-Channel Logout section 2.7.
        """
        if not isinstance(record, LoginRecord):
            raise UsageError(f"record must be a LoginRecord, got {type(record).__name__}: see IdToken.record")
        if record.iss != self.iss or (self.sub is not None and record.sub != self.sub):
            return False
        if self.sid is None or record.sid is None:
            return self.sub is not None
        return same_text(record.sid, self.sid)

    def consumption(self) -> Consume:
        """Give what a store is asked so that this token counts once; it holds nothing of the token but a hash."""
        return self._consumption

    def __repr__(self) -> str:
        return f"LogoutToken({shown_names(self.claims)})"


class LogoutTokenVerifier(Frozen):
    """Checks the logout tokens of one provider for one client.

    Args:
        issuer: the provider, exactly as in its metadata; as for `IdTokenVerifier`.
        client_id: this client.
        keys: the provider's key set; `LoginFlow.keys` shares the one of the logins.
        algorithms: the algorithm registered for the ID tokens of this client; RS256 where nothing was registered.
        trusted_audiences: further audiences that may stand beside this client; none unless named.
        decryption: keys and algorithms, where this client registered encrypted ID tokens; logout tokens are encrypted
            then too, and one that is only signed is refused.
        max_token_age: oldest `iat` accepted, in seconds or a timedelta; five minutes unless given.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.
        quirk_typ_jwt: accept the typ "JWT" too, from a provider that writes it into every token. A missing one is
            accepted anyway.

    Attributes:
        keys: the key set.

    Raises:
        UsageError: an argument could never accept a token.

    Spec: OpenID Connect Back-Channel Logout sections 2.4 and 2.6.
    """

    __slots__ = ("_age", "_client_id", "_leeway", "_skew", "_trusted", "_typs", "_verifier", "keys")

    def __init__(
        self,
        *,
        issuer: str | Collection[str] | TenantIssuer,
        client_id: str,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        trusted_audiences: Collection[str] = (),
        decryption: Decryption | None = None,
        max_token_age: float | timedelta = _MAX_AGE_SECONDS,
        leeway: float | timedelta | None = None,
        quirk_typ_jwt: bool = False,
    ) -> None:
        if isinstance(issuer, Unchecked):
            raise UsageError("the issuer of a logout token is always checked: its sessions are what ends")
        if not isinstance(client_id, str) or not client_id:
            raise UsageError(f"client_id must be a non-empty str, got {type(client_id).__name__}")
        if not isinstance(quirk_typ_jwt, bool):
            raise UsageError("quirk_typ_jwt must be True or False")
        self.keys: Final = keys
        self._client_id: Final = client_id
        self._trusted: Final = frozenset((client_id, *listed_texts(trusted_audiences, "trusted_audiences")))
        self._typs: Final = (_TYP, "JWT") if quirk_typ_jwt else (_TYP,)
        self._age: Final = seconds(max_token_age, "max_token_age")
        self._leeway: Final = 0.0 if leeway is None else seconds(leeway, "leeway", zero=True)
        self._skew: Final = _SKEW if leeway is None else self._leeway
        self._verifier: Final = TokenVerifier(
            keys=keys,
            algorithms=algorithms,
            issuer=issuer,
            audience=client_id,
            # Absent, or one of a few: checked below, because a TokenVerifier demands one or none.
            typ=UNCHECKED,
            claims=LogoutTokenClaims,
            decryption=decryption,
            max_age=max_token_age,
            leeway=leeway,
        )

    def verify(self, compact: str, *, now: float | None = None) -> LogoutToken:
        """Check a logout token, all of it but whether it came before.

        Args:
            compact: the text. Untrusted.
            now: seconds since the epoch; None reads the clock.

        Raises:
            RejectedError: as `TokenVerifier.verify`; ClaimsError names every mismatch.
            UsageError: `compact` is not a str, or `now` is no time.

        Spec: OpenID Connect Back-Channel Logout section 2.6.
        """
        token = self._verifier.verify(compact, now=resolve_now(now))
        typ = token.header.typ
        if typ is not None and not any(is_media_type(typ, accepted) for accepted in self._typs):
            message = f"typ mismatch: token has {quote(typ)}, a logout token has {_TYP!r} or none"
            raise NotAllowedError(message, code="typ_mismatch")
        claims = token.claims
        mismatches = [*_check_audience(claims, self._trusted), *_check_names(claims), *_check_event(claims)]
        if mismatches:
            raise refuse(mismatches)
        verified = object.__new__(LogoutToken)
        verified._token = token
        # From then on this verifier refuses the token, so that nobody needs to remember it. Its greatest age is an age
        # that passes, so the moment after it counts.
        useless_at = min(claims.exp + self._leeway, claims.iat + self._age + self._skew + 1)
        key = _fingerprint(claims.iss, self._client_id, claims.jti)
        verified._consumption = Consume(kind="logout_token", key=key, expires_at=useless_at)
        return verified

    def __repr__(self) -> str:
        return f"LogoutTokenVerifier(algorithms={self._verifier.algorithms!r})"


def _check_audience(claims: LogoutTokenClaims, trusted: frozenset[str]) -> Iterable[Mismatch]:
    """Check that it is for nobody beside this client who is not trusted, as an ID token (Core section 3.1.3.7)."""
    strangers = [audience for audience in claims.aud if audience not in trusted]
    if strangers:
        message = f"logout token is also for {quote(strangers[0])}, which is not a trusted audience"
        yield Mismatch("aud", "not_accepted", message, expected=tuple(sorted(trusted)), actual=claims.aud)


def _check_names(claims: LogoutTokenClaims) -> Iterable[Mismatch]:
    """Check that it says whose session ends, and that it can be told from others."""
    if claims.sub is None and claims.sid is None:
        yield Mismatch("sub", "missing", "logout token has neither sub nor sid, so it names nobody")
    for name in ("sub", "sid", "jti"):
        if claims.get(name) == "":
            yield Mismatch(name, "not_accepted", f"logout token has an empty {name}")


def _check_event(claims: LogoutTokenClaims) -> Iterable[Mismatch]:
    """Check that it is about a logout, and no ID token."""
    event = claims.events.get(_EVENT)
    if event is None:
        message = "events does not name the back-channel logout: this is no logout token"
        yield Mismatch("events", "not_accepted", message, expected=_EVENT, actual=tuple(claims.events))
    elif not isinstance(event, Mapping):
        yield Mismatch("events", "wrong_type", "the back-channel logout event must be an object", expected="an object")
    if "nonce" in claims:
        yield Mismatch("nonce", "unexpected", "logout token has a nonce, which only an ID token may have")


def _fingerprint(*parts: str) -> str:
    """Give a hash of several texts; each is hashed by itself too, so that no two rows of them run together into one."""
    digests = b"".join(sha256(part.encode("utf-8", "surrogatepass")).digest() for part in parts)
    return sha256(digests).hexdigest()
