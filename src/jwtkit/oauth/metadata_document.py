"""MetadataDocument: what documents about servers and about resources have in common.

Rules of this room:

- A member is taken out with the type it must have; one of another type costs the document, because a peer that is
  wrong about one thing may mean another with the rest. What nobody took is kept as it came.
- What a signature covers wins over what stands beside it, and counts only once the signature was verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.json_response import MAX_BYTES, bad_member
from jwtkit.oauth.urls import is_secure

__all__ = ["LOOPBACK_HINT", "MetadataDocument", "check_fields", "check_https"]

LOOPBACK_HINT: Final = "allow_http_loopback=True accepts http on 127.0.0.1 or [::1]"
_MUST_BE_HTTPS: Final = f"an https URL ({LOOPBACK_HINT})"
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40
_SIGNED: Final = "signed_metadata"
# What a signed document says about itself, not about what it describes (RFC 7519 section 4.1).
_OF_THE_TOKEN: Final = frozenset(("iss", "sub", "aud", "exp", "nbf", "iat", "jti", _SIGNED))


class MetadataDocument:
    """The members of a document that were not taken out yet."""

    __slots__ = ("_members", "_what")

    def __init__(self, source: str | bytes | Mapping[str, object], what: str) -> None:
        """Read a document.

        Raises:
            MalformedError: not one strict JSON object.
            NotAllowedError: too long.
            UsageError: neither text nor a mapping.
        """
        self._what: Final = what
        self._members: Final = _wire.read_object(
            source, what, longest=MAX_BYTES, limit="the limit", depth=_DEPTH, int_limit=_INT_LIMIT
        )

    def expect(self, name: str, value: str) -> None:
        """Take out the member that says whom the document is about.

        Raises:
            ProtocolError: it is about somebody else, or nobody.
        """
        self._compare(name, value, self._members.pop(name, None), "the document is about")

    def use_signed(
        self, verifier: TokenVerifier | None, *, about: tuple[str, str], issuer: str | None, now: float | None
    ) -> None:
        """Let the signed members win, where somebody can verify them.

        Without a verifier the member stays what it is, one that nobody took. With one it has to be there: otherwise
        who can alter the document could leave it out.

        Args:
            verifier: the policy for the signature, or None.
            about: what `expect` was told; the signed members must say it again, so that no other token of the same
                signer, such as an access token, passes for metadata.
            issuer: who must have signed; None leaves that to the verifier.
            now: as everywhere.

        Raises:
            ProtocolError: it is missing, no string, or somebody else's.
            RejectedError: as `TokenVerifier.verify`.

        Spec: RFC 8414 section 2.1, RFC 9728 section 2.2.
        """
        if verifier is None:
            return
        if not isinstance(verifier, TokenVerifier):
            raise UsageError(f"signed_metadata_verifier must be a TokenVerifier, got {type(verifier).__name__}")
        text = self._members.get(_SIGNED)
        if not isinstance(text, str):
            raise bad_member(self._what, _SIGNED, "a signed token, because a verifier for it was given")
        claims = verifier.verify(text, now=now).claims
        if issuer is not None:
            self._compare("issuer", issuer, claims.get("iss"), "the signed metadata is from")
        signed: dict[str, Any] = _wire.read_object(
            {name: value for name, value in claims.items() if name not in _OF_THE_TOKEN},
            self._what,
            longest=MAX_BYTES,
            limit="the limit",
            depth=_DEPTH,
            int_limit=_INT_LIMIT,
        )
        name, value = about
        self._compare(name, value, signed.pop(name, None), "the signed metadata is about")
        self._members.update(signed)

    def text(self, name: str) -> str | None:
        """Take out a string; some servers write every member they know, those that nobody set as ""."""
        value = self._members.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise bad_member(self._what, name, "a string")
        return value or None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Take out an array of strings."""
        value = self._members.pop(name, None)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise bad_member(self._what, name, "an array of strings")
        return None if value is None else tuple(value)

    def flag(self, name: str) -> bool:
        """Take out a flag, whose absence means false."""
        value = self._members.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise bad_member(self._what, name, "true or false")
        return value is True

    def urls(self, name: str) -> Mapping[str, str]:
        """Take out an object whose members are URLs; one that is null or "" is left out, like the object itself."""
        value = self._members.pop(name, None)
        value = {} if value in (None, "") else value
        if not (isinstance(value, dict) and all(url is None or isinstance(url, str) for url in value.values())):
            raise bad_member(self._what, name, "an object with URLs")
        frozen: Mapping[str, str] = _wire.freeze({member: url for member, url in value.items() if url})
        return frozen

    def rest(self) -> Mapping[str, Any]:
        """Give what nobody took, read-only."""
        frozen: Mapping[str, Any] = _wire.freeze(self._members)
        return frozen

    def _compare(self, name: str, value: str, found: object, words: str) -> None:
        if found != value:
            hint = f"each {name} is compared exactly, down to a final slash"
            message = f"{name} mismatch: asked {quote(value)}, {words} {quote(found)}; {hint}"
            raise ProtocolError(message, reason=ProtocolReason(f"{name}_mismatch"))


def check_fields(
    made: object,
    *,
    urls: Iterable[str] = (),
    texts: Iterable[str] = (),
    lists: Iterable[str] = (),
    flags: Iterable[str] = (),
    allow_http_loopback: bool,
) -> None:
    """Check the fields of metadata that a program may have made itself; None is sound everywhere.

    Args:
        made: what has the fields.
        urls: names of those that are https URLs.
        texts: names of those that are texts.
        lists: names of those that are lists of texts.
        flags: names of those that are flags.
        allow_http_loopback: accept http on 127.0.0.1 or [::1].

    Raises:
        UsageError: a field is of the wrong type, or no https URL.
    """
    for names, is_sound, must_be in (
        (urls, lambda field: is_secure(field, allow_http_loopback=allow_http_loopback), _MUST_BE_HTTPS),
        (texts, lambda field: isinstance(field, str), "a str"),
        (lists, _is_texts, "a tuple of str"),
        (flags, lambda field: isinstance(field, bool), "True or False"),
    ):
        for name in names:
            field = getattr(made, name)
            if field is not None and not is_sound(field):
                raise UsageError(f"{name} must be {must_be}")


def _is_texts(field: object) -> bool:
    return isinstance(field, (tuple, list)) and all(isinstance(text, str) for text in field)


def check_https(what: str, name: str, url: str, *, allow_http_loopback: bool) -> None:
    """Refuse a URL of a peer's that nobody may be sent to.

    Raises:
        ProtocolError: it is no https URL.
    """
    if not is_secure(url, allow_http_loopback=allow_http_loopback):
        message = f"{what}: {name} must be {_MUST_BE_HTTPS}"
        raise ProtocolError(message, reason=ProtocolReason.NOT_HTTPS)
