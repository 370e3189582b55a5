"""The libraries that are compared: a row in this table, and a module of the same small interface.

Rules of this room: each library is used the best way its own documentation shows for repeated use, with parsed keys and
reused objects. Only the worker of a library imports its module.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["LIBRARIES", "OWN", "PRIMITIVE", "Row"]

OWN, PRIMITIVE = "jwtkit", "primitive"


class Row(NamedTuple):
    """One library.

    Attributes:
        module: its module in this folder, which has one class named `Used`.
        distribution: the name it is installed by.
        load: the import of somebody who signs and verifies tokens.
        first: what verifies a first HS256 token after that import; `benchmarks.imports` fills in the token, its key
            (`jwk` as members, `raw` as bytes), the issuer and the audience.
    """

    module: str
    distribution: str
    load: str
    first: str


LIBRARIES: Mapping[str, Row] = MappingProxyType(
    {
        PRIMITIVE: Row("primitives", "cryptography", "", ""),
        OWN: Row(
            "use_jwtkit",
            "jwtkit",
            "from jwtkit import JWK, JWKS, Claims, Token, TokenVerifier",
            "TokenVerifier(keys=JWK.parse({jwk!r}), algorithms=['HS256'], issuer={issuer!r}, audience={audience!r})"
            ".verify({token!r})",
        ),
        "webtoken": Row(
            "use_webtoken",
            "webtoken",
            "import webtoken",
            "webtoken.decode({token!r}, {raw!r}, algorithms=['HS256'], issuer={issuer!r}, audience={audience!r})",
        ),
        "PyJWT": Row(
            "use_pyjwt",
            "pyjwt",
            "import jwt",
            "jwt.decode({token!r}, {raw!r}, algorithms=['HS256'], issuer={issuer!r}, audience={audience!r})",
        ),
        "joserfc": Row(
            "use_joserfc",
            "joserfc",
            "from joserfc import jwk, jwt",
            "jwt.JWTClaimsRegistry(iss=dict(essential=True, value={issuer!r}), aud=dict(essential=True, "
            "value={audience!r})).validate(jwt.decode({token!r}, jwk.import_key({jwk!r}), ['HS256']).claims)",
        ),
        "Authlib": Row(
            "use_authlib",
            "authlib",
            "from authlib.jose import JsonWebKey, JsonWebToken",
            "JsonWebToken(['HS256']).decode({token!r}, JsonWebKey.import_key({jwk!r}), claims_options=dict("
            "iss=dict(essential=True, value={issuer!r}), aud=dict(essential=True, value={audience!r}))).validate()",
        ),
        "jwcrypto": Row(
            "use_jwcrypto",
            "jwcrypto",
            "from jwcrypto import jwk, jwt",
            "jwt.JWT(jwt={token!r}, key=jwk.JWK(**{jwk!r}), algs=['HS256'], expected_type='JWS', "
            "check_claims=dict(iss={issuer!r}, aud={audience!r}, exp=None))",
        ),
        "python-jose": Row(
            "use_python_jose",
            "python-jose",
            "from jose import jwt",
            "jwt.decode({token!r}, {jwk!r}, algorithms=['HS256'], issuer={issuer!r}, audience={audience!r})",
        ),
    }
)
