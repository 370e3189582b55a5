"""The bare primitives: what no library can be faster than.

A signature is made and checked over bytes that lie ready, and nothing is parsed. ECDSA includes the raw form that JWS
demands when signing, and has its DER form ready when verifying. Encryption is AES-GCM, base64, and one copy between
text and bytes, with the key agreement where there is one.
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from benchmarks.libraries.interface import Call, Library

__all__ = ["Used"]

_HASHES: dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "ES256": hashes.SHA256,
    "ES384": hashes.SHA384,
    "ES512": hashes.SHA512,
    "ES256K": hashes.SHA256,
}
# The same for every message, which nobody may do outside of a benchmark.
_IV = bytes(12)


class Used(Library):
    """The functions of the `cryptography` package and of `hmac`."""

    bare = True

    def _private(self, alg: str) -> Any:
        return load_pem_private_key(self.workload.pems[alg][0].encode(), None)

    def _public(self, alg: str) -> Any:
        return load_pem_public_key(self.workload.pems[alg][1].encode())

    def _secret(self, alg: str) -> bytes:
        return b64decode(self.workload.keys[alg]["k"])

    def signer(self, alg: str) -> Call:
        """Sign a message; the function gives the raw signature."""
        if alg == "HS256":
            secret = self._secret(alg)

            def authenticate(message: bytes) -> bytes:
                return hmac.digest(secret, message, "sha256")

            return authenticate
        if alg in _HASHES:
            return self.signature(alg, deterministic=False)
        key = self._private(alg)
        more = _rsa_arguments(alg) if isinstance(key, rsa.RSAPrivateKey) else ()

        def sign(message: bytes) -> Any:
            return key.sign(message, *more)

        return sign

    def signature(self, alg: str, *, deterministic: bool) -> Call:
        """Sign a message with ECDSA, and make the signature raw."""
        key, hash_ = self._private(alg), _HASHES[alg]()
        size = (key.key_size + 7) // 8
        ecdsa = ec.ECDSA(hash_, deterministic_signing=deterministic)

        def sign(message: bytes) -> bytes:
            r, s = decode_dss_signature(key.sign(message, ecdsa))
            return r.to_bytes(size) + s.to_bytes(size)

        return sign

    def split(self, alg: str, token: str) -> tuple[bytes, bytes]:
        """Give the signature, as the primitive takes it, and the message of a token."""
        message, _, last = token.rpartition(".")
        signature = b64decode(last)
        if alg == "ES256":
            half = len(signature) // 2
            signature = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        return signature, message.encode()

    def verifier(self, alg: str) -> Call:
        """Check a signature and a message that were split before."""
        if alg == "HS256":
            secret = self._secret(alg)

            def check(pair: Any) -> None:
                if not hmac.compare_digest(hmac.digest(secret, pair[1], "sha256"), pair[0]):
                    raise ValueError

            return check
        key = self._public(alg)
        more: tuple[Any, ...] = (ec.ECDSA(hashes.SHA256()),) if alg == "ES256" else ()
        if isinstance(key, rsa.RSAPublicKey):
            more = _rsa_arguments(alg)

        def verify(pair: Any) -> None:
            key.verify(pair[0], pair[1], *more)

        return verify

    def encrypter(self, alg: str) -> Call:
        """Encrypt, encode, and copy into a text; what comes out is only for the decrypter below."""
        if alg != "dir":
            return _agree_and_encrypt(self._public(alg))
        aead = AESGCM(self._secret(alg))

        def encrypt(plaintext: bytes) -> str:
            return base64.urlsafe_b64encode(aead.encrypt(_IV, plaintext, None)).decode("ascii")

        return encrypt

    def decrypter(self, alg: str, size: int) -> Call:  # noqa: ARG002  # any size
        """Copy out of a text, decode, and decrypt."""
        if alg != "dir":
            return _agree_and_decrypt(self._private(alg))
        aead = AESGCM(self._secret(alg))

        def decrypt(text: str) -> bytes:
            return aead.decrypt(_IV, base64.urlsafe_b64decode(text.encode("ascii")), None)

        return decrypt


def b64decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def _rsa_arguments(alg: str) -> tuple[Any, ...]:
    if alg == "RS256":
        return padding.PKCS1v15(), hashes.SHA256()
    return padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()


def _wrapping_key(shared: bytes) -> bytes:
    # RFC 7518 section 4.6.2, without apu and apv.
    name = b"ECDH-ES+A256KW"
    info = len(name).to_bytes(4) + name + bytes(8) + (256).to_bytes(4)
    return ConcatKDFHash(hashes.SHA256(), 32, info).derive(shared)


def _agree_and_encrypt(public: Any) -> Call:
    def encrypt(plaintext: bytes) -> tuple[bytes, bytes, str]:
        ephemeral = x25519.X25519PrivateKey.generate()
        content_key = os.urandom(32)
        wrapped = aes_key_wrap(_wrapping_key(ephemeral.exchange(public)), content_key)
        text = base64.urlsafe_b64encode(AESGCM(content_key).encrypt(_IV, plaintext, None)).decode("ascii")
        return ephemeral.public_key().public_bytes_raw(), wrapped, text

    return encrypt


def _agree_and_decrypt(private: Any) -> Call:
    def decrypt(sealed: Any) -> bytes:
        ephemeral, wrapped, text = sealed
        shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(ephemeral))
        aead = AESGCM(aes_key_unwrap(_wrapping_key(shared), wrapped))
        return aead.decrypt(_IV, base64.urlsafe_b64decode(text.encode("ascii")), None)

    return decrypt
