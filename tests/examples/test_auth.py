"""The auth classes of the examples: who gets a token, how often one is asked for, and who never sees one."""

from __future__ import annotations

import asyncio
import io
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from jwtkit import JwtkitError, OAuthError
from jwtkit.oauth import (
    Client,
    ClientCredentialsFlow,
    ClientSecretBasic,
    HttpRequest,
    HttpResponse,
    RefreshFlow,
    Secret,
    Steps,
    TokenSet,
    discover,
    run,
)

Example = Callable[[str], ModuleType]
SECRET = Secret("correct horse battery staple")
QUICK = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the default one reads the machine's certificates, each time


# --- the keeper, on a clock of the test


def tokens(name: str, expires_at: float | None = 100, refresh_token: str | None = None) -> TokenSet:
    kept = None if refresh_token is None else Secret(refresh_token)
    return TokenSet(access_token=Secret(name), token_type="Bearer", expires_at=expires_at, refresh_token=kept)


class Clockwork:
    """A keeper, its clock, and the answers it will get; what is no TokenSet is raised."""

    def __init__(self, module: ModuleType, *answers: TokenSet | Exception, first: TokenSet | None = None) -> None:
        self.now, self.answers, self.olds = 0.0, list(answers), list[TokenSet | None]()
        self.keeper = module.TokenKeeper(self._renew, first, leeway=30, pause=5, clock=lambda: self.now)

    def _renew(self, old: TokenSet | None) -> Steps[HttpRequest, TokenSet]:
        self.olds.append(old)
        yield from ()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def current(self, now: float, refused: TokenSet | None = None) -> TokenSet:
        self.now = now
        got: TokenSet = run(self.keeper.current(refused), send=nobody)
        return got


def nobody(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("these steps ask nobody")


@pytest.fixture
def token_keeper(example: Example) -> ModuleType:
    return example("token_keeper")


A, B, C = tokens("a"), tokens("b", 200), tokens("c", None)


def test_tokens_are_renewed_a_little_before_they_end(token_keeper: ModuleType) -> None:
    clockwork = Clockwork(token_keeper, A, B)
    assert [clockwork.current(now) for now in (0, 69, 70, 100, 169)] == [A, A, B, B, B]
    assert clockwork.olds == [None, A]


def test_tokens_without_an_end_are_kept(token_keeper: ModuleType) -> None:
    clockwork = Clockwork(token_keeper, first=C)
    assert clockwork.current(1e12) is C


def test_refused_tokens_are_replaced_once(token_keeper: ModuleType) -> None:
    clockwork = Clockwork(token_keeper, A, B)
    assert clockwork.current(0) is A
    assert clockwork.current(10, refused=A) is B
    assert clockwork.current(10, refused=A) is B  # somebody else was refused with the same token, and comes later
    assert clockwork.olds == [None, A]


def test_new_tokens_that_are_refused_stay(token_keeper: ModuleType) -> None:
    """An API that takes no token at all costs the provider one request in each pause."""
    clockwork = Clockwork(token_keeper, A, B)
    assert clockwork.current(0) is A
    assert [clockwork.current(now, refused=A) for now in (0, 1, 4.9)] == [A, A, A]
    assert clockwork.current(5, refused=A) is B


def test_tokens_that_end_at_once_are_used_while_they_last(token_keeper: ModuleType) -> None:
    short, longer = tokens("short", 8), tokens("longer", 100)
    clockwork = Clockwork(token_keeper, short, longer)
    assert [clockwork.current(now) for now in (0, 1, 4.9, 5)] == [short, short, short, longer]


def test_expired_tokens_are_not_used_in_a_pause(token_keeper: ModuleType) -> None:
    clockwork = Clockwork(token_keeper, tokens("dead", 1), A)
    clockwork.current(0)
    assert clockwork.current(1) is A


def test_a_failure_is_everybodys_for_a_while(token_keeper: ModuleType) -> None:
    failure = OAuthError("no", error="invalid_client")
    clockwork = Clockwork(token_keeper, failure, A)
    for now in (0, 1, 4.9):
        with pytest.raises(OAuthError) as refusal:
            clockwork.current(now)
        assert refusal.value is failure
    assert clockwork.current(5) is A
    assert len(clockwork.olds) == 2


def test_a_failure_costs_nothing_while_the_tokens_last(token_keeper: ModuleType) -> None:
    clockwork = Clockwork(token_keeper, ConnectionError("down"), B, first=A)
    with pytest.raises(ConnectionError):
        clockwork.current(70)
    assert clockwork.current(75) is B


def test_an_interrupted_renewal_is_no_failure_to_share(token_keeper: ModuleType) -> None:
    def renew(_old: TokenSet | None) -> Steps[HttpRequest, TokenSet]:
        yield HttpRequest(method="GET", url="https://auth.example.com")
        return A

    keeper = token_keeper.TokenKeeper(renew, pause=60, clock=lambda: 0.0)
    steps = keeper.current()
    next(steps)
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt())
    assert run(keeper.current(), send=lambda _: HttpResponse(status=200)) is A


# --- a stage: a provider, an API, another origin, and what goes where


class Stage:
    def __init__(self, provider: ModuleType, stack: ExitStack, example: Example) -> None:
        urllib = example("send_urllib")
        worker = provider.Registration(client_id="worker", client_secret=SECRET)
        app = provider.Registration(client_id="app", redirect_uris=("http://127.0.0.1/callback",))
        self.provider = stack.enter_context(provider.serving(lambda url: provider.Provider(url, worker, app)))
        self.api = stack.enter_context(provider.serving(lambda url: provider.Api(url, self.provider)))
        self.recorder = stack.enter_context(provider.serving(Recorder))
        self.send = urllib.sender(urllib.new_opener(QUICK))
        server = run(discover(self.provider.issuer, allow_http_loopback=True), send=self.send)
        self.client = Client(server=server, client_id="worker", auth=ClientSecretBasic(SECRET))
        self.scope = provider.SCOPE

    def renew(self, _old: TokenSet | None) -> Steps[HttpRequest, TokenSet]:
        return ClientCredentialsFlow(self.client).token(scope=[self.scope])


class Recorder:
    """An origin of its own: it answers what it is told, and keeps what came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[str, HttpResponse] = {}
        self.came: list[tuple[str, str | None, bytes]] = []

    def __call__(self, request: Any, /) -> HttpResponse:
        authorization = request.header_values("authorization")
        self.came.append((request.url, authorization[0] if authorization else None, request.body))
        return self.answers.get(request.url, HttpResponse(status=200, body=b"{}"))

    def redirect(self, path: str, to: str, status: int = 302) -> None:
        self.answers[path] = HttpResponse(status=status, headers=(("Location", to),))


@pytest.fixture
def stage(provider: ModuleType, example: Example) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(provider, stack, example)


class Caller:
    """A client of one of the libraries, with the auth of its example; every answer is (status, its headers, path)."""

    def __init__(self, name: str, stage: Stage, example: Example) -> None:
        self.name, self.stage, self.example = name, stage, example

    def auth(self, origins: list[str], **keeper: Any) -> Any:
        kept = self.example("token_keeper").TokenKeeper(keeper.pop("renew", self.stage.renew), **{"pause": 0, **keeper})
        return self.module.TokenAuth(kept, self.stage.send, origins=origins)

    @property
    def module(self) -> ModuleType:
        return self.example(f"{self.name}_auth")

    def opened(self, origins: list[str], **keeper: Any) -> AbstractContextManager[Any]:
        raise NotImplementedError


class Httpx(Caller):
    def opened(self, origins: list[str], **keeper: Any) -> AbstractContextManager[Any]:
        import httpx

        auth = self.auth(origins, **keeper)
        return httpx.Client(auth=auth, verify=QUICK, trust_env=False, follow_redirects=True)


class Requests(Caller):
    def opened(self, origins: list[str], **keeper: Any) -> AbstractContextManager[Any]:
        import requests

        session = requests.Session()
        session.trust_env = False
        session.auth = self.auth(origins, **keeper)
        return session


class AsyncHttpx(Caller):
    """An async client that looks like a sync one."""

    def opened(self, origins: list[str], **keeper: Any) -> AbstractContextManager[Any]:
        return Looped(self, origins, keeper)


class Looped(AbstractContextManager[Any]):
    def __init__(self, caller: Caller, origins: list[str], keeper: dict[str, Any]) -> None:
        import httpx

        async def send(request: HttpRequest) -> HttpResponse:
            return await asyncio.to_thread(caller.stage.send, request)

        kept = caller.example("token_keeper").TokenKeeper(
            keeper.pop("renew", caller.stage.renew), **{"pause": 0, **keeper}
        )
        self.runner = asyncio.Runner()
        auth = caller.module.AsyncTokenAuth(kept, send, origins=origins)
        self.client = httpx.AsyncClient(auth=auth, verify=QUICK, trust_env=False, follow_redirects=True)

    def get(self, url: str) -> Any:
        return self.runner.run(self.client.get(url))

    def post(self, url: str, **named: Any) -> Any:
        return self.runner.run(self.client.post(url, **named))

    def many(self, urls: list[str]) -> list[Any]:
        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*map(self.client.get, urls))

        return self.runner.run(all_of_them())

    def __exit__(self, *_raised: object) -> None:
        self.runner.run(self.client.aclose())
        self.runner.close()


CALLERS: dict[str, tuple[type[Caller], str]] = {
    "httpx": (Httpx, "httpx"),
    "httpx-async": (AsyncHttpx, "httpx"),
    "requests": (Requests, "requests"),
}


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest, stage: Stage, example: Example) -> Caller:
    kind, needs = CALLERS[request.param]
    pytest.importorskip(needs, reason=f"{needs} is part of the interop extra")
    return kind(needs, stage, example)


def many(client: Any, urls: list[str]) -> list[Any]:
    if isinstance(client, Looped):
        return client.many(urls)
    together = threading.Barrier(len(urls))

    def one(url: str) -> Any:
        together.wait(10)
        return client.get(url)

    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(one, urls))


def test_many_callers_ask_once(caller: Caller, stage: Stage) -> None:
    with caller.opened([stage.api.url], pause=5) as client:
        answers = many(client, [f"{stage.api.url}/me"] * 12)
        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].json() == {"hello": "worker"}
        assert stage.provider.log == ["client_credentials"]
        client.get(f"{stage.api.url}/me")
    assert stage.provider.log == ["client_credentials"]


def test_many_callers_fail_once(caller: Caller, stage: Stage) -> None:
    """A provider that says no is not asked by each of those who wait."""
    stage.provider.clients.clear()
    asked: list[object] = []

    def renew(old: TokenSet | None) -> Steps[HttpRequest, TokenSet]:
        asked.append(old)
        return stage.renew(old)

    with caller.opened([stage.api.url], renew=renew, pause=60) as client:
        for _ in range(3):
            with pytest.raises(OAuthError) as refusal:
                many(client, [f"{stage.api.url}/me"] * 6)
            assert refusal.value.error == "invalid_client"
    assert len(asked) == 1
    assert stage.api.calls == 0


def test_another_origin_gets_no_token(caller: Caller, stage: Stage) -> None:
    with caller.opened([stage.api.url]) as client:
        assert client.get(f"{stage.recorder.url}/x").status_code == 200
        assert client.get(f"{stage.api.url}/me").status_code == 200
        assert client.get(f"{stage.recorder.url}/y").status_code == 200
    assert stage.recorder.came == [("/x", None, b""), ("/y", None, b"")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_no_token_along(status: int, caller: Caller, stage: Stage, provider: ModuleType) -> None:
    with provider.serving(Recorder) as ours:
        ours.redirect("/away", f"{stage.recorder.url}/caught", status)
        with caller.opened([ours.url]) as client:
            assert client.get(f"{ours.url}/away").status_code == 200
    assert ours.came[0][1].startswith("Bearer ")
    assert stage.recorder.came == [("/caught", None, b"")]


def test_a_401_after_a_redirect_is_not_about_the_token(caller: Caller, stage: Stage, provider: ModuleType) -> None:
    stage.recorder.answers["/caught"] = HttpResponse(status=401)
    with provider.serving(Recorder) as ours:
        ours.redirect("/away", f"{stage.recorder.url}/caught")
        with caller.opened([ours.url]) as client:
            assert client.get(f"{ours.url}/away").status_code == 401
    assert stage.recorder.came == [("/caught", None, b"")]
    assert len(stage.provider.log) == 1


def test_a_redirect_out_and_back_brings_no_token(caller: Caller, stage: Stage, provider: ModuleType) -> None:
    """A stranger who sends the client back does not choose what the token is for."""
    with provider.serving(Recorder) as ours:
        ours.redirect("/away", f"{stage.recorder.url}/caught")
        stage.recorder.redirect("/caught", f"{ours.url}/back")
        ours.answers["/back"] = HttpResponse(status=401)
        with caller.opened([ours.url]) as client:
            assert client.get(f"{ours.url}/away").status_code == 401
    assert [path for path, authorization, _ in ours.came if authorization] == ["/away"]
    assert stage.recorder.came == [("/caught", None, b"")]
    assert len(stage.provider.log) == 1


def test_a_redirect_to_the_api_brings_no_token_out(caller: Caller, stage: Stage) -> None:
    """Where a stranger sends the client to, it goes without a token: the stranger does not choose what it is for."""
    stage.recorder.redirect("/in", f"{stage.api.url}/me")
    with caller.opened([stage.api.url]) as client:
        assert client.get(f"{stage.recorder.url}/in").status_code == 401
    assert stage.provider.log == []


def test_a_refused_token_is_replaced_and_the_call_repeated(caller: Caller, stage: Stage) -> None:
    with caller.opened([stage.api.url]) as client:
        first = client.get(f"{stage.api.url}/me")
        stage.api.revoked.add(first.request.headers["Authorization"].removeprefix("Bearer "))
        second = client.post(f"{stage.api.url}/me", data={"a": "b"})
        assert [answer.status_code for answer in (*second.history, second)] == [401, 200]
        assert second.request.headers["Authorization"] != first.request.headers["Authorization"]
    assert stage.api.calls == 3
    assert len(stage.provider.log) == 2


def test_a_call_is_repeated_once(caller: Caller, stage: Stage) -> None:
    stage.recorder.answers["/no"] = HttpResponse(status=401)
    with caller.opened([stage.recorder.url]) as client:
        named = {"content" if caller.name == "httpx" else "data": b"body"}
        for _ in range(2):
            assert client.post(f"{stage.recorder.url}/no", **named).status_code == 401
    assert [body for _, _, body in stage.recorder.came] == [b"body"] * 4
    assert len({authorization for _, authorization, _ in stage.recorder.came}) == 3  # each call replaces one token


def test_an_api_that_takes_no_token_costs_one_request_in_each_pause(caller: Caller, stage: Stage) -> None:
    stage.recorder.answers["/no"] = HttpResponse(status=401)
    with caller.opened([stage.recorder.url], pause=60) as client:
        for _ in range(5):
            assert client.get(f"{stage.recorder.url}/no").status_code == 401
    assert len(stage.provider.log) == 1
    assert len(stage.recorder.came) == 5


def test_a_body_that_is_gone_is_not_sent_again(caller: Caller, stage: Stage) -> None:
    stage.recorder.answers["/no"] = HttpResponse(status=401)

    async def pieces() -> Any:
        yield b"piece"

    named = "content" if caller.name == "httpx" else "data"
    with caller.opened([stage.recorder.url]) as client:
        body = pieces() if isinstance(client, Looped) else io.BytesIO(b"piece")
        answer = client.post(f"{stage.recorder.url}/no", headers={"Content-Length": "5"}, **{named: body})
        assert answer.status_code == 401
        assert len(stage.recorder.came) == 1
        assert client.post(f"{stage.recorder.url}/yes").status_code == 200
    (_, first, body), (_, second, _) = stage.recorder.came
    assert body == b"piece"
    assert first != second  # the refused token is not used again


def test_a_login_is_refreshed(caller: Caller, stage: Stage, provider: ModuleType) -> None:
    """Each refresh token works once, so the second refresh needs the one that the first brought."""
    from jwtkit.oauth import AuthorizationCodeFlow, PublicClient

    client = Client(server=stage.client.server, client_id="app", auth=PublicClient())
    flow = AuthorizationCodeFlow(client, redirect_uri="http://127.0.0.1/callback", scope=[provider.SCOPE])
    redirect = flow.start()
    back = stage.send(HttpRequest(method="GET", url=redirect.url)).header("location")
    first = run(flow.finish(flow.callback(redirect.session, back)), send=stage.send)
    assert first.expires_at is not None
    clock = SimpleNamespace(now=first.expires_at - 300)
    with caller.opened(
        [stage.api.url],
        renew=lambda old: RefreshFlow(client).refresh(old, now=clock.now),
        tokens=first,
        clock=lambda: clock.now,
    ) as http:
        for _ in range(3):
            for _ in range(2):
                assert http.get(f"{stage.api.url}/me").json() == {"hello": "jane"}
            clock.now += 301
    assert stage.provider.log == ["authorization_code", "refresh_token", "refresh_token"]


def test_a_refresh_token_that_is_worth_nothing(caller: Caller, stage: Stage) -> None:
    old = tokens("old", 1, refresh_token="stolen")
    with (
        caller.opened([stage.api.url], renew=RefreshFlow(stage.client).refresh, tokens=old) as client,
        pytest.raises(OAuthError) as refusal,
    ):
        client.get(f"{stage.api.url}/me")
    assert refusal.value.error == "invalid_grant"
    assert "stolen" not in str(refusal.value)


def test_nobody_is_asked_with_an_old_token(caller: Caller, stage: Stage, provider: ModuleType) -> None:
    with provider.serving(Recorder) as gone:
        url = gone.url
    with caller.opened([url]) as client, pytest.raises(Exception) as raised:  # noqa: PT011 - httpx and requests name it differently
        client.get(f"{url}/me")
    assert not isinstance(raised.value, JwtkitError)


@pytest.mark.parametrize("url", ["http://api.example.com", "ftp://127.0.0.2", "api.example.com", ""])
def test_a_token_goes_over_https_only(url: str, caller: Caller) -> None:
    with pytest.raises(ValueError, match="https"):
        caller.auth([url])
    assert caller.auth(["https://api.example.com"])


@pytest.mark.parametrize(
    ("url", "gets_one"),
    [
        ("https://api.example.com/me?x=https://elsewhere.example", True),
        ("https://api.example.com:443/", True),
        ("https://API.example.com/", True),
        ("http://api.example.com/", False),
        ("https://api.example.com:8443/", False),
        ("https://api.example.com.elsewhere.example/", False),
        ("https://api.example.com@elsewhere.example/", False),
        ("https://elsewhere.example/?https://api.example.com", False),
        ("https://elsewhere.example#@api.example.com/", False),
    ],
)
def test_what_an_origin_is(url: str, gets_one: bool, caller: Caller, stage: Stage) -> None:
    auth = caller.auth(["https://api.example.com"], tokens=tokens("t", None))
    try:
        if caller.name == "httpx":
            import httpx

            request: Any = next(auth.sync_auth_flow(httpx.Request("GET", url)))
        else:
            import requests

            request = requests.Request("GET", url, auth=auth).prepare()
    except Exception as refused:  # noqa: BLE001 - a client that reads no URL in it sends nothing
        assert type(refused).__name__ in ("InvalidURL", "UsageError")
        assert not gets_one
        return
    assert ("Authorization" in request.headers) is gets_one


def test_the_wrong_kind_says_so(example: Example) -> None:
    httpx = pytest.importorskip("httpx", reason="httpx is part of the interop extra")
    module, keeper = example("httpx_auth"), example("token_keeper").TokenKeeper(lambda _: iter(()))
    synchronous = module.TokenAuth(keeper, nobody, origins=["https://a.example"])
    asynchronous = module.AsyncTokenAuth(keeper, nobody, origins=["https://a.example"])
    with httpx.Client(auth=asynchronous) as client, pytest.raises(TypeError, match="takes a TokenAuth"):
        client.get("https://a.example")

    async def other_way() -> None:
        async with httpx.AsyncClient(auth=synchronous) as client:
            await client.get("https://a.example")

    with pytest.raises(TypeError, match="AsyncTokenAuth"):
        asyncio.run(other_way())
