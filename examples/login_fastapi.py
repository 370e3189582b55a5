"""A login with OpenID Connect in a FastAPI application that keeps its logins itself: the browser has names only.

Run it without arguments. It starts a provider and the application on free ports of 127.0.0.1, and a scripted browser
logs in, logs out, and tries what must not work. The application is what stands above the story.

- The cookie `browser` names a browser, for as long as one of its logins may be under way. Each tab can have one.
- The cookie `user` names a session, and is drawn anew at each login. After the logout it names nothing.

Where the application has https their names begin with `__Host-`, so that no neighbouring host can plant them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from secrets import token_urlsafe

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from jwtkit import OAuthError, ProtocolError, RejectedError
from jwtkit.oauth import AuthorizationSession, HttpRequest, HttpResponse, arun
from jwtkit.oidc import LoginFlow

CALLBACK = "/callback"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of a callback holds a code
}
SESSION_SECONDS = 8 * 3600


class Attempts:
    """The logins that are under way. In an application of several processes this is a table, and `take` a DELETE."""

    def __init__(self, most: int = 10_000) -> None:
        self._kept: dict[tuple[str, str], AuthorizationSession] = {}
        self._most = most

    def keep(self, browser: str, attempt: AuthorizationSession) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if kept.expires_at > time.time()}
        if len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]  # the oldest: nobody fills the memory
        self._kept[browser, attempt.state] = attempt

    def take(self, browser: str, state: str) -> AuthorizationSession | None:
        """Give the attempt of this browser, the first time."""
        return self._kept.pop((browser, state), None)


@dataclass(frozen=True, kw_only=True)
class User:
    iss: str
    sub: str
    until: float


class Users:
    """Who is logged in, by the name of the session."""

    def __init__(self) -> None:
        self._kept: dict[str, User] = {}

    def enter(self, iss: str, sub: str) -> str:
        self._kept = {name: user for name, user in self._kept.items() if user.until > time.time()}
        name = token_urlsafe(32)  # never one that the browser brought along
        self._kept[name] = User(iss=iss, sub=sub, until=time.time() + SESSION_SECONDS)
        return name

    def named(self, name: str) -> User | None:
        user = self._kept.get(name)
        return user if user is not None and user.until > time.time() else None

    def leave(self, name: str) -> None:
        self._kept.pop(name, None)


class Cookie:
    """A cookie that no script reads. It is Lax, not Strict: the provider sends the browser back from another site."""

    def __init__(self, name: str, *, https: bool) -> None:
        self._name, self._https = f"__Host-{name}" if https else name, https

    def of(self, request: Request) -> str:
        return request.cookies.get(self._name, "")

    def give(self, answer: Response, value: str, seconds: int) -> None:
        answer.set_cookie(self._name, value, seconds, secure=self._https, httponly=True, samesite="lax")

    def take_back(self, answer: Response) -> None:
        answer.delete_cookie(self._name, secure=self._https, httponly=True, samesite="lax")


def create_app(
    flow: LoginFlow,
    send: Callable[[HttpRequest], Awaitable[HttpResponse]],
    *,
    https: bool,
    close: Callable[[], Awaitable[None]],
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await close()

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    attempts, users = Attempts(), Users()
    user_cookie, browser_cookie = Cookie("user", https=https), Cookie("browser", https=https)

    @app.get("/")
    async def home(request: Request) -> HTMLResponse:
        user = users.named(user_cookie.of(request))
        if user is None:
            return page("Nobody is logged in.", '<a href="/login">Log in</a>')
        return page(f"Hello, {user.sub}.", '<form method="post" action="/logout"><button>Log out</button></form>')

    @app.get("/login")
    async def login(request: Request) -> RedirectResponse:
        started = flow.start()
        browser = browser_cookie.of(request) or token_urlsafe(32)
        attempts.keep(browser, started.session)
        answer = RedirectResponse(started.url, 303)
        browser_cookie.give(answer, browser, 600)
        return answer

    @app.get(CALLBACK)
    async def callback(request: Request) -> Response:
        attempt = attempts.take(browser_cookie.of(request), request.query_params.get("state", ""))
        if attempt is None:
            return page("No such login is under way in this browser. Start again.", '<a href="/">Back</a>', 400)
        # From the path on: behind a proxy, scheme and host are not what the browser saw.
        address = f"{CALLBACK}?{request.scope['query_string'].decode('latin-1')}"
        try:
            done = await arun(flow.finish(flow.callback(attempt, address)), send=send)
        except RejectedError as error:
            return page(reason(error), '<a href="/">Back</a>', 400)
        except (httpx.TransportError, TimeoutError):
            return page("The provider cannot be reached. Try again later.", '<a href="/">Back</a>', 502)
        users.leave(user_cookie.of(request))
        answer = RedirectResponse("/", 303)
        user_cookie.give(answer, users.enter(done.id_token.iss, done.id_token.sub), SESSION_SECONDS)
        return answer

    @app.post("/logout")
    async def logout(request: Request) -> RedirectResponse:
        users.leave(user_cookie.of(request))
        answer = RedirectResponse("/", 303)
        user_cookie.take_back(answer)
        return answer

    return app


def reason(error: RejectedError) -> str:
    """Say what the user can know; the error itself belongs into the log."""
    if isinstance(error, OAuthError):
        return f"The provider did not let you in: {error.description or error.error}"
    if isinstance(error, ProtocolError):
        return f"This login cannot be finished: {error.reason}. Start again."
    return "What the provider says cannot be trusted. Start again."


def page(text: str, trusted_html: str = "", status: int = 200) -> HTMLResponse:
    html = f"<!doctype html><title>Application</title><p>{escape(text)}</p>{trusted_html}"
    return HTMLResponse(html, status, HEADERS)


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    import socket
    from threading import Thread

    import uvicorn
    from browser import login_story
    from provider import Provider, Registration, serving
    from send_httpx import async_sender, sender, settings

    from jwtkit.oauth import Client, ClientSecretBasic, Secret, discover, run

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url, secret = f"http://127.0.0.1:{listener.getsockname()[1]}", Secret(token_urlsafe())
        web = Registration(client_id="web", client_secret=secret, redirect_uris=(f"{url}{CALLBACK}",))
        with serving(lambda issuer: Provider(issuer, web)) as provider:
            with httpx.Client(**settings()) as http:
                server = run(discover(provider.issuer, allow_http_loopback=True), send=sender(http))
            client = Client(server=server, client_id="web", auth=ClientSecretBasic(secret))
            flow = LoginFlow(client, redirect_uri=f"{url}{CALLBACK}", scope=["openid"], algorithms=["ES256"])
            async_http = httpx.AsyncClient(**settings())
            app = create_app(flow, async_sender(async_http), https=False, close=async_http.aclose)
            site = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
            thread = Thread(target=site.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                return 0 if login_story(url, provider) else 1
            finally:
                site.should_exit = True
                thread.join()


if __name__ == "__main__":
    sys.exit(main())
