"""What other libraries make we read, and what we make they read, for every algorithm both sides know."""

from __future__ import annotations

from typing import Any

import joserfc.jwk
import joserfc.jws
import jwcrypto.jwk  # type: ignore[import-untyped]  # it ships no types
import jwcrypto.jws  # type: ignore[import-untyped]  # the same
import jwt as pyjwt
import pytest

from jwtkit import JWK, jws
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

Keys = dict[str, JWK]
PAYLOAD = b'{"sub":"alice"}'
OLDER_NAME = frozenset(["Ed25519", "Ed448"])  # PyJWT knows these under the name EdDSA only


def by_pyjwt(key: JWK, alg: str) -> tuple[Any, Any]:
    name = "EdDSA" if alg in OLDER_NAME else alg

    def own(members: dict[str, Any]) -> pyjwt.PyJWK:
        return pyjwt.PyJWK({**members, "alg": name}, name)

    private = own(key.to_dict(private=True))
    public = private if key.kty == "oct" else own(key.to_dict())
    api = pyjwt.PyJWS()
    return lambda: api.encode(PAYLOAD, private, name), lambda text: api.decode(text, public, [name])


def by_joserfc(key: JWK, alg: str) -> tuple[Any, Any]:
    own = joserfc.jwk.import_key(key.to_dict(private=True))
    return (
        lambda: joserfc.jws.serialize_compact({"alg": alg}, PAYLOAD, own, [alg]),
        lambda text: joserfc.jws.deserialize_compact(text, own, [alg]).payload,
    )


def by_jwcrypto(key: JWK, alg: str) -> tuple[Any, Any]:
    own = jwcrypto.jwk.JWK(**key.to_dict(private=True))

    def make() -> str:
        made = jwcrypto.jws.JWS(PAYLOAD)
        made.allowed_algs = [alg]
        made.add_signature(own, alg, {"alg": alg})
        return str(made.serialize(compact=True))

    def read(text: str) -> bytes:
        read = jwcrypto.jws.JWS()
        read.allowed_algs = [alg]
        read.deserialize(text, own)
        return bytes(read.payload)

    return make, read


PEERS = {"pyjwt": by_pyjwt, "joserfc": by_joserfc, "jwcrypto": by_jwcrypto}
ML_DSA = frozenset(["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"])
# What a peer does not know.
UNKNOWN = {"pyjwt": ML_DSA, "joserfc": ML_DSA, "jwcrypto": frozenset[str]()}
PAIRS = [(peer, alg) for peer in PEERS for alg in SIGNATURE_ALGORITHMS if alg not in UNKNOWN[peer]]


@pytest.mark.filterwarnings("ignore")  # peers warn about what they will change one day
@pytest.mark.parametrize(("peer", "alg"), PAIRS, ids=[f"{peer} {alg}" for peer, alg in PAIRS])
def test_both_ways(peer: str, alg: Any, keys: Keys) -> None:
    key = keys[alg]
    if key.kty == "AKP" and "AKP" not in jwcrypto.jwk.JWKTypesRegistry:
        pytest.skip("this jwcrypto is too old for ML-DSA: the newer ones want a newer cryptography")
    make, read = PEERS[peer](key, alg)
    if peer == "pyjwt" and alg in OLDER_NAME:
        # It writes the older name, which is accepted where it is listed; what is written here is the newer one.
        assert jws.verify(make(), key, algorithms=[alg, "EdDSA"]).payload == PAYLOAD
        key = JWK.parse({**key.to_dict(private=True), "alg": "EdDSA"})
        assert read(jws.sign(PAYLOAD, key)) == PAYLOAD
        return
    assert jws.verify(make(), key, algorithms=[alg]).payload == PAYLOAD
    assert read(jws.sign(PAYLOAD, key)) == PAYLOAD
