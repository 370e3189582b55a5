"""RSA keys from numbers and back, checked by arithmetic (RFC 7518 section 6.3).

No primality test is made: it would cost seconds on a hostile key, and a composite "prime" fails to sign, not to verify.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from jwtkit.errors import MalformedError, NotAllowedError

__all__ = ["PRIVATE_NUMBERS", "generate", "private_key", "private_numbers", "public_key", "public_numbers"]

_MIN_BITS: Final = 2048
_MAX_PUBLIC_BITS: Final = 16384
_MAX_PRIVATE_BITS: Final = 8192
_MAX_EXPONENT: Final = 1 << 32
PRIVATE_NUMBERS: Final = ("d", "p", "q", "dp", "dq", "qi")


def public_key(n: int, e: int) -> rsa.RSAPublicKey:
    """Make a public key; the modulus has 2048 to 16384 bits, the exponent is odd, 3 to 2^32."""
    bits = n.bit_length()
    if not _MIN_BITS <= bits <= _MAX_PUBLIC_BITS:
        raise NotAllowedError(
            f"RSA key has {bits} bits: at least {_MIN_BITS} and at most {_MAX_PUBLIC_BITS} are accepted"
        )
    if not (3 <= e <= _MAX_EXPONENT and e & 1 and n & 1):
        raise MalformedError("RSA key is not valid: n and e are odd, and e is between 3 and 2^32")
    return rsa.RSAPublicNumbers(e, n).public_key()


def private_key(n: int, e: int, numbers: Mapping[str, int]) -> rsa.RSAPrivateKey:
    """Make a private key whose numbers agree with each other."""
    public = public_key(n, e)
    if n.bit_length() > _MAX_PRIVATE_BITS:
        raise NotAllowedError(f"RSA private key has {n.bit_length()} bits: at most {_MAX_PRIVATE_BITS} are accepted")
    d, p, q, dp, dq, qi = (numbers[name] for name in PRIVATE_NUMBERS)
    consistent = (
        1 < p < n
        and 1 < q < n
        and p * q == n
        and 1 < d < n
        and d * e % (p - 1) == 1
        and d * e % (q - 1) == 1
        and dp == d % (p - 1)
        and dq == d % (q - 1)
        and qi < p
        and qi * q % p == 1
    )
    if not consistent:
        raise MalformedError("RSA private key is not consistent: n, e, d, p, q, dp, dq and qi do not belong together")
    made = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public.public_numbers())
    return made.private_key(unsafe_skip_rsa_key_validation=True)  # the arithmetic above is the validation


def public_numbers(key: rsa.RSAPublicKey) -> tuple[int, int]:
    """Give n and e."""
    numbers = key.public_numbers()
    return numbers.n, numbers.e


def private_numbers(key: rsa.RSAPrivateKey) -> dict[str, int]:
    """Give d, p, q, dp, dq and qi by name."""
    own = key.private_numbers()
    return dict(zip(PRIVATE_NUMBERS, (own.d, own.p, own.q, own.dmp1, own.dmq1, own.iqmp), strict=True))


def generate(bits: int) -> rsa.RSAPrivateKey:
    """Draw a new key with e = 65537."""
    return rsa.generate_private_key(65537, bits)
