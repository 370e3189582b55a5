"""Making a JWE: headers, keys for the recipients, content (RFC 7516 section 5.1).

With one recipient everything the header says is protected. With several, what differs between them cannot be, and
stands in the header of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from jwtkit import _wire
from jwtkit._random import random_bytes
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, ContentEncryption, KeyManagement, find_key_management
from jwtkit.errors import RejectedError, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwe_json import authenticated_data, write_json
from jwtkit.jose.jwe_keys import Delivery, deliver
from jwtkit.jose.jwe_policy import OPERATIONS, Sealed, serves
from jwtkit.jose.jwe_values import Recipient
from jwtkit.jose.jwe_zip import deflate
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import unfit

__all__ = ["Plan", "Serialization", "encrypt_for"]

Serialization = Literal["compact", "flattened", "general"]
Members = Mapping[str, object]
_DECIDED: Final = frozenset(["alg", "enc", "kid", "typ", "zip", "crit", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c"])


class Plan:
    """What the caller wants, apart from plaintext and recipients."""

    def __init__(
        self,
        enc: ContentEncryption,
        *,
        typ: str | None,
        header: Members | None,
        crit: Sequence[str],
        unprotected: Members | None,
        aad: bytes | None,
        compress: bool,
        serialization: Serialization,
    ) -> None:
        """Check what can be checked without a key.

        Raises:
            UsageError: arguments that do not go together.
        """
        if serialization not in ("compact", "flattened", "general"):
            raise UsageError("serialization must be 'compact', 'flattened' or 'general'")
        if serialization == "compact" and (unprotected is not None or aad is not None):
            raise UsageError("a compact JWE has no unprotected header and no aad: use a JSON serialization")
        if aad is not None and not (isinstance(aad, bytes) and aad):
            raise UsageError("aad must be bytes, at least one of them")
        if not isinstance(compress, bool):
            raise UsageError("compress must be True or False")
        if isinstance(crit, str) or not isinstance(crit, Sequence):
            raise UsageError(f"crit must be a list of names, got {type(crit).__name__}")
        self.enc: Final = enc
        self.aad: Final = aad
        self.compress: Final = compress
        self.serialization: Final[Serialization] = serialization
        self.unprotected: Final = _members(unprotected, "unprotected")
        named: dict[str, object] = {"enc": enc.name} | ({} if typ is None else {"typ": typ})
        named |= _members(header, "header")
        named |= ({"zip": "DEF"} if compress else {}) | ({"crit": list(crit)} if crit else {})
        self.protected: Final[Members] = named


def encrypt_for(recipients: Sequence[Recipient], plan: Plan, plaintext: bytes) -> str:
    """Encrypt for one recipient or several, and write the result.

    Raises:
        UsageError: a key does not fit its algorithm, or several recipients where only one can be.
    """
    rows = [_row_of(recipient, plan.enc) for recipient in recipients]
    if len(recipients) > 1 and any(row.is_direct for row in rows):
        raise UsageError("dir and ECDH-ES agree on the key itself, so they have one recipient only")
    cek = random_bytes(plan.enc.cek_bytes)
    deliveries = [deliver(row, plan.enc, recipient, cek) for row, recipient in zip(rows, recipients, strict=True)]
    made = [_made(*each) for each in zip(rows, recipients, deliveries, strict=True)]
    own = [_members(recipient.header, "header") for recipient in recipients]
    protected = dict(plan.protected)
    if len(recipients) == 1:
        protected = {**made[0], **protected}
    else:
        own = [{**members, **header} for members, header in zip(made, own, strict=True)]
    segment = _protected_segment(protected, plan.unprotected, own)
    aad = None if plan.aad is None else _wire.b64url_encode(plan.aad)
    iv = random_bytes(plan.enc.iv_bytes)
    content = deflate(plaintext) if plan.compress else plaintext
    covered = authenticated_data(segment, aad)
    ciphertext, tag = plan.enc.encrypt(deliveries[0].cek, iv, covered, content)
    sealed = Sealed(iv, ciphertext, tag, covered)
    if plan.serialization == "compact":
        parts = (deliveries[0].encrypted_key, iv, ciphertext, tag)
        return _wire.b64url_segments(segment, parts)
    each = [(header, delivery.encrypted_key) for header, delivery in zip(own, deliveries, strict=True)]
    flattened = plan.serialization == "flattened"
    return write_json(segment, plan.unprotected, aad, sealed, each, flattened=flattened)


def _row_of(recipient: Recipient, enc: ContentEncryption) -> KeyManagement:
    key = recipient.key
    if not isinstance(key, JWK):
        raise UsageError(f"cannot encrypt to a {type(key).__name__}: use the recipient's public JWK")
    alg: Any = recipient.alg
    if alg is None:
        if key.alg is None:
            raise UsageError(f"{key!r} names no alg: pass alg=")
        alg = "dir" if key.alg in CONTENT_ENCRYPTION else key.alg
    row = find_key_management(alg)
    if not serves(key, row, enc):
        raise UsageError(f"{unfit(key, row)}, to encrypt with {enc.name}", code="key_unfit")
    operations = OPERATIONS[row.family][1]
    if not any(key.permits(operation) for operation in operations):
        raise UsageError(f"{key!r} is not for {' or '.join(operations)}: see its use and key_ops", code="key_unfit")
    return row


def _made(row: KeyManagement, recipient: Recipient, delivery: Delivery) -> dict[str, object]:
    kid = {} if recipient.key.kid is None else {"kid": recipient.key.kid}
    return {"alg": row.name, **kid, **delivery.members}


def _members(given: Members | None, argument: str) -> dict[str, object]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError(f"{argument} must be a mapping, got {type(given).__name__}")
    decided = [name for name in given if name in _DECIDED]
    if decided:
        raise UsageError(
            f"{argument} member {decided[0]!r} cannot be set here: a key, an argument or the algorithm decides it"
        )
    thawed: dict[str, object] = _wire.thaw(given, argument)  # nothing of the caller's is kept
    return thawed


def _protected_segment(protected: Members, shared: Members, own: Sequence[Members]) -> str:
    """Write the protected header, once it is certain that every recipient can read what it gets."""
    for header in own:
        if len({*protected, *shared, *header}) < len(protected) + len(shared) + len(header):
            raise UsageError("a header member is given twice: protected, unprotected and a recipient's are disjoint")
        try:
            Header({**protected, **shared, **header})
        except RejectedError as finding:
            # From a peer this would be refused; here the caller wrote it.
            raise UsageError(str(finding)) from None
    return _wire.b64url_encode(_wire.serialize(protected, "header"))
