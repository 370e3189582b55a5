"""JWE: bytes encrypted for one or more recipients, in the compact and the JSON forms (RFC 7516).

Encryption hides, and proves nothing about who wrote it: whoever has a public key can encrypt to it. For a token that is
both, sign first and encrypt what was signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jwtkit import _wire
from jwtkit.crypto.encryption import check_encryptions, check_key_management, find_content_encryption
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.errors import KeyNotFoundError, MalformedError, NotAllowedError, RejectedError, UsageError
from jwtkit.jose.diagnose import explain_text, refuse_non_text
from jwtkit.jose.gate import Extensions, check_extensions
from jwtkit.jose.header import Header
from jwtkit.jose.jwe_encrypt import Plan, Serialization, encrypt_for
from jwtkit.jose.jwe_json import ParsedJWE, parse_json
from jwtkit.jose.jwe_policy import Admitted, DecryptionPolicy, Sealed, own_keys
from jwtkit.jose.jwe_values import P2C, DecryptedJWE, Recipient, decrypted_jwe, no_decryption
from jwtkit.jose.jwk import JWK
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["DecryptedJWE", "Recipient", "decrypt", "decrypt_compact", "decrypt_json", "encrypt"]

_SEGMENTS = 5


def encrypt(
    plaintext: bytes,
    key: JWK | Sequence[JWK | Recipient],
    *,
    enc: ContentEncryptionAlgorithm,
    alg: KeyManagementAlgorithm | None = None,
    typ: str | None = None,
    header: Mapping[str, object] | None = None,
    crit: Sequence[str] = (),
    unprotected: Mapping[str, object] | None = None,
    aad: bytes | None = None,
    apu: bytes | None = None,
    apv: bytes | None = None,
    p2c: int = P2C,
    compress: bool = False,
    serialization: Serialization = "compact",
) -> str:
    """Encrypt bytes.

    Args:
        plaintext: the bytes.
        key: the recipient's public `JWK`, or a secret shared with it. For a general JWE also a sequence of them, and of
            `Recipient` where each has an algorithm or a header of its own.
        enc: how the content is encrypted, for example "A256GCM".
        alg: how the key reaches the recipient, for example "ECDH-ES+A256KW"; left out, the key's own.
        typ: media type of the whole.
        header: more protected header members, for example `cty`.
        crit: names among `header` that a recipient must understand or refuse.
        unprotected: header members that are not authenticated; in the JSON forms only.
        aad: bytes that are authenticated and not encrypted; in the JSON forms only.
        apu: information about the producer, for ECDH-ES (RFC 7518 section 4.6.1.2).
        apv: information about the recipient, for ECDH-ES.
        p2c: iterations, for PBES2. Some libraries refuse more than 10,000 unless told otherwise.
        compress: compress first (`zip`). The length then tells something about the content: never where an attacker has
            a part in it (RFC 8725 section 3.6).
        serialization: "compact", or one of the JSON forms, "flattened" and "general".

    Returns:
        The compact JWE, or JSON text.

    Raises:
        UsageError: a key does not fit its algorithm, or arguments do not go together.

    Example:
        >>> key = JWK.generate("ECDH-ES+A256KW", crv="X25519")
        >>> text = encrypt(b"hello", key.public(), enc="A256GCM")
        >>> decrypt(text, key, algorithms=["ECDH-ES+A256KW"], encryptions=["A256GCM"]).plaintext
        b'hello'

    Spec: RFC 7516 section 5.1.
    """
    if not isinstance(plaintext, bytes):
        raise UsageError(f"plaintext must be bytes, got {type(plaintext).__name__}")
    plan = Plan(
        find_content_encryption(enc),
        typ=typ,
        header=header,
        crit=crit,
        unprotected=unprotected,
        aad=aad,
        compress=compress,
        serialization=serialization,
    )
    if isinstance(key, (list, tuple)):
        if serialization != "general" or not key:
            raise UsageError("several recipients need serialization='general', and at least one of them")
        if alg is not None or apu is not None or apv is not None or p2c != P2C:
            raise UsageError(
                "with several recipients each has its own alg, apu, apv and p2c: use Recipient(key, alg=...)"
            )
        recipients = [one if isinstance(one, Recipient) else Recipient(one) for one in key]
    else:
        one: JWK = key  # type: ignore[assignment]  # what is no list or tuple is checked as a JWK
        recipients = [Recipient(one, alg=alg, apu=apu, apv=apv, p2c=p2c)]
    return encrypt_for(recipients, plan, plaintext)


def decrypt(
    compact: str,
    keys: JWK | Sequence[JWK],
    *,
    algorithms: Iterable[KeyManagementAlgorithm],
    encryptions: Iterable[ContentEncryptionAlgorithm],
    allow_zip: bool = False,
    crit: Extensions | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> DecryptedJWE:
    """Decrypt a compact JWE.

    Args:
        compact: the text. Untrusted.
        keys: a private `JWK`, a shared secret, or a sequence of them.
        algorithms: allowed key management algorithms. PBES2 is as costly as its sender likes, within
            `Limits.pbes2_count`: list it only where you need it.
        encryptions: allowed content encryption algorithms.
        allow_zip: accept compressed content, up to `Limits.inflated_bytes`.
        crit: handlers of critical header members, as for `jws.verify`.
        limits: bounds.

    Raises:
        MalformedError: not a compact JWE, or its header lacks what the algorithm needs.
        NotAllowedError: an algorithm, header member or size outside what is allowed, or several keys fit.
        KeyNotFoundError: no key fits.
        DecryptionError: the content does not decrypt, whatever the reason.
        UsageError: an argument is no such thing.

    Spec: RFC 7516 section 5.2.
    """
    policy = _policy(keys, algorithms, encryptions, allow_zip=allow_zip, crit=crit, limits=limits)
    return decrypt_compact(policy, compact)


def decrypt_compact(policy: DecryptionPolicy, compact: str) -> DecryptedJWE:
    """Decrypt a compact JWE under a compiled policy; otherwise as `decrypt`."""
    if not isinstance(compact, str):
        raise refuse_non_text(compact)
    longest = policy.limits.token_bytes
    if len(compact) > longest:
        message = f"token has {len(compact)} characters, more than Limits.token_bytes={longest}"
        raise NotAllowedError(message, code="too_large")
    try:
        return _decrypt_compact(policy, compact)
    except MalformedError as finding:
        raise explain_text(compact, finding, expected="JWE") from None


def _decrypt_compact(policy: DecryptionPolicy, compact: str) -> DecryptedJWE:
    dots = _dots(compact)
    if len(dots) != _SEGMENTS - 1:
        raise MalformedError("an encrypted token has 5 segments")
    segment = compact[: dots[0]]
    header = Header.parse(segment, limits=policy.limits)
    one = policy.admit(header)
    names = ("encrypted key", "iv", "ciphertext", "tag")
    places = zip(dots, (*dots[1:], len(compact)), names, strict=True)
    parts = [_wire.b64url_decode_part(compact, dot + 1, end, name) for dot, end, name in places]
    encrypted_key, iv, ciphertext, tag = parts
    sealed = Sealed(iv, ciphertext, tag, segment.encode("ascii"))
    return decrypted_jwe(policy.open_only(one, encrypted_key, sealed), header, {}, None, one.key)


def _dots(compact: str) -> list[int]:
    """Find the first dots, one more than there should be: splitting would copy all that stands between them."""
    dots: list[int] = []
    dot = compact.find(".")
    while dot >= 0 and len(dots) < _SEGMENTS:
        dots.append(dot)
        dot = compact.find(".", dot + 1)
    return dots


def decrypt_json(
    source: str | bytes | Mapping[str, object],
    keys: JWK | Sequence[JWK],
    *,
    algorithms: Iterable[KeyManagementAlgorithm],
    encryptions: Iterable[ContentEncryptionAlgorithm],
    allow_zip: bool = False,
    crit: Extensions | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> DecryptedJWE:
    """Decrypt a JWE in a JSON form, flattened or general, as the first recipient whose key is here.

    Args:
        source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
        keys: as for `decrypt`.
        algorithms: as for `decrypt`.
        encryptions: as for `decrypt`.
        allow_zip: as for `decrypt`.
        crit: as for `decrypt`.
        limits: bounds.

    Raises:
        MalformedError: not a JWE in a JSON form.
        NotAllowedError, KeyNotFoundError: why no recipient can be tried.
        DecryptionError: a recipient could be tried, and the content does not decrypt, whatever the reason.
        UsageError: an argument is no such thing.

    Spec: RFC 7516 sections 5.2 and 7.2.
    """
    policy = _policy(keys, algorithms, encryptions, allow_zip=allow_zip, crit=crit, limits=limits)
    parsed = parse_json(source, limits)
    admitted: list[tuple[int, Admitted]] = []
    refusals: list[RejectedError] = []
    for index, (header, _, _) in enumerate(parsed.recipients):
        try:
            admitted.append((index, policy.admit(header)))
        except RejectedError as refusal:
            refusals.append(refusal)
    if not admitted:
        # A missing key is the one reason that other keys may mend, so it is told first.
        raise next((one for one in refusals if isinstance(one, KeyNotFoundError)), refusals[0]) from None
    return _decrypt_parsed(policy, parsed, admitted)


def _decrypt_parsed(
    policy: DecryptionPolicy, parsed: ParsedJWE, admitted: Sequence[tuple[int, Admitted]]
) -> DecryptedJWE:
    if len(parsed.recipients) > 1 and any(one.row.is_direct for _, one in admitted):
        raise MalformedError("dir and ECDH-ES have one recipient only (RFC 7516 section 7.2.1)")
    count, most = sum(policy.count(one) for _, one in admitted), policy.limits.pbes2_count
    if count > most:
        raise NotAllowedError(f"the recipients ask for {count} iterations, more than Limits.pbes2_count={most}")
    for index, one in admitted:
        header, unprotected, encrypted_key = parsed.recipients[index]
        plaintext = policy.open(one, encrypted_key, parsed.sealed)
        if plaintext is not None:
            return decrypted_jwe(plaintext, header, _wire.freeze(dict(unprotected)), parsed.aad, one.key)
    raise no_decryption()


def _policy(
    keys: object,
    algorithms: Iterable[str],
    encryptions: Iterable[str],
    *,
    allow_zip: bool,
    crit: Extensions | None,
    limits: Limits,
) -> DecryptionPolicy:
    if not isinstance(allow_zip, bool):
        raise UsageError("allow_zip must be True or False")
    return DecryptionPolicy(
        own_keys(keys),
        check_key_management(algorithms),
        check_encryptions(encryptions),
        allow_zip=allow_zip,
        extensions=check_extensions(crit),
        limits=limits,
    )
