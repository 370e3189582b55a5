"""The two web applications of the examples, in this process: a browser with cookies, a provider, and no socket."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from html import unescape
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from jwtkit.oauth import Client, ClientSecretBasic, HttpRequest, HttpResponse, InboundRequest, Secret, discover, run
from jwtkit.oidc import LoginFlow

Example = Callable[[str], ModuleType]
APP, ISSUER, SECRET = "https://app.example.com", "https://auth.example.com", Secret("correct horse battery staple")
SCRIPT = "<script>alert(1)</script>"


class Stage:
    """One application, its provider, and the browsers in front of them; everything is asked by calling it."""

    def __init__(self, name: str, example: Example, runner: asyncio.Runner, *, https: bool = True) -> None:
        import httpx

        self.httpx, self.name, self.runner = httpx, name, runner
        module, provider = example(f"login_{name}"), example("provider")
        self.url = APP if https else "http://127.0.0.1:8000"
        web = provider.Registration(
            client_id="web", client_secret=SECRET, redirect_uris=(f"{self.url}{module.CALLBACK}",)
        )
        self.provider = provider.Provider(ISSUER, web)
        self.failure: Exception | None = None
        server = run(discover(ISSUER), send=self.send)
        client = Client(server=server, client_id="web", auth=ClientSecretBasic(SECRET))
        flow = LoginFlow(client, redirect_uri=f"{self.url}{module.CALLBACK}", scope=["openid"], algorithms=["ES256"])
        if name == "flask":
            self.app = module.create_app(flow, self.send, https=https)
        else:
            self.app = module.create_app(flow, self.asend, https=https, close=None)

    def send(self, request: HttpRequest) -> HttpResponse:
        if self.failure is not None:
            raise self.failure
        url = request.url.removeprefix(ISSUER)
        answer: HttpResponse = self.provider(
            InboundRequest(method=request.method, url=url, headers=request.headers, body=request.body)
        )
        return answer

    async def asend(self, request: HttpRequest) -> HttpResponse:
        return self.send(request)

    def browser(self, cookies: Any = None) -> Browser:
        return Browser(self, cookies)

    def transport(self) -> Any:
        kind = self.httpx.WSGITransport if self.name == "flask" else self.httpx.ASGITransport
        return kind(app=self.app)


class Browser:
    def __init__(self, stage: Stage, cookies: Any) -> None:
        self._stage = stage
        kind = stage.httpx.Client if stage.name == "flask" else stage.httpx.AsyncClient
        self._client = kind(transport=stage.transport(), base_url=stage.url, cookies=cookies)
        self.cookies = self._client.cookies

    def ask(self, path: str, method: str = "GET", **named: Any) -> Any:
        answer = self._client.request(method, path, **named)
        return self._stage.runner.run(answer) if asyncio.iscoroutine(answer) else answer

    def shown(self, path: str = "/") -> str:
        return text_of(self.ask(path))

    def way_back(self) -> str:
        """Begin a login; give the path with which the provider sends the browser back."""
        to_provider = self.ask("/login").headers["Location"]
        back: str = self._stage.send(HttpRequest(method="GET", url=to_provider)).header("location") or ""
        return back.removeprefix(self._stage.url)

    def log_in(self) -> Any:
        return self.ask(self.way_back())


def text_of(answer: Any) -> str:
    (text,) = re.findall("<p>(.*?)</p>", answer.text, re.DOTALL)
    return unescape(text)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(params=["flask", "fastapi"])
def stage(request: pytest.FixtureRequest, example: Example, runner: asyncio.Runner) -> Stage:
    for name in (request.param, "httpx"):
        pytest.importorskip(name, reason=f"{name} is part of the interop extra")
    return Stage(request.param, example, runner)


# --- a login and its end


def test_jane_comes_and_goes(stage: Stage) -> None:
    jane, other = stage.browser(), stage.browser()
    assert jane.shown() == "Nobody is logged in."
    answer = jane.log_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert jane.shown() == "Hello, jane."
    assert other.shown() == "Nobody is logged in."
    assert jane.ask("/logout", "POST").status_code == 303
    assert jane.shown() == "Nobody is logged in."
    assert stage.provider.log == ["authorization_code"]


def test_a_link_logs_nobody_out(stage: Stage) -> None:
    jane = stage.browser()
    jane.log_in()
    assert jane.ask("/logout").status_code == 405
    assert jane.shown() == "Hello, jane."


def test_a_name_is_text_and_no_markup(stage: Stage) -> None:
    stage.provider.user = SCRIPT
    jane = stage.browser()
    jane.log_in()
    answer = jane.ask("/")
    assert text_of(answer) == f"Hello, {SCRIPT}."
    assert SCRIPT not in answer.text


def test_pages_are_not_kept_and_tell_nobody_where_they_were(stage: Stage) -> None:
    for answer in (stage.browser().ask("/"), stage.browser().ask("/callback?code=x&state=y")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


# --- cookies


@pytest.mark.parametrize("https", [True, False], ids=["https", "http"])
def test_cookies_are_for_this_host_and_for_no_script(
    https: bool, stage: Stage, example: Example, runner: asyncio.Runner
) -> None:
    stage = Stage(stage.name, example, runner, https=https)
    jane = stage.browser()
    given = [jane.ask("/login"), jane.log_in(), jane.ask("/logout", "POST")]
    cookies = [cookie for answer in given for cookie in answer.headers.get_list("Set-Cookie")]
    assert len(cookies) >= 3
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= attributes
        assert ("secure" in attributes, cookie.startswith("__Host-")) == (https, https)
        assert not any(attribute.startswith("domain") for attribute in attributes)


def test_no_secret_of_the_attempt_is_in_a_cookie(stage: Stage) -> None:
    jane = stage.browser()
    location = jane.ask("/login").headers["Location"]
    fields = parse_qs(urlsplit(location).query)
    kept = " ".join(str(cookie.value) for cookie in jane.cookies.jar)
    for name in ("state", "nonce", "code_challenge"):
        assert fields[name][0] not in kept


def test_a_planted_session_is_not_adopted(stage: Stage) -> None:
    """Whoever knows a cookie from before the login has nothing afterwards (session fixation)."""
    mallory = stage.browser()
    mallory.log_in()
    mallory.ask("/logout", "POST")
    mallory.log_in()
    jane = stage.browser(mallory.cookies)
    planted = {cookie.value for cookie in jane.cookies.jar}
    stage.provider.user = "jane2"
    jane.log_in()
    assert jane.shown() == "Hello, jane2."
    assert mallory.shown() != "Hello, jane2."
    (kept,) = [cookie for cookie in jane.cookies.jar if cookie.name in ("__Host-user", "__Host-session")]
    assert kept.value not in planted


def test_a_session_ends_at_the_server(example: Example, runner: asyncio.Runner) -> None:
    """Where the application keeps its sessions, a copy of the cookie is worth nothing after the logout."""
    pytest.importorskip("fastapi", reason="fastapi is part of the interop extra")
    stage = Stage("fastapi", example, runner)
    jane = stage.browser()
    jane.log_in()
    thief = stage.browser(jane.cookies)
    assert thief.shown() == "Hello, jane."
    jane.ask("/logout", "POST")
    assert thief.shown() == "Nobody is logged in."


def test_a_new_login_ends_the_old_session(example: Example, runner: asyncio.Runner) -> None:
    pytest.importorskip("fastapi", reason="fastapi is part of the interop extra")
    stage = Stage("fastapi", example, runner)
    jane = stage.browser()
    jane.log_in()
    thief = stage.browser(jane.cookies)
    jane.log_in()
    assert (jane.shown(), thief.shown()) == ("Hello, jane.", "Nobody is logged in.")


def test_nothing_from_before_the_login_stays(example: Example, runner: asyncio.Runner) -> None:
    pytest.importorskip("flask", reason="flask is part of the interop extra")
    stage = Stage("flask", example, runner)
    sessions = stage.app.session_interface.get_signing_serializer(stage.app)
    jane = stage.browser()
    jane.cookies.set("__Host-session", sessions.dumps({"basket": "planted"}), domain="app.example.com")
    jane.log_in()
    assert sessions.loads(jane.cookies["__Host-session"]) == {"iss": ISSUER, "sub": "jane"}


# --- what must not work: each of these is a page with 400, and nobody is logged in


def is_refused(browser: Browser, path: str) -> Any:
    answer = browser.ask(path)
    assert answer.status_code == 400
    assert "Hello" not in browser.shown()
    return answer


def changed(path: str, **fields: str | None) -> str:
    route, _, query = path.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()} | fields
    return f"{route}?{urlencode({name: value for name, value in asked.items() if value is not None})}"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "other"}, id="another state"),
        pytest.param({"state": None}, id="no state"),
        pytest.param({"iss": "https://elsewhere.example"}, id="another issuer"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"code": None}, id="no code"),
        pytest.param({"code": "made-up"}, id="a code that nobody gave"),
        pytest.param({"access_token": "t"}, id="a token in the address"),
        pytest.param({"error": "access_denied"}, id="a refusal"),
    ],
)
def test_a_callback_that_was_changed(change: dict[str, str | None], stage: Stage) -> None:
    jane = stage.browser()
    is_refused(jane, changed(jane.way_back(), **change))


@pytest.mark.parametrize(
    "more", ["&code=x", "&state=x", "&x=%ff", "&x=%00&x=", "&" + "&".join(f"{n}=1" for n in range(200))]
)
def test_a_callback_with_more(more: str, stage: Stage) -> None:
    jane = stage.browser()
    is_refused(jane, jane.way_back() + more)


def test_a_callback_out_of_nowhere(stage: Stage) -> None:
    jane = stage.browser()
    for path in ("/callback", "/callback?", "/callback?code=x&state=y", f"/callback?error={SCRIPT}&state=y"):
        answer = is_refused(stage.browser(), path)
        assert "<script" not in answer.text
    is_refused(stage.browser(), jane.way_back())


@pytest.mark.parametrize("value", ["", "x", "eyJ.a.b.c.d", "e" * 5000])
def test_a_cookie_that_is_none(value: str, stage: Stage) -> None:
    jane = stage.browser()
    back = jane.way_back()
    name = "__Host-attempt" if stage.name == "flask" else "__Host-browser"
    answer = stage.browser().ask(back, headers=[(b"Cookie", f"{name}={value}".encode())])
    assert answer.status_code == 400


def test_the_login_of_another_browser(stage: Stage) -> None:
    """The link of an attacker, who wants a victim to work under the attacker's name (login CSRF)."""
    victim, attacker = stage.browser(), stage.browser()
    victim.way_back()
    is_refused(victim, attacker.way_back())


def test_a_code_that_was_stolen(stage: Stage) -> None:
    """The code of a victim in the attacker's own login: the verifier does not fit (RFC 7636)."""
    victim, attacker = stage.browser(), stage.browser()
    stolen = parse_qs(urlsplit(victim.way_back()).query)["code"][0]
    answer = is_refused(attacker, changed(attacker.way_back(), code=stolen))
    assert "invalid_grant" in answer.text


def test_a_login_counts_once(stage: Stage) -> None:
    jane = stage.browser()
    back = jane.way_back()
    copy = stage.browser(jane.cookies)
    jane.ask(back)
    assert jane.shown() == "Hello, jane."
    is_refused(copy, back)
    assert stage.provider.log == ["authorization_code"]  # the provider was not even asked


@pytest.mark.parametrize("name", ["error", "error_description"])
def test_what_the_provider_says_is_text_and_no_markup(name: str, stage: Stage) -> None:
    stage.provider.user = None
    jane = stage.browser()
    answer = is_refused(jane, changed(jane.way_back(), **{"error_description": None, name: SCRIPT}))
    assert SCRIPT in text_of(answer)
    assert SCRIPT not in answer.text


def test_an_id_token_of_another_login(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that mixes up two logins: the nonce tells."""
    first = stage.browser()
    back = first.way_back()
    for granted in stage.provider._codes.values():
        granted.nonce = "n-other"
    answer = is_refused(first, back)
    assert "trusted" in answer.text


def test_the_provider_is_away(stage: Stage) -> None:
    jane = stage.browser()
    back = jane.way_back()
    stage.failure = stage.httpx.ConnectError("away")
    answer = jane.ask(back)
    assert answer.status_code == 502
    assert jane.shown() == "Nobody is logged in."
    stage.failure = None
    assert jane.log_in().status_code == 303


# --- tabs


def test_two_tabs(stage: Stage) -> None:
    """A browser with two logins under way: one application keeps both, the other one the latest."""
    jane = stage.browser()
    first, second = jane.way_back(), jane.way_back()
    assert jane.ask(second).status_code == 303
    assert jane.ask(first).status_code == (303 if stage.name == "fastapi" else 400)


def test_attempts_do_not_fill_the_memory(example: Example, runner: asyncio.Runner) -> None:
    pytest.importorskip("fastapi", reason="fastapi is part of the interop extra")
    stage = Stage("fastapi", example, runner)
    attempts = example("login_fastapi").Attempts(most=2)
    flow = LoginFlow(
        Client(server=run(discover(ISSUER), send=stage.send), client_id="web", auth=ClientSecretBasic(SECRET)),
        redirect_uri=f"{APP}/callback",
        algorithms=["ES256"],
    )
    sessions = [flow.start().session for _ in range(3)]
    for session in sessions:
        attempts.keep("b", session)
    assert [attempts.take("b", session.state) is not None for session in sessions] == [False, True, True]
    assert attempts.take("b", sessions[2].state) is None
    attempts.keep("b", flow.start(now=1000.0).session)
    attempts.keep("b", sessions[0])
    attempts.keep("b", sessions[1])
    assert attempts.take("other", sessions[0].state) is None
    assert [attempts.take("b", session.state) is not None for session in sessions] == [True, True, False]
