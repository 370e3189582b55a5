"""What every signature has to pass, in whatever form it came: header, key, signature, extensions.

Rules of this room:

- Nothing is trusted before the signature: a header that asks for what is not understood or not listed is refused, and
  handlers of extensions see only what was signed.
- The header only chooses among what the caller allowed; the key decides (RFC 8725 section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import Algorithm, SignatureAlgorithm
from jwtkit.crypto.maths import Verify
from jwtkit.errors import NotAllowedError, SignatureError, UsageError, quote
from jwtkit.jose.header import REGISTERED, Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import KeySource, allowed_rows, candidates, is_fixed, select

__all__ = ["Extensions", "Gate", "check_extensions", "handle_extensions", "refuse_unknown_extensions"]

# The name of a critical header member, and whether its value, in this header, is understood and accepted.
Extensions = Mapping[str, Callable[[Any, Header], bool]]
_NONE: Final[Extensions] = MappingProxyType({})


class Gate(Frozen):
    """One set of keys, algorithms and header rules; compiled once, shared between threads.

    Attributes:
        remembers: whether the keys cannot change, so that a header and its key may be remembered together.
    """

    __slots__ = ("_allow_unencoded", "_allowed", "_check_header", "_extensions", "_issuer", "_source", "remembers")

    def __init__(
        self,
        source: KeySource,
        algorithms: Sequence[SignatureAlgorithm],
        *,
        issuer: str | None = None,
        check_header: Callable[[Header], None] | None = None,
        extensions: Extensions = _NONE,
        allow_unencoded: bool = False,
    ) -> None:
        """Compile a policy.

        Args:
            source: where keys come from.
            algorithms: the allow-list, checked already.
            issuer: what the source is told.
            check_header: raises for a header that the caller does not want.
            extensions: handlers of critical header members.
            allow_unencoded: accept payloads that are signed as they are (RFC 7797); never for a JWT (its section 7).
        """
        self._source: Final = source
        self._allowed: Final[Mapping[str, Algorithm]] = allowed_rows(algorithms)
        self._issuer: Final = issuer
        self._check_header: Final = check_header
        self._extensions: Final = extensions
        self._allow_unencoded: Final = allow_unencoded
        self.remembers: Final = is_fixed(source)

    def admit(self, header: Header, now: float | None = None) -> JWK:
        """Refuse the header, or give the one key that it can mean.

        Args:
            header: what the token says about itself. Untrusted.
            now: the moment, for keys that come and go; None lets their source read the clock.

        Raises:
            NotAllowedError, KeyNotFoundError: as their names say.
        """
        refuse_unknown_extensions(header, self._extensions, understood=("b64",))
        if not header.b64 and not self._allow_unencoded:
            raise NotAllowedError("a JWT must not use the unencoded payload option (b64, RFC 7797 section 7)")
        if self._check_header is not None:
            self._check_header(header)
        keys = candidates(self._source, header, self._issuer, now)
        return select(header, keys, self._source, self._allowed, issuer=self._issuer)

    def check(self, header: Header, key: JWK, message: bytes, signature: bytes) -> None:
        """Check one signature over the octets that were received, then what the header demands besides.

        Raises:
            SignatureError: it does not verify.
            NotAllowedError: an extension was refused by its handler.
        """
        if not self.verification(header, key)(message, signature):
            raise wrong_signature()
        self.handle(header)

    def verification(self, header: Header, key: JWK) -> Verify:
        """Give the function that checks the signatures of a header and its key, which were admitted together."""
        return key.verification(self._allowed[header.alg])

    def handle(self, header: Header) -> None:
        """Ask the handlers of critical header members, once the signature has verified; errors as `check`."""
        handle_extensions(header, self._extensions)


def wrong_signature() -> SignatureError:
    """Give the one error for every signature that does not verify."""
    return SignatureError("the signature does not verify with the key the token names")


def refuse_unknown_extensions(header: Header, extensions: Extensions, *, understood: tuple[str, ...]) -> None:
    """Refuse a header that demands what nobody here understands (RFC 7515 section 4.1.11, RFC 7516 section 4.1.13)."""
    for name in header.crit:
        if name not in understood and name not in extensions:
            message = f"crit demands the extension {quote(name)}, which is not understood here"
            raise NotAllowedError(message, code="critical_extension")


def handle_extensions(header: Header, extensions: Extensions) -> None:
    """Ask the handlers of critical header members, once the header is known to be authentic.

    Raises:
        NotAllowedError: a handler says no.
        UsageError: a handler says something else.
    """
    for name in header.crit:
        handler = extensions.get(name)
        if handler is None:
            continue  # understood here
        answer = handler(header[name], header)
        if not isinstance(answer, bool):
            raise UsageError(f"the handler of {name!r} must give True or False, got {type(answer).__name__}")
        if not answer:
            raise NotAllowedError(f"the extension {quote(name)} was refused by its handler")


def check_extensions(extensions: object) -> Extensions:
    """Check handlers at the door, because a type checker may not have.

    Raises:
        UsageError: no mapping from names to callables, or a name that can be no extension.
    """
    if extensions is None:
        return _NONE
    if not isinstance(extensions, Mapping):
        raise UsageError(f"crit must be a mapping from names to handlers, got {type(extensions).__name__}")
    for name, handler in extensions.items():
        if not isinstance(name, str) or not callable(handler):
            raise UsageError("crit must be a mapping from names of header members to callables")
        if name in REGISTERED or name == "b64":
            raise UsageError(f"crit: {name!r} is defined by the JOSE specifications themselves and needs no handler")
    return MappingProxyType(dict(extensions))
