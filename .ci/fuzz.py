"""Coverage-guided fuzzing of one door that takes untrusted input: `python .ci/fuzz.py DOOR SECONDS [CORPUS_DIR]`.

A door gives a value, a `RejectedError` or a `UsageError`. Anything else ends the run: another exception, a call that
takes long, a message that floods a log, a key that is not equal to what its own export gives, a forged signature. The
input is then in CORPUS_DIR, as `finding-...`; given in the place of CORPUS_DIR, such a file is run once.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import tempfile
import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any, Literal, get_args

try:
    import atheris
except ImportError:
    print("fuzzing needs atheris: pip install atheris, into an environment that has jwtkit", file=sys.stderr)
    sys.exit(2)

# The reader of OpenSSH lines is Python too, so its branches guide as well.
with atheris.instrument_imports(include=["jwtkit", "cryptography.hazmat.primitives.serialization.ssh"]):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
    from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.x509.oid import NameOID

    from jwtkit import (
        JWK,
        JWKS,
        UNCHECKED,
        Claims,
        ContentEncryptionAlgorithm,
        Decryption,
        Header,
        KeyManagementAlgorithm,
        Limits,
        RejectedError,
        SignatureAlgorithm,
        Token,
        TokenVerifier,
        UnverifiedToken,
        UsageError,
        claim,
        crypto,
        jwe,
        jws,
        parse_algorithms,
        report,
    )
    from jwtkit.oauth import (
        AuthorizationCodeFlow,
        AuthorizationSession,
        Client,
        DeviceSession,
        HttpResponse,
        InboundRequest,
        JWKSCache,
        PublicClient,
        Secret,
        ServerMetadata,
        TokenSet,
        build_authorization,
        build_challenge,
        parse_authorization,
        parse_challenges,
        parse_client_id_document_response,
        parse_device_authorization_response,
        parse_discovery_response,
        parse_introspection_response,
        parse_jwks_response,
        parse_oauth_challenge,
        parse_pushed_authorization_response,
        parse_refresh_response,
        parse_registration_response,
        parse_resource_metadata_response,
        parse_revocation_response,
        parse_token_exchange_response,
        parse_token_response,
        run,
    )
    from jwtkit.oidc import (
        IdTokenVerifier,
        LoginRecord,
        LogoutAccepted,
        LogoutTokenVerifier,
        UserInfoVerifier,
        back_channel_logout,
        check_front_channel_logout,
        parse_third_party_login,
        parse_userinfo_response,
    )

    # What a key loads when it is first needed would otherwise escape the instrumentation.
    for _module in pkgutil.iter_modules(crypto.__path__):
        importlib.import_module(f"jwtkit.crypto.{_module.name}")

SLOWEST_SECONDS, LONGEST_MESSAGE, LONGEST_INPUT = 0.5, 2000, 32768
NOW, DETACHED, PASSWORD = 1_700_000_000, b"detached", b"password"
KEY = JWK.from_secret(bytes(range(32)), alg="HS256", kid="k")
HS256 = b'{"alg":"HS256","kid":"k"}'
ALGORITHMS = parse_algorithms(get_args(SignatureAlgorithm))
KEY_MANAGEMENT, ENCRYPTIONS = get_args(KeyManagementAlgorithm), get_args(ContentEncryptionAlgorithm)
OPENING: dict[str, Any] = {
    "algorithms": KEY_MANAGEMENT, "encryptions": ENCRYPTIONS, "allow_zip": True, "limits": Limits(pbes2_count=4000)
}  # fmt: skip


class FindingError(Exception):
    """Something that no door may do."""


def attempt(door: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a door; None where it refuses."""
    start = process_time()
    try:
        made = door(*arguments, **named)
    except (RejectedError, UsageError) as refusal:
        made = None
        check_message(str(refusal))
    took = process_time() - start
    if took > SLOWEST_SECONDS:
        raise FindingError(f"{door} took {took:.2f} s")
    return made


def expect(truth: object, words: str) -> None:
    if not truth:
        raise FindingError(words)


def check_message(message: str) -> None:
    expect(message, "an error without a message")
    expect(len(message) <= LONGEST_MESSAGE, f"a message of {len(message)} characters: {message[:200]}")


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def b64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def as_pem(label: str, der: bytes) -> str:
    body = b64encode(der).decode("ascii")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def fields(data: bytes, count: int) -> list[bytes]:
    """Cut an input at NUL octets, which strict JSON never holds."""
    return [*data.split(b"\0", count - 1), *[b""] * count][:count]


def lenient(data: bytes) -> dict[str, Any] | None:
    """Read an object as the json module does by itself, as a program may before it hands in a mapping."""
    try:
        value = json.loads(as_text(data), parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# What must hold of anything that was accepted.


def check_key(key: JWK | None, *, from_members: bool = False, **options: Any) -> None:
    """Check that a key survives its exports, and verifies what it signs."""
    if key is None:
        return
    repr(key)
    again = JWK.parse(key.to_dict(private=key.is_private), **options)
    expect(again == key and hash(again) == hash(key), f"{key!r} is not what its export gives")
    attempt(lambda: key.certificates)
    if key.kty != "oct":
        public = key.public()
        expect(JWK.parse(public.to_dict()) == public, "the public half is not what its export gives")
        for written in (key.to_pem(private=key.is_private), public.to_pem()):
            expect(JWK.from_pem(written).thumbprint() == key.thumbprint(), "not the same key after PEM")
        line = attempt(key.to_openssh)
        expect(line is None or JWK.from_openssh(line).thumbprint() == key.thumbprint(), "not the same after OpenSSH")
    # Members that are no JSON, a lone surrogate in kid for one, cannot stand in a header.
    signed = attempt(jws.sign, b"payload", key)
    if signed is not None and not from_members:
        expect(jws.verify(signed, key, algorithms=[key.algorithm]).payload == b"payload", "not the payload signed")


def check_set(keys: JWKS | None, *, from_members: bool = False) -> None:
    """Check that a set survives its export, and that tokens under it are verified or refused."""
    if keys is None:
        return
    for one in keys.unusable:
        check_message(one.reason)
    published = attempt(keys.to_json)
    if published is None:
        expect(from_members, "a set that was read from text cannot be published")
    else:
        again = JWKS.parse(published)
        expect(again.keys == keys.keys and not again.unusable, "the set is not what its export gives")
    for key in keys.keys[:3]:
        for alg in ("RS256", "ES256", "EdDSA"):
            header = dump({"alg": alg} if key.kid is None else {"alg": alg, "kid": key.kid})
            forged = f"{b64url(header)}..{b64url(bytes(64))}"
            expect(attempt(jws.verify, forged, keys, algorithms=["RS256", "PS256", "ES256", "EdDSA"]) is None, "forged")


def check_verified(compact: str, verified: jws.VerifiedJWS | None) -> None:
    """Check that no other text passes than the one the key makes."""
    if verified is not None and verified.header.alg == "HS256":
        signed = compact.rpartition(".")[0]
        expect(compact == f"{signed}.{b64url(KEY.sign(signed.encode('ascii')))}", "two texts for one token")


# The doors.


def header(data: bytes) -> None:
    for segment in (as_text(data), b64url(data)):
        parsed = attempt(Header.parse, segment)
        if parsed is not None:
            repr(parsed)
            expect(dict(Header(dict(parsed))) == dict(parsed), "the header is not what its members give")


def signed_by_key(header: bytes, payload: bytes, *, b64: bool) -> tuple[str, str]:
    """Give the signature over header and payload, and the payload as it is carried."""
    carried = b64url(payload) if b64 else as_text(payload)
    message = b64url(header).encode("ascii") + b"." + (carried.encode("ascii") if b64 else payload)
    return b64url(KEY.sign(message)), carried


def accept(value: object, _header: Header) -> bool:
    return value is not False


CRIT = {"x": accept}


def jws_compact(data: bytes) -> None:
    text = as_text(data)
    keys, algorithms = verification_keys(), ALGORITHMS
    check_verified(text, attempt(jws.verify, text, keys, algorithms=algorithms, crit=CRIT))
    attempt(jws.verify, text, keys, algorithms=algorithms, payload=DETACHED, crit=CRIT)
    head, payload = fields(data, 2)
    for b64 in (True, False):
        signature, carried = signed_by_key(head, payload, b64=b64)
        verified = attempt(jws.verify, f"{b64url(head)}.{carried}.{signature}", KEY, algorithms=["HS256"], crit=CRIT)
        if verified is not None:
            # A header that demands the other form reads what is carried in that form.
            same = verified.payload == payload or verified.header.b64 is not b64
            expect(same, "another payload than the one signed")
        expect(verified is not None or head != HS256 or not b64, "a sound token is refused")
        detached = attempt(
            jws.verify, f"{b64url(head)}..{signature}", KEY, algorithms=["HS256"], crit=CRIT, payload=payload
        )
        expect(detached is None or detached.payload == payload, "another payload than the one signed")


def jws_json(data: bytes) -> None:
    keys = verification_keys()
    for source in (data, as_text(data), lenient(data)):
        if source is not None:
            attempt(jws.verify_json, source, keys, algorithms=ALGORITHMS, require="any", crit=CRIT)
    attempt(jws.verify_json, data, keys, algorithms=ALGORITHMS, require="all", payload=DETACHED, crit=CRIT)
    head, payload, unprotected = fields(data, 3)
    for b64 in (True, False):
        signature, carried = signed_by_key(head, payload, b64=b64)
        part: dict[str, Any] = {"signature": signature}
        part |= {"protected": b64url(head)} if head else {}
        beside = lenient(unprotected)
        part |= {"header": beside} if beside else {}
        other = {"header": {"alg": "HS256"}, "signature": signature}
        for members in (part, {"signatures": [part]}, {"signatures": [other, part]}):
            whole: dict[str, Any] = {"payload": carried, **members}
            verified = attempt(jws.verify_json, whole, KEY, algorithms=["HS256"], require="any", crit=CRIT)
            if verified is not None:
                same = verified.payload == payload or verified.verified[0].header.b64 is not b64
                expect(same, "another payload than the one signed")
            text, both = json.dumps(members), {"require": "all", "crit": CRIT, "payload": payload}
            detached = attempt(jws.verify_json, text, KEY, algorithms=["HS256"], **both)
            expect(detached is None or detached.payload == payload, "another payload than the one signed")


def jwk(data: bytes) -> None:
    check_key(attempt(JWK.parse, data))
    check_key(attempt(JWK.parse, as_text(data), allow_short_secret=True), allow_short_secret=True)
    members = lenient(data)
    if members is not None:
        check_key(attempt(JWK.parse, members), from_members=True)


def jwk_pem(data: bytes) -> None:
    check_key(attempt(JWK.from_pem, data))
    check_key(attempt(JWK.from_pem, as_text(data), alg="ES256", kid="e"))


def jwk_der(data: bytes) -> None:
    check_key(attempt(JWK.from_der, data))
    check_key(attempt(JWK.from_der, data, alg="RS256", kid="r"))
    for label in LABELS[:5]:
        check_key(attempt(JWK.from_pem, as_pem(label, data)))


def jwk_openssh(data: bytes) -> None:
    check_key(attempt(JWK.from_openssh, data))
    kind, _, _ = data.partition(b" ")
    size = len(kind).to_bytes(4)
    # The name of the key type stands in the line twice, and one mutation does not change both.
    check_key(attempt(JWK.from_openssh, kind + b" " + b64encode(size + kind + data[len(kind) + 1 :])))


def jwk_certificate(data: bytes) -> None:
    check_key(attempt(JWK.from_certificate, data))
    check_key(attempt(JWK.from_certificate, as_text(data)))
    check_key(attempt(JWK.from_certificate, as_pem("CERTIFICATE", data) + chain_pem(), alg="ES256", kid="e"))


def jwks(data: bytes) -> None:
    check_set(attempt(JWKS.parse, data))
    members = lenient(data)
    if members is not None:
        check_set(attempt(JWKS.parse, members), from_members=True)


def jwks_certificates(data: bytes) -> None:
    check_set(attempt(JWKS.from_certificates, data))
    members = lenient(data)
    if members is not None:
        check_set(attempt(JWKS.from_certificates, members), from_members=True)
    kid, der = fields(data, 2)
    check_set(attempt(JWKS.from_certificates, {as_text(kid): as_pem("CERTIFICATE", der)}), from_members=True)


def secret(data: bytes) -> None:
    for alg in ("HS256", "HS512"):
        attempt(JWK.from_secret, data, alg=alg)
    # The length of a DER sequence in any number of octets, because what looks like a key is refused.
    size, body = (data or b"\0")[0] & 0x7F, data[1:]
    if len(body) < 256**size:
        attempt(JWK.from_secret, bytes((0x30, 0x80 + size)) + len(body).to_bytes(size) + body, alg="HS256")
    short = {"allow_short_secret": True}
    check_key(attempt(JWK.from_secret, data, alg="HS384", kid="k", **short), **short)


def unverified(data: bytes) -> None:
    head, claims = fields(data, 2)
    made = f"{b64url(head)}.{b64url(claims)}."
    for compact in (as_text(data), made, f"{made}.."):
        token = attempt(UnverifiedToken.parse, compact)
        if token is not None:
            repr(token)
            attempt(lambda token=token: dict(token.unverified_claims))


class Session(Claims):
    """A claims class with a field of every kind."""

    sub: str = claim()
    role: Literal["user", "admin"] = claim(default="user")
    groups: tuple[str, ...] = claim("https://example.com/groups", default=())
    level: int | None = None
    limits: Mapping[str, float] | bool | None = None


LAX = TokenVerifier(
    keys=KEY, algorithms=["HS256"], issuer=UNCHECKED, audience=UNCHECKED, typ=UNCHECKED, allow_missing_exp=True
)
STRICT = TokenVerifier(
    keys=KEY,
    algorithms=["HS256"],
    issuer=["https://auth.example.com", "https://auth.example.com/"],
    audience="api",
    claims=Session,
    required=("jti", "nbf"),
    expected={"acr": "high", "amr": lambda amr: "otp" in amr},
    max_age=3600,
    max_lifetime=7200,
)


def token(data: bytes) -> None:
    signature, carried = signed_by_key(HS256, data, b64=True)
    for verifier in (LAX, STRICT):
        attempt(verifier.verify, as_text(data), now=NOW)
        verified = attempt(verifier.verify, f"{b64url(HS256)}.{carried}.{signature}", now=NOW)
        if verified is not None:
            repr(verified)
            claims = verified.claims
            expect(all(claims[name] == claims[name] for name in claims), "a claim that changes")
            for field in type(claims)._fields:
                getattr(claims, field)
            attempt(lambda verified=verified: (verified.iss, verified.sub))


def sealed_by_key(header: bytes, plaintext: bytes, aad: bytes = b"") -> list[str]:
    """Give header, iv, ciphertext and tag of content that the shared key encrypts directly."""
    bound = b64url(header) + (f".{b64url(aad)}" if aad else "")
    sealed = AESGCM(bytes(range(32))).encrypt(bytes(12), plaintext, bound.encode("ascii"))
    return [b64url(part) for part in (header, bytes(12), sealed[:-16], sealed[-16:])]


def check_opened(opened: jwe.DecryptedJWE | None, plaintext: bytes, aad: bytes | None = None) -> None:
    if opened is not None:
        expect(opened.plaintext == plaintext or "zip" in opened.header, "another plaintext than the one encrypted")
        expect(opened.aad == aad, "other additional data than what was authenticated")


def jwe_compact(data: bytes) -> None:
    attempt(jwe.decrypt, as_text(data), readers(), crit=CRIT, **OPENING)
    head, plaintext = fields(data, 2)
    protected, *sealed = sealed_by_key(head, plaintext)
    opened = attempt(jwe.decrypt, ".".join((protected, "", *sealed)), readers(), crit=CRIT, **OPENING)
    check_opened(opened, plaintext)
    expect(opened is not None or head != DIRECT, "sound content does not decrypt")


def jwe_json(data: bytes) -> None:
    for source in (data, as_text(data), lenient(data)):
        if source is not None:
            attempt(jwe.decrypt_json, source, readers(), crit=CRIT, **OPENING)
    head, plaintext, aad, unprotected = fields(data, 4)
    protected, *sealed = sealed_by_key(head, plaintext, aad)
    part: dict[str, Any] = dict(zip(("iv", "ciphertext", "tag"), sealed, strict=True))
    part |= {"protected": protected} if head else {}
    part |= {"aad": b64url(aad)} if aad else {}
    beside = lenient(unprotected) or {}
    one = {"header": beside} if beside else {}
    other = {"header": {"alg": "A256KW"}, "encrypted_key": "AAAA"}
    for members in ({**part, **one}, {**part, "recipients": [one]}, {**part, "recipients": [other, one]}):
        opened = attempt(jwe.decrypt_json, members, readers(), crit=CRIT, **OPENING)
        check_opened(opened, plaintext, aad or None)


def nested(data: bytes) -> None:
    outer, inner, claims = fields(data, 3)
    signature, carried = signed_by_key(inner, claims, b64=True)
    for content in (data, f"{b64url(inner)}.{carried}.{signature}".encode("ascii")):
        protected, *sealed = sealed_by_key(outer, content)
        text = ".".join((protected, "", *sealed))
        verified = attempt(NESTED.verify, text, now=NOW)
        if verified is not None:
            expect(verified.compact.encode("ascii") in (content, data), "another token than the one inside")
        attempt(report, text, now=NOW)


def explained(data: bytes) -> None:
    text, value = as_text(data), lenient(data)
    head, claims = fields(data, 2)
    for source in (text, f"{b64url(head)}.{b64url(claims)}.AAAA", f"Bearer {text}", f"b'{text}'", value):
        found = attempt(report, source, now=NOW)
        if found is not None:
            repr(found)
            expect(text.isprintable() or str(found).replace("\n", "").isprintable(), "a report that a terminal obeys")
            for finding in found.findings:
                check_message(finding.message)


ISSUER, REDIRECT = "https://auth.example.com", "https://app.example.com/callback"
SERVER = ServerMetadata(
    issuer=ISSUER, authorization_endpoint=f"{ISSUER}/a", token_endpoint=f"{ISSUER}/t", jwks_uri=f"{ISSUER}/keys"
)
CLIENT = Client(server=SERVER, client_id="app", auth=PublicClient())
TOKENS = TokenSet(access_token=Secret("a"), token_type="Bearer", refresh_token=Secret("r"))  # noqa: S106  # its name


@cache
def login() -> Any:
    claims = Claims(iss=ISSUER, sub="alice", aud="app", nonce="n", iat=NOW, exp=NOW + 60)
    text = Token.sign(claims, KEY, now=NOW).compact
    return IdTokenVerifier(issuer=ISSUER, client_id="app", keys=KEY, algorithms=["HS256"]).verify(
        text, nonce="n", now=NOW
    )


@cache
def userinfo_verifier() -> UserInfoVerifier:
    return UserInfoVerifier(issuer=ISSUER, client_id="app", keys=KEY, algorithms=["HS256"])


def cached_keys(response: HttpResponse) -> None:
    caching = JWKSCache(f"{ISSUER}/keys")
    run(caching.refresh(now=NOW), send=lambda _request: response)
    expect(caching.jwks, "a set that is refreshed and not there")
    lasts = (caching.fresh_until or 0) - NOW
    expect(60 <= lasts <= 24 * 3600, f"a set that is fresh for {lasts} seconds")
    other = JWKSCache(f"{ISSUER}/keys")
    other.restore(caching.snapshot() or "")
    expect(other.fresh_until == caching.fresh_until, "a snapshot that is another")


ANSWERS: dict[str, Callable[[HttpResponse], object]] = {
    "token": lambda answer: parse_token_response(answer, now=NOW),
    "refresh": lambda answer: parse_refresh_response(answer, tokens=TOKENS, now=NOW),
    "exchange": lambda answer: parse_token_exchange_response(answer, now=NOW),
    "device": lambda answer: parse_device_authorization_response(answer, client=CLIENT, now=NOW),
    "introspection": parse_introspection_response,
    "revocation": parse_revocation_response,
    "metadata": lambda answer: parse_discovery_response(answer, issuer=ISSUER),
    "resource": lambda answer: parse_resource_metadata_response(answer, resource=ISSUER),
    "keys": parse_jwks_response,
    "pushed": lambda answer: parse_pushed_authorization_response(answer, now=NOW),
    "registration": lambda answer: parse_registration_response(answer, server=SERVER),
    "client document": lambda answer: parse_client_id_document_response(answer, client_id="https://app.example/id"),
    "cache": cached_keys,
    "userinfo": lambda answer: parse_userinfo_response(answer, id_token=login(), now=NOW),
    "signed userinfo": lambda answer: parse_userinfo_response(
        answer, id_token=login(), verifier=userinfo_verifier(), now=NOW
    ),
}


def answer(data: bytes) -> None:
    status, head, body = fields(data, 3)
    number = int(status) if status.isdigit() and len(status) == 3 else 200
    lines = [line.partition(": ") for line in as_text(head).splitlines()]
    headers = tuple((name, value) for name, _, value in lines)
    response = attempt(HttpResponse, status=100 + number % 500, headers=headers, body=body)
    if response is not None:
        for name, parse in ANSWERS.items():
            made = attempt(parse, response)
            if made is not None:
                repr(made)
            if name == "token" and made is not None:
                expect(TokenSet.from_json(made.to_json()) == made, "tokens that come back as others")
            if name == "device" and made is not None:
                expect(DeviceSession.from_json(made.to_json()) == made, "a session that comes back as another")


def callback(data: bytes) -> None:
    for mode in ("query", "fragment", "form_post"):
        flow = AuthorizationCodeFlow(CLIENT, redirect_uri=REDIRECT, response_mode=mode)
        session = flow.start(now=NOW).session
        form = (("Content-Type", "application/x-www-form-urlencoded"),)
        posted = InboundRequest(method="POST", url=REDIRECT, headers=form, body=data)
        mark = {"query": "?", "fragment": "#"}.get(mode)
        for came in (as_text(data), posted if mark is None else f"{REDIRECT}{mark}{as_text(data)}"):
            expect(attempt(flow.callback, session, came, now=NOW) is None, "a state that nobody knows was accepted")
        known = as_text(data).replace("STATE", session.state)
        body = known.encode("utf-8", "surrogateescape")
        posted = InboundRequest(method="POST", url=REDIRECT, headers=form, body=body)
        made = attempt(flow.callback, session, posted if mark is None else f"{REDIRECT}{mark}{known}", now=NOW)
        if made is not None:
            repr(made)
            attempt(flow.token_request, made)


def challenge(data: bytes) -> None:
    text = as_text(data)
    for source in (text, text.splitlines()):
        for made in attempt(parse_challenges, source) or ():
            repr(made)
            attempt(parse_oauth_challenge, made)
            parameters = {} if made.token68 is not None else made.parameters
            again = attempt(build_challenge, made.scheme, parameters, token68=made.token68)
            if again is not None:
                expect(parse_challenges(again) == (made,), "a challenge that comes back as another")
    credentials = attempt(parse_authorization, text)
    if credentials is not None:
        secret = "" if credentials.token68 is None else credentials.token68.reveal()
        expect(len(secret) < 8 or secret not in repr(credentials).removeprefix(credentials.scheme), "a repr that tells")
        attempt(build_authorization, credentials.scheme, credentials.token68, parameters=credentials.parameters)


LOGOUTS = LogoutTokenVerifier(issuer=ISSUER, client_id="app", keys=KEY, algorithms=["HS256"])
EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


def logout(data: bytes) -> None:
    text = as_text(data)
    attempt(check_front_channel_logout, f"/out?{text}", issuer=ISSUER)
    attempt(parse_third_party_login, f"/in?{text}", issuers=[ISSUER], allowed_target=["https://app.example.com/"])
    signature, carried = signed_by_key(HS256, data, b64=True)
    made = attempt(LOGOUTS.verify, f"{b64url(HS256)}.{carried}.{signature}", now=NOW)
    if made is not None:
        expect(made.sub or made.sid, "a logout of nobody")
        expect("nonce" not in made.claims, "a logout token that is an ID token")
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    for body in (data, f"logout_token={b64url(HS256)}.{carried}.{signature}".encode("ascii")):
        request = InboundRequest(method="POST", url="/out", headers=form, body=body)
        came = run(back_channel_logout(request, LOGOUTS, now=NOW), consume=lambda _what: True)
        expect(came.response.status == (200 if isinstance(came, LogoutAccepted) else 400), "another status")


def stored(data: bytes) -> None:
    for kind in (AuthorizationSession, DeviceSession, TokenSet, LoginRecord):
        for source in (data, as_text(data)):
            made = attempt(kind.from_json, source)
            if made is not None:
                repr(made)
                expect(kind.from_json(made.to_json()) == made, f"a {kind.__name__} that comes back as another")
    attempt(JWKSCache(f"{ISSUER}/keys").restore, data)


# The seeds: one of everything, so that the fuzzer starts behind the first checks.


@cache
def private_keys() -> dict[str, JWK]:
    one = rsa.generate_private_key(65537, 2048)
    named = {alg: JWK.from_key(one, alg=alg, kid=alg) for alg in ALGORITHMS if alg[:2] in ("RS", "PS")}
    others = [alg for alg in ALGORITHMS if alg not in named and alg not in ("HS256", "EdDSA")]
    return {"HS256": KEY, **named, **{alg: JWK.generate(alg, kid=alg) for alg in others}}


@cache
def verification_keys() -> tuple[JWK, ...]:
    return tuple(key if key.kty == "oct" else key.public() for key in private_keys().values())


@cache
def readers() -> tuple[JWK, ...]:
    """Give keys to decrypt with: secrets of every length, and private keys of every type."""
    secrets = (JWK.from_secret(bytes(range(size)), alg=alg, kid=alg) for alg, size in SECRETS.items())
    curves = ("P-256", "P-384", "P-521", "X25519", "X448")
    private = (JWK.generate("ECDH-ES", crv=crv, kid=crv) for crv in curves)
    return (*secrets, *private, JWK.generate("RSA-OAEP-256", kid="r"))


SECRETS = {"A256GCM": 32, "A128KW": 16, "A192KW": 24, "A256KW": 32, "A128GCMKW": 16, "PBES2-HS256+A128KW": 16}
DIRECT = b'{"alg":"dir","enc":"A256GCM","kid":"A256GCM"}'
NESTED = TokenVerifier(
    keys=KEY,
    algorithms=["HS256"],
    issuer=UNCHECKED,
    audience=UNCHECKED,
    allow_missing_exp=True,
    decryption=Decryption(
        keys=JWK.from_secret(bytes(range(32)), alg="A256GCM", kid="A256GCM"),
        algorithms=["dir"],
        encryptions=["A256GCM"],
    ),
)


@cache
def foreign_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(1024)  # noqa: S505  # the one size that OpenSSH knows


def other_keys() -> list[JWK]:
    """Keys that sign nothing."""
    return [JWK.from_key(X25519PrivateKey.generate(), kid="x"), JWK.from_key(X448PrivateKey.generate())]


def one_of_each_type() -> list[JWK]:
    names = ("RS256", "ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87")
    return [*(private_keys()[name] for name in names), *other_keys()]


@cache
def certificate(alg: str, issuer: str = "RS256") -> bytes:
    """Make the DER certificate of one key, signed by another."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, alg)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_keys()[alg].to_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private_keys()[issuer].to_key(private=True), None if issuer == "Ed25519" else hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


CERTIFIED = ("RS256", "ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44")


@cache
def chain_pem() -> str:
    return as_pem("CERTIFICATE", certificate("ES256")) + as_pem("CERTIFICATE", certificate("RS256"))


def dump(value: object) -> bytes:
    return json.dumps(value).encode("ascii")


def compact_seeds() -> Iterable[bytes]:
    for key in private_keys().values():
        yield jws.sign(b"payload", key, typ="JOSE").encode("ascii")
    yield jws.sign(b"payload", KEY, b64=False).encode("ascii")
    yield jws.sign(b"payload", KEY, header={"x": 1}, crit=["x"]).encode("ascii")
    yield jws.sign(DETACHED, KEY, detached=True).encode("ascii")
    yield jws.sign(DETACHED, KEY, detached=True, b64=False).encode("ascii")


def jwe_seeds() -> Iterable[bytes]:
    for key in readers():
        alg = "dir" if key.alg == "A256GCM" else key.alg
        for enc in ("A256GCM", "A128CBC-HS256"):
            if alg != "dir" or enc == "A256GCM":
                count = {"p2c": 1000} if alg == "PBES2-HS256+A128KW" else {}
                to = key if key.kty == "oct" else key.public()
                yield jwe.encrypt(b"payload", to, alg=alg, enc=enc, **count).encode("ascii")
    yield from (
        DIRECT[:-1] + more + b"}\0payload" for more in (b"", b',"crit":["x"],"x":1', b',"p2s":"AAAA","p2c":1000')
    )
    yield DIRECT[:-1] + b',"zip":"DEF"}\0' + zlib.compress(b"payload" * 10, wbits=-15)


def jwe_json_seeds() -> Iterable[bytes]:
    public = [key if key.kty == "oct" else key.public() for key in readers()[1:5]]
    for form, to in (("flattened", public[0]), ("general", public)):
        yield jwe.encrypt(b"payload", to, enc="A256GCM", serialization=form, aad=b"aad").encode("utf-8")
    yield DIRECT + b'\0payload\0aad\0{"cty":"text/plain"}'
    yield b'{"enc":"A256GCM"}\0payload\0\0{"alg":"dir","kid":"A256GCM"}'


def nested_seeds() -> Iterable[bytes]:
    for more in (b"", b',"iss":"https://auth.example.com"', b',"aud":["api","other"]'):
        yield from (DIRECT[:-1] + b',"cty":"JWT"' + more + b"}\0" + HS256 + b"\0" + it for it in claims_seeds())


def explained_seeds() -> Iterable[bytes]:
    yield from unverified_seeds()
    yield b'{"access_token":"eyJhbGciOiJIUzI1NiJ9.e30.AAAA","token_type":"Bearer","expires_in":60}'
    yield b"2YotnFZFEjr1zCsicMWpAA"


def header_seeds() -> Iterable[bytes]:
    yield HS256
    yield b'{"alg":"HS256","kid":"k","typ":"at+jwt","cty":"application/json"}'
    yield b'{"alg":"HS256","b64":false,"crit":["b64"]}'
    yield b'{"alg":"HS256","b64":true,"x":{"y":[1,-2.5e3,null,true]},"crit":["b64","x"]}'
    yield b'{"alg":"RSA-OAEP","enc":"A128GCM","zip":"DEF","jku":"https://example.com","x5c":["MA=="],"p2c":1000}'


def jws_seeds() -> Iterable[bytes]:
    yield from compact_seeds()
    yield from (head + b"\0payload" for head in header_seeds())


def jws_json_seeds() -> Iterable[bytes]:
    keys = list(private_keys().values())
    for key in keys:
        yield jws.sign(b"payload", key, serialization="flattened").encode("utf-8")
    yield jws.sign(b"payload", keys[:4], serialization="general").encode("utf-8")
    for form in ("flattened", "general"):
        for detached in (True, False):
            for b64 in (True, False):
                yield jws.sign(
                    DETACHED,
                    KEY,
                    serialization=form,
                    detached=detached,
                    b64=b64,
                    header={"x": 1},
                    crit=["x"],
                    unprotected={"cty": "text/plain"},
                ).encode("utf-8")
    for head in header_seeds():
        yield head + b'\0payload\0{"cty":"text/plain"}'
    yield b'\0payload\0{"alg":"HS256","kid":"k"}'


def jwk_seeds() -> Iterable[bytes]:
    for key in [*private_keys().values(), *other_keys()]:
        yield dump(key.to_dict(private=True))
        if key.kty != "oct":
            yield dump(key.public().to_dict())
    primeless = private_keys()["RS256"].to_dict(private=True)
    yield dump({name: value for name, value in primeless.items() if name not in ("p", "q", "dp", "dq", "qi")})
    yield dump({**private_keys()["ES256"].to_dict(private=True), "use": "sig", "key_ops": ["sign", "verify"]})
    yield dump({"kty": "oct", "k": b64url(b"short"), "ext": True, "nbf": 1, "iat": 1.5})
    for alg in CERTIFIED:
        yield dump(JWK.from_certificate(certificate(alg), kid=alg).to_dict())
    yield dump(JWK.from_certificate(chain_pem(), alg="ES256").to_dict())


def jwks_seeds() -> Iterable[bytes]:
    public = [key.to_dict() for key in verification_keys() if key.kty != "oct"]
    yield dump({"keys": public})
    yield dump({"keys": [*public[:1], public[0] | {"kid": "again"}, {"kty": "new"}, 5, {"kty": "EC", "kid": "e"}]})
    for members in public:
        yield dump({"keys": [members]})
    unnamed = {name: value for name, value in public[0].items() if name != "alg"}
    yield dump({"keys": [{**unnamed, "kid": "\x01" * 1000, "use": "sig"}]})
    yield dump({"keys": [KEY.to_dict(private=True)]})
    yield dump({"keys": [JWK.from_certificate(chain_pem()).to_dict()], "more": [1, {"a": None}]})


def der_seeds() -> Iterable[bytes]:
    for key in one_of_each_type():
        yield key.to_der()
        yield key.to_der(private=True)
    for form in ("PKCS1", "SEC1"):
        yield private_keys()["RS256" if form == "PKCS1" else "ES256"].to_der(private=True, form=form)
    yield private_keys()["RS256"].to_der(form="PKCS1")
    yield private_keys()["ES256"].to_der(private=True, password=PASSWORD)
    for foreign in (foreign_key(), ec.generate_private_key(ec.SECP224R1())):
        encoding, none = serialization.Encoding.DER, serialization.NoEncryption()
        yield foreign.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none)
        yield foreign.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem_seeds() -> Iterable[bytes]:
    for key in one_of_each_type():
        yield key.to_pem().encode("ascii")
        yield key.to_pem(private=True).encode("ascii")
    yield private_keys()["RS256"].to_pem(private=True, form="PKCS1").encode("ascii")
    yield private_keys()["RS256"].to_pem(form="PKCS1").encode("ascii")
    yield private_keys()["ES256"].to_pem(private=True, form="SEC1").encode("ascii")
    yield private_keys()["ES256"].to_pem(private=True, password=PASSWORD).encode("ascii")
    old = (serialization.PrivateFormat.TraditionalOpenSSL, serialization.BestAvailableEncryption(PASSWORD))
    yield private_keys()["ES256"].to_key(private=True).private_bytes(serialization.Encoding.PEM, *old)
    yield chain_pem().encode("ascii")


def openssh_seeds() -> Iterable[bytes]:
    for alg in ("RS256", "ES256", "ES384", "ES512", "Ed25519"):
        line = private_keys()[alg].to_openssh()
        kind, body = line.encode("ascii").split()
        yield kind + b" " + body + b" somebody@example.com"
        yield kind + b" " + b64decode(body)[4 + len(kind) :]
        owner = serialization.load_ssh_public_key(line.encode("ascii"))
        signer = private_keys()["Ed25519"].to_key(private=True)
        builder = serialization.SSHCertificateBuilder().public_key(owner).serial(1).key_id(b"id")
        builder = builder.type(serialization.SSHCertificateType.USER).valid_principals([b"somebody"])
        yield builder.valid_after(0).valid_before(2**63).sign(signer).public_bytes()
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    yield foreign_key().public_key().public_bytes(encoding, form)
    yield b"sk-ssh-ed25519@openssh.com " + (32).to_bytes(4) + bytes(32) + (4).to_bytes(4) + b"ssh:"


def certificate_seeds() -> Iterable[bytes]:
    for alg in CERTIFIED:
        yield certificate(alg)
        yield as_pem("CERTIFICATE", certificate(alg, "Ed25519" if alg == "ES256" else "RS256")).encode("ascii")
    yield chain_pem().encode("ascii")


def certificate_map_seeds() -> Iterable[bytes]:
    yield dump({alg: as_pem("CERTIFICATE", certificate(alg)) for alg in CERTIFIED})
    yield dump({"chain": chain_pem(), "bad": "-----BEGIN", "number": 5})
    yield from (b"kid\0" + certificate(alg) for alg in CERTIFIED)


def secret_seeds() -> Iterable[bytes]:
    for size in (1, 31, 32, 48, 64, 128, 256):
        yield bytes(range(size))
    yield from (key.to_der() for key in one_of_each_type())
    yield private_keys()["ES256"].to_pem().encode("ascii")
    yield private_keys()["Ed25519"].to_openssh().encode("ascii")
    yield dump(KEY.to_dict(private=True))
    yield dump({"keys": []})


def claims_seeds() -> Iterable[bytes]:
    yield dump({"sub": "alice"})
    full: dict[str, Any] = {
        "iss": "https://auth.example.com",
        "sub": "alice",
        "aud": ["api", "other"],
        "exp": NOW + 60,
        "nbf": NOW - 60,
        "iat": NOW - 60.5,
        "jti": "j",
        "acr": "high",
        "amr": ["otp"],
        "role": "admin",
        "https://example.com/groups": ["a"],
        "level": 1,
        "limits": {"a": 1.5},
        "cnf": {"jkt": "x"},
        "act": {"sub": "bob"},
    }
    yield dump(full)
    yield dump({**full, "aud": "api", "limits": True, "level": None})
    yield dump({**full, "exp": -1e20, "nbf": 1e20, "iat": 1e20, "iss": "https://auth.example.org", "aud": []})
    yield dump({**full, "exp": 1e308})
    yield dump({**full, "iat": -1e308})
    yield dump(dict.fromkeys(full))


def token_seeds() -> Iterable[bytes]:
    yield from claims_seeds()
    yield Token.sign(Claims(sub="alice", exp=NOW + 60), KEY).compact.encode("ascii")


def unverified_seeds() -> Iterable[bytes]:
    yield from token_seeds()
    yield from (head + b"\0" + claims for head in header_seeds() for claims in claims_seeds())
    yield b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"


def answer_seeds() -> Iterable[bytes]:
    members: list[dict[str, Any]] = [
        {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "scope": "a b", "refresh_token": "r"},
        {"access_token": "a", "token_type": "N_A", "issued_token_type": "urn:ietf:params:oauth:token-type:jwt"},
        {"error": "invalid_grant", "error_description": "no", "error_uri": "https://a.example"},
        {
            "device_code": "d",
            "user_code": "U",
            "verification_uri": "https://a.example",
            "expires_in": 60,
            "interval": 5,
        },
        {"active": True, "scope": "a", "aud": ["x"], "exp": NOW, "sub": "alice", "username": "a", "client_id": "app"},
        {"active": False},
        {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/k", "scopes_supported": ["a"], "mtls_endpoint_aliases": {}},
        {"resource": ISSUER, "authorization_servers": [ISSUER], "scopes_supported": ["a"]},
        {"sub": "alice", "email": "a@example.com", "_claim_names": {"a": "b"}},
        JWKS([key for key in verification_keys() if key.kty == "EC"]).to_dict(),
    ]
    headers = b'Content-Type: application/json\nCache-Control: max-age=60, must-revalidate\nETag: "x"\nAge: 5'
    for one in members:
        yield b"100\0" + headers + b"\0" + dump(one)
        yield b"300\0" + headers + b"\nRetry-After: 5\nWWW-Authenticate: Bearer\0" + dump(one)
    signed = Token.sign(Claims(iss=ISSUER, aud="app", sub="alice", exp=NOW + 60), KEY).compact.encode("ascii")
    yield b"100\0Content-Type: application/jwt\0" + signed
    date = b"Date: Tue, 15 Nov 1994 08:12:31 GMT\nRetry-After: Tue, 15 Nov 1994 08:14:31 GMT"
    yield b"403\0Content-Type: text/html\n" + date + b"\0<html>"


def callback_seeds() -> Iterable[bytes]:
    yield b"code=c&state=STATE&iss=https%3A%2F%2Fauth.example.com"
    yield b"error=access_denied&error_description=no&state=STATE"
    yield b"code=c&state=STATE&state=STATE"
    yield b"code=c&state=STATE&id_token=x&access_token=y"


def challenge_seeds() -> Iterable[bytes]:
    yield b'Bearer realm="a", error="invalid_token", scope="a b", max_age=5, DPoP algs="ES256 PS256"'
    yield b'Negotiate dGV4dA==\nBasic realm="\\"x\\"", charset="UTF-8"'
    yield b'Bearer resource_metadata="https://a.example/.well-known/oauth-protected-resource" , ,DPoP'
    yield b"Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA"
    yield b'Digest username="a", uri=/x'


def logout_seeds() -> Iterable[bytes]:
    claims = {"iss": ISSUER, "aud": "app", "iat": NOW, "exp": NOW + 60, "jti": "j", "events": EVENT}
    for more in ({"sub": "alice"}, {"sid": "s"}, {"sub": "alice", "nonce": "n"}, {}):
        yield dump({**claims, **more})
    yield b"iss=https%3A%2F%2Fauth.example.com&sid=s&target_link_uri=https%3A%2F%2Fapp.example.com%2Fx&login_hint=a"


def stored_seeds() -> Iterable[bytes]:
    flow = AuthorizationCodeFlow(CLIENT, redirect_uri=REDIRECT, scope=["a"], resource=["https://api.example.com"])
    yield flow.start(max_age=60, now=NOW).session.to_json().encode("ascii")
    yield TOKENS.to_json().encode("ascii")
    yield login().record.to_json().encode("ascii")
    device = DeviceSession(
        issuer=ISSUER,
        client_id="app",
        device_code=Secret("d"),
        user_code="U",
        verification_uri="https://a.example",
        expires_at=NOW,
    )
    yield device.to_json().encode("ascii")


DOORS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterable[bytes]]]] = {
    "header": (header, header_seeds),
    "jws": (jws_compact, jws_seeds),
    "jws_json": (jws_json, jws_json_seeds),
    "jwk": (jwk, jwk_seeds),
    "jwk_pem": (jwk_pem, pem_seeds),
    "jwk_der": (jwk_der, der_seeds),
    "jwk_openssh": (jwk_openssh, openssh_seeds),
    "jwk_certificate": (jwk_certificate, certificate_seeds),
    "jwks": (jwks, jwks_seeds),
    "jwks_certificates": (jwks_certificates, certificate_map_seeds),
    "secret": (secret, secret_seeds),
    "unverified": (unverified, unverified_seeds),
    "token": (token, token_seeds),
    "jwe": (jwe_compact, jwe_seeds),
    "jwe_json": (jwe_json, jwe_json_seeds),
    "nested": (nested, nested_seeds),
    "report": (explained, explained_seeds),
    "answer": (answer, answer_seeds),
    "callback": (callback, callback_seeds),
    "challenge": (challenge, challenge_seeds),
    "logout": (logout, logout_seeds),
    "stored": (stored, stored_seeds),
}
# Words that mutations would take long to spell: names of members and their values, and other text.
NAMES = """
alg kid typ cty crit b64 use key_ops kty crv k n e d p q dp dq qi oth x y pub priv x5c x5t x5t#S256 keys
protected payload header signature signatures iss sub aud exp nbf iat jti scope azp nonce auth_time acr amr sid cnf act
RSA EC OKP AKP oct sig enc sign verify P-256 P-384 P-521 secp256k1 X25519 X448
access_token token_type expires_in refresh_token id_token issued_token_type error error_description device_code
user_code
verification_uri interval active username issuer jwks_uri mtls_endpoint_aliases resource authorization_servers v state
code_verifier expires_at response_type response_mode max_age acr_values
zip DEF epk apu apv p2s p2c tag iv aad ciphertext encrypted_key recipients unprotected JWT dir A256GCM A256KW
"""
TEXTS = """
1e308 -1e308 1e999 0.5 -0.0 null true false NaN Infinity 99999999999999999999 \\ud800 \\u0000 [[[[[[[[ {"a":{"a":
ssh-rsa ssh-ed25519 ssh-dss ecdsa-sha2-nistp256 nistp256 -cert-v01@openssh.com sk- Bearer
"""
LABELS = ("PUBLIC KEY", "PRIVATE KEY", "RSA PUBLIC KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE")
WORDS = (
    *(f'"{name}"' for name in (*NAMES.split(), *ALGORITHMS)),
    *TEXTS.split(),
    *(f"-----{edge} {label}-----\n" for edge in ("BEGIN", "END") for label in LABELS),
    *("\0", "\ufeff"),
)
BASE64 = re.compile(rb"(?<=-----\n)[A-Za-z0-9+/=\n]+(?=\n-----)|[A-Za-z0-9+/_-]{8,}={0,2}")


JSON_VALUE = re.compile(rb'"[^"\\]*"|-?[0-9][0-9.eE+-]*|true|false|null')


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """Mutate the input, or what one base64 text inside it stands for, or put a word in the place of a JSON value."""
    kind, choice = seed % 3, seed // 3
    found = list((BASE64 if kind == 1 else JSON_VALUE).finditer(data)) if kind else []
    if found:
        chosen = found[choice % len(found)]
        if kind == 1:
            text = inside_mutated(chosen[0], longest)
        else:
            text = WORDS[choice // len(found) % len(WORDS)].encode("utf-8")
        return (data[: chosen.start()] + text + data[chosen.end() :])[:longest]
    return atheris.Mutate(data, longest)


def inside_mutated(text: bytes, longest: int) -> bytes:
    standard = any(sign in text for sign in b"+/=\n")
    bare = text.replace(b"\n", b"").rstrip(b"=")
    try:
        inside = b64decode(bare + b"=" * (-len(bare) % 4), b"+/" if standard else b"-_")
    except ValueError:
        return atheris.Mutate(text, longest)
    inside = atheris.Mutate(inside, longest)
    return b64encode(inside) if standard else b64url(inside).encode("ascii")


def main() -> None:
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in DOORS or not sys.argv[2].isdecimal():
        print(f"usage: fuzz.py DOOR SECONDS [CORPUS_DIR], with one of {', '.join(DOORS)}", file=sys.stderr)
        sys.exit(2)
    name, seconds = sys.argv[1], sys.argv[2]
    door, make_seeds = DOORS[name]
    place = Path(sys.argv[3] if len(sys.argv) == 4 else tempfile.mkdtemp(prefix=f"jwtkit-{name}-")).absolute()
    verification_keys()  # made before the clock runs
    readers()
    chain_pem()
    options = ["-timeout=60"]
    inputs = place
    if not place.is_file():
        inputs, words = place / "inputs", place / "words"
        inputs.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(make_seeds()):
            inputs.joinpath(f"seed-{number}").write_bytes(seed)
        spelled = ("".join(f"\\x{octet:02x}" for octet in word.encode("utf-8")) for word in WORDS)
        words.write_text("".join(f'"{word}"\n' for word in spelled), encoding="ascii")
        print(f"{name}: inputs and findings in {place}", flush=True)
        options += [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-dict={words}", "-print_final_stats=1"]
        options += [f"-artifact_prefix={place}/finding-"]
    atheris.Setup([sys.argv[0], *options, str(inputs)], door, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
