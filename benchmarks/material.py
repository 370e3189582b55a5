"""Make the workload: fresh keys, and tokens signed and encrypted with jwtkit; and check what the workers made of it.

Rules of this room: whatever is made here is read by every other library before it is timed, and whatever another
library made is read here, so that all of them do the same work.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives import serialization

from benchmarks import operations
from benchmarks.workload import (
    ALGORITHMS,
    AUDIENCE,
    ENCRYPTIONS,
    ISSUER,
    NONCE_ALGORITHMS,
    Workload,
    claim_arguments,
    plaintext,
)
from jwtkit import JWK, Claims, Limits, RejectedError, Token, TokenVerifier, jwe, parse_algorithms

__all__ = ["MEMBERS", "make_workload", "problem"]

_EXP = 4_000_000_000
MEMBERS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "user_abc123",
    "aud": AUDIENCE,
    "exp": _EXP,
    "iat": 1_700_000_000,
    "jti": "5f3c1c0a9b7d4e21",
    "scope": "read:users write:users",
}
_NESTED: dict[str, Any] = MEMBERS | {
    "nbf": 1_700_000_000,
    "auth_time": 1_699_999_000,
    "client_id": "portal",
    "azp": "portal",
    "nonce": "n-0S6_WzA2Mj",
    "acr": "1",
    "amr": ["pwd", "otp"],
    "sid": "08a5019c-17e1-4977",
    "typ": "Bearer",
    "name": "Jane Doe",
    "email": "jane@example.com",
    "email_verified": True,
    "locale": "de-CH",
    "groups": ["/staff", "/staff/finance", "/staff/finance/approvers"],
    "realm_access": {"roles": ["offline_access", "user", "uma_authorization"]},
    "resource_access": {
        "portal": {"roles": ["view", "edit"]},
        "account": {"roles": ["manage-account", "view-profile"]},
    },
    "address": {"locality": "Bern", "country": "CH"},
}
# Of a large key set so many keys are used in turn: more than any header cache would hold by accident.
_KEYS_IN_USE = 1000
_LARGE = Limits(token_bytes=4 * 1024 * 1024)


def make_workload(sizes: Iterable[int], key_sets: Iterable[int], plaintexts: Iterable[int]) -> Workload:
    """Make everything that the operations need.

    Args:
        sizes: lengths of tokens, in characters.
        key_sets: numbers of keys.
        plaintexts: lengths of what is encrypted, in bytes.
    """
    keys = _keys()
    tokens = {
        operations.verify(alg): [_sign(MEMBERS, key)]
        for alg, key in keys.items()
        if alg in (*ALGORITHMS, *NONCE_ALGORITHMS)
    }
    eddsa = JWK.parse(keys["Ed25519"].to_dict(private=True) | {"alg": "EdDSA"})
    tokens[operations.verify("EdDSA")] = [_sign(MEMBERS, eddsa)]
    tokens[operations.NESTED] = [_sign(_NESTED, keys["HS256"])]
    for size in sizes:
        tokens[operations.sized(size)] = [_sign(_sized(size, keys["HS256"]), keys["HS256"])]
    for count in key_sets:
        tokens[operations.in_set(count)] = [_sign(MEMBERS, keys["RS256"], kid) for kid in _identifiers(count)]
    return Workload(
        members=MEMBERS,
        nested=_NESTED,
        keys={alg: _members(key) for alg, key in keys.items()},
        pems={alg: _pems(key) for alg, key in keys.items() if key.kty != "oct"},
        tokens=tokens,
        refused={key.alg or "": _refused(key) for key in (*(keys[alg] for alg in ALGORITHMS), eddsa)},
        encrypted={
            operations.decrypt(alg, size): jwe.encrypt(plaintext(size), _recipient(keys[alg]), enc="A256GCM")
            for alg in ENCRYPTIONS
            for size in plaintexts
        },
    )


def problem(library: str, operation: str, sample: str, workload: Workload) -> str | None:
    """Say what is wrong with what a library made, or None.

    Args:
        library: who made it.
        operation: of which kind it is.
        sample: the token.
        workload: what it was made from.
    """
    kind, alg, *more = operation.split("/")
    key = JWK.parse(workload.keys[alg] | {"alg": alg})
    try:
        if kind == "encrypt":
            opened = jwe.decrypt(sample, key, algorithms=[_any(alg)], encryptions=["A256GCM"], limits=_LARGE)
            right = opened.plaintext == plaintext(int(more[0]))
        else:
            algorithms = parse_algorithms(["Ed25519", "EdDSA"] if alg == "Ed25519" else [alg])
            public = key if key.kty == "oct" else key.public()
            verifier = TokenVerifier(keys=public, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)
            right = verifier.verify(sample).sub == workload.members["sub"]
    except RejectedError as refusal:
        return f"{library} {operation}: what it made is refused: {refusal}"
    return None if right else f"{library} {operation}: what it made says something else"


def _keys() -> dict[str, JWK]:
    keys = {alg: JWK.generate(_any(alg)) for alg in dict.fromkeys((*ALGORITHMS, *NONCE_ALGORITHMS))}
    keys["dir"] = JWK.parse(_members(JWK.generate("A256GCM")) | {"alg": "dir"})
    keys["ECDH-ES+A256KW"] = JWK.generate("ECDH-ES+A256KW", crv="X25519")
    return keys


def _members(key: JWK) -> dict[str, Any]:
    """Give the members without what each library is told apart from them."""
    spared = ("kid",) if key.kty == "AKP" else ("kid", "alg", "enc")
    return {name: value for name, value in key.to_dict(private=True).items() if name not in spared}


def _pems(key: JWK) -> tuple[str, str]:
    private, public = key.to_key(private=True), key.public().to_key()
    pem, secret, open_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.PublicFormat
    return (
        private.private_bytes(pem, secret, serialization.NoEncryption()).decode(),
        public.public_bytes(pem, open_.SubjectPublicKeyInfo).decode(),
    )


def _recipient(key: JWK) -> JWK:
    return key if key.kty == "oct" else key.public()


def _sign(members: dict[str, Any], key: JWK, kid: str | None = None) -> str:
    named = JWK.parse(_members(key) | {"alg": key.alg} | ({} if kid is None else {"kid": kid}))
    return Token.sign(Claims(**claim_arguments(members)), named).compact


def _identifiers(count: int) -> list[str]:
    """Spread the keys in use over the set, beginning in its middle."""
    used = min(count, _KEYS_IN_USE)
    places = [place * count // used for place in range(used)]
    places = places[used // 2 :] + places[: used // 2]
    return [f"key-{place:06}" for place in places]


def _sized(size: int, key: JWK) -> dict[str, Any]:
    """Give claims whose token is as long as asked, or just longer: with groups of a user, as long tokens have them."""
    members: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "exp": _EXP}
    missing = (size - len(_sign(members, key))) * 3 // 4
    if missing > 40:
        entry = "group-00000-of-this-user"
        members["groups"] = [f"group-{index:05}-of-this-user" for index in range((missing - 12) // (len(entry) + 3))]
    return members


def _refused(key: JWK) -> list[str]:
    token = _sign(MEMBERS, key)
    middle = len(token) - (len(token) - token.rindex(".")) // 2
    altered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    wrong: list[dict[str, Any]] = [
        {"exp": 1_700_000_000},
        {"iss": "https://other.example"},
        {"aud": "https://other.example"},
    ]
    return [altered, *(_sign(MEMBERS | one, key) for one in wrong)]


def _any(value: str) -> Any:
    # An algorithm that comes from a table is a str to a type checker.
    return value
