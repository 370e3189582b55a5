"""RSA keys from numbers and back, checked by arithmetic (RFC 7518 section 6.3).

No primality test is made: it would cost seconds on a hostile key, and a composite "prime" fails to sign, not to verify.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd, isqrt
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from jwtkit.errors import MalformedError, NotAllowedError

__all__ = [
    "PRIVATE_NUMBERS",
    "generate",
    "private_key",
    "private_numbers",
    "public_key",
    "public_numbers",
    "with_primes",
]

MIN_BITS: Final = 2048
MAX_PUBLIC_BITS: Final = 16384
MAX_PRIVATE_BITS: Final = 8192
_MAX_EXPONENT: Final = 1 << 32
_LARGEST_DENOMINATOR: Final = 1 << 64
PRIVATE_NUMBERS: Final = ("d", "p", "q", "dp", "dq", "qi")
# The primes of the fingerprint of Nemec et al., "The Return of Coppersmith's Attack", 2017.
_ROCA_PRIMES: Final = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71),
    *(73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)
_ROCA_RESIDUES: Final = tuple((p, frozenset(pow(65537, i, p) for i in range(p))) for p in _ROCA_PRIMES)


def public_key(n: int, e: int) -> rsa.RSAPublicKey:
    """Make a public key; the modulus has 2048 to 16384 bits, the exponent is odd, 3 to 2^32."""
    bits = n.bit_length()
    if not MIN_BITS <= bits <= MAX_PUBLIC_BITS:
        raise NotAllowedError(
            f"RSA key has {bits} bits: at least {MIN_BITS} and at most {MAX_PUBLIC_BITS} are accepted"
        )
    if not (3 <= e <= _MAX_EXPONENT and e & 1 and n & 1):
        raise MalformedError("RSA key is not valid: n and e are odd, and e is between 3 and 2^32")
    # A modulus that is a power of 65537 modulo every one of these primes comes from a generator whose keys can be
    # factored (CVE-2017-15361); a sound one looks like that with a chance far below 2^-100.
    if all(n % p in residues for p, residues in _ROCA_RESIDUES):
        raise NotAllowedError(
            "RSA key has the fingerprint of a generator whose keys can be factored (ROCA): replace it"
        )
    return rsa.RSAPublicNumbers(e, n).public_key()


def private_key(n: int, e: int, numbers: Mapping[str, int]) -> rsa.RSAPrivateKey:
    """Make a private key whose numbers agree with each other."""
    public = public_key(n, e)
    _refuse_long(n)
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


def with_primes(n: int, e: int, d: int) -> dict[str, int]:
    """Find p and q of a key that was stored as n, e and d alone, which RFC 7518 section 6.3.2 permits.

    d * e - 1 is a multiple of the least common multiple of p - 1 and q - 1, so its ratio to (p - 1)(q - 1) is a
    fraction with a small denominator; n is so near to (p - 1)(q - 1) that this fraction is among the first convergents
    of the ratio to n. That takes a few divisions, where the backend's own search takes 0.4 s for 4096 bits.
    """
    public_key(n, e)
    _refuse_long(n)
    multiple = d * e - 1
    dividend, divisor = multiple, n
    (above, previous_above), (below, previous_below) = (1, 0), (0, 1)
    while 1 < d < n and divisor and below < _LARGEST_DENOMINATOR:
        whole, rest = divmod(dividend, divisor)
        dividend, divisor = divisor, rest
        above, previous_above = whole * above + previous_above, above
        below, previous_below = whole * below + previous_below, below
        primes = _primes(n, multiple * below // above) if above else None
        if primes is not None:
            p, q = primes
            return {"d": d, "p": p, "q": q, "dp": d % (p - 1), "dq": d % (q - 1), "qi": pow(q, -1, p)}
    raise MalformedError("RSA private key is not consistent: no primes belong to its n, e and d")


def _primes(n: int, totient: int) -> tuple[int, int] | None:
    """Solve p * q = n and (p - 1)(q - 1) = totient."""
    total = n + 1 - totient
    discriminant = total * total - 4 * n
    if discriminant <= 0:
        return None
    p = (total + isqrt(discriminant)) // 2
    return (p, n // p) if 1 < p < n and n % p == 0 and gcd(p, n // p) == 1 else None


def _refuse_long(n: int) -> None:
    if n.bit_length() > MAX_PRIVATE_BITS:
        raise NotAllowedError(f"RSA private key has {n.bit_length()} bits: at most {MAX_PRIVATE_BITS} are accepted")


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
