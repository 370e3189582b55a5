"""The device grant (oauth.md 4.7, RFC 8628): the start, what is shown to people, and polling that ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import JwtkitError, MalformedError, NotAllowedError, OAuthError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    Client,
    ClientSecretBasic,
    Credentials,
    DeviceFlow,
    DeviceSession,
    HttpRequest,
    HttpResponse,
    PublicClient,
    Secret,
    ServerMetadata,
    TokenSet,
    arun,
    device_authorization_request,
    device_token_request,
    parse_device_authorization_response,
    parse_token_response,
    run,
)

ISSUER = "https://auth.example.com"
NOW = 1_800_000_000.0
SERVER = ServerMetadata(
    issuer=ISSUER, token_endpoint=f"{ISSUER}/token", device_authorization_endpoint=f"{ISSUER}/device"
)
TV = Client(server=SERVER, client_id="tv", auth=PublicClient())
JSON = ("Content-Type", "application/json")
STARTED = {
    "device_code": "dc-1",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://auth.example.com/activate",
    "verification_uri_complete": "https://auth.example.com/activate?user_code=WDJB-MJHT",
    "expires_in": 100,
    "interval": 5,
}
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60}


def response(members: Any, status: int = 200, *headers: tuple[str, str]) -> HttpResponse:
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return HttpResponse(status=status, headers=headers or (JSON,), body=body)


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)


def no(error: str, status: int = 400, seconds: str | None = None) -> HttpResponse:
    return response({"error": error}, status, JSON, *([] if seconds is None else [("Retry-After", seconds)]))


DEVICE = parse_device_authorization_response(response(STARTED), client=TV, scope=["a"], now=NOW)


# --- the start, 8628 sections 3.1 and 3.2


def test_start() -> None:
    asked: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response(STARTED)

    steps = DeviceFlow(TV).start(scope=["a", "b"], resource=["https://api.example"], extra={"audience": "x"}, now=NOW)
    device = run(steps, send=send)
    assert device == DeviceSession(
        issuer=ISSUER,
        client_id="tv",
        device_code=Secret("dc-1"),
        user_code="WDJB-MJHT",
        verification_uri="https://auth.example.com/activate",
        verification_uri_complete="https://auth.example.com/activate?user_code=WDJB-MJHT",
        expires_at=NOW + 100,
        interval=5,
        scope=("a", "b"),
        resource=("https://api.example",),
    )
    (request,) = asked
    assert (request.method, request.url) == ("POST", f"{ISSUER}/device")
    assert sorted(fields(request)) == [
        ("audience", "x"),
        ("client_id", "tv"),
        ("resource", "https://api.example"),
        ("scope", "a b"),
    ]


def test_a_confidential_client_authenticates() -> None:
    client = Client(server=SERVER, client_id="tv", auth=ClientSecretBasic(Secret("s3cret")))
    request = device_authorization_request(client)
    assert dict(request.headers)["Authorization"].startswith("Basic ")
    assert request.body == b""  # not client_id too, which strict servers take for a second method


@pytest.mark.parametrize("secret", ["dc-1", "WDJB"])
def test_no_repr_shows_a_code(secret: str) -> None:
    assert secret not in repr(DEVICE)
    assert secret not in str(DEVICE)


STARTS: dict[str, tuple[dict[str, Any], Callable[[DeviceSession], bool]]] = {
    "interval absent": ({"interval": None}, lambda d: d.interval == 5),
    "interval longer": ({"interval": 30}, lambda d: d.interval == 30),
    "interval 0": ({"interval": 0}, lambda d: d.interval == 0),
    "interval a fraction": ({"interval": 0.5}, lambda d: d.interval == 0.5),
    "no complete address": ({"verification_uri_complete": None}, lambda d: d.verification_uri_complete is None),
    "an address with a fragment": ({"verification_uri": "https://a.example/#/tv"}, lambda d: "#" in d.verification_uri),
    "an address over http": ({"verification_uri": "http://a.example/tv"}, bool),
    "unknown members": ({"message": "To sign in, use a browser"}, bool),
    "a code in another alphabet": ({"user_code": "ключ 12"}, lambda d: d.user_code == "ключ 12"),
    "a week": ({"expires_in": 604800}, lambda d: d.expires_at == NOW + 604800),
}


@pytest.mark.parametrize(("changes", "holds"), STARTS.values(), ids=STARTS)
def test_answers(changes: dict[str, Any], holds: Callable[[DeviceSession], bool]) -> None:
    device = parse_device_authorization_response(response({**STARTED, **changes}), client=TV, now=NOW)
    assert holds(device)
    assert DeviceSession.from_json(device.to_json()) == device


WRONG_MEMBERS: dict[str, list[Any]] = {
    "device_code": [None, "", 5, ["x"]],
    "user_code": [None, "", 5, "AB\n12", "AB\x1b[2J", "A\u202eB"],
    "verification_uri": [
        None,
        "",
        5,
        "/activate",
        "auth.example.com",
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://a.example",
        "data:text/html,x",
        "file:///etc/passwd",
        "tel:+1",
        "https://",
        "https://a b.example/",
        "https://a.example/\n",
        "https://a.example/\x1b[2J",
        "https://a.example/#\x1b[2J",
        "https://a.example/#a b",
        "https://a.example/#\u0430",
        "https://auth.example.com@evil.example/",
        "https://\u0430.example/",
    ],
    "verification_uri_complete": ["", 5, "javascript:alert(1)", "x"],
    "expires_in": [None, "1800", -1, True, 604801, 1e300],
    "interval": ["5", -1, True, [], 1e300],
}
WRONG: dict[str, tuple[HttpResponse, str]] = {
    **{
        f"{name} {json.dumps(value)}": (response({**STARTED, name: value}), "bad_member")
        for name, values in WRONG_MEMBERS.items()
        for value in values
    },
    # an alias that one server has is not read here
    "verification_url": (
        response({name.replace("_uri", "_url"): value for name, value in STARTED.items()}),
        "bad_member",
    ),
    "a redirect": (response(STARTED, 302), "redirect"),
    "created": (response(STARTED, 201), "unexpected_status"),
    "a page": (response(b"<html>", 200, ("Content-Type", "text/html")), "not_json"),
    "a gateway": (response(b"<html>", 502, ("Content-Type", "text/html")), "not_json"),
    "a failure": (no("server_error", 500), "unexpected_status"),
    "an array": (response([]), "not_json"),
    "401 and a challenge": (response(b"", 401, ("WWW-Authenticate", "Basic")), "unexpected_status"),
}


@pytest.mark.parametrize(("answer", "reason"), WRONG.values(), ids=WRONG)
def test_answers_that_are_refused(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        parse_device_authorization_response(answer, client=TV, now=NOW)
    assert (refusal.value.reason, refusal.value.status) == (reason, answer.status)
    assert "dc-1" not in str(refusal.value)


def test_the_server_says_no() -> None:
    with pytest.raises(OAuthError) as refusal:
        run(DeviceFlow(TV).start(), send=lambda _: no("invalid_scope"))
    assert refusal.value.error == "invalid_scope"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: DeviceFlow("tv"), id="no client"),  # type: ignore[arg-type]  # the mistake under test
        pytest.param(lambda: DeviceFlow(replace(TV, server=ServerMetadata(issuer=ISSUER))), id="no endpoint"),
        pytest.param(lambda: device_authorization_request("tv"), id="no client to ask"),  # type: ignore[arg-type]  # the mistake under test
        pytest.param(lambda: device_token_request("tv", DEVICE), id="no client to poll"),  # type: ignore[arg-type]  # the mistake under test
        pytest.param(lambda: device_token_request(TV, DEVICE.to_json()), id="a session that is text"),  # type: ignore[arg-type]  # the mistake under test
        pytest.param(lambda: DeviceFlow(TV).poll("dc-1"), id="a code alone"),  # type: ignore[arg-type]  # the mistake under test
        pytest.param(lambda: DeviceFlow(TV).start(scope="a b"), id="scope a str"),
        pytest.param(lambda: DeviceFlow(TV).start(resource=["api"]), id="resource relative"),
        pytest.param(lambda: DeviceFlow(TV).start(extra={"scope": "a"}), id="extra has scope"),
        pytest.param(lambda: DeviceFlow(TV).start(extra={"client_id": "a"}), id="extra has client_id"),
        pytest.param(lambda: DeviceFlow(TV).start(extra={"grant_type": "a"}), id="extra has grant_type"),
        pytest.param(lambda: parse_device_authorization_response(response(STARTED), client="tv"), id="no client to read for"),  # type: ignore[arg-type]  # the mistake under test
    ],
)  # fmt: skip
def test_mistakes(make: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        make()


# --- polling, 8628 sections 3.4 and 3.5


class World:
    """Answers in turn, and keeps what was asked and how long was waited."""

    def __init__(self, answers: Iterable[HttpResponse | Exception]) -> None:
        self.answers = list(answers)
        self.asked: list[HttpRequest] = []
        self.waits: list[float] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        assert len(self.waits) == len(self.asked) + 1, "each question has its pause before it"
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def poll(self, device: DeviceSession = DEVICE, client: Client = TV, now: float | None = NOW) -> TokenSet:
        return run(DeviceFlow(client).poll(device, now=now), send=self.send, sleep=self.sleep)


PENDING, SLOWER, GRANTED = no("authorization_pending"), no("slow_down"), response(TOKENS)
DOWN = response(b"<html>", 502, ("Content-Type", "text/html"))


def busy(seconds: str, status: int = 503) -> HttpResponse:
    return response(b"", status, ("Retry-After", seconds))


WAITS: dict[str, tuple[list[HttpResponse | Exception], list[float]]] = {
    "at once, but not before a pause": ([GRANTED], [5]),
    "pending keeps": ([PENDING, PENDING, GRANTED], [5, 5, 5]),
    "slow_down for all that follow": ([SLOWER, PENDING, PENDING, GRANTED], [5, 10, 10, 10]),
    "slow_down twice": ([SLOWER, SLOWER, GRANTED], [5, 10, 15]),
    "pending with 403, and slow_down with 429": ([no("authorization_pending", 403), no("slow_down", 429), GRANTED], [5, 5, 10]),
    "errors with 200": ([no("authorization_pending", 200), no("slow_down", 200), GRANTED], [5, 5, 10]),
    "a time-out": ([TimeoutError(), TimeoutError(), GRANTED], [5, 10, 20]),
    "a gateway that is down": ([DOWN, DOWN, GRANTED], [5, 10, 20]),
    "a failure in JSON": ([no("server_error", 500), GRANTED], [5, 10]),
    "pending with 500 is a failure": ([no("authorization_pending", 500), GRANTED], [5, 10]),
    "back to its pace after an answer": ([OSError(), DOWN, PENDING, GRANTED], [5, 10, 20, 5]),
    "slower, then a failure": ([SLOWER, OSError(), PENDING, GRANTED], [5, 10, 20, 10]),
    "failures with an answer between": ([OSError(), OSError(), PENDING, OSError(), OSError(), GRANTED], [5, 10, 20, 5, 10, 20]),
    "Retry-After that is longer": ([busy("33"), GRANTED], [5, 33]),
    "Retry-After that is shorter": ([busy("0"), GRANTED], [5, 10]),
    "too many requests": ([busy("12", 429), GRANTED], [5, 12]),
    "too many requests, in JSON": ([no("rate_limited", 429, "12"), GRANTED], [5, 12]),
    "slow_down that says how long": ([no("slow_down", 400, "33"), PENDING, GRANTED], [5, 33, 10]),
    "pending that says how long": ([no("authorization_pending", 400, "1"), GRANTED], [5, 5]),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "waits"), WAITS.values(), ids=WAITS)
def test_it_waits(answers: list[HttpResponse | Exception], waits: list[float]) -> None:
    world = World(answers)
    tokens = world.poll()
    assert tokens.access_token.reveal() == "at-1"
    assert world.waits == waits
    assert tokens.expires_at == NOW + sum(waits) + 60
    assert tokens.scope == ("a",)
    assert world.answers == []


def test_what_a_poll_sends() -> None:
    world = World([PENDING, GRANTED])
    world.poll(replace(DEVICE, resource=("https://api.example",)))
    for request in world.asked:
        assert request.url == f"{ISSUER}/token"
        assert fields(request) == [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", "dc-1"),
            ("resource", "https://api.example"),
            ("client_id", "tv"),
        ]
        assert "dc-1" not in repr(request)


@pytest.mark.parametrize(
    ("interval", "waits"),
    [
        pytest.param(0, [1, 1], id="none would be a loop without a pause"),
        pytest.param(0.01, [1, 1], id="hardly any"),
        pytest.param(2.5, [2.5, 2.5], id="a fraction"),
        pytest.param(49, [49, 49], id="long"),
    ],
)
def test_the_pace(interval: float, waits: list[float]) -> None:
    world = World([PENDING, GRANTED])
    world.poll(replace(DEVICE, interval=interval))
    assert world.waits == waits


STOPS: dict[str, tuple[HttpResponse, type[JwtkitError], str]] = {
    "denied": (no("access_denied"), OAuthError, "access_denied"),
    "expired at the server": (no("expired_token"), OAuthError, "expired_token"),
    "used before": (no("invalid_grant"), OAuthError, "invalid_grant"),
    "another refusal": (no("unauthorized_client", 403), OAuthError, "unauthorized_client"),
    "a name that is nearly right": (no("Authorization_Pending"), OAuthError, "Authorization_Pending"),
    "an error that is none": (no("\n"), ProtocolError, "bad_member"),
    "a page": (response(b"<html>", 200, ("Content-Type", "text/html")), ProtocolError, "not_json"),
    "a status below 500": (response(b"", 499, ("X", "y")), ProtocolError, "not_json"),
    "nothing there": (response(b"", 404, ("X", "y")), ProtocolError, "not_json"),
    "a redirect": (response(TOKENS, 302), ProtocolError, "redirect"),
    "a token of another type": (response({**TOKENS, "token_type": "mac"}), ProtocolError, "token_type"),
    "401 and a challenge": (response(b"", 401, ("WWW-Authenticate", "Basic")), ProtocolError, "unexpected_status"),
}


@pytest.mark.parametrize(("answer", "error", "why"), STOPS.values(), ids=STOPS)
@pytest.mark.parametrize("before", [[], [PENDING], [SLOWER, OSError()]], ids=["at once", "pending", "after trouble"])
def test_it_stops(before: list[HttpResponse], answer: HttpResponse, error: type[JwtkitError], why: str) -> None:
    world = World([*before, answer, GRANTED])
    with pytest.raises(error) as refusal:
        world.poll()
    assert getattr(refusal.value, "error", None) == why or getattr(refusal.value, "reason", None) == why
    assert world.answers == [GRANTED]
    assert "dc-1" not in str(refusal.value)


@pytest.mark.parametrize(
    ("interval", "waits"), [(30, [30, 30, 30, 10]), (99.5, [99.5, 0.5]), (50, [50, 50]), (500, [100])]
)
def test_it_stops_at_the_end(interval: float, waits: list[float]) -> None:
    world = World([PENDING] * 100)
    with pytest.raises(ProtocolError) as refusal:
        world.poll(replace(DEVICE, interval=interval))
    assert refusal.value.reason == "expired"
    assert world.waits == waits  # not beyond the end, and no question after it
    assert len(world.asked) == len(waits) - 1


def test_a_time_in_the_past_is_taken_as_it_is() -> None:
    world = World([PENDING, GRANTED])
    assert world.poll(replace(DEVICE, expires_at=1100), now=1000).expires_at == 1070


@pytest.mark.parametrize("now", [NOW + 100, NOW + 1e6])
def test_a_session_that_is_over_asks_nothing(now: float) -> None:
    world = World([])
    with pytest.raises(ProtocolError) as refusal:
        world.poll(now=now)
    assert (refusal.value.reason, world.waits, world.asked) == ("expired", [], [])


def test_a_server_that_only_slows_down_comes_to_an_end() -> None:
    world = World([SLOWER] * 100)
    with pytest.raises(ProtocolError, match="start again"):
        world.poll()
    assert world.waits == [5, 10, 15, 20, 25, 25]


@pytest.mark.parametrize(
    "failure",
    [TimeoutError("t"), OSError("o"), ConnectionResetError("c"), RuntimeError("of a client"), ValueError("of another")],
    ids=repr,
)
def test_a_network_that_stays_away(failure: Exception) -> None:
    world = World([failure] * 9)
    with pytest.raises(type(failure)) as raised:
        world.poll(replace(DEVICE, expires_at=NOW + 1000))
    assert raised.value is failure
    assert world.waits == [5, 10, 20, 40, 60]


def test_a_server_that_stays_down() -> None:
    world = World([DOWN] * 9)
    with pytest.raises(ProtocolError) as refusal:
        world.poll(replace(DEVICE, expires_at=NOW + 1000, interval=50))
    assert refusal.value.status == 502
    assert world.waits == [50, 100, 100, 100, 100]


def test_a_pause_that_the_server_asks_for_ends_with_the_session() -> None:
    world = World([busy("604800")])
    with pytest.raises(ProtocolError) as refusal:
        world.poll()
    assert (refusal.value.reason, world.waits) == ("expired", [5, 95])


def test_a_pause_counts_without_an_error_code_too() -> None:
    slow = response({"error": {"message": "slow"}}, 429, JSON, ("Retry-After", "30"))
    world = World([slow, GRANTED])
    assert world.poll().access_token.reveal() == "at-1"
    assert world.waits == [5, 30]


@pytest.mark.parametrize("mistake", [KeyError("x"), ValueError("x"), OSError("x")], ids=repr)
def test_a_mistake_in_a_quirk_is_no_failure_of_the_network(mistake: Exception) -> None:
    def stumble(_: HttpResponse) -> HttpResponse:
        raise mistake

    world = World([GRANTED] * 9)
    with pytest.raises(type(mistake)) as raised:
        world.poll(client=replace(TV, quirk_response=stumble))
    assert raised.value is mistake
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    "mistake",
    [TypeError("x"), AttributeError("x"), NameError("x"), AssertionError("x"), UsageError("x"), KeyboardInterrupt()],
    ids=repr,
)
def test_a_mistake_in_send_is_not_tried_again(mistake: BaseException) -> None:
    calls: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        calls.append(request)
        raise mistake

    with pytest.raises(type(mistake)) as raised:
        run(DeviceFlow(TV).poll(DEVICE, now=NOW), send=send, sleep=lambda _: None)
    assert raised.value is mistake
    assert len(calls) == 1


def test_a_failing_sleep_ends_it() -> None:
    def sleep(_: float) -> None:
        raise OSError("cancelled")

    with pytest.raises(OSError, match="cancelled"):
        run(DeviceFlow(TV).poll(DEVICE, now=NOW), send=lambda _: GRANTED, sleep=sleep)


def test_a_failing_network_reaches_the_caller_where_it_asked_once() -> None:
    def send(_: HttpRequest) -> HttpResponse:
        raise TimeoutError("t")

    with pytest.raises(TimeoutError):
        run(DeviceFlow(TV).start(), send=send)


def test_the_same_with_async() -> None:
    world = World([PENDING, OSError(), GRANTED])

    async def send(request: HttpRequest) -> HttpResponse:
        return world.send(request)

    async def sleep(seconds: float) -> None:
        world.sleep(seconds)

    tokens = asyncio.run(arun(DeviceFlow(TV).poll(DEVICE, now=NOW), send=send, sleep=sleep))
    assert (tokens.access_token.reveal(), world.waits) == ("at-1", [5, 5, 10])


def test_the_clock_is_read_where_none_is_given() -> None:
    begun = time.time()
    world = World([PENDING, GRANTED])
    tokens = world.poll(replace(DEVICE, expires_at=begun + 100), now=None)
    assert tokens.expires_at is not None
    assert begun + 60 <= tokens.expires_at <= time.time() + 60
    over = World([])
    with pytest.raises(ProtocolError, match="start again"):
        over.poll(replace(DEVICE, expires_at=begun), now=None)
    assert over.asked == []


def test_a_sleep_that_does_not_sleep_does_not_make_it_endless() -> None:
    world = World([PENDING] * 1000)
    with pytest.raises(ProtocolError) as refusal:
        world.poll(replace(DEVICE, expires_at=time.time() + 100), now=None)
    assert refusal.value.reason == "expired"
    assert len(world.asked) <= 20


def test_each_poll_proves_anew_who_asks() -> None:
    seen: list[float | None] = []

    class Counting(ClientSecretBasic):
        def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
            seen.append(now)
            return Credentials(fields=(("client_assertion", f"proof-{len(seen)}"),))

    client = Client(server=SERVER, client_id="tv", auth=Counting(Secret("x")))
    world = World([PENDING, SLOWER, GRANTED])
    world.poll(client=client)
    assert seen == [NOW + 5, NOW + 10, NOW + 20]
    assert [dict(fields(request))["client_assertion"] for request in world.asked] == ["proof-1", "proof-2", "proof-3"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(DEVICE, issuer="https://evil.example"), id="of another server"),
        pytest.param(replace(DEVICE, issuer=f"{ISSUER}/"), id="of nearly the same server"),
        pytest.param(replace(DEVICE, client_id="phone"), id="of another client"),
    ],
)
def test_sessions_of_others(other: DeviceSession) -> None:
    for poll in (lambda: DeviceFlow(TV).poll(other), lambda: device_token_request(TV, other)):
        with pytest.raises(ProtocolError) as refusal:
            poll()
        assert refusal.value.reason == "session_mismatch"
        assert "dc-1" not in str(refusal.value)


def test_polling_by_hand() -> None:
    request = device_token_request(TV, DEVICE, now=NOW)
    assert ("device_code", "dc-1") in fields(request)
    with pytest.raises(OAuthError) as refusal:
        parse_token_response(PENDING, requested_scope=DEVICE.scope)
    assert refusal.value.error == "authorization_pending"
    assert parse_token_response(GRANTED, requested_scope=DEVICE.scope).scope == ("a",)


# --- sessions in JSON


def test_a_session_round_trips() -> None:
    assert json.loads(DEVICE.to_json())["v"] == 1
    for device in (DEVICE, replace(DEVICE, verification_uri_complete=None, scope=(), resource=("urn:a",))):
        assert DeviceSession.from_json(device.to_json()) == device
        assert DeviceSession.from_json(device.to_json().encode()) == device


GARBAGE_MEMBERS: dict[str, list[Any]] = {
    "issuer": [None, "", 5],
    "client_id": [None, "", 5],
    "device_code": [None, "", 5],
    "user_code": [None, "", 5, "a\nb"],
    "verification_uri": [None, "", 5, "javascript:alert(1)", "https://a@b.example/"],
    "verification_uri_complete": ["", 5, "javascript:alert(1)"],
    "expires_at": [None, "5", True],
    "interval": [None, "5", True, -1],
    "scope": ["a", [1], {}, [""]],
    "resource": ["a", [1], ["relative"], [""]],
    "kind": [None, "token set"],
}
GARBAGE: dict[str, tuple[dict[str, Any], type[JwtkitError]]] = {
    "another version": ({"v": 2}, NotAllowedError),
    "no version": ({"v": None}, NotAllowedError),
    **{
        f"{name} {json.dumps(value)}": ({name: value}, MalformedError)
        for name, values in GARBAGE_MEMBERS.items()
        for value in values
    },
}


@pytest.mark.parametrize(("changes", "error"), GARBAGE.values(), ids=GARBAGE)
def test_a_session_refuses(changes: dict[str, Any], error: type[JwtkitError]) -> None:
    with pytest.raises(error) as refusal:
        DeviceSession.from_json(json.dumps({**json.loads(DEVICE.to_json()), **changes}))
    assert "dc-1" not in str(refusal.value)


@given(st.text(max_size=50) | st.binary(max_size=50))
def test_a_session_takes_any_text(text: str | bytes) -> None:
    with pytest.raises(RejectedError):
        DeviceSession.from_json(text)


VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just([])
)
HEADERS = st.sampled_from([(JSON,), (), (("Content-Type", "text/html"),), (("WWW-Authenticate", "x"),)])


@given(
    st.integers(100, 599) | st.just(200),
    HEADERS,
    st.binary(max_size=50)
    | st.dictionaries(st.sampled_from([*STARTED, "error", "x"]), VALUES).map(
        lambda changes: json.dumps({**STARTED, **changes}, allow_nan=True).encode()
    ),
)
def test_any_answer_gives_a_session_or_a_refusal(status: int, headers: Any, body: bytes) -> None:
    try:
        device = parse_device_authorization_response(
            HttpResponse(status=status, headers=headers, body=body), client=TV, now=NOW
        )
    except RejectedError as refusal:
        assert "dc-1" not in str(refusal)
    else:
        assert DeviceSession.from_json(device.to_json()) == device


@given(
    st.lists(
        st.sampled_from([PENDING, SLOWER, DOWN, busy("9"), OSError(), no("access_denied"), GRANTED, no("x", 500)])
        | st.builds(HttpResponse, status=st.integers(100, 599), headers=HEADERS, body=st.binary(max_size=20)),
        max_size=40,
    )
)
def test_polling_ends_whatever_comes(answers: list[HttpResponse | Exception]) -> None:
    world = World([*answers, *[PENDING] * 30])
    try:
        world.poll()
    except (RejectedError, OSError):
        pass
    assert sum(world.waits) <= 100
    assert len(world.asked) <= 20
