"""AuthorizationSession: what must be kept while the user is away at the authorization server.

It is a small value: keep its JSON wherever you keep what belongs to this one browser, and consume it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Self, cast

from jwtkit._wire import b64url_encode
from jwtkit.errors import (
    DecryptionError,
    KeyNotFoundError,
    MalformedError,
    NotAllowedError,
    RejectedError,
    UsageError,
)
from jwtkit.jose.jwk import JWK
from jwtkit.oauth.client.stored import Stored, write
from jwtkit.oauth.pkce import PKCE
from jwtkit.oauth.steps import Consume

if TYPE_CHECKING:
    from jwtkit.jose.jwe_values import DecryptedJWE

__all__ = [
    "PLAIN_MODES",
    "SIGNED_MODES",
    "AuthorizationRedirect",
    "AuthorizationSession",
    "ResponseMode",
    "ResponseType",
]

ResponseMode = Literal["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
PLAIN_MODES: Final[tuple[ResponseMode, ...]] = ("query", "fragment", "form_post")
SIGNED_MODES: Final[tuple[ResponseMode, ...]] = ("jwt", "query.jwt", "fragment.jwt", "form_post.jwt")
ResponseType = Literal["code", "code id_token"]
_VERSION: Final = 1
_WHAT: Final = "authorization session"
_COOKIE_TYPE: Final = "authorization-session"
_COOKIE_CHARS: Final = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationSession:
    """The memory of one attempt to log in; no repr shows its secrets.

    Attributes:
        issuer: the server the user was sent to.
        client_id: the client that sent them.
        redirect_uri: where they come back to.
        scope: what was asked for.
        resource: for which APIs (RFC 8707).
        expires_at: seconds since the epoch; later callbacks are refused.
        state: binds the callback to this browser.
        code_verifier: proves at the token endpoint that this client asked.
        nonce: binds the ID token to this browser; None where no ID token was asked for.
        response_type: what the callback has to bring.
        response_mode: how the callback has to come.
        max_age: the oldest authentication that was accepted, in seconds, or None.
        acr_values: the authentication contexts of which one was demanded; empty where none was.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    expires_at: float
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    resource: tuple[str, ...] = ()
    nonce: str | None = field(default=None, repr=False)
    response_type: ResponseType = "code"
    response_mode: ResponseMode = "query"
    max_age: float | None = None
    acr_values: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Write JSON to keep. It holds secrets: a server-side store, or `to_cookie`."""
        return write(_WHAT, _VERSION, self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            MalformedError: it is something else.
            NotAllowedError: another version wrote it.
        """
        stored = Stored(text, _WHAT, _VERSION)
        response_type, response_mode = stored.text("response_type"), stored.text("response_mode")
        if response_type not in ("code", "code id_token") or response_mode not in (*PLAIN_MODES, *SIGNED_MODES):
            raise stored.wrong()
        max_age = stored.optional_number("max_age")
        if max_age is not None and max_age < 0:
            raise stored.wrong()
        PKCE.parse(stored.text("code_verifier"))
        return cls(
            issuer=stored.text("issuer"),
            client_id=stored.text("client_id"),
            redirect_uri=stored.text("redirect_uri"),
            scope=stored.texts("scope"),
            expires_at=stored.number("expires_at"),
            state=stored.text("state"),
            code_verifier=stored.text("code_verifier"),
            resource=stored.texts("resource"),
            nonce=stored.optional_text("nonce"),
            response_type=cast("ResponseType", response_type),
            response_mode=response_mode,
            max_age=max_age,
            acr_values=stored.texts("acr_values"),
        )

    def to_cookie(self, key: JWK) -> str:
        """Write it encrypted, for applications that keep nothing: the value of a cookie with HttpOnly and Secure.

        A cookie comes back as often as the browser likes: where a callback must count once, keep the session in a
        store, or pass `once=True` to the flow's `finish`.

        Args:
            key: a secret of 32 bytes, such as `JWK.generate("A256GCM")`.

        Raises:
            UsageError: it is no such key.
        """
        from jwtkit.jose import jwe

        _check_cookie_key(key)
        return jwe.encrypt(self.to_json().encode("utf-8"), key, alg="dir", enc="A256GCM", typ=_COOKIE_TYPE)

    @classmethod
    def from_cookie(cls, text: str, keys: JWK | Sequence[JWK]) -> Self:
        """Read what `to_cookie` wrote.

        Args:
            text: the value of the cookie. Untrusted.
            keys: the key, or several while one replaces another; keys that have no `kid` are tried in turn.

        Raises:
            MalformedError, NotAllowedError, KeyNotFoundError, DecryptionError: it is something else, or another key
                wrote it.
            UsageError: `keys` are no such keys.
        """
        several = tuple(keys) if isinstance(keys, (list, tuple)) else (keys,)
        for key in several:
            _check_cookie_key(key)
        if not isinstance(text, str) or len(text) > _COOKIE_CHARS:
            raise MalformedError(f"{_WHAT} must be the text that to_cookie gave")
        opened = _opened(text, several)
        if opened.header.typ != _COOKIE_TYPE:
            raise NotAllowedError(f"typ must be {_COOKIE_TYPE!r}: this cookie is for another purpose")
        return cls.from_json(opened.plaintext)

    def consumption(self) -> Consume:
        """Give what a store is asked so that this session counts once; it holds no secret."""
        return Consume(kind="authorization_session", key=_fingerprint(self.state), expires_at=self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRedirect:
    """The first half of a login.

    Attributes:
        url: where to send the browser.
        session: what to keep until it comes back.
        expires_at: when the URL itself stops working, in seconds since the epoch, where the request was pushed or
            signed; None elsewhere.
    """

    url: str = field(repr=False)
    session: AuthorizationSession
    expires_at: float | None = None


def _fingerprint(state: str) -> str:
    from hashlib import sha256

    return b64url_encode(sha256(state.encode("utf-8", "surrogatepass")).digest())


def _opened(text: str, keys: Sequence[JWK]) -> DecryptedJWE:
    """Decrypt a cookie; where nothing says which key wrote it, whichever opens it: all are the program's own."""
    from jwtkit.jose import jwe

    failure: RejectedError
    try:
        return jwe.decrypt(text, keys, algorithms=["dir"], encryptions=["A256GCM"])
    except NotAllowedError as ambiguous:
        if ambiguous.code != "ambiguous_key":
            raise
        failure = ambiguous
    for key in keys:
        try:
            return jwe.decrypt(text, key, algorithms=["dir"], encryptions=["A256GCM"])
        except KeyNotFoundError:
            continue  # the cookie names another one
        except DecryptionError as refusal:
            failure = refusal
    raise failure


def _check_cookie_key(key: object) -> None:
    if not isinstance(key, JWK) or key.kty != "oct" or key.alg not in (None, "dir", "A256GCM"):
        raise UsageError(
            'a cookie is encrypted with a secret of its own: JWK.generate("A256GCM"), kept in your settings'
        )
