"""What every JWE has to pass, in whatever form it came: header, key, tag, compression (RFC 7516 section 5.2).

Rules of this room:

- What the header says in the open is refused in the open: an algorithm that is not listed, a missing member, a key that
  nobody has.
- Everything behind it ends in one way: a wrong key, a bad unwrap, a wrong length, tag or padding all give the same
  `DecryptionError`, and a key that cannot be unwrapped is replaced by a random one before the content is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from jwtkit._frozen import Frozen
from jwtkit._random import random_bytes
from jwtkit.crypto.encryption import ContentEncryption, KeyManagement
from jwtkit.errors import MalformedError, NotAllowedError, UsageError, quote
from jwtkit.jose.gate import Extensions, handle_extensions, refuse_unknown_extensions
from jwtkit.jose.header import Header
from jwtkit.jose.jwe_keys import pbes2_count, recover
from jwtkit.jose.jwe_values import no_decryption
from jwtkit.jose.jwe_zip import inflate
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import OwnKeys, pick
from jwtkit.limits import Limits

__all__ = ["Admitted", "DecryptionPolicy", "Sealed", "own_keys"]

# What a key must be permitted to do, by the family of its algorithm and the direction.
OPERATIONS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "dir": (("decrypt",), ("encrypt",)),
    "AESKW": (("unwrapKey", "decrypt"), ("wrapKey", "encrypt")),
    "GCMKW": (("unwrapKey", "decrypt"), ("wrapKey", "encrypt")),
    "OAEP": (("unwrapKey", "decrypt"), ("wrapKey", "encrypt")),
    "ECDH": (("deriveKey", "deriveBits"), ("deriveKey", "deriveBits")),
    "PBES2": (("deriveKey", "deriveBits", "unwrapKey"), ("deriveKey", "deriveBits", "wrapKey")),
}


class Admitted(NamedTuple):
    """A recipient that can be tried: its header is allowed and there is one key for it."""

    header: Header
    row: KeyManagement
    enc: ContentEncryption
    key: JWK


class Sealed(NamedTuple):
    """The encrypted content, the same for all recipients."""

    iv: bytes
    ciphertext: bytes | memoryview
    tag: bytes
    aad: bytes


class DecryptionPolicy(Frozen):
    """Keys, algorithms and header rules, compiled once and shared between threads."""

    __slots__ = ("_algorithms", "_allow_zip", "_encryptions", "_extensions", "_keys", "limits")

    def __init__(
        self,
        keys: OwnKeys,
        algorithms: Mapping[str, KeyManagement],
        encryptions: Mapping[str, ContentEncryption],
        *,
        allow_zip: bool,
        extensions: Extensions,
        limits: Limits,
    ) -> None:
        """Compile a policy; the arguments are checked already."""
        self._keys: Final = keys
        self._algorithms: Final = algorithms
        self._encryptions: Final = encryptions
        self._allow_zip: Final = allow_zip
        self._extensions: Final = extensions
        self.limits: Final = limits

    def admit(self, header: Header) -> Admitted:
        """Refuse the header, or find the one key that it can mean.

        Raises:
            MalformedError: `enc` is missing or no string.
            NotAllowedError, KeyNotFoundError: as their names say.
        """
        refuse_unknown_extensions(header, self._extensions, understood=())
        row = self._algorithms.get(header.alg)
        if row is None:
            message = f"alg {quote(header.alg)} not in the allowed set {tuple(self._algorithms)!r}"
            raise NotAllowedError(message, code="alg_not_allowed")
        enc = header.get("enc")
        if not isinstance(enc, str):
            raise MalformedError("header has no enc: this is no JWE, or a broken one")
        content = self._encryptions.get(enc)
        if content is None:
            message = f"enc {quote(enc)} not in the allowed set {tuple(self._encryptions)!r}"
            raise NotAllowedError(message, code="alg_not_allowed")
        self._check_zip(header)
        key = pick(
            header,
            self._keys.keys_for(header, None),
            self._keys,
            row,
            self._algorithms,
            operations=OPERATIONS[row.family][0],
            serves=lambda key: serves(key, row, content),
        )
        return Admitted(header, row, content, key)

    def count(self, one: Admitted) -> int:
        """Give the iterations that trying this recipient costs."""
        return pbes2_count(one.header, self.limits) if one.row.family == "PBES2" else 0

    def open(self, one: Admitted, encrypted_key: bytes, sealed: Sealed) -> bytes | None:
        """Give the plaintext, or None where key or content are wrong.

        Raises:
            MalformedError: the header lacks what the algorithm needs, or the authentic content is no DEFLATE stream.
            NotAllowedError: the decompressed content is too long, or an extension was refused by its handler.
        """
        cek = recover(one.row, one.enc, one.key, one.header, encrypted_key)
        # RFC 7516 section 11.5: go on with a random key, so that the answer does not tell a bad key from bad content.
        if cek is None or len(cek) != one.enc.cek_bytes:
            cek = random_bytes(one.enc.cek_bytes)
        plaintext = one.enc.decrypt(cek, sealed.iv, sealed.aad, sealed.ciphertext, sealed.tag)
        if plaintext is None:
            return None
        handle_extensions(one.header, self._extensions)
        return inflate(plaintext, self.limits.inflated_bytes) if "zip" in one.header else plaintext

    def open_only(self, one: Admitted, encrypted_key: bytes, sealed: Sealed) -> bytes:
        """Give the plaintext of the only recipient.

        Raises:
            DecryptionError: key or content are wrong; and as `open`.
        """
        self.count(one)
        plaintext = self.open(one, encrypted_key, sealed)
        if plaintext is None:
            raise no_decryption()
        return plaintext

    def _check_zip(self, header: Header) -> None:
        if "zip" in header:
            value = header["zip"]
            if not isinstance(value, str):
                raise MalformedError(f"header member 'zip' must be a string, got {type(value).__name__}")
            if value != "DEF" or not self._allow_zip:
                raise NotAllowedError(f"zip {quote(value)} is not accepted: pass allow_zip=True for 'DEF'")


def serves(key: JWK, row: KeyManagement, content: ContentEncryption) -> bool:
    """Tell whether a key is one for this algorithm; with dir it may name `enc` instead (RFC 7520 section 5.6)."""
    if row.family == "dir":
        return key.fits(content) and key.alg in (None, row.name, content.name)
    return key.serves(row)


def own_keys(keys: object) -> OwnKeys:
    """Check the keys that are to decrypt.

    Raises:
        UsageError: not private keys or shared secrets.
    """
    sequence = keys if isinstance(keys, (list, tuple)) else (keys,)
    if not sequence:
        raise UsageError("keys is empty, so nothing could ever be decrypted")
    for key in sequence:
        if not isinstance(key, JWK):
            raise UsageError(f"keys must be a JWK or a sequence of JWK, got {type(key).__name__}")
        if not key.is_private:
            raise UsageError(f"{key!r} is a public key: decrypting needs the private one", code="key_unfit")
    return OwnKeys(sequence)
