"""Every error that jwtkit raises: a closed tree that answers one question, whose fault is it?

Rules of this room:

- `UsageError`: the program is wrong. No token and no peer can cause it.
- `RejectedError`: the token or the peer is wrong. Catch it to refuse.
- A class exists because a caller would branch on it; everything finer is data on the error.
- A message says what was expected, what came and what to do next. It never holds a token, a key or a secret.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal

__all__ = [
    "ClaimsError",
    "DecryptionError",
    "ErrorCode",
    "ExpiredError",
    "JwtkitError",
    "KeyNotFoundError",
    "MalformedError",
    "Mismatch",
    "MismatchReason",
    "NotAllowedError",
    "OAuthError",
    "ProtocolError",
    "ProtocolReason",
    "RejectedError",
    "SignatureError",
    "UsageError",
    "quote",
]

_QUOTED_CHARS: Final = 64
_QUOTED_VALUES: Final = 16
_SHOWN_NAMES: Final = 40

# What an error is about, finer than its class: for dashboards and tests, and stable. Closed; a class without a row of
# its own has one code for all.
ErrorCode = Literal[
    # by class
    "usage",
    "malformed",
    "not_allowed",
    "key_not_found",
    "signature",
    "decryption",
    "claims",
    "expired",
    "protocol",
    "oauth",
    # UsageError
    "algorithms_is_text",
    "claim_type",
    "key_unfit",
    "naive_datetime",
    "no_expiry",
    "secret_is_a_key",
    "short_secret",
    "token_is_not_text",
    "unknown_algorithm",
    "unparsed_keys",
    # MalformedError
    "bearer_prefix",
    "bytes_repr",
    "empty",
    "json_form",
    "newline",
    "opaque",
    "quoted",
    "segments",
    "white_space",
    # NotAllowedError
    "alg_not_allowed",
    "ambiguous_key",
    "critical_extension",
    "encrypted",
    "issuer_unknown",
    "signed_only",
    "too_large",
    "typ_mismatch",
]

MismatchReason = Literal[
    "missing",
    "wrong_type",
    "not_accepted",
    "unexpected",
    "expired",
    "not_yet_valid",
    "issued_in_the_future",
    "too_old",
    "lifetime_too_long",
]


def quote(value: object) -> str:
    """Show a value of the peer's in a message: escaped, and cut short so that no log is flooded."""
    text = repr(value[: _QUOTED_CHARS + 1] if isinstance(value, str) else value)
    return text if len(text) <= _QUOTED_CHARS else f"{text[:_QUOTED_CHARS]}..."


def quote_some(values: Iterable[object]) -> str:
    """Show several values of the peer's in a message; of many the first are enough."""
    return ", ".join(map(quote, islice(values, _QUOTED_VALUES)))


def shown_names(names: Collection[str]) -> str:
    """Show the names of members in a repr: those that would not stay in their line are quoted, and some are enough."""
    shown = [name if name.isprintable() and len(name) <= _QUOTED_CHARS else quote(name) for name in names]
    return ", ".join(shown if len(shown) <= _SHOWN_NAMES else [*shown[:_SHOWN_NAMES], "..."])


def _copyable(value: Any) -> Any:
    """Give frozen JSON as plain JSON: a mapping proxy can be neither copied nor pickled."""
    if isinstance(value, Mapping):
        return {name: _copyable(item) for name, item in value.items()}
    return tuple(map(_copyable, value)) if isinstance(value, tuple) else value


def _rebuild_mismatch(claim: str, reason: MismatchReason, message: str, data: dict[str, Any]) -> Mismatch:
    return Mismatch(claim, reason, message, **data)


def _rebuild(cls: type[JwtkitError], message: str, data: dict[str, Any]) -> JwtkitError:
    return cls(message, **data)


class JwtkitError(Exception):
    """Base of every error in this package.

    Attributes:
        code: what it is about, from the closed vocabulary `ErrorCode`; the text may change, this does not.
    """

    _data: ClassVar[tuple[str, ...]] = ("code",)
    _code: ClassVar[ErrorCode]

    def __init__(self, message: str, *, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.code: Final[ErrorCode] = code or self._code

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only data would make copy and pickle fail with a TypeError.
        return _rebuild, (type(self), str(self), {name: getattr(self, name) for name in self._data})


class UsageError(JwtkitError, ValueError):
    """You called it wrong. Fix the program; no token or peer can cause this."""

    _code: ClassVar[ErrorCode] = "usage"


class RejectedError(JwtkitError):
    """The token or the peer is wrong. Refuse it; the subclasses say why."""


class MalformedError(RejectedError):
    """The bytes do not parse as what they should be."""

    _code: ClassVar[ErrorCode] = "malformed"


class NotAllowedError(RejectedError):
    """It parses, but it is outside your allow-list or your `Limits`."""

    _code: ClassVar[ErrorCode] = "not_allowed"


class KeyNotFoundError(RejectedError):
    """No key of yours fits. The only refusal that is worth refetching the key set, once.

    Attributes:
        kid: the key identifier the token names, or None.
        alg: the algorithm the token names.
        issuer: whose keys were looked through, as the verifier was given it; None where that is not one issuer.
    """

    _data: ClassVar[tuple[str, ...]] = ("kid", "alg", "issuer")
    _code: ClassVar[ErrorCode] = "key_not_found"

    def __init__(self, message: str, *, kid: str | None, alg: str, issuer: str | None = None) -> None:
        super().__init__(message)
        self.kid: Final = kid
        self.alg: Final = alg
        self.issuer: Final = issuer


class SignatureError(RejectedError):
    """The signature does not verify. Deliberately without detail."""

    _code: ClassVar[ErrorCode] = "signature"


class DecryptionError(RejectedError):
    """The content does not decrypt: tag, key or padding. Deliberately one class and one text."""

    _code: ClassVar[ErrorCode] = "decryption"


class Mismatch:
    """One thing about authentic claims that is not what you expected.

    Attributes:
        claim: name of the claim.
        reason: closed vocabulary, see `MismatchReason`.
        expected: what the policy wanted, as data.
        actual: what the token holds, as data; None when the claim is absent.
        message: one sentence with the numbers and the next step.
    """

    __slots__ = ("actual", "claim", "expected", "message", "reason")

    def __init__(
        self, claim: str, reason: MismatchReason, message: str, *, expected: object = None, actual: object = None
    ) -> None:
        self.claim: Final = claim
        self.reason: Final[MismatchReason] = reason
        self.message: Final = message
        self.expected: Final = expected
        self.actual: Final = actual

    def __reduce__(self) -> tuple[Any, ...]:
        data = {"expected": _copyable(self.expected), "actual": _copyable(self.actual)}
        return _rebuild_mismatch, (self.claim, self.reason, self.message, data)

    def __repr__(self) -> str:
        return f"Mismatch({self.claim!r}, {self.reason!r})"


class ClaimsError(RejectedError):
    """The token is authentic, but its claims are not what you expected.

    Attributes:
        mismatches: every one of them, as data.
    """

    _data: ClassVar[tuple[str, ...]] = ("mismatches",)
    _code: ClassVar[ErrorCode] = "claims"

    def __init__(self, message: str, *, mismatches: tuple[Mismatch, ...]) -> None:
        super().__init__(message)
        self.mismatches: Final = mismatches


class ExpiredError(ClaimsError):
    """The only thing wrong is that the token has expired: fetch a fresh one."""

    _code: ClassVar[ErrorCode] = "expired"


class ProtocolReason(StrEnum):
    """Why a peer's message was refused. Closed: branch on it, not on the text."""

    NOT_HTTPS = "not_https"
    REDIRECT = "redirect"
    UNEXPECTED_STATUS = "unexpected_status"
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    BAD_HEADER = "bad_header"
    BAD_MEMBER = "bad_member"
    ISSUER_MISMATCH = "issuer_mismatch"
    ISSUER_MISSING = "issuer_missing"
    RESOURCE_MISMATCH = "resource_mismatch"
    STATE_MISMATCH = "state_mismatch"
    DUPLICATE_PARAMETER = "duplicate_parameter"
    MISSING_PARAMETER = "missing_parameter"
    UNEXPECTED_PARAMETER = "unexpected_parameter"
    WRONG_ENDPOINT = "wrong_endpoint"
    TOKEN_TYPE = "token_type"
    PKCE_UNSUPPORTED = "pkce_unsupported"
    SESSION_EXPIRED = "session_expired"
    SESSION_MISMATCH = "session_mismatch"
    SESSION_USED = "session_used"
    SUBJECT_MISMATCH = "subject_mismatch"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"


class ProtocolError(RejectedError):
    """The peer broke the protocol.

    Attributes:
        reason: closed vocabulary.
        status: HTTP status of the response, where there was one.
        retry_after: seconds after which the peer wants to be asked again, where it said so.
        excerpt: the beginning of a body that cannot be used, at most 200 printable characters, long unbroken runs of
            them, and the values of members such as access_token or client_secret, left out; None where there is
            nothing. It is the peer's text: escape it before display.
    """

    _data: ClassVar[tuple[str, ...]] = ("reason", "status", "retry_after", "excerpt")
    _code: ClassVar[ErrorCode] = "protocol"

    def __init__(
        self,
        message: str,
        *,
        reason: ProtocolReason,
        status: int | None = None,
        retry_after: float | None = None,
        excerpt: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason: Final = reason
        self.status: Final = status
        self.retry_after: Final = retry_after
        self.excerpt: Final = excerpt


class OAuthError(RejectedError):
    """The peer understood and said no (RFC 6749 sections 4.1.2.1 and 5.2).

    Attributes:
        error: the error code, an open vocabulary.
        description: text for a developer, or None. It is the peer's text: escape it before display.
        uri: page about the error, or None.
        status: HTTP status, or None when the error came through the browser.
        retry_after: seconds after which the peer wants to be asked again, where it said so.
        extra: further members, as they came.
    """

    _data: ClassVar[tuple[str, ...]] = ("error", "description", "uri", "status", "retry_after", "extra")
    _code: ClassVar[ErrorCode] = "oauth"

    def __init__(
        self,
        message: str,
        *,
        error: str,
        description: str | None = None,
        uri: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        extra: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.error: Final = error
        self.description: Final = description
        self.uri: Final = uri
        self.status: Final = status
        self.retry_after: Final = retry_after
        self.extra: Final = MappingProxyType(dict(extra))

    def __reduce__(self) -> tuple[Any, ...]:
        data = {name: getattr(self, name) for name in self._data}
        data["extra"] = _copyable(self.extra)
        return _rebuild, (type(self), str(self), data)
