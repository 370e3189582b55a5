"""What a signature leaves of the processor's caches: the same two calls alone, and one after the other.

    python -m benchmarks.caches

A target adds the time of the bare primitive to that of our own HS256, each measured in batches of its own, where the
code and data of one call stay in the caches for the next. Between two signatures they do not. So the primitive and
HS256 take turns here in one loop as well: what that costs more than their sum, no code around a primitive can save.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks import operations
from benchmarks.libraries.primitives import Used
from benchmarks.material import MEMBERS, make_workload
from benchmarks.workload import AUDIENCE, ISSUER, Workload
from jwtkit import JWK, Claims, Token, TokenVerifier, parse_algorithms

ALGORITHMS = ("RS256", "ES256", "Ed25519")
ROUNDS, BATCH = 303, 30
Call = Callable[[], object]


def rows(workload: Workload) -> Iterator[tuple[str, Call, Call, Call]]:
    """Give, for each row, its name, the bare primitive, our own HS256, and the same call of ours with the primitive."""
    bare, shared = Used(workload), _key(workload, "HS256")
    verify_shared, token_shared = _verifier(shared), workload.tokens[operations.verify("HS256")][0]
    claims = Claims(**MEMBERS)
    for alg in ALGORITHMS:
        key, token = _key(workload, alg), workload.tokens[operations.verify(alg)][0]
        verifier, check, pair = _verifier(key.public()), bare.verifier(alg), bare.split(alg, token)
        yield (
            f"{alg} verify",
            lambda check=check, pair=pair: check(pair),
            lambda: verify_shared.verify(token_shared),
            lambda verifier=verifier, token=token: verifier.verify(token),
        )
        sign, message = bare.signer(alg), pair[1]
        yield (
            f"{alg} sign",
            lambda sign=sign, message=message: sign(message),
            lambda: Token.sign(claims, shared).compact,
            lambda key=key: Token.sign(claims, key).compact,
        )


def _key(workload: Workload, alg: str) -> JWK:
    return JWK.parse(workload.keys[alg] | {"alg": alg})


def _verifier(key: JWK) -> TokenVerifier:
    algorithms = parse_algorithms([str(key.alg)])
    return TokenVerifier(keys=key, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)


def main() -> None:
    """Measure, and print the table."""
    print("| | primitive + HS256 | in turn / sum | ours / sum | ours / in turn |\n| --- | ---: | ---: | ---: | ---: |")
    for name, primitive, shared, ours in rows(make_workload([], [], [])):

        def in_turn(primitive: Call = primitive, shared: Call = shared) -> None:
            primitive()
            shared()

        calls = [primitive, shared, in_turn, ours]
        each: list[list[float]] = [[] for _ in calls]
        for number in range(ROUNDS):
            for place in range(len(calls)):
                turn = (number + place) % len(calls)
                start = time.perf_counter()
                for _ in range(BATCH):
                    calls[turn]()
                each[turn].append((time.perf_counter() - start) / BATCH)
        sums = [one + other for one, other in zip(each[0], each[1], strict=True)]
        print(
            f"| {name} | {statistics.median(sums) * 1e6:.1f} | {_quotient(each[2], sums):.2f} "
            f"| {_quotient(each[3], sums):.2f} | {_quotient(each[3], each[2]):.2f} |"
        )


def _quotient(ones: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


if __name__ == "__main__":
    main()
