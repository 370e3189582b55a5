"""What a JWS becomes once it was checked, and who signs one together.

Holding a `VerifiedJWS`, `VerifiedJSON` or `VerifiedSignature` is proof: nothing but `jws.verify` and `jws.verify_json`
makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, final

from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.errors import RejectedError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.signers import Signer

__all__ = [
    "Cosigner",
    "FailedSignature",
    "Require",
    "VerifiedJSON",
    "VerifiedJWS",
    "VerifiedSignature",
    "verified_json",
    "verified_jws",
    "verified_signature",
]


@final
class VerifiedJWS(Proof, Frozen):
    """What `verify` vouches for.

    Attributes:
        payload: the signed bytes.
        header: the protected header.
        key: the key that verified it.
    """

    __slots__ = ("header", "key", "payload")

    _origin = "jws.verify(...)"
    header: Header
    key: JWK
    payload: bytes

    def __repr__(self) -> str:
        return f"VerifiedJWS({len(self.payload)} bytes, {self.header!r})"


@final
class VerifiedSignature(Proof, Frozen):
    """One signature that verified.

    Attributes:
        header: protected and unprotected members together.
        unprotected: those among them that nobody signed, read-only.
        key: the key that verified it.
    """

    __slots__ = ("header", "key", "unprotected")

    _origin = "jws.verify_json(...)"
    header: Header
    key: JWK
    unprotected: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"VerifiedSignature({self.header!r})"


class FailedSignature(Frozen):
    """One signature that did not verify.

    Attributes:
        error: why not.
    """

    __slots__ = ("error",)

    def __init__(self, error: RejectedError) -> None:
        self.error: Final = error

    def __repr__(self) -> str:
        return f"FailedSignature({type(self.error).__name__})"


Require = Literal["all", "any"] | Callable[[Sequence[VerifiedSignature]], bool]


@final
class VerifiedJSON(Proof, Frozen):
    """What `verify_json` vouches for.

    Attributes:
        payload: the signed bytes.
        signatures: the outcome of each signature, in the order of the JWS.
    """

    __slots__ = ("payload", "signatures")

    _origin = "jws.verify_json(...)"
    payload: bytes
    signatures: tuple[VerifiedSignature | FailedSignature, ...]

    @property
    def verified(self) -> tuple[VerifiedSignature, ...]:
        """The signatures that verified; at least one."""
        return tuple([one for one in self.signatures if isinstance(one, VerifiedSignature)])

    def __repr__(self) -> str:
        return f"VerifiedJSON({len(self.payload)} bytes, {len(self.verified)} of {len(self.signatures)} signatures)"


class Cosigner(Frozen):
    """One of several signers of a general JWS, with a header of its own.

    Args:
        key: a private `JWK` or any other `Signer`.
        typ: media type of the whole.
        header: more protected header members.
        crit: names among `header` that a recipient must understand.
        unprotected: header members that are not signed.
    """

    __slots__ = ("crit", "header", "key", "typ", "unprotected")

    def __init__(
        self,
        key: Signer,
        *,
        typ: str | None = None,
        header: Mapping[str, object] | None = None,
        crit: Sequence[str] = (),
        unprotected: Mapping[str, object] | None = None,
    ) -> None:
        self.key: Final = key
        self.typ: Final = typ
        self.header: Final = header
        self.crit: Final = crit
        self.unprotected: Final = unprotected


def verified_jws(payload: bytes, header: Header, key: JWK) -> VerifiedJWS:
    """Make the proof. Whoever calls this vouches for the signature."""
    made = object.__new__(VerifiedJWS)
    made.payload, made.header, made.key = payload, header, key
    return made


def verified_signature(header: Header, unprotected: Mapping[str, Any], key: JWK) -> VerifiedSignature:
    """Make the proof. Whoever calls this vouches for the signature."""
    made = object.__new__(VerifiedSignature)
    made.header, made.unprotected, made.key = header, unprotected, key
    return made


def verified_json(payload: bytes, signatures: tuple[VerifiedSignature | FailedSignature, ...]) -> VerifiedJSON:
    """Make the proof. Whoever calls this vouches that the signatures are enough."""
    made = object.__new__(VerifiedJSON)
    made.payload, made.signatures = payload, signatures
    return made
