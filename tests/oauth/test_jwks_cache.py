"""Keys behind a URL: when they are asked for, how often, and what happens while they cannot be had."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, assert_type
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import (
    JWK,
    JWKS,
    Claims,
    KeyNotFoundError,
    Limits,
    MalformedError,
    NotAllowedError,
    ProtocolError,
    RejectedError,
    SignatureError,
    SignatureMemo,
    Token,
    TokenVerifier,
    UsageError,
    jws,
)
from jwtkit.oauth import HttpRequest, HttpResponse, JWKSCache, ServerMetadata, Steps, Wait, arun, run
from jwtkit.oauth.turns import Turns

ISSUER, URL = "https://auth.example.com", "https://auth.example.com/jwks"
JSON = ("Content-Type", "application/json")
NOW = 1_800_000_000.0
A, B = JWK.generate("ES256", kid="a"), JWK.generate("ES256", kid="b")
Sender = Callable[[HttpRequest], HttpResponse]


class OutageError(Exception):
    """What somebody's HTTP client raises."""


def published(*keys: JWK, headers: Sequence[tuple[str, str]] = (), status: int = 200) -> HttpResponse:
    body = JWKS([key.public() for key in keys]).to_json().encode()
    return HttpResponse(status=status, headers=(JSON, *headers), body=body)


def body(value: object, *, status: int = 200) -> HttpResponse:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return HttpResponse(status=status, headers=(JSON,), body=raw)


class Web:
    """A `send` that gives one answer after the other, the last one for ever, and keeps what was asked."""

    def __init__(self, *answers: HttpResponse | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def __len__(self) -> int:
        return len(self.asked)


def token(key: JWK, *, issuer: str = ISSUER) -> str:
    return Token.sign(Claims(iss=issuer, sub="alice", aud="api", exp=NOW + 1e9), key).compact


TOKEN_A, TOKEN_B = token(A), token(B)


def policy(cache: JWKSCache, **more: Any) -> TokenVerifier:
    return TokenVerifier(keys=cache, algorithms=["ES256"], issuer=ISSUER, audience="api", **more)


def warm(web: Web, **arguments: Any) -> JWKSCache:
    """A cache that has asked once, at NOW."""
    cache = JWKSCache(URL, **arguments)
    run(cache.refresh(now=NOW), send=web)
    return cache


def kids(cache: JWKSCache) -> list[str | None]:
    return [] if cache.jwks is None else [key.kid for key in cache.jwks]


# --- what it asks, and when


def test_fetches_once_and_keeps_the_set() -> None:
    web = Web(published(A))
    cache = JWKSCache(URL)
    assert cache.jwks is None
    assert cache.fresh_until is None
    for seconds in (0, 1, 3599):
        assert run(cache.verify(policy(cache), TOKEN_A, now=NOW + seconds), send=web).sub == "alice"
    assert len(web) == 1
    request = web.asked[0]
    assert (request.method, request.url, request.body) == ("GET", URL, b"")
    assert request.headers == (("Accept", "application/jwk-set+json, application/json"),)
    assert kids(cache) == ["a"]
    assert cache.fresh_until == NOW + 3600
    assert "1 usable" in repr(cache)


def test_the_type_of_the_claims_survives() -> None:
    class Session(Claims):
        role: str

    cache = JWKSCache(URL)
    verifier = TokenVerifier(keys=cache, algorithms=["ES256"], issuer=ISSUER, audience="api", claims=Session)
    assert_type(cache.verify(verifier, "x"), Steps[HttpRequest, Token[Session]])
    assert_type(cache.verify(verifier, "x", wait=True), Steps[HttpRequest | Wait, Token[Session]])
    assert_type(cache.supply(lambda: 5), Steps[HttpRequest, int])
    assert_type(cache.refresh(), Steps[HttpRequest, JWKS])
    text = Token.sign(Session(iss=ISSUER, aud="api", exp=NOW + 60, role="admin"), A).compact
    assert run(cache.verify(verifier, text, now=NOW), send=Web(published(A))).claims.role == "admin"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("not a token", MalformedError, id="no token"),
        pytest.param(TOKEN_A[:-6] + "AAAAAA", SignatureError, id="wrong signature, known key"),
        pytest.param(
            Token.sign(Claims(aud="api", exp=NOW + 1e9), JWK.generate("HS256", kid="a")).compact,
            NotAllowedError,
            id="algorithm that is not allowed",
        ),
        pytest.param(
            Token.sign(Claims(aud="api", exp=NOW + 1e9), A, typ="at+jwt").compact, NotAllowedError, id="other purpose"
        ),
    ],
)
def test_a_token_that_is_wrong_in_itself_costs_no_request(text: str, error: type[RejectedError]) -> None:
    web = Web(published(A))
    cache = warm(web)
    with pytest.raises(error):
        run(cache.verify(policy(cache), text, now=NOW + 1000), send=web)
    assert len(web) == 1


def test_nothing_is_fetched_for_garbage_before_there_is_a_set() -> None:
    web = Web(published(A))
    cache = JWKSCache(URL)
    with pytest.raises(MalformedError):
        run(cache.verify(policy(cache), "a.b.c", now=NOW), send=web)
    assert len(web) == 0


FRESHNESS: dict[str, tuple[Sequence[tuple[str, str]], float]] = {
    "nothing said": ((), 3600),
    "max-age": ((("Cache-Control", "max-age=600"),), 600),
    "among others": ((("cache-control", "public, max-age=600, must-revalidate, no-transform"),), 600),
    "in capitals": ((("CACHE-CONTROL", "Max-Age=600"),), 600),
    "quoted": ((("Cache-Control", 'max-age="600"'),), 600),
    "in two headers": ((("Cache-Control", "public"), ("Cache-Control", "max-age=600")), 600),
    "leading zeros": ((("Cache-Control", "max-age=" + "0" * 40 + "600"),), 600),
    "less Age": ((("Cache-Control", "max-age=600"), ("Age", "100")), 500),
    "Age without max-age": ((("Age", "100"),), 3600),
    "Age that is no number": ((("Cache-Control", "max-age=600"), ("Age", "soon")), 600),
    "Age twice": ((("Cache-Control", "max-age=600"), ("Age", "100"), ("Age", "599")), 500),
    "for shared caches": ((("Cache-Control", "s-maxage=600"),), 3600),
    "inside quotes": ((("Cache-Control", 'private="a, max-age=600", x'),), 3600),
    "escaped quote": ((("Cache-Control", 'x="\\", max-age=1", max-age=600'),), 600),
    "a name that only ends so": ((("Cache-Control", "x-max-age=600"),), 3600),
    "Expires": ((("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),), 3600),
    # below the floor, or not to be kept
    "zero": ((("Cache-Control", "max-age=0"),), 60),
    "short": ((("Cache-Control", "max-age=59"),), 60),
    "older than max-age": ((("Cache-Control", "max-age=600"), ("Age", "9999")), 60),
    "endless Age": ((("Cache-Control", "max-age=600"), ("Age", "9" * 10_000)), 60),
    "no-store": ((("Cache-Control", "no-store, max-age=600"),), 60),
    "no-cache": ((("Cache-Control", "no-cache"),), 60),
    "no-cache for a field": ((("Cache-Control", 'no-cache="set-cookie", max-age=600'),), 60),
    # above the ceiling
    "a week": ((("Cache-Control", "max-age=604800"),), 86400),
    "huge": ((("Cache-Control", "max-age=99999999999999999999"),), 86400),
    "nine hundred digits": ((("Cache-Control", "max-age=" + "9" * 900),), 86400),
    # what cannot be read counts as stale
    "negative": ((("Cache-Control", "max-age=-600"),), 60),
    "fraction": ((("Cache-Control", "max-age=600.5"),), 60),
    "a word": ((("Cache-Control", "max-age=long"),), 60),
    "empty": ((("Cache-Control", "max-age="),), 60),
    "other digits": ((("Cache-Control", "max-age=\u0661\u0662\u0663\u0664"),), 60),
    "two values": ((("Cache-Control", "max-age=600, max-age=7200"),), 60),
    "two headers that differ": ((("Cache-Control", "max-age=600"), ("Cache-Control", "max-age=7200")), 60),
    "open quote": ((("Cache-Control", 'max-age="600'),), 60),
    "open quote before": ((("Cache-Control", 'x="a, max-age=600'),), 60),
    "10 KB": ((("Cache-Control", "a," * 5000 + "max-age=600"),), 60),
    "1 MB of quotes": ((("Cache-Control", '\\"' * 500_000),), 60),
}


@pytest.mark.parametrize(("headers", "lifetime"), FRESHNESS.values(), ids=FRESHNESS)
def test_freshness(headers: Sequence[tuple[str, str]], lifetime: float) -> None:
    """RFC 9111 sections 4.2.1 and 5.2.2; section 4.6 of the rules: the lifetime is bounded."""
    web = Web(published(A, headers=headers))
    cache = warm(web)
    assert cache.fresh_until == NOW + lifetime
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + lifetime - 1), send=web)
    assert len(web) == 1
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + lifetime), send=web)
    assert len(web) == 2


@given(st.lists(st.tuples(st.sampled_from(["Cache-Control", "Age", "ETag"]), st.text(max_size=40)), max_size=4))
def test_any_header_gives_a_bounded_lifetime(headers: list[tuple[str, str]]) -> None:
    try:
        answer = published(A, headers=headers)
    except ProtocolError:
        return  # no header can hold it
    cache = warm(Web(answer))
    assert NOW + 60 <= (cache.fresh_until or 0) <= NOW + 86400


def test_the_bounds_are_arguments() -> None:
    arguments: dict[str, Any] = {
        "lifetime": timedelta(minutes=5),
        "min_lifetime": 10,
        "max_lifetime": timedelta(minutes=10),
    }
    assert warm(Web(published(A)), **arguments).fresh_until == NOW + 300
    assert warm(Web(published(A, headers=[("Cache-Control", "no-store")])), **arguments).fresh_until == NOW + 10
    assert warm(Web(published(A, headers=[("Cache-Control", "max-age=9999")])), **arguments).fresh_until == NOW + 600


def test_a_clock_that_was_set_back_does_not_keep_a_set_for_ever() -> None:
    web = Web(published(A))
    cache = warm(web)
    run(cache.verify(policy(cache), TOKEN_A, now=NOW - 30), send=web)
    assert len(web) == 1
    run(cache.verify(policy(cache), TOKEN_A, now=NOW - 86400), send=web)
    assert len(web) == 2
    assert cache.fresh_until == NOW - 86400 + 3600


def test_a_clock_that_was_set_back_does_not_stop_the_asking() -> None:
    web = Web(published(A), OutageError(), published(A, B))
    cache = warm(web)
    for after, error in ((100, KeyNotFoundError), (75, KeyNotFoundError), (10, None)):
        steps = cache.verify(policy(cache), TOKEN_B, now=NOW + after)
        if error is None:
            assert run(steps, send=web).header.kid == "b"
        else:
            with pytest.raises(error):
                run(steps, send=web)
    assert len(web) == 3


# --- entity tags


TAGS: dict[str, tuple[Sequence[tuple[str, str]], str | None]] = {
    "strong": ((("ETag", '"v1"'),), '"v1"'),
    "weak": ((("etag", 'W/"v1"'),), 'W/"v1"'),
    "twice the same": ((("ETag", '"v1"'), ("ETag", '"v1"')), '"v1"'),
    "none": ((), None),
    "two": ((("ETag", '"v1"'), ("ETag", '"v2"')), None),
    "a list": ((("ETag", '"v1", "v2"'),), None),
    "no quotes": ((("ETag", "v1"),), None),
    "not ASCII": ((("ETag", '"\u00fc"'),), None),
    "10 KB": ((("ETag", f'"{"x" * 10_000}"'),), None),
    "star": ((("ETag", "*"),), None),
}


@pytest.mark.parametrize(("headers", "sent"), TAGS.values(), ids=TAGS)
def test_entity_tags_are_sent_back_if_they_are_some(headers: Sequence[tuple[str, str]], sent: str | None) -> None:
    """RFC 9110 sections 8.8.3 and 13.1.2."""
    web = Web(published(A, headers=headers))
    cache = warm(web)
    run(cache.refresh(now=NOW + 1), send=web)
    assert dict(web.asked[1].headers).get("If-None-Match") == sent
    assert len(web.asked[1].headers) == (1 if sent is None else 2)


def test_not_modified_keeps_the_set_and_renews_its_times() -> None:
    """RFC 9110 section 15.4.5, RFC 9111 section 4.3.4."""
    not_modified = HttpResponse(status=304, headers=(("Cache-Control", "max-age=120"),))
    web = Web(published(A, headers=[("ETag", '"v1"')]), not_modified)
    cache = warm(web)
    before = cache.jwks
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW + 3600), send=web).sub == "alice"
    assert cache.jwks is before
    assert cache.fresh_until == NOW + 3600 + 120
    run(cache.refresh(now=NOW + 3601), send=web)
    assert dict(web.asked[2].headers)["If-None-Match"] == '"v1"'


@pytest.mark.parametrize(
    ("first", "then", "lifetime"),
    [
        pytest.param([("Cache-Control", "max-age=100")], [], 100, id="says nothing: as before"),
        pytest.param(
            [("Cache-Control", "max-age=100")], [("Expires", "0"), ("Age", "9")], 100, id="nothing that is read"
        ),
        pytest.param([("Cache-Control", "max-age=100"), ("Age", "10")], [], 90, id="less the Age of then"),
        pytest.param([("Cache-Control", "no-store")], [], 60, id="not to be kept"),
        pytest.param([], [], 3600, id="never said"),
        pytest.param([("Cache-Control", "max-age=100")], [("Cache-Control", "public")], 3600, id="says something else"),
        pytest.param([("Cache-Control", "max-age=100")], [("Cache-Control", "max-age=200")], 200, id="says it anew"),
    ],
)
def test_not_modified_keeps_the_lifetime_that_it_does_not_change(
    first: list[tuple[str, str]], then: list[tuple[str, str]], lifetime: float
) -> None:
    """RFC 9111 section 4.3.4: the stored fields stay, but for those that the 304 has."""
    web = Web(published(A, headers=[("ETag", '"v1"'), *first]), HttpResponse(status=304, headers=tuple(then)))
    cache = warm(web)
    for _ in range(2):
        run(cache.refresh(now=NOW + 5000), send=web)
        assert cache.fresh_until == NOW + 5000 + lifetime


def test_a_lifetime_that_a_snapshot_made_up_is_bounded_too() -> None:
    snapshot = json.loads(warm(Web(published(A, headers=[("ETag", '"v1"')]))).snapshot() or "")
    cache = JWKSCache(URL)
    cache.restore(json.dumps({**snapshot, "fresh_until": NOW - 1e9}))
    run(cache.refresh(now=NOW), send=Web(HttpResponse(status=304)))
    assert cache.fresh_until == NOW + 60


@pytest.mark.parametrize("first", [published(A), HttpResponse(status=304)], ids=["without a tag", "without a set"])
def test_not_modified_that_was_not_asked_for_is_refused(first: HttpResponse) -> None:
    cache = JWKSCache(URL, stale_if_error=0)
    web = Web(first, HttpResponse(status=304))
    if first.status == 200:
        run(cache.refresh(now=NOW), send=web)
    with pytest.raises(ProtocolError) as refusal:
        run(cache.refresh(now=NOW + 5000), send=web)
    assert (refusal.value.status, refusal.value.reason) == (304, "unexpected_status")


# --- to be ready


def test_ready_asks_where_there_is_no_set_or_its_time_is_over() -> None:
    web = Web(published(A), published(B))
    cache = JWKSCache(URL)
    assert_type(cache.ready(), Steps[HttpRequest, JWKS])
    for after, asked, kid in ((0, 1, "a"), (1, 1, "a"), (3599, 1, "a"), (3600, 2, "b"), (3601, 2, "b")):
        assert [key.kid for key in run(cache.ready(now=NOW + after), send=web)] == [kid]
        assert len(web) == asked


def test_ready_gives_the_old_set_where_it_may_go_on_and_honours_the_cool_down() -> None:
    web = Web(published(A), OutageError())
    cache = warm(web, stale_if_error=1000)
    for after, asked in ((3600, 2), (3629, 2), (3630, 3), (4599, 4)):
        assert run(cache.ready(now=NOW + after), send=web) is cache.jwks
        assert len(web) == asked
    with pytest.raises(OutageError):
        run(cache.ready(now=NOW + 4600), send=web)
    with pytest.raises(ProtocolError) as failure:
        run(cache.ready(now=NOW + 4600.5), send=web)
    assert (failure.value.reason, failure.value.retry_after) == ("unavailable", 0.5)
    assert len(web) == 5


def test_ready_raises_where_there_is_nothing_to_go_on_with() -> None:
    web, cache = Web(OutageError()), JWKSCache(URL)
    with pytest.raises(OutageError):
        run(cache.ready(now=NOW), send=web)
    with pytest.raises(ProtocolError):
        run(cache.ready(now=NOW + 0.5), send=web)
    assert len(web) == 1
    assert len(run(cache.ready(now=NOW + 1), send=Web(published(A)))) == 1


def test_ready_goes_on_while_another_one_asks() -> None:
    cache = warm(Web(published(A)))
    slow = cache.ready(now=NOW + 3600)
    assert isinstance(next(slow), HttpRequest)
    web = Web(published(B))
    assert run(cache.ready(now=NOW + 3600), send=web) is cache.jwks
    assert len(web) == 0
    with pytest.raises(StopIteration) as end:
        slow.send(published(B))
    assert [key.kid for key in end.value.value] == ["b"]


# --- keys that are not known


def test_rotation_costs_one_request() -> None:
    """OpenID Connect Core section 10.1.1: an unknown kid means that the keys may have changed."""
    web = Web(published(A), published(A, B), published(B))
    cache = warm(web)
    verifier = policy(cache)
    assert run(cache.verify(verifier, TOKEN_A, now=NOW + 60), send=web).header.kid == "a"
    assert run(cache.verify(verifier, TOKEN_B, now=NOW + 60), send=web).header.kid == "b"
    assert len(web) == 2
    for text in (TOKEN_A, TOKEN_B):
        run(cache.verify(verifier, text, now=NOW + 61), send=web)
    assert len(web) == 2
    # The key that is withdrawn goes with the next refresh.
    run(cache.refresh(now=NOW + 100), send=web)
    with pytest.raises(KeyNotFoundError):
        run(cache.verify(verifier, TOKEN_A, now=NOW + 101), send=web)


def test_a_token_without_kid_is_worth_a_request_too() -> None:
    p384 = JWK.generate("ES384", kid="c")
    bare = JWK.parse({name: value for name, value in A.to_dict(private=True).items() if name != "kid"})
    web = Web(published(p384), published(p384, A))
    cache = warm(web)
    assert run(cache.verify(policy(cache), token(bare), now=NOW + 60), send=web).header.kid is None


@pytest.mark.parametrize("answer", [published(A), OutageError(), body({}, status=500)], ids=["same", "raises", "500"])
def test_invented_keys_cost_one_request_in_each_cool_down(answer: HttpResponse | Exception) -> None:
    """Section 4.6 of the rules; the ones that failed count as well."""
    web = Web(published(A), answer)
    cache = warm(web)
    verifier = policy(cache)
    for after in range(301):
        with pytest.raises(KeyNotFoundError):
            run(cache.verify(verifier, TOKEN_B, now=NOW + after), send=web)
    assert [request.url for request in web.asked] == [URL] * 11
    assert run(cache.verify(verifier, TOKEN_A, now=NOW + 301), send=web).sub == "alice"


def test_the_cool_down_is_an_argument() -> None:
    web = Web(published(A))
    cache = warm(web, cool_down=timedelta(minutes=10))
    for after in (1, 599, 600, 601):
        with pytest.raises(KeyNotFoundError):
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + after), send=web)
    assert len(web) == 2


def test_a_key_not_found_says_why_no_newer_set_was_there() -> None:
    failure = OutageError()
    web = Web(published(A), failure)
    cache = warm(web)
    for after, cause in ((1, None), (60, failure), (61, "unavailable"), (89, "unavailable")):
        with pytest.raises(KeyNotFoundError) as refusal:
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + after), send=web)
        found = refusal.value.__cause__
        assert cause in (found, getattr(found, "reason", None))
        assert refusal.value.kid == "b"
    # An answer ends the outage, also for those who are refused within the cool-down after it.
    for after in (90, 91):
        with pytest.raises(KeyNotFoundError) as refusal:
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + after), send=Web(published(A)))
        assert refusal.value.__cause__ is None


def test_who_waited_for_a_fetch_that_failed_is_told_so() -> None:
    cache = warm(Web(published(A)))
    first, second = (cache.verify(policy(cache), TOKEN_B, wait=True, now=NOW + 60) for _ in range(2))
    assert isinstance(next(first), HttpRequest)
    assert isinstance(next(second), Wait)
    with pytest.raises(KeyNotFoundError):
        first.throw(OutageError())
    with pytest.raises(KeyNotFoundError) as refusal:
        second.send(None)
    cause = refusal.value.__cause__
    assert isinstance(cause, ProtocolError)
    assert (cause.reason, cause.retry_after) == ("unavailable", 30)


def test_a_set_that_cannot_be_refreshed_is_a_reason_too() -> None:
    cache = warm(Web(published(A)))
    web = Web(body({}, status=503))
    reasons = []
    for after in (3700, 3701, 3710):
        with pytest.raises(KeyNotFoundError) as refusal:
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + after), send=web)
        reasons.append(getattr(refusal.value.__cause__, "reason", None))
    assert reasons == ["unexpected_status", "unavailable", "unavailable"]
    assert len(web) == 1


def test_supply_is_verify_for_anything() -> None:
    web = Web(published(A), published(A, B))
    cache = warm(web)
    tried: list[bool] = []

    def attempt() -> str | None:
        tried.append(True)
        return policy(cache).verify(TOKEN_B, now=NOW + 60).sub

    assert run(cache.supply(attempt, now=NOW + 60), send=web) == "alice"
    assert (len(tried), len(web)) == (2, 2)


def test_supply_lets_every_other_failure_pass() -> None:
    def attempt() -> str:
        raise ZeroDivisionError

    web = Web(published(A))
    cache = warm(web)
    with pytest.raises(ZeroDivisionError):
        run(cache.supply(attempt, now=NOW + 60), send=web)
    assert len(web) == 1


def test_it_is_a_key_source_for_jws_as_well() -> None:
    cache = JWKSCache(URL)
    text = jws.sign(b"payload", A, typ="JOSE")
    verified = run(cache.supply(lambda: jws.verify(text, cache, algorithms=["ES256"])), send=Web(published(A)))
    assert verified.payload == b"payload"
    old = JWKSCache(URL)
    run(old.refresh(now=1e9), send=Web(published(A)))  # long ago, by the clock
    with pytest.raises(KeyNotFoundError):
        jws.verify(text, old, algorithms=["ES256"])


def test_each_issuer_keeps_its_own_keys() -> None:
    other = "https://other.example.com"
    web, other_web = Web(published(A)), Web(published(B))
    cache, other_cache = JWKSCache(URL), JWKSCache(f"{other}/jwks")
    verifier = TokenVerifier(keys={ISSUER: cache, other: other_cache}, algorithms=["ES256"], audience="api")
    assert run(cache.verify(verifier, TOKEN_A, now=NOW), send=web).iss == ISSUER
    assert run(other_cache.verify(verifier, token(B, issuer=other), now=NOW), send=other_web).iss == other
    with pytest.raises(KeyNotFoundError) as refusal:
        run(cache.verify(verifier, TOKEN_B, now=NOW), send=web)
    assert refusal.value.issuer == ISSUER


def test_a_remembered_signature_is_void_once_the_key_is_gone() -> None:
    web = Web(published(A), published(B))
    cache = warm(web)
    verifier = policy(cache, signature_memo=SignatureMemo())
    for _ in range(2):
        run(cache.verify(verifier, TOKEN_A, now=NOW), send=web)
    with pytest.raises(KeyNotFoundError):
        run(cache.verify(verifier, TOKEN_A, now=NOW + 3600), send=web)


# --- while the keys cannot be had


FAILURES: dict[str, tuple[HttpResponse | Exception, type[Exception], str]] = {
    "their client raises": (OutageError(), OutageError, ""),
    "500": (body({"keys": []}, status=500), ProtocolError, "unexpected_status"),
    "503 with a page": (HttpResponse(status=503, headers=(("Retry-After", "9"),)), ProtocolError, "not_json"),
    "404": (body({}, status=404), ProtocolError, "unexpected_status"),
    "201": (published(B, status=201), ProtocolError, "unexpected_status"),
    "redirect": (HttpResponse(status=302), ProtocolError, "redirect"),
    "a page": (HttpResponse(status=200, headers=(("Content-Type", "text/html"),)), ProtocolError, "not_json"),
    "no JSON": (body(b"{"), ProtocolError, "not_json"),
    "no key set": (body({"error": "x"}), ProtocolError, "bad_member"),
    "keys no array": (body({"keys": {}}), ProtocolError, "bad_member"),
    "one key": (body(B.public().to_dict()), ProtocolError, "bad_member"),
    "no keys": (body({"keys": []}), ProtocolError, "bad_member"),
    "no usable key": (body({"keys": [{"kty": "XX"}, 5]}), ProtocolError, "bad_member"),
    "a private key only": (body({"keys": [B.to_dict(private=True)]}), ProtocolError, "bad_member"),
    "secrets among public keys": (
        body({"keys": [{"kty": "oct", "k": "AA"}, B.public().to_dict()]}),
        ProtocolError,
        "bad_member",
    ),
    "too many keys": (body({"keys": [{}] * 1001}), ProtocolError, "bad_member"),
    "too large": (body(b'{"keys":[]}' + b" " * 2_000_000), ProtocolError, "too_large"),
}


@pytest.mark.parametrize(("answer", "error", "reason"), FAILURES.values(), ids=FAILURES)
def test_failures(answer: HttpResponse | Exception, error: type[Exception], reason: str) -> None:
    """Inside the window the old set goes on; outside, and without one, the failure is what it is."""
    cache = JWKSCache(URL)
    with pytest.raises(error) as failure:
        run(cache.verify(policy(cache), TOKEN_A, now=NOW), send=Web(answer))
    assert getattr(failure.value, "reason", "") == reason
    assert not isinstance(failure.value, (KeyNotFoundError, SignatureError))

    web = Web(published(A), answer)
    cache = warm(web, stale_if_error=1000)
    before, verifier = cache.jwks, policy(cache)
    for after in (3600, 3600 + 999):
        assert run(cache.verify(verifier, TOKEN_A, now=NOW + after), send=web).sub == "alice"
        assert run(cache.refresh(now=NOW + after), send=web) is before
    # The 503 wants 9 seconds.
    with pytest.raises(error) as failure:
        run(cache.verify(verifier, TOKEN_A, now=NOW + 3600 + 1010), send=web)
    assert getattr(failure.value, "reason", "") == reason
    with pytest.raises(KeyNotFoundError):  # and without steps nobody uses the old set either
        verifier.verify(TOKEN_A, now=NOW + 3600 + 1000)
    assert run(cache.verify(verifier, TOKEN_A, now=NOW + 5000), send=Web(published(A))).sub == "alice"


def test_no_window_at_all() -> None:
    web = Web(published(A), OutageError())
    cache = warm(web, stale_if_error=0)
    with pytest.raises(OutageError):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + 3600), send=web)


def test_a_failed_refresh_is_not_tried_again_at_once() -> None:
    web = Web(published(A), OutageError(), OutageError(), published(A))
    cache = warm(web)
    for after, asked in ((3600, 2), (3601, 2), (3629, 2), (3630, 3), (3631, 3), (3660, 4), (3700, 4)):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + after), send=web)
        assert len(web) == asked


def test_a_success_ends_the_pause_after_a_failure() -> None:
    minute = published(A, headers=[("Cache-Control", "max-age=60")])
    web = Web(minute, OutageError(), minute)
    cache = warm(web, cool_down=600)
    for after, asked in ((60, 2), (61, 2)):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + after), send=web)
        assert len(web) == asked
    run(cache.refresh(now=NOW + 62), send=web)
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + 122), send=web)
    assert len(web) == 4


def test_without_a_set_a_server_that_failed_gets_a_second_to_breathe() -> None:
    web = Web(OutageError())
    cache = JWKSCache(URL)
    with pytest.raises(OutageError):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW), send=web)
    for _ in range(20):
        with pytest.raises(ProtocolError) as failure:
            run(cache.verify(policy(cache), TOKEN_A, now=NOW + 0.25), send=web)
        assert (failure.value.reason, failure.value.retry_after) == ("unavailable", 0.75)
    assert len(web) == 1
    with pytest.raises(OutageError):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + 1), send=web)


def test_retry_after_of_the_server_comes_through() -> None:
    with pytest.raises(ProtocolError) as failure:
        run(JWKSCache(URL).refresh(now=NOW), send=Web(FAILURES["503 with a page"][0]))
    assert (failure.value.status, failure.value.retry_after) == (503, 9)


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        pytest.param("120", 120, id="longer than the cool-down"),
        pytest.param("5", 30, id="shorter"),
        pytest.param("999999", 300, id="too long"),
        pytest.param("soon", 30, id="cannot be read"),
    ],
)
def test_a_server_that_wants_to_be_left_alone_is(value: str, pause: float) -> None:
    """RFC 9110 section 10.2.3: while the old set goes on, for every reason to ask."""
    busy = HttpResponse(status=429, headers=(JSON, ("Retry-After", value)), body=b"{}")
    web = Web(published(A), busy)
    cache = warm(web)
    for after in (0, 1, pause - 1):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + 3600 + after), send=web)
        with pytest.raises(KeyNotFoundError) as refusal:
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + 3600 + after), send=web)
        assert getattr(refusal.value.__cause__, "reason", None) == "unavailable"
        assert len(web) == 2
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + 3600 + pause), send=web)
    assert len(web) == 3


def test_an_unknown_key_is_no_reason_to_hurry_a_busy_server() -> None:
    busy = HttpResponse(status=429, headers=(JSON, ("Retry-After", "120")), body=b"{}")
    web = Web(published(A), busy)
    cache = warm(web)
    for after, asked in ((60, 2), (90, 2), (179, 2), (180, 3)):
        with pytest.raises(KeyNotFoundError):
            run(cache.verify(policy(cache), TOKEN_B, now=NOW + after), send=web)
        assert len(web) == asked


def test_without_a_set_a_busy_server_is_left_alone_too() -> None:
    busy = HttpResponse(status=429, headers=(JSON, ("Retry-After", "120")), body=b"{}")
    web, cache = Web(busy), JWKSCache(URL)
    for after, wanted in ((0, 120), (1, 119), (119.5, 0.5)):
        with pytest.raises(ProtocolError) as failure:
            run(cache.verify(policy(cache), TOKEN_A, now=NOW + after), send=web)
        assert failure.value.retry_after == wanted
    assert len(web) == 1
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW + 120), send=Web(published(A))).sub == "alice"


def test_a_mistake_of_the_program_is_never_survived() -> None:
    cache = warm(Web(published(A)))
    for answer in ("text", None):
        with pytest.raises(UsageError, match="HttpResponse"):
            run(cache.refresh(now=NOW), send=lambda _request, answer=answer: answer)  # type: ignore[misc]
        steps = cache.refresh(now=NOW)
        next(steps)
        with pytest.raises(UsageError, match="HttpResponse"):
            steps.send(answer)
    with pytest.raises(UsageError, match="async"):
        asyncio.run(arun(cache.refresh(now=NOW), send=Web(published(A))))  # type: ignore[arg-type]


def test_one_key_that_cannot_be_used_costs_nothing() -> None:
    web = Web(body({"keys": [{"kty": "XX"}, A.public().to_dict()]}))
    cache = JWKSCache(URL)
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW), send=web).sub == "alice"
    assert len((cache.jwks or JWKS([])).unusable) == 1


def test_limits() -> None:
    many = published(*(JWK.generate("ES256") for _ in range(5)))
    assert run(JWKSCache(URL, limits=Limits(jwks_keys=5)).refresh(now=NOW), send=Web(many))
    with pytest.raises(ProtocolError, match="jwks_keys"):
        run(JWKSCache(URL, limits=Limits(jwks_keys=4)).refresh(now=NOW), send=Web(many))
    web = Web(published(A))
    with pytest.raises(ProtocolError) as failure:
        run(JWKSCache(URL, limits=Limits(jwks_bytes=100)).refresh(now=NOW), send=web)
    assert (failure.value.reason, web.asked[0].max_bytes) == ("too_large", 100)
    run(JWKSCache(URL, limits=Limits(jwks_bytes=2**30)).refresh(now=NOW), send=web)
    assert web.asked[1].max_bytes == 2**20


@given(
    st.integers(100, 599),
    st.lists(st.tuples(st.sampled_from(["Cache-Control", "Age", "ETag"]), st.text(max_size=20)), max_size=3),
    st.sampled_from(["application/json", "application/jwk-set+json", "text/html", ""]),
    st.binary(max_size=60) | st.sampled_from([b'{"keys":[]}', JWKS([A.public()]).to_json().encode(), b'{"keys":[{}]}']),
    st.booleans(),
)
def test_any_answer_gives_a_set_or_a_protocol_error(
    status: int, headers: list[tuple[str, str]], content_type: str, raw: bytes, certificates: bool
) -> None:
    try:
        answer = HttpResponse(status=status, headers=(("Content-Type", content_type), *headers), body=raw)
    except ProtocolError:
        return
    try:
        assert len(run(JWKSCache(URL, certificates=certificates).refresh(now=NOW), send=Web(answer))) > 0
    except ProtocolError:
        pass


# --- one at a time


def test_others_go_on_with_the_set_there_is_while_one_asks() -> None:
    cache = warm(Web(published(A)))
    slow = cache.verify(policy(cache), TOKEN_A, now=NOW + 3600)
    assert isinstance(next(slow), HttpRequest)
    web = Web(published(A))
    for wait in (False, True):
        steps: Any = cache.verify(policy(cache), TOKEN_A, wait=wait, now=NOW + 3600)
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert end.value.value.sub == "alice"
    run(cache.refresh(now=NOW + 3600), send=web)
    assert len(web) == 0
    with pytest.raises(StopIteration):
        slow.send(published(A))
    assert cache.fresh_until == NOW + 7200


def test_without_a_set_each_asks_for_itself() -> None:
    cache = JWKSCache(URL)
    first = cache.verify(policy(cache), TOKEN_A, now=NOW)
    next(first)
    web = Web(published(A))
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW + 1), send=web).sub == "alice"
    assert len(web) == 1
    with pytest.raises(StopIteration) as end:
        first.send(published(B))  # asked for before, and dropped
    assert end.value.value.sub == "alice"
    assert kids(cache) == ["a"]


def test_a_slow_fetch_does_not_keep_a_later_one_out() -> None:
    """Whoever asked later knows better, whichever answer comes first."""
    cache = warm(Web(published(A)))
    slow = cache.refresh(now=NOW + 100)
    next(slow)
    late = cache.refresh(now=NOW + 161)  # the turn of the slow one is over
    next(late)
    for steps, answer, held in ((slow, published(A), ["a"]), (late, published(B), ["b"])):
        with pytest.raises(StopIteration):
            steps.send(answer)
        assert kids(cache) == held
    assert cache.fresh_until == NOW + 161 + 3600


def test_a_slow_fetch_is_overtaken_by_a_later_one() -> None:
    cache = warm(Web(published(A)))
    slow = cache.refresh(now=NOW + 100)
    next(slow)
    run(cache.refresh(now=NOW + 160), send=Web(published(B)))
    with pytest.raises(StopIteration) as end:
        slow.send(published(A))
    assert [key.kid for key in end.value.value] == ["b"]
    assert kids(cache) == ["b"]


@pytest.mark.parametrize(
    ("taken", "held"),
    [
        pytest.param(-1800, ["b"], id="older than the request"),
        pytest.param(0, ["b"], id="of the same moment"),
        pytest.param(1, ["a"], id="newer than the request"),
        pytest.param(5000, ["b"], id="from the future"),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["without a set", "with one"])
def test_a_snapshot_that_is_restored_while_somebody_asks(taken: float, held: list[str], first: bool) -> None:
    other = JWKSCache(URL)
    run(other.refresh(now=NOW + taken), send=Web(published(A)))
    cache = JWKSCache(URL)
    if not first:
        run(cache.refresh(now=NOW - 3600), send=Web(published(A)))

    def send(_request: HttpRequest) -> HttpResponse:
        cache.restore(other.snapshot() or "", now=NOW + 1)
        return published(B)

    run(cache.refresh(now=NOW), send=send)
    assert kids(cache) == held


def test_or_waits_for_the_one_who_does() -> None:
    cache = JWKSCache(URL)
    first, second = (cache.verify(policy(cache), TOKEN_A, wait=True, now=NOW) for _ in range(2))
    assert isinstance(next(first), HttpRequest)
    assert next(second) == Wait(seconds=0.05)
    assert second.send(None) == Wait(seconds=0.1)
    with pytest.raises(StopIteration):
        first.send(published(A))
    with pytest.raises(StopIteration) as end:
        second.send(None)
    assert end.value.value.sub == "alice"


def test_who_has_only_a_set_that_is_too_old_waits_too() -> None:
    cache = warm(Web(published(A)), stale_if_error=0)
    first, second = (cache.verify(policy(cache), TOKEN_A, wait=True, now=NOW + 3600) for _ in range(2))
    assert isinstance(next(first), HttpRequest)
    assert isinstance(next(second), Wait)
    for steps, answer in ((first, published(A)), (second, None)):
        with pytest.raises(StopIteration) as end:
            steps.send(answer)
        assert end.value.value.sub == "alice"


def test_nobody_waits_for_ever() -> None:
    cache = JWKSCache(URL)
    first, second = (cache.verify(policy(cache), TOKEN_A, wait=True, now=NOW) for _ in range(2))
    next(first)
    asked = [next(second)]
    while isinstance(asked[-1], Wait):
        asked.append(second.send(None))
    pauses = [effect.seconds for effect in asked if isinstance(effect, Wait)]
    assert isinstance(asked[-1], HttpRequest)
    assert 10 < sum(pauses) < 20
    assert pauses == sorted(pauses)


def test_a_key_that_is_being_asked_for_is_waited_for_too() -> None:
    cache = warm(Web(published(A)))
    verifier = policy(cache)
    first = cache.verify(verifier, TOKEN_B, now=NOW + 60)
    next(first)
    second = cache.verify(verifier, TOKEN_B, wait=True, now=NOW + 60)
    assert isinstance(next(second), Wait)
    third = cache.verify(verifier, TOKEN_B, now=NOW + 60)
    with pytest.raises(KeyNotFoundError):
        next(third)
    for steps, answer in ((first, published(A, B)), (second, None)):
        with pytest.raises(StopIteration) as end:
            steps.send(answer)
        assert end.value.value.header.kid == "b"


@pytest.mark.parametrize(
    "thrown", [OutageError(), KeyboardInterrupt(), asyncio.CancelledError()], ids=["raises", "interrupted", "cancelled"]
)
def test_whoever_is_stopped_gives_the_turn_back(thrown: BaseException) -> None:
    cache = JWKSCache(URL)
    steps = cache.refresh(now=NOW)
    next(steps)
    with pytest.raises(type(thrown)):
        steps.throw(thrown)
    expect_that_nobody_asks(cache)


def test_whoever_leaves_gives_the_turn_back() -> None:
    cache = JWKSCache(URL)
    steps = cache.refresh(now=NOW)
    next(steps)
    steps.close()
    expect_that_nobody_asks(cache)
    with pytest.raises(ProtocolError):
        run(cache.refresh(now=NOW), send=Web(body({})))
    expect_that_nobody_asks(cache)


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_whoever_leaves_spends_no_cool_down(end: str) -> None:
    cache = warm(Web(published(A)))
    for after in range(60, 660, 30):
        steps = cache.verify(policy(cache), TOKEN_B, now=NOW + after)
        assert isinstance(next(steps), HttpRequest)
        if end == "close":
            steps.close()
        else:
            with pytest.raises(asyncio.CancelledError):
                steps.throw(asyncio.CancelledError())
    web = Web(published(A), published(A, B))
    # What came before counts as it did.
    with pytest.raises(KeyNotFoundError):
        run(cache.verify(policy(cache), TOKEN_B, now=NOW + 29), send=web)
    assert len(web) == 0
    with pytest.raises(KeyNotFoundError):
        run(cache.verify(policy(cache), TOKEN_B, now=NOW + 660), send=web)
    with pytest.raises(KeyNotFoundError):
        run(cache.verify(policy(cache), TOKEN_B, now=NOW + 661), send=web)
    assert len(web) == 1


def test_those_who_leave_make_no_storm() -> None:
    """One asks at a time, however many there are and however soon they leave."""
    cache = warm(Web(published(A)))
    asking = [cache.verify(policy(cache), TOKEN_B, now=NOW + 60) for _ in range(50)]
    requests = 0
    for steps in asking[:25]:
        requests += isinstance(next(steps), HttpRequest)
        for _ in range(10):
            with pytest.raises(KeyNotFoundError):
                next(cache.verify(policy(cache), TOKEN_B, now=NOW + 60))
        steps.close()
    assert requests == 25
    web = Web(published(A))
    for steps in asking[25:]:
        with pytest.raises(KeyNotFoundError):
            run(steps, send=web)
    assert len(web) == 1


def test_a_leader_that_is_cancelled_leaves_the_others_to_ask() -> None:
    cache = warm(Web(published(A)))
    verifier, asked = policy(cache), 0

    async def answer(_request: HttpRequest) -> HttpResponse:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return published(A, B)

    async def one() -> str | None:
        steps = cache.verify(verifier, TOKEN_B, wait=True, now=NOW + 60)
        return (await arun(steps, send=answer, sleep=asyncio.sleep)).sub

    async def main() -> list[object]:
        leader = asyncio.create_task(one())
        await asyncio.sleep(0)
        others = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.sleep(0)
        leader.cancel()
        return list(await asyncio.gather(leader, *others, return_exceptions=True))

    cancelled, *served = asyncio.run(main())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert served == ["alice"] * 3
    assert asked == 2


def expect_that_nobody_asks(cache: JWKSCache) -> None:
    steps = cache.verify(policy(cache), TOKEN_A, wait=True, now=NOW + 2)
    assert isinstance(next(steps), HttpRequest)
    steps.close()


def test_a_turn_that_was_abandoned_ends_by_itself() -> None:
    cache = warm(Web(published(A)))
    abandoned = cache.refresh(now=NOW + 3600)
    next(abandoned)
    web = Web(published(A, B))
    for after, asked in ((3659, 0), (3660, 1)):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + after), send=web)
        assert len(web) == asked
    with pytest.raises(StopIteration):
        next(cache.verify(policy(cache), TOKEN_A, now=NOW + 3660))
    # What comes so late does not replace what is newer.
    with pytest.raises(StopIteration):
        abandoned.send(published(A))
    assert len(cache.jwks or ()) == 2


def test_a_turn_ends_where_the_clock_was_set_back() -> None:
    cache = warm(Web(published(A)))
    abandoned = cache.refresh(now=NOW + 4000)
    next(abandoned)
    web = Web(published(A))
    for before, asked in ((59, 0), (60, 1)):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW + 4000 - before), send=web)
        assert len(web) == asked
    abandoned.close()


# --- many at once, over real sockets


class KeyServer(BaseHTTPRequestHandler):
    """Publishes A, counts, and lets the test hold an answer back."""

    server: CountingServer

    def do_GET(self) -> None:
        with self.server.guard:
            self.server.count += 1
        self.server.may_answer.wait(10)
        answer = published(A)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests quiet."""


class CountingServer(ThreadingHTTPServer):
    """A server that stops with the block it is used in."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), KeyServer)
        self.count = 0
        self.guard = threading.Lock()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def cache(self) -> JWKSCache:
        return JWKSCache(f"http://127.0.0.1:{self.server_port}/jwks", allow_http_loopback=True)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with CountingServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.may_answer.set()
            running.shutdown()
            thread.join()


OPENER = build_opener(ProxyHandler({}))


def send(request: HttpRequest) -> HttpResponse:
    with OPENER.open(Request(request.url, headers=dict(request.headers)), timeout=10) as answer:
        raw = answer.read(request.max_bytes + 1)
        return HttpResponse(status=answer.status, headers=tuple(answer.headers.items()), body=raw)


THREADS = 16


def together(work: Callable[[int], object], times: int) -> list[object]:
    """Do it many times in many threads, which begin at the same moment."""
    barrier = threading.Barrier(THREADS)

    def one(number: int) -> object:
        if number < THREADS:
            barrier.wait(10)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(times)))


def test_many_threads_make_one_request(server: CountingServer) -> None:
    cache = server.cache()
    verifier = policy(cache)

    def work(_number: int) -> str | None:
        return run(cache.verify(verifier, TOKEN_A, wait=True), send=send, sleep=time.sleep).sub

    assert set(together(work, 300)) == {"alice"}
    assert server.count == 1


def test_many_threads_refresh_once_while_the_old_set_serves(server: CountingServer) -> None:
    cache = server.cache()
    verifier = policy(cache)
    moment = time.time()
    run(cache.refresh(now=moment), send=send)
    server.may_answer.clear()
    done = threading.Semaphore(0)

    def work(_number: int) -> str | None:
        try:
            return run(cache.verify(verifier, TOKEN_A, now=moment + 4000), send=send).sub
        finally:
            done.release()

    def release() -> None:
        # All but the one that asks are through before there is an answer.
        for _ in range(299):
            assert done.acquire(timeout=10)
        server.may_answer.set()

    releasing = threading.Thread(target=release)
    releasing.start()
    assert set(together(work, 300)) == {"alice"}
    releasing.join()
    assert server.count == 2


def test_a_storm_of_invented_keys_is_one_request(server: CountingServer) -> None:
    cache = server.cache()
    verifier = policy(cache)
    moment = time.time()
    run(cache.refresh(now=moment), send=send)
    invented = [token(JWK.parse({**A.to_dict(private=True), "kid": f"x{number}"})) for number in range(300)]

    def work(number: int) -> bool:
        try:
            run(cache.verify(verifier, invented[number], now=moment + 60), send=send)
        except KeyNotFoundError:
            return True
        return False

    assert set(together(work, 300)) == {True}
    assert server.count == 2


def test_of_many_threads_one_gets_the_turn() -> None:
    """The hand-over itself, with threads that change places as often as the interpreter can."""
    turns, rounds = Turns(60), 500
    barrier, won = threading.Barrier(4), [0] * rounds
    interval = sys.getswitchinterval()

    def take() -> None:
        for number in range(rounds):
            barrier.wait(10)
            turn = turns.take(NOW)
            barrier.wait(10)
            if turn is not None:
                won[number] += 1
                turn.end()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(take) for _ in range(4)]:
                future.result()
    finally:
        sys.setswitchinterval(interval)
    assert won == [1] * rounds


def test_many_tasks_make_one_request() -> None:
    cache = JWKSCache(URL)
    verifier, asked = policy(cache), 0

    async def answer(_request: HttpRequest) -> HttpResponse:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return published(A)

    async def main() -> list[Token]:
        steps = [cache.verify(verifier, TOKEN_A, wait=True) for _ in range(50)]
        return await asyncio.gather(*(arun(one, send=answer, sleep=asyncio.sleep) for one in steps))

    assert {token.sub for token in asyncio.run(main())} == {"alice"}
    assert asked == 1


# --- snapshots


def test_a_snapshot_warms_the_next_process() -> None:
    assert JWKSCache(URL).snapshot() is None
    text = warm(Web(published(A, headers=[("ETag", '"v1"'), ("Cache-Control", "max-age=600")]))).snapshot()
    assert text is not None
    cache, web = JWKSCache(URL), Web(HttpResponse(status=304))
    cache.restore(text)
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW + 599), send=web).sub == "alice"
    assert (len(web), cache.fresh_until, cache.snapshot()) == (0, NOW + 600, text)
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + 600), send=web)
    assert dict(web.asked[0].headers)["If-None-Match"] == '"v1"'


def test_a_snapshot_that_is_too_old_does_not_serve() -> None:
    text = warm(Web(published(A))).snapshot() or ""
    late = NOW + 3600 + 86400
    cache = JWKSCache(URL)
    cache.restore(text)
    with pytest.raises(OutageError):
        run(cache.verify(policy(cache), TOKEN_A, now=late), send=Web(OutageError()))
    cache.restore(text)
    assert run(cache.verify(policy(cache), TOKEN_A, now=late - 1), send=Web(OutageError())).sub == "alice"


def test_a_snapshot_never_replaces_what_is_newer() -> None:
    old, new = warm(Web(published(A))), JWKSCache(URL)
    run(new.refresh(now=NOW + 1), send=Web(published(B)))
    new.restore(old.snapshot() or "")
    assert kids(new) == ["b"]
    old.restore(new.snapshot() or "")
    assert kids(old) == ["b"]


@pytest.mark.parametrize(
    ("held", "taken", "kept"),
    [
        pytest.param(0, 60, "a", id="a little ahead, as clocks are"),
        pytest.param(0, 61, "b", id="from the future, and what is held serves"),
        pytest.param(-90_000, 5000, "a", id="from the future, and what is held is too old"),
        pytest.param(5000, 0, "a", id="what is held is from the future"),
        pytest.param(5000, -90_000, "a", id="old, but not from the future"),
        pytest.param(5000, 6000, "a", id="both from the future: the newer"),
        pytest.param(6000, 5000, "b", id="both from the future: not the older"),
        pytest.param(0, -1, "b", id="older"),
        pytest.param(0, 1, "a", id="newer"),
    ],
)
def test_a_snapshot_from_the_future_replaces_nothing_that_serves(held: float, taken: float, kept: str) -> None:
    cache, other = JWKSCache(URL), JWKSCache(URL)
    run(cache.refresh(now=NOW + held), send=Web(published(B)))
    run(other.refresh(now=NOW + taken), send=Web(published(A)))
    cache.restore(other.snapshot() or "", now=NOW)
    assert kids(cache) == [kept]


def test_mistakes_in_restoring() -> None:
    cache = JWKSCache(URL)
    with pytest.raises(UsageError, match="there is no"):
        cache.restore(cache.snapshot())  # type: ignore[arg-type]  # the mistake under test
    mistakes: list[Any] = [GOOD_SNAPSHOT, {}, 5]
    for mistake in mistakes:
        with pytest.raises(UsageError, match=f"text that snapshot.. gave, got {type(mistake).__name__}"):
            cache.restore(mistake)
    with pytest.raises(UsageError, match="now"):
        cache.restore(json.dumps(GOOD_SNAPSHOT), now=float("nan"))
    assert cache.jwks is None


GOOD_SNAPSHOT: dict[str, Any] = json.loads(warm(Web(published(A))).snapshot() or "")
SNAPSHOTS: dict[str, tuple[object, type[Exception]]] = {
    "another URL": ({**GOOD_SNAPSHOT, "jwks_uri": f"{URL}/"}, NotAllowedError),
    "no URL": ({**GOOD_SNAPSHOT, "jwks_uri": None}, NotAllowedError),
    "another version": ({**GOOD_SNAPSHOT, "v": 2}, NotAllowedError),
    "no version": ({name: value for name, value in GOOD_SNAPSHOT.items() if name != "v"}, NotAllowedError),
    "too large": (" " * 2_000_000, NotAllowedError),
    "no JSON": ("{", MalformedError),
    "array": ("[]", MalformedError),
    "not UTF-8": (b"\xff", MalformedError),
    "key set no object": ({**GOOD_SNAPSHOT, "jwks": []}, MalformedError),
    "no key set": ({**GOOD_SNAPSHOT, "jwks": {}}, MalformedError),
    "time a text": ({**GOOD_SNAPSHOT, "fetched_at": "now"}, MalformedError),
    "time a flag": ({**GOOD_SNAPSHOT, "fresh_until": True}, MalformedError),
    "time missing": ({**GOOD_SNAPSHOT, "fresh_until": None}, MalformedError),
    "time beyond floats": ({**GOOD_SNAPSHOT, "fresh_until": 10**400}, MalformedError),
    "tag that splits a header": ({**GOOD_SNAPSHOT, "etag": '"a"\r\nX: y'}, MalformedError),
    "tag a number": ({**GOOD_SNAPSHOT, "etag": 5}, MalformedError),
    "parsed already": (5, UsageError),
    "nothing": (None, UsageError),
}


@pytest.mark.parametrize(("text", "error"), SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_snapshots_that_are_refused(text: Any, error: type[Exception]) -> None:
    cache = JWKSCache(URL)
    with pytest.raises(error):
        cache.restore(json.dumps(text) if isinstance(text, dict) else text)
    assert cache.jwks is None


def test_a_snapshot_cannot_promise_more_than_the_ceiling() -> None:
    cache = JWKSCache(URL, max_lifetime=7200)
    cache.restore(json.dumps({**GOOD_SNAPSHOT, "fresh_until": NOW + 1e9}))
    assert cache.fresh_until == NOW + 7200


def test_a_snapshot_from_the_future_does_not_serve_and_does_not_stay() -> None:
    cache = JWKSCache(URL)
    cache.restore(json.dumps({**GOOD_SNAPSHOT, "fetched_at": NOW + 1e6, "fresh_until": NOW + 1e6 + 60}))
    with pytest.raises(OutageError):
        run(cache.verify(policy(cache), TOKEN_A, now=NOW), send=Web(OutageError()))
    run(cache.verify(policy(cache), TOKEN_A, now=NOW + 1), send=Web(published(A)))
    assert cache.fresh_until == NOW + 1 + 3600


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_snapshot_is_restored_or_refused(text: str | bytes) -> None:
    try:
        JWKSCache(URL).restore(text)
    except RejectedError:
        pass


JSON_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from(sorted(GOOD_SNAPSHOT)), JSON_VALUES, max_size=3))
def test_any_changed_snapshot_is_restored_or_refused(changes: dict[str, Any]) -> None:
    cache = JWKSCache(URL)
    try:
        cache.restore(json.dumps({**GOOD_SNAPSHOT, **changes}))
    except RejectedError:
        assert cache.jwks is None


# --- other forms and doors


def certificate(key: JWK) -> str:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    loaded = serialization.load_pem_private_key(key.to_pem(private=True).encode(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(loaded.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    return builder.sign(loaded, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_certificates() -> None:
    """Row 12 of the field notes: keys as a map from kid to X.509 certificate."""
    answer = body({"a": certificate(A)})
    cache, web = JWKSCache(URL, certificates=True), Web(answer)
    assert run(cache.verify(policy(cache), TOKEN_A, now=NOW), send=web).sub == "alice"
    assert web.asked[0].headers == (("Accept", "application/json"),)
    restored = JWKSCache(URL, certificates=True)
    restored.restore(cache.snapshot() or "")
    assert restored.jwks is not None
    assert list(restored.jwks) == list(cache.jwks or ())
    with pytest.raises(ProtocolError):
        run(JWKSCache(URL).refresh(now=NOW), send=web)
    with pytest.raises(ProtocolError):
        run(JWKSCache(URL, certificates=True).refresh(now=NOW), send=Web(published(A)))


def test_of_a_server() -> None:
    assert JWKSCache.of(ServerMetadata(issuer=ISSUER, jwks_uri=URL)).jwks_uri == URL
    loopback = ServerMetadata(issuer="http://127.0.0.1", jwks_uri="http://127.0.0.1/jwks", allow_http_loopback=True)
    assert JWKSCache.of(loopback).jwks_uri == "http://127.0.0.1/jwks"
    with pytest.raises(UsageError, match="jwks_uri"):
        JWKSCache.of(ServerMetadata(issuer=ISSUER))
    with pytest.raises(UsageError, match="ServerMetadata"):
        JWKSCache.of(URL)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"jwks_uri": "http://auth.example.com/jwks"}, id="http"),
        pytest.param({"jwks_uri": "http://127.0.0.1/jwks"}, id="loopback, not allowed"),
        pytest.param({"jwks_uri": "http://localhost/jwks", "allow_http_loopback": True}, id="a name is no loopback"),
        pytest.param({"jwks_uri": "http://a.example/jwks", "allow_http_loopback": True}, id="http elsewhere"),
        pytest.param({"jwks_uri": "file:///etc/keys"}, id="file"),
        pytest.param({"jwks_uri": "https://a@auth.example.com/jwks"}, id="user information"),
        pytest.param({"jwks_uri": None}, id="no URL"),
        pytest.param({"lifetime": -1}, id="negative"),
        pytest.param({"lifetime": float("nan")}, id="no number"),
        pytest.param({"lifetime": "1h"}, id="text"),
        pytest.param({"min_lifetime": 61, "max_lifetime": 60}, id="floor above ceiling"),
        pytest.param({"max_lifetime": 0}, id="no ceiling"),
        pytest.param({"cool_down": -1}, id="negative cool-down"),
        pytest.param({"stale_if_error": float("inf")}, id="for ever"),
        pytest.param({"limits": None}, id="no limits"),
    ],
)
def test_mistakes_in_making_one(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        JWKSCache(**{"jwks_uri": URL, **arguments})


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        pytest.param("verify", {"verifier": "policy", "compact": TOKEN_A}, id="no verifier"),
        pytest.param("supply", {"attempt": "attempt"}, id="nothing to call"),
        pytest.param("supply", {"attempt": print, "now": "now"}, id="no time"),
        pytest.param("refresh", {"now": float("inf")}, id="time without end"),
        pytest.param("ready", {"now": "now"}, id="no time to be ready"),
    ],
)
def test_mistakes_in_using_one(method: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        getattr(JWKSCache(URL), method)(**arguments)


def test_a_query_is_shown_nowhere() -> None:
    secret = f"{URL}?key=hunter2"
    cache, web = JWKSCache(secret), Web(OutageError())
    assert repr(cache).startswith(f"JWKSCache({URL!r}, ")
    with pytest.raises(OutageError):
        run(cache.refresh(now=NOW), send=web)
    with pytest.raises(ProtocolError) as failure:
        run(cache.ready(now=NOW), send=web)
    other = JWKSCache(f"{URL}?key=hunter3")
    run(other.refresh(now=NOW), send=Web(published(A)))
    with pytest.raises(NotAllowedError) as refusal:
        cache.restore(other.snapshot() or "")
    assert URL in str(failure.value)
    assert URL in str(refusal.value)
    assert "hunter" not in f"{failure.value}{refusal.value}{other}"
    assert web.asked[0].url == secret


def test_it_stays_the_cache_of_one_url() -> None:
    cache = JWKSCache(URL)
    with pytest.raises(AttributeError, match="frozen"):
        cache.jwks_uri = "https://evil.example"  # type: ignore[misc]
    with pytest.raises(UsageError, match="now"):
        cache.verify(policy(cache), TOKEN_A, now=float("nan"))
