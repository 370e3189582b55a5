"""Sign and verify the same claims with several libraries, interleaved in one process; prints ratios, not seconds.

Every library does what its documentation shows for repeated use, and every verification checks issuer and audience.
The figures of one run compare with each other only.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import joserfc.jwk
import joserfc.jwt
import jwt as pyjwt

from jwtkit import JWK, Claims, Token, TokenVerifier, parse_algorithms

ROUNDS, REPEAT = 21, 100
ISS, AUD = "https://auth.example.com", "https://api.example.com"
MEMBERS: dict[str, Any] = {
    "iss": ISS,
    "sub": "user_abc123",
    "aud": AUD,
    "exp": 4_000_000_000,
    "iat": 1_700_000_000,
    "jti": "a1b2c3",
    "scope": "a b",
}
Work = Callable[[], object]


def by_jwtkit(key: JWK, alg: Any) -> tuple[Work, Work]:
    claims = Claims(**MEMBERS)
    verifier = TokenVerifier(keys=key if key.kty == "oct" else key.public(), algorithms=[alg], issuer=ISS, audience=AUD)
    compact = Token.sign(claims, key).compact.encode()
    # A fresh str each time, as it comes from a request.
    return lambda: Token.sign(claims, key), lambda: verifier.verify(compact.decode())


def by_pyjwt(key: JWK, alg: str) -> tuple[Work, Work]:
    name = "EdDSA" if alg == "Ed25519" else alg
    private = pyjwt.PyJWK({**key.to_dict(private=True), "alg": name}).key
    public = private if key.kty == "oct" else pyjwt.PyJWK({**key.to_dict(), "alg": name}).key
    compact = pyjwt.encode(MEMBERS, private, name).encode()
    return (
        lambda: pyjwt.encode(MEMBERS, private, name),
        lambda: pyjwt.decode(compact.decode(), public, algorithms=[name], audience=AUD, issuer=ISS),
    )


def by_joserfc(key: JWK, alg: str) -> tuple[Work, Work]:
    own = joserfc.jwk.import_key(key.to_dict(private=True))
    registry = joserfc.jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISS}, aud={"essential": True, "value": AUD}
    )
    compact = joserfc.jwt.encode({"alg": alg}, MEMBERS, own, [alg]).encode()

    def verify() -> None:
        registry.validate(joserfc.jwt.decode(compact.decode(), own, [alg]).claims)

    return lambda: joserfc.jwt.encode({"alg": alg}, MEMBERS, own, [alg]), verify


def seconds(work: Work) -> float:
    began = time.perf_counter()
    for _ in range(REPEAT):
        work()
    return time.perf_counter() - began


def deterministic_cost(key: JWK) -> float:
    """Compare the two ways to choose the nonce of an ECDSA signature."""
    signer = key.deterministic()
    return statistics.median(
        seconds(lambda: signer.sign(b"message")) / seconds(lambda: key.sign(b"message")) for _ in range(ROUNDS)
    )


def main() -> int:
    warnings.simplefilter("ignore")
    libraries = {"jwtkit": by_jwtkit, "PyJWT": by_pyjwt, "joserfc": by_joserfc}
    print(f"{'':18}{'jwtkit, us':>12}{'PyJWT / jwtkit':>18}{'joserfc / jwtkit':>18}")
    for alg in ("HS256", "RS256", "ES256", "Ed25519"):
        key = JWK.generate(alg)
        work = {name: make(key, alg) for name, make in libraries.items()}
        for index, what in enumerate(("sign", "verify")):
            rounds = [{name: seconds(pair[index]) for name, pair in work.items()} for _ in range(ROUNDS)]
            own = statistics.median(one["jwtkit"] for one in rounds) / REPEAT * 1e6
            ratios = [statistics.median(one[name] / one["jwtkit"] for one in rounds) for name in ("PyJWT", "joserfc")]
            print(f"{alg + ' ' + what:18}{own:12.1f}{ratios[0]:18.2f}{ratios[1]:18.2f}")
    print(f"\n{'':18}{'deterministic / random':>30}")
    for alg in parse_algorithms(["ES256", "ES384", "ES512", "ES256K"]):
        print(f"{alg + ' signature':18}{deterministic_cost(JWK.generate(alg)):30.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
