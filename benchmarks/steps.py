"""Where the time of one HS256 verification goes: the same token, and each line with one step more than the line before.

    python -m benchmarks.steps

The lines take turns in one process, and the medians of all rounds are printed, beside webtoken where it is installed.
The first line is what a verification in Python cannot do without: the calls of the standard library, and no check of
what they give but the comparison of the MAC. What is above it is the price of strictness and of values.
"""

from __future__ import annotations

import json
import statistics
import time
from binascii import a2b_base64
from collections.abc import Callable
from hashlib import sha256

from benchmarks.material import MEMBERS
from benchmarks.workload import AUDIENCE, ISSUER
from jwtkit import JWK, Claims, Token, TokenVerifier
from jwtkit.jose.compact import Authenticator
from jwtkit.jwt.claim_fields import check_claims

ROUNDS, BATCH = 303, 150
SECRET = bytes(range(64, 96))
Step = Callable[[str], object]


def _least() -> Step:
    inner, outer = (sha256(bytes(octet ^ pad for octet in SECRET.ljust(64, b"\0"))) for pad in (0x36, 0x5C))
    alphabet, scan = bytes.maketrans(b"-_", b"+/"), json.JSONDecoder().scan_once  # type: ignore[attr-defined]

    def least(text: str) -> object:
        signed, _, signature = text.rpartition(".")
        _, _, payload = signed.partition(".")
        within, around = inner.copy(), outer.copy()
        within.update(signed.encode())
        around.update(within.digest())
        assert around.digest() == a2b_base64(signature.encode().translate(alphabet) + b"==")
        return scan(a2b_base64(payload.encode().translate(alphabet) + b"==").decode(), 0)

    return least


def _webtoken() -> Step | None:
    try:
        import webtoken  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return None
    algorithms = ["HS256"]

    def decode(text: str) -> object:
        return webtoken.decode(text, SECRET, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)

    return decode


def steps(token: str, key: JWK) -> dict[str, Step]:
    """Give the lines of the table; each takes the text of the token."""
    verifier = TokenVerifier(keys=key, algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE)
    verifier.verify(token)
    authenticator, parse, rules, policy = verifier._only, verifier._parse, verifier._rules, verifier._policy
    assert isinstance(authenticator, Authenticator)
    authenticate = authenticator.authenticate

    def authenticated(text: str) -> object:
        return authenticate(text, None, 1.0)

    def parsed(text: str) -> object:
        return parse(authenticate(text, None, 1.0)[1])

    def typed(text: str) -> object:
        return check_claims(rules, parse(authenticate(text, None, 1.0)[1]))

    def demanded(text: str) -> object:
        raw = parse(authenticate(text, None, 1.0)[1])
        return check_claims(rules, raw) or policy.mismatches(raw, time.time())

    lines: dict[str, Step | None] = {
        "the least: split, base64, MAC, JSON": _least(),
        "split, base64, header, MAC, strictly": authenticated,
        "and JSON, strictly": parsed,
        "and the types of the claims": typed,
        "and issuer, audience, times": demanded,
        "and a Token: `verify`": verifier.verify,
        "webtoken": _webtoken(),
    }
    return {name: step for name, step in lines.items() if step is not None}


def main() -> None:
    """Measure, and print the table."""
    key = JWK.from_secret(SECRET, alg="HS256")
    token = Token.sign(Claims(**MEMBERS), key).compact
    lines, octets = list(steps(token, key).items()), token.encode()
    each: dict[str, list[float]] = {name: [] for name, _ in lines}
    for number in range(ROUNDS):
        turn = number % len(lines)
        for name, step in lines[turn:] + lines[:turn]:
            texts = [octets.decode() for _ in range(BATCH)]  # a str that nobody has seen before has no hash yet
            start = time.perf_counter()
            for text in texts:
                step(text)
            each[name].append((time.perf_counter() - start) / BATCH)
    whole = each["and a Token: `verify`"]
    print("| step | microseconds | part of `verify` |\n| --- | ---: | ---: |")
    for name, seconds in each.items():
        part = statistics.median(one / other for one, other in zip(seconds, whole, strict=True))
        print(f"| {name} | {statistics.median(seconds) * 1e6:.2f} | {part:.2f} |")


if __name__ == "__main__":
    main()
