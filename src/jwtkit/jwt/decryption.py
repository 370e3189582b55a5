"""Decryption: how a verifier opens nested tokens, which are signed and then encrypted (RFC 7519 section 11.2).

A nested token is opened with keys of one's own, and what is inside is verified like any other token: encryption proves
nothing about who wrote it. There is exactly one layer of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jwtkit._frozen import Frozen
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.errors import MalformedError, NotAllowedError, UsageError
from jwtkit.jose.gate import check_extensions
from jwtkit.jose.header import Header, is_media_type
from jwtkit.jose.jwk import JWK
from jwtkit.limits import Limits

if TYPE_CHECKING:
    from jwtkit.jose.jwe_values import DecryptedJWE

__all__ = ["Decryption", "NestedTokens", "differing_copies"]

# Claims that may stand in the header too, so that they can be read before decrypting (RFC 7519 section 5.3).
_COPIES: Final = ("iss", "sub", "aud")


class Decryption(Frozen):
    """Keys and algorithms for opening nested tokens; the `decryption=` of a `TokenVerifier`.

    Args:
        keys: a private `JWK`, a shared secret, or a sequence of them.
        algorithms: allowed key management algorithms.
        encryptions: allowed content encryption algorithms.
        allow_zip: accept compressed content, up to `Limits.inflated_bytes`.

    Raises:
        UsageError: an argument is no such thing.
    """

    __slots__ = ("_algorithms", "_allow_zip", "_encryptions", "_keys")

    def __init__(
        self,
        *,
        keys: JWK | Sequence[JWK],
        algorithms: Iterable[KeyManagementAlgorithm],
        encryptions: Iterable[ContentEncryptionAlgorithm],
        allow_zip: bool = False,
    ) -> None:
        # Encryption is loaded by those who decrypt.
        from jwtkit.crypto.encryption import check_encryptions, check_key_management
        from jwtkit.jose.jwe_policy import own_keys

        if not isinstance(allow_zip, bool):
            raise UsageError("allow_zip must be True or False")
        self._keys: Final = own_keys(keys)
        self._algorithms: Final = check_key_management(algorithms)
        self._encryptions: Final = check_encryptions(encryptions)
        self._allow_zip: Final = allow_zip

    def __repr__(self) -> str:
        return f"Decryption(algorithms={tuple(self._algorithms)!r}, encryptions={tuple(self._encryptions)!r})"


class NestedTokens(Frozen):
    """Opens nested tokens for one verifier, compiled under its limits."""

    __slots__ = ("_policy",)

    def __init__(self, decryption: Decryption, limits: Limits) -> None:
        from jwtkit.jose.jwe_policy import DecryptionPolicy

        if not isinstance(decryption, Decryption):
            raise UsageError(f"decryption must be Decryption(...), got {type(decryption).__name__}")
        self._policy: Final = DecryptionPolicy(
            decryption._keys,
            decryption._algorithms,
            decryption._encryptions,
            allow_zip=decryption._allow_zip,
            extensions=check_extensions(None),
            limits=limits,
        )

    def open(self, compact: str) -> tuple[Header, str]:
        """Decrypt a nested token and give its header and the signed token inside.

        Raises:
            MalformedError, NotAllowedError, KeyNotFoundError, DecryptionError: as for `jwe.decrypt`, or what is inside
                is no signed token.
        """
        opened = self.decrypt(compact)
        if opened.header.cty is None or not is_media_type(opened.header.cty, "JWT"):
            raise NotAllowedError("cty must be 'JWT': only a nested token is accepted, signed and then encrypted")
        try:
            return opened.header, opened.plaintext.decode("ascii")
        except UnicodeDecodeError:
            raise MalformedError("the encrypted content is no token") from None

    def decrypt(self, compact: str) -> DecryptedJWE:
        """Decrypt, whatever is inside: nobody vouches for it.

        Raises:
            MalformedError, NotAllowedError, KeyNotFoundError, DecryptionError: as for `jwe.decrypt`.
        """
        from jwtkit.jose.jwe import decrypt_compact

        return decrypt_compact(self._policy, compact)

    def check_copies(self, header: Header, claims: Mapping[str, Any]) -> None:
        """Check that claims which stand in the encrypted token's header too are the same there.

        Raises:
            MalformedError: one is not.
        """
        for name in differing_copies(header, claims):
            raise MalformedError(f"header member {name!r} is not the claim (RFC 7519 section 5.3)")


def differing_copies(header: Mapping[str, object], claims: Mapping[str, Any]) -> list[str]:
    """Name the header members that are copies of claims, and are not the same."""
    return [name for name in _COPIES if name in header and _flat(header[name]) != _flat(claims.get(name))]


def _flat(value: object) -> object:
    # What is frozen has tuples for arrays.
    return tuple(value) if isinstance(value, list) else value
