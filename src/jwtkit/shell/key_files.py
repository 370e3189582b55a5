"""Keys from files: a JWK, PEM, DER, an OpenSSH line, a certificate, a key set, or the bytes of a secret.

What a file holds is found out by looking at it, and then each form goes through the library's own door for it.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Final

from jwtkit import _wire
from jwtkit.crypto.encryption import KEY_ALGORITHMS
from jwtkit.crypto.encryption_names import AnyAlgorithm
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.errors import JwtkitError, MalformedError, UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jwks import JWKS
from jwtkit.jose.select import unfit
from jwtkit.shell.failures import Exit, Failure, in_options
from jwtkit.shell.files import read_bytes, shown

__all__ = ["key_of", "named_algorithms", "read_jwk", "read_jwks", "read_keys", "read_password", "read_secret"]

_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE"
_TOKEN: Final = re.compile(rb"(?i)(bearer )?eyJ")
_OPENSSH: Final = re.compile(rb"(ssh-|ecdsa-sha2-|sk-)\S+ ")


def key_of(parsed: Namespace, *, algorithm: AnyAlgorithm | None) -> JWK:
    """Read the one key that the options name: `--key` or `--secret-file`.

    Args:
        parsed: the options.
        algorithm: what `--alg` says, to be the key's own where it names none.

    Raises:
        Failure: it cannot be read, is no key, or is for another algorithm.
    """
    if parsed.secret_file is not None:
        if algorithm is None:
            raise Failure(Exit.USAGE, "a secret does not say its algorithm: say --alg, for example --alg HS256")
        return read_secret(parsed, algorithm)
    return read_jwk(parsed.key, algorithm=algorithm, password=read_password(parsed), parsed=parsed)


def read_jwk(
    name: str, *, algorithm: AnyAlgorithm | None = None, password: bytes | None = None, parsed: Namespace | None = None
) -> JWK:
    """Read a file that holds one key, in whatever form.

    Raises:
        Failure: it cannot be read, is no key, or is for another algorithm than `algorithm`.
    """
    data = _without_bom(read_bytes(name, "key"))
    short = bool(getattr(parsed, "allow_short_secret", False))
    try:
        key = _read_form(data, password, allow_short_secret=short)
        if algorithm is None:
            return key
        row = KEY_ALGORITHMS[algorithm]
        if not key.serves(row):
            raise UsageError(unfit(key, row))
        if key.alg is None:
            return JWK.parse({**_members(key), "alg": algorithm}, allow_short_secret=short)
    except JwtkitError as error:
        raise _unreadable(name, error) from None
    return key


def read_jwks(name: str) -> JWKS:
    """Read a file that holds a key set, or a map from kid to certificate.

    Raises:
        Failure: it cannot be read, is no key set, or holds no key that can be used.
    """
    data = _without_bom(read_bytes(name, "key set"))
    try:
        keys = _read_set(data)
    except JwtkitError as error:
        raise _unreadable(name, error) from None
    if not keys.keys:
        reason = f": {keys.unusable[0].reason}" if keys.unusable else ""
        raise Failure(Exit.KEY, f"the key set in {shown(name)} has no key that can be used{reason}")
    return keys


def read_keys(name: str, *, password: bytes | None = None) -> JWK | JWKS:
    """Read a file that holds one key, or a key set.

    Raises:
        Failure: it cannot be read, or holds neither.
    """
    data = _without_bom(read_bytes(name, "key"))
    try:
        return _read_set(data) if _is_set(data) else _read_form(data, password, allow_short_secret=False)
    except JwtkitError as error:
        raise _unreadable(name, error) from None


def read_secret(parsed: Namespace, algorithm: AnyAlgorithm) -> JWK:
    """Read the file of a shared secret, encoded as `--secret-encoding` says.

    Raises:
        Failure: it cannot be read or decoded, or is too short for the algorithm.
    """
    name = parsed.secret_file
    data = _without_newline(read_bytes(name, "secret"))
    if not data:
        raise Failure(Exit.KEY, f"the secret in {shown(name)} is empty")
    try:
        secret = _decoded(data, parsed.secret_encoding)
        return JWK.from_secret(
            secret, alg=algorithm, kid=getattr(parsed, "kid", None), allow_short_secret=parsed.allow_short_secret
        )
    except JwtkitError as error:
        hint = ""
        if error.code == "short_secret":
            hint = "; or --secret-encoding, if the file holds it encoded; --allow-short-secret takes it as it is"
        raise Failure(Exit.KEY, in_options(str(error)) + hint) from None


def read_password(parsed: Namespace) -> bytes | None:
    """Read the password of an encrypted PEM, where one is named."""
    name = parsed.password_file
    return None if name is None else _without_newline(read_bytes(name, "password"))


def named_algorithms(keys: JWK | JWKS, table: Mapping[str, KeyAlgorithm]) -> list[str]:
    """Give the algorithms of a table that keys name themselves, or that are the only ones they fit."""
    names: list[str] = []
    for key in (keys,) if isinstance(keys, JWK) else keys:
        fitting = {key.specific(row) for row in table.values() if key.serves(row)}
        if key.alg is not None or len(fitting) == 1:
            names += fitting
    return list(dict.fromkeys(names))


def _read_form(data: bytes, password: bytes | None, *, allow_short_secret: bool) -> JWK:
    _refuse_other_things(data)
    if data.lstrip().startswith(b"{"):
        if password is not None:
            raise UsageError("a JWK is not encrypted: leave out --password-file")
        return JWK.parse(data.strip(), allow_short_secret=allow_short_secret)
    if _CERTIFICATE in data:
        return JWK.from_certificate(data)
    if b"-----BEGIN " in data:
        return JWK.from_pem(data, password=password)
    if _OPENSSH.match(data):
        return JWK.from_openssh(data.strip())
    if data[0] != 0x30:
        message = "this is no key: a JWK, PEM, DER, an OpenSSH public key or a certificate is one"
        raise MalformedError(f"{message}; a shared secret comes with --secret-file")
    try:
        return JWK.from_der(data, password=password)
    except MalformedError:
        return JWK.from_certificate(data)


def _refuse_other_things(data: bytes) -> None:
    if not data.strip():
        raise MalformedError("it is empty")
    if _TOKEN.match(data):
        raise MalformedError("this is a token, not a key")


def _read_set(data: bytes) -> JWKS:
    _refuse_other_things(data)
    return JWKS.from_certificates(data) if _CERTIFICATE in data and b'"keys"' not in data else JWKS.parse(data)


def _is_set(data: bytes) -> bool:
    return data.lstrip().startswith(b"{") and (b'"keys"' in data or (_CERTIFICATE in data and b'"kty"' not in data))


def _members(key: JWK) -> dict[str, Any]:
    return key.to_dict(private=key.is_private)


def _unreadable(name: str, error: JwtkitError) -> Failure:
    """Say what is wrong with a key: not one at all, or one that is not accepted."""
    no_key = (isinstance(error, MalformedError) and "password" not in str(error)) or "no kty" in str(error)
    return Failure(Exit.NOT_A_TOKEN if no_key else Exit.KEY, f"{shown(name)}: {in_options(str(error))}")


def _without_bom(data: bytes) -> bytes:
    """Take off byte order marks, with which some editors and shells begin a text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("utf-8")
    return data.removeprefix(b"\xef\xbb\xbf")


def _without_newline(data: bytes) -> bytes:
    """Take off the newline that ends a text file; a secret of random bytes stays as it is."""
    trimmed = data.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return trimmed if trimmed.decode("utf-8").isprintable() else data
    except UnicodeDecodeError:
        return data


def _decoded(data: bytes, encoding: str) -> bytes:
    if encoding == "text":
        return data
    text = data.decode("ascii", "replace").strip()
    if encoding == "hex":
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise UsageError("the secret is not hexadecimal") from None
    if encoding == "base64url":
        return _wire.b64url_decode(text.rstrip("="), "the secret")
    return _wire.parse_standard_base64(text, "the secret")
