"""Step-up from a challenge (RFC 9470, RFC 6750 3.1), and discovery from one (oauth.md 4.6, RFC 9728 via challenge)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtkit import MalformedError, ProtocolError, RejectedError, UsageError
from jwtkit.oauth import (
    AuthorizationCodeFlow,
    Challenge,
    Client,
    HttpRequest,
    HttpResponse,
    PublicClient,
    ServerMetadata,
    StepUp,
    discover_from_challenge,
    parse_challenges,
    run,
    step_up,
)

ISSUER = "https://auth.example.com"
API = "https://api.example.com/v1"
MISTAKE: Any = "x"


def refusal(status: int, *challenges: str) -> HttpResponse:
    return HttpResponse(status=status, headers=tuple(("www-authenticate", challenge) for challenge in challenges))


AUTHENTICATION = 'error="insufficient_user_authentication"'
SCOPE = 'error="insufficient_scope"'
STEPS: dict[str, tuple[HttpResponse, StepUp]] = {
    "an acr, RFC 9470 3": (
        refusal(401, f'Bearer {AUTHENTICATION}, acr_values="mfa hwk"'),
        StepUp(acr_values=("mfa", "hwk"), scope=("a", "b")),
    ),
    "an age": (refusal(401, f"Bearer {AUTHENTICATION}, max_age=5"), StepUp(max_age=5, scope=("a", "b"))),
    "an age of 0": (refusal(401, f'Bearer {AUTHENTICATION}, max_age="0"'), StepUp(max_age=0, scope=("a", "b"))),
    "all three": (
        refusal(401, f'Bearer {AUTHENTICATION}, acr_values="mfa", max_age="60", scope="b c"'),
        StepUp(acr_values=("mfa",), max_age=60, scope=("a", "b", "c")),
    ),
    "a scope, as a union": (refusal(403, f'Bearer {SCOPE}, scope="c a"'), StepUp(scope=("a", "b", "c"))),
    "a scope that was asked for": (refusal(403, f'Bearer {SCOPE}, scope="a"'), StepUp(scope=("a", "b"))),
    "a scope and what is not about it": (
        refusal(403, f'Bearer {SCOPE}, scope="c", max_age="5"'),
        StepUp(scope=("a", "b", "c")),
    ),
    "DPoP, in an odd case": (refusal(403, f'dPoP {SCOPE}, scope="c", algs="ES256"'), StepUp(scope=("a", "b", "c"))),
    "the second challenge": (
        refusal(401, 'Bearer realm="x"', f'DPoP {AUTHENTICATION}, acr_values="mfa"'),
        StepUp(acr_values=("mfa",), scope=("a", "b")),
    ),
    "beside one that cannot be read": (
        refusal(403, '"', f'Bearer {SCOPE}, scope="c"'),
        StepUp(scope=("a", "b", "c")),
    ),
}


@pytest.mark.parametrize(("answer", "expected"), STEPS.values(), ids=STEPS)
def test_what_to_ask_for(answer: HttpResponse, expected: StepUp) -> None:
    assert step_up(answer, scope=["a", "b"]) == expected


NOTHING: dict[str, HttpResponse] = {
    "a success with a challenge": refusal(200, f'Bearer {SCOPE}, scope="c"'),
    "a token that ended": refusal(401, 'Bearer error="invalid_token"'),
    "no token": refusal(401, 'Bearer realm="x"'),
    "no challenge": refusal(403),
    "a scope with 401": refusal(401, f'Bearer {SCOPE}, scope="c"'),
    "an authentication with 403": refusal(403, f'Bearer {AUTHENTICATION}, acr_values="mfa"'),
    "a failure": refusal(503, f'Bearer {SCOPE}, scope="c"'),
    "a nonce": refusal(401, 'DPoP error="use_dpop_nonce"'),
    "another word for it": refusal(403, 'Bearer error="Insufficient_Scope", scope="c"'),
}


@pytest.mark.parametrize("answer", NOTHING.values(), ids=NOTHING)
def test_no_login_would_help(answer: HttpResponse) -> None:
    assert step_up(answer, scope=["a"]) is None


USELESS: dict[str, tuple[HttpResponse, str]] = {
    "no scope": (refusal(403, f"Bearer {SCOPE}"), "missing_parameter"),
    "a scope that is none": (refusal(403, f'Bearer {SCOPE}, scope="\\"x"'), "missing_parameter"),
    "neither acr nor age": (refusal(401, f"Bearer {AUTHENTICATION}"), "missing_parameter"),
    "only a scope, which is not about it": (refusal(401, f'Bearer {AUTHENTICATION}, scope="c"'), "missing_parameter"),
    "an age that is none": (refusal(401, f'Bearer {AUTHENTICATION}, max_age="-5"'), "missing_parameter"),
    "an age in words": (refusal(401, f'Bearer {AUTHENTICATION}, max_age="soon"'), "missing_parameter"),
    "too many scopes": (refusal(403, f'Bearer {SCOPE}, scope="{"abc " * 600}d"'), "too_large"),
    "too many classes": (refusal(401, f'Bearer {AUTHENTICATION}, acr_values="{"abc " * 600}d"'), "too_large"),
}


@pytest.mark.parametrize(("answer", "reason"), USELESS.values(), ids=USELESS)
def test_challenges_that_cannot_be_met(answer: HttpResponse, reason: str) -> None:
    with pytest.raises(ProtocolError) as found:
        step_up(answer, scope=["a"])
    assert (found.value.reason, found.value.status) == (reason, answer.status)


def test_it_ends() -> None:
    answer = refusal(403, f'Bearer {SCOPE}, scope="c"')
    attempts = 0
    for expected in (1, 2, 3):
        step = step_up(answer, attempts=attempts)
        assert step is not None
        attempts = step.attempt
        assert attempts == expected
    with pytest.raises(ProtocolError) as found:
        step_up(answer, attempts=attempts)
    assert (found.value.reason, found.value.status) == ("unsupported", 403)
    assert step_up(answer, attempts=attempts, max_attempts=4) == StepUp(scope=("c",), attempt=4)
    with pytest.raises(ProtocolError):
        step_up(answer, max_attempts=0)
    # What no login helps against does not become an error for having been tried.
    assert step_up(refusal(401, 'Bearer error="invalid_token"'), attempts=9) is None


def test_a_new_request_is_made_of_it() -> None:
    server = ServerMetadata(issuer=ISSUER, authorization_endpoint=f"{ISSUER}/a", token_endpoint=f"{ISSUER}/t")
    client = Client(server=server, client_id="app", auth=PublicClient())
    step = step_up(refusal(401, f'Bearer {AUTHENTICATION}, acr_values="mfa", max_age=5'), scope=["a"])
    assert step is not None
    flow = AuthorizationCodeFlow(client, redirect_uri="https://app.example.com/cb", scope=step.scope)
    redirect = flow.start(acr_values=step.acr_values, max_age=step.max_age)
    asked = dict(parse_qsl(redirect.url.partition("?")[2]))
    assert (asked["acr_values"], asked["max_age"], asked["scope"]) == ("mfa", "5", "a")
    assert redirect.session.max_age == 5


# --- discovery, RFC 9728

DOCUMENT = f"{API}/about"
WELL_KNOWN = "https://api.example.com/.well-known/oauth-protected-resource/v1"
NAMED = refusal(401, 'Basic realm="x"', f'Bearer resource_metadata="{DOCUMENT}", error="invalid_token"')
FROM: dict[str, tuple[Any, str]] = {
    "an answer": (NAMED, DOCUMENT),
    "challenges": (parse_challenges(f'DPoP algs="ES256", resource_metadata="{DOCUMENT}"'), DOCUMENT),
    "the first that names one": ([Challenge(scheme="Bearer"), *parse_challenges(f'X resource_metadata="{DOCUMENT}"')], DOCUMENT),
    "none that names one": (refusal(401, "Bearer"), WELL_KNOWN),
    "no challenge": (refusal(401), WELL_KNOWN),
    "one that names no URL": (refusal(401, 'Bearer resource_metadata="about"'), WELL_KNOWN),
    "one without https": (refusal(401, 'Bearer resource_metadata="http://api.example.com/about"'), WELL_KNOWN),
}  # fmt: skip


def document(**members: Any) -> HttpResponse:
    body = json.dumps({"resource": API, "authorization_servers": [ISSUER], **members}).encode()
    return HttpResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)


@pytest.mark.parametrize(("challenge", "url"), FROM.values(), ids=FROM)
def test_discovery(challenge: Any, url: str) -> None:
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return document()

    metadata = run(discover_from_challenge(challenge, API), send=send)
    assert [request.url for request in sent] == [url]
    assert metadata.choose_authorization_server([ISSUER]) == ISSUER


ABOUT: dict[str, str] = {
    "another API": "https://evil.example.com/v1",
    "the API as a whole, 3.3": "https://api.example.com",
    "the same with a slash": f"{API}/",
}


@pytest.mark.parametrize("resource", ABOUT.values(), ids=ABOUT)
def test_the_document_is_about_what_was_requested(resource: str) -> None:
    with pytest.raises(ProtocolError) as found:
        run(discover_from_challenge(NAMED, API), send=lambda _: document(resource=resource))
    assert found.value.reason == "resource_mismatch"


def test_loopback_is_a_relaxation() -> None:
    local = refusal(401, 'Bearer resource_metadata="http://127.0.0.1:5/about"')
    with pytest.raises(ProtocolError) as found:
        discover_from_challenge(local, API)
    assert found.value.reason == "not_https"
    steps = discover_from_challenge(local, "http://127.0.0.1:5/v1", allow_http_loopback=True)
    assert run(steps, send=lambda _: document(resource="http://127.0.0.1:5/v1")).resource == "http://127.0.0.1:5/v1"


MISTAKES: dict[str, Callable[[], object]] = {
    "no answer": lambda: step_up(MISTAKE),
    "scope in one": lambda: step_up(refusal(403), scope="a b"),
    "attempts below none": lambda: step_up(refusal(403), attempts=-1),
    "attempts that are true": lambda: step_up(refusal(403), max_attempts=True),
    "attempts in words": lambda: step_up(refusal(403), attempts=MISTAKE),
    "a challenge that is text": lambda: discover_from_challenge('Bearer realm="x"', API),  # type: ignore[arg-type]  # the mistake under test
    "one challenge": lambda: discover_from_challenge(Challenge(scheme="Bearer"), API),  # type: ignore[arg-type]  # the mistake under test
    "no challenges": lambda: discover_from_challenge(None, API),  # type: ignore[arg-type]  # the mistake under test
    "challenges that are text": lambda: discover_from_challenge(["Bearer"], API),  # type: ignore[list-item]  # the mistake under test
    "no URL": lambda: discover_from_challenge(NAMED, "api"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(mistake: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        mistake()


def test_a_challenge_that_cannot_be_read() -> None:
    for use in (lambda: step_up(refusal(401, '"')), lambda: discover_from_challenge(refusal(401, '"'), API)):
        with pytest.raises(MalformedError):
            use()


PARTS = st.sampled_from(
    [
        "Bearer ",
        "DPoP ",
        f"{AUTHENTICATION}, ",
        f"{SCOPE}, ",
        'scope="a b"',
        'acr_values="m"',
        "max_age=5",
        ", ",
        '"',
        "x",
    ]
)
LINES = st.lists(PARTS, max_size=8).map("".join) | st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n\0")
)


@given(st.sampled_from([200, 401, 403]), st.lists(LINES, max_size=3))
def test_any_challenge_gives_a_value_or_a_refusal(status: int, lines: list[str]) -> None:
    answer = refusal(status, *lines)
    try:
        step = step_up(answer, scope=["a"])
    except RejectedError:
        step = None
    if step is not None:
        assert status in (401, 403)
        assert step.scope[0] == "a"
        assert step.acr_values or step.max_age is not None or status == 403
    try:
        discover_from_challenge(answer, API).close()
    except RejectedError:
        pass
