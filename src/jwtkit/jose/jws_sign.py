"""Making a signature: the header of a new token, and what a signer is asked for (RFC 7515 section 5.1)."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from types import NoneType
from typing import Any, Final

from jwtkit import _wire
from jwtkit.crypto.algorithms import SignatureAlgorithm, find_algorithm
from jwtkit.errors import RejectedError, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.signers import Signer

__all__ = ["header_of", "named_by", "protected_header", "signature_of", "with_signature"]

_REMEMBERED: Final = 16  # kinds of token that one key signs
_DECIDED: Final = ("alg", "kid", "typ", "crit", "b64")


def named_by(signer: object) -> tuple[SignatureAlgorithm, str | None]:
    """Ask a signer for `alg` and `kid`.

    Raises:
        UsageError: it is none, or names an algorithm that does not exist.
    """
    if not isinstance(signer, Signer):
        way = (
            "use JWK.from_pem(...) or JWK.from_secret(...)" if isinstance(signer, (str, bytes)) else "use a private JWK"
        )
        raise UsageError(f"cannot sign with a {type(signer).__name__}: {way}, or another Signer")
    return find_algorithm(signer.algorithm).name, signer.key_id


def header_of(key: Signer, typ: str | None, extra: Mapping[str, object] | None = None) -> tuple[Header, str]:
    """Make the header of a token that a key will sign, or remember it: it is the same for every token of its kind.

    Raises:
        UsageError: as `named_by` and `protected_header`.
    """
    if extra is not None or not isinstance(key, JWK) or not isinstance(typ, (str, NoneType)):
        alg, kid = named_by(key)
        return protected_header(alg, kid, typ, extra)
    memo = key._headers
    known = memo.get(typ)
    if known is None:
        known = protected_header(*named_by(key), typ, None)
        if len(memo) >= _REMEMBERED:
            memo.clear()
        memo[typ] = known
    return known


def protected_header(
    alg: SignatureAlgorithm,
    kid: str | None,
    typ: str | None,
    extra: Mapping[str, object] | None,
    *,
    crit: Iterable[str] = (),
    b64: bool = True,
    unprotected: Mapping[str, object] | None = None,
) -> tuple[Header, str]:
    """Make the header of a new token, as a value and as its segment.

    Args:
        alg: the algorithm, which exists.
        kid: the key identifier, or None.
        typ: media type, or None.
        extra: more members that are signed.
        crit: names among `extra` that a recipient must understand.
        b64: False signs the payload as it is.
        unprotected: members beside the header, which only have to fit it.

    Raises:
        UsageError: a member is set that the signer or the arguments decide, or something that is not understood here.
    """
    members: dict[str, object] = {"alg": alg}
    if kid is not None:
        members["kid"] = kid
    if typ is not None:
        members["typ"] = typ
    members |= _more(extra, "header", members)
    if not isinstance(b64, bool):
        raise UsageError(f"b64 must be True or False, got {type(b64).__name__}")
    critical = [*_names(crit), *(() if b64 else ("b64",))]
    if not b64:
        members["b64"] = False
    if critical:
        members["crit"] = critical
    own = _wire.thaw(members, "header")  # nothing of the caller's is kept
    beside = _wire.thaw(_more(unprotected, "unprotected", members), "unprotected")
    try:
        Header({**own, **beside})
        return Header(own), _wire.b64url_encode(_wire.serialize(own, "header"))
    except RejectedError as finding:
        # From a peer this would be refused; here the caller wrote it.
        raise UsageError(str(finding)) from None


def _more(extra: Mapping[str, object] | None, argument: str, taken: Mapping[str, object]) -> Mapping[str, object]:
    if extra is None:
        return {}
    if not isinstance(extra, Mapping):
        raise UsageError(f"{argument} must be a mapping, got {type(extra).__name__}")
    for name in extra:
        if name in _DECIDED:
            raise UsageError(
                f"{argument} member {name!r} cannot be set here: "
                "alg and kid come from the key; typ, crit and b64 are arguments"
            )
        if name in taken:
            raise UsageError(f"{argument} member {name!r} is in the protected header already")
    return extra


def _names(crit: Iterable[str]) -> Iterable[str]:
    if isinstance(crit, (str, bytes)):
        raise UsageError(f"crit is a list of names: write crit=[{crit!r}]")
    try:
        return tuple(crit)
    except TypeError:
        raise UsageError(f"crit must be a list of names, got {type(crit).__name__}") from None


def signature_of(message: bytes, key: Signer) -> bytes:
    """Ask a signer for a signature.

    Raises:
        UsageError: the signer gives something that cannot be one.
    """
    signature: Any = key.sign(message)
    if not isinstance(signature, bytes):
        hint = ""
        if isinstance(signature, Coroutine):
            signature.close()  # it will never be awaited, and should not warn about it
            hint = ": for a key that is awaited there is Token.draft(...)"
        raise UsageError(f"sign of the {type(key).__name__} must give bytes, got {type(signature).__name__}{hint}")
    if not isinstance(key, JWK):
        from jwtkit.jose.remote import unlike_raw

        problem = unlike_raw(find_algorithm(key.algorithm), signature)
        if problem is not None:
            raise UsageError(f"{problem} from the {type(key).__name__}: is it DER? JWS wants R and S side by side")
    return signature


def with_signature(signed: str, key: Signer) -> str:
    """Sign the first two segments and give all three."""
    return f"{signed}.{_wire.b64url_encode(signature_of(signed.encode('ascii'), key))}"
