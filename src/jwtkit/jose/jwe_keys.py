"""How the content encryption key reaches a recipient and is found again (RFC 7518 section 4).

Each family of algorithms is a pair of functions. `recover` gives None whatever is wrong with the encrypted key: the
caller goes on with a random key, so that a bad key and a bad content cannot be told apart (RFC 7516 section 11.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from jwtkit import _wire
from jwtkit._random import random_bytes
from jwtkit.crypto.encryption import ContentEncryption, KeyManagement
from jwtkit.errors import MalformedError, NotAllowedError, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jwe_values import Recipient
from jwtkit.jose.jwk import JWK
from jwtkit.limits import Limits

__all__ = ["Delivery", "deliver", "pbes2_count", "recover"]

_SALT_BYTES: Final = 16
_SHORTEST_SALT: Final = 8
_FEWEST_ITERATIONS: Final = 1000
_MOST_ITERATIONS: Final = 10_000_000  # some seconds; who receives more refuses it
_AGREED_CHARS: Final = 1024


class Delivery(NamedTuple):
    """What a recipient gets.

    Attributes:
        cek: the content encryption key.
        encrypted_key: the same, wrapped; empty where it was agreed on.
        members: what the header has to say about it.
    """

    cek: bytes
    encrypted_key: bytes
    members: Mapping[str, object]


class _Task(NamedTuple):
    """One recipient's algorithm, key and header, as both directions need them."""

    row: KeyManagement
    enc: ContentEncryption
    key: JWK
    header: Mapping[str, Any]


def recover(row: KeyManagement, enc: ContentEncryption, key: JWK, header: Header, encrypted_key: bytes) -> bytes | None:
    """Find the content encryption key.

    Raises:
        MalformedError: a header member that the algorithm needs is missing or broken, or the encrypted key is there
            where it must not be, or the other way round.
    """
    if bool(encrypted_key) is row.is_direct:
        raise MalformedError(f"the encrypted key must be {'empty' if row.is_direct else 'present'} for alg {row.name}")
    return _FAMILIES[row.family][0](_Task(row, enc, key, header), encrypted_key)


def deliver(row: KeyManagement, enc: ContentEncryption, recipient: Recipient, cek: bytes) -> Delivery:
    """Bring the content encryption key to a recipient; direct algorithms have one of their own.

    Raises:
        UsageError: an argument of the recipient is not what the algorithm takes.
    """
    header = {"apu": recipient.apu, "apv": recipient.apv, "p2c": recipient.p2c}
    return _FAMILIES[row.family][1](_Task(row, enc, recipient.key, header), cek)


def pbes2_count(header: Header, limits: Limits) -> int:
    """Read how many iterations a recipient asks for, before anything is derived (RFC 7518 section 4.8.1.2)."""
    count = header.get("p2c")
    if type(count) is not int:
        raise MalformedError(f"header member 'p2c' must be an integer, got {type(count).__name__}")
    if not _FEWEST_ITERATIONS <= count <= limits.pbes2_count:
        raise NotAllowedError(
            f"p2c must be from {_FEWEST_ITERATIONS} to Limits.pbes2_count={limits.pbes2_count}, for all recipients "
            "together"
        )
    return count


def _octets(header: Mapping[str, Any], name: str) -> bytes:
    text = header.get(name)
    if not isinstance(text, str) or len(text) > _AGREED_CHARS:
        raise MalformedError(f"header member {name!r} must be base64url text of at most {_AGREED_CHARS} characters")
    return _wire.b64url_decode(text, f"header member {name!r}")


# --- dir: the shared secret is the key


def _find_direct(task: _Task, _encrypted_key: bytes) -> bytes | None:
    secret: bytes = task.key._backend(private=True)
    return secret


def _give_direct(task: _Task, _cek: bytes) -> Delivery:
    return Delivery(task.key._backend(private=True), b"", {})


# --- AES Key Wrap


def _unwrap(task: _Task, encrypted_key: bytes) -> bytes | None:
    from jwtkit.crypto import key_wrapping

    return key_wrapping.unwrap(task.key._backend(private=True), encrypted_key)


def _wrap(task: _Task, cek: bytes) -> Delivery:
    from jwtkit.crypto import key_wrapping

    return Delivery(cek, key_wrapping.wrap(task.key._backend(private=True), cek), {})


# --- AES-GCM Key Wrap


def _gcm_unwrap(task: _Task, encrypted_key: bytes) -> bytes | None:
    from jwtkit.crypto import key_wrapping

    iv, tag = _octets(task.header, "iv"), _octets(task.header, "tag")
    return key_wrapping.gcm_unwrap(task.key._backend(private=True), encrypted_key, iv, tag)


def _gcm_wrap(task: _Task, cek: bytes) -> Delivery:
    from jwtkit.crypto import key_wrapping

    iv = random_bytes(key_wrapping.GCM_IV_BYTES)
    encrypted_key, tag = key_wrapping.gcm_wrap(task.key._backend(private=True), cek, iv)
    return Delivery(cek, encrypted_key, {"iv": _wire.b64url_encode(iv), "tag": _wire.b64url_encode(tag)})


# --- RSA-OAEP


def _rsa_unwrap(task: _Task, encrypted_key: bytes) -> bytes | None:
    from jwtkit.crypto import rsa_oaep

    return rsa_oaep.unwrap(task.key._backend(private=True), encrypted_key, task.row.hash_name)


def _rsa_wrap(task: _Task, cek: bytes) -> Delivery:
    from jwtkit.crypto import rsa_oaep

    return Delivery(cek, rsa_oaep.wrap(task.key._backend(private=False), cek, task.row.hash_name), {})


# --- ECDH-ES


def _agree_to_read(task: _Task, encrypted_key: bytes) -> bytes | None:
    from jwtkit.crypto import key_agreement, key_wrapping

    epk = _ephemeral_key(task.header.get("epk"), task.key)
    apu, apv = (_octets(task.header, name) if name in task.header else b"" for name in ("apu", "apv"))
    secret = key_agreement.agree(task.key._backend(private=True), epk._backend(private=False))
    if secret is None:
        return None
    derived = _derive(task, secret, apu, apv)
    return key_wrapping.unwrap(derived, encrypted_key) if task.row.kek_bytes else derived


def _agree_to_write(task: _Task, cek: bytes) -> Delivery:
    from jwtkit.crypto import key_agreement, key_wrapping
    from jwtkit.jose.key_forms import generated_members

    ephemeral = JWK(generated_members("ECDH-ES", task.key.crv, 2048))
    agreed: dict[str, bytes] = {name: _agreed(task.header[name], name) for name in ("apu", "apv")}
    secret = key_agreement.agree(ephemeral._backend(private=True), task.key._backend(private=False))
    if secret is None:
        raise UsageError(f"{task.key!r} is a point of small order: no secret can be agreed on with it")
    derived = _derive(task, secret, agreed["apu"], agreed["apv"])
    members: dict[str, object] = {"epk": ephemeral.public().to_dict()}
    members |= {name: _wire.b64url_encode(value) for name, value in agreed.items() if value}
    if task.row.kek_bytes:
        return Delivery(cek, key_wrapping.wrap(derived, cek), members)
    return Delivery(derived, b"", members)


def _ephemeral_key(members: object, own: JWK) -> JWK:
    """Read the sender's key: a public point on my curve, and nothing else (RFC 7518 section 4.6.1.1)."""
    if not isinstance(members, Mapping):
        raise MalformedError("header member 'epk' must be a JWK")
    epk = JWK(members)
    if epk.is_private or (epk.kty, epk.crv) != (own.kty, own.crv):
        raise MalformedError("header member 'epk' must be a public key on the curve of the recipient's key")
    return epk


def _agreed(value: object, name: str) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes) or not 0 < _wire.b64url_chars(len(value)) <= _AGREED_CHARS:
        raise UsageError(f"{name} must be bytes, at most {_AGREED_CHARS * 3 // 4} of them")
    return value


def _derive(task: _Task, secret: bytes, apu: bytes, apv: bytes) -> bytes:
    from jwtkit.crypto import key_agreement

    algorithm_id, size = (
        (task.row.name, task.row.kek_bytes) if task.row.kek_bytes else (task.enc.name, task.enc.cek_bytes)
    )
    return key_agreement.derive(secret, algorithm_id, apu, apv, size)


# --- PBES2


def _password_unwrap(task: _Task, encrypted_key: bytes) -> bytes | None:
    from jwtkit.crypto import key_wrapping

    salt = _octets(task.header, "p2s")
    if len(salt) < _SHORTEST_SALT:
        raise MalformedError(f"header member 'p2s' must have at least {_SHORTEST_SALT} octets")
    return key_wrapping.unwrap(_password_key(task, salt, task.header["p2c"]), encrypted_key)


def _password_wrap(task: _Task, cek: bytes) -> Delivery:
    from jwtkit.crypto import key_wrapping

    count, salt = task.header["p2c"], random_bytes(_SALT_BYTES)
    if type(count) is not int or not _FEWEST_ITERATIONS <= count <= _MOST_ITERATIONS:
        raise UsageError(f"p2c must be an int from {_FEWEST_ITERATIONS} to {_MOST_ITERATIONS}")
    encrypted_key = key_wrapping.wrap(_password_key(task, salt, count), cek)
    return Delivery(cek, encrypted_key, {"p2s": _wire.b64url_encode(salt), "p2c": count})


def _password_key(task: _Task, salt: bytes, count: int) -> bytes:
    from jwtkit.crypto import passwords

    row = task.row
    return passwords.derive(task.key._backend(private=True), row.name, row.hash_name, salt, count, row.kek_bytes)


_FAMILIES: Final[Mapping[str, tuple[Callable[[_Task, bytes], bytes | None], Callable[[_Task, bytes], Delivery]]]] = (
    MappingProxyType(
        {
            "dir": (_find_direct, _give_direct),
            "AESKW": (_unwrap, _wrap),
            "GCMKW": (_gcm_unwrap, _gcm_wrap),
            "OAEP": (_rsa_unwrap, _rsa_wrap),
            "ECDH": (_agree_to_read, _agree_to_write),
            "PBES2": (_password_unwrap, _password_wrap),
        }
    )
)
