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
from jwtkit._wire import b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS

Keys = dict[str, JWK]
PAYLOAD = b'{"sub":"alice"}'


def by_pyjwt(key: JWK, alg: str) -> tuple[Any, Any]:
    name = "EdDSA" if alg == "Ed25519" else alg  # PyJWT knows this algorithm under its older name only

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


@pytest.mark.filterwarnings("ignore")  # peers warn about what they will change one day
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("alg", SIGNATURE_ALGORITHMS)
def test_both_ways(peer: str, alg: Any, keys: Keys) -> None:
    key = keys[alg]
    make, read = PEERS[peer](key, alg)
    if (peer, alg) == ("pyjwt", "Ed25519"):
        # The older name, EdDSA, is deprecated (RFC 9864) and never written here, so only the signatures are compared.
        message, _, signature = make().rpartition(".")
        assert b64url_encode(key.sign(message.encode())) == signature
        return
    assert jws.verify(make(), key, algorithms=[alg]).payload == PAYLOAD
    assert read(jws.sign(PAYLOAD, key)) == PAYLOAD
