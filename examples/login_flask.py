"""A login with OpenID Connect in a Flask application that keeps nothing: two cookies carry everything.

Run it without arguments. It starts a provider and the application on free ports of 127.0.0.1, and a scripted browser
logs in, logs out, and tries what must not work. The application is what stands above the story.

- The cookie `attempt` is the login that is under way, encrypted. A login that begins in another tab takes its place.
- The cookie `session` is Flask's own, signed; it says who is logged in.

Where the application has https their names begin with `__Host-`, so that no neighbouring host can plant them. Who has
copied a signed cookie stays logged in after the logout: `login_fastapi.py` keeps its sessions itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from html import escape
from secrets import token_urlsafe
from threading import Lock

import httpx
from flask import Flask, Response, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from jwtkit import JWK, OAuthError, ProtocolError, RejectedError
from jwtkit.oauth import AuthorizationSession, Consume, HttpRequest, HttpResponse, run
from jwtkit.oidc import LoginFlow

CALLBACK = "/callback"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of a callback holds a code
}


class Seen:
    """Tells the first time; in an application of several processes this is a table with a unique column."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def __call__(self, what: Consume) -> bool:
        with self._lock:
            now = time.time()
            self._until = {key: until for key, until in self._until.items() if until > now}
            first = (what.kind, what.key) not in self._until
            self._until[what.kind, what.key] = what.expires_at
            return first


def create_app(flow: LoginFlow, send: Callable[[HttpRequest], HttpResponse], *, https: bool) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.secret_key = token_urlsafe(32)  # these two come from your settings, so that a restart logs nobody out
    attempt_key = JWK.generate("A256GCM")
    session_cookie, attempt_cookie = (f"__Host-{name}" if https else name for name in ("session", "attempt"))
    # Lax, not Strict: the provider sends the browser back from another site.
    app.config.update(
        SESSION_COOKIE_NAME=session_cookie,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
    )
    first_time = Seen()

    @app.get("/")
    def home() -> Response:
        if "sub" not in session:
            return page("Nobody is logged in.", '<a href="/login">Log in</a>')
        return page(f"Hello, {session['sub']}.", '<form method="post" action="/logout"><button>Log out</button></form>')

    @app.get("/login")
    def login() -> AnyResponse:
        started = flow.start()
        answer = redirect(started.url, 303)
        attempt = started.session.to_cookie(attempt_key)
        answer.set_cookie(attempt_cookie, attempt, max_age=600, secure=https, httponly=True, samesite="Lax")
        return answer

    @app.get(CALLBACK)
    def callback() -> AnyResponse:
        # From the path on: behind a proxy, scheme and host are not what the browser saw.
        address = f"{CALLBACK}?{request.query_string.decode('latin-1')}"
        try:
            attempt = AuthorizationSession.from_cookie(request.cookies.get(attempt_cookie, ""), attempt_key)
            done = run(flow.finish(flow.callback(attempt, address), once=True), send=send, consume=first_time)
        except RejectedError as error:
            return page(reason(error), '<a href="/">Back</a>', 400)
        except httpx.TransportError:
            return page("The provider cannot be reached. Try again later.", '<a href="/">Back</a>', 502)
        session.clear()  # nothing of what was before the login stays
        session["iss"], session["sub"] = done.id_token.iss, done.id_token.sub
        answer = redirect("/", 303)
        answer.delete_cookie(attempt_cookie, secure=https, httponly=True, samesite="Lax")
        return answer

    @app.post("/logout")
    def logout() -> AnyResponse:
        session.clear()
        return redirect("/", 303)

    return app


def reason(error: RejectedError) -> str:
    """Say what the user can know; the error itself belongs into the log."""
    if isinstance(error, OAuthError):
        return f"The provider did not let you in: {error.description or error.error}"
    if isinstance(error, ProtocolError):
        return f"This login cannot be finished: {error.reason}. Start again."
    return "No login is under way in this browser, or it cannot be trusted. Start again."


def page(text: str, trusted_html: str = "", status: int = 200) -> Response:
    html = f"<!doctype html><title>Application</title><p>{escape(text)}</p>{trusted_html}"
    return Response(html, status, HEADERS, mimetype="text/html")


# --- the story ----------------------------------------------------------------------------------------------------


def main() -> int:
    import socket
    from threading import Thread

    from browser import login_story
    from provider import Provider, Registration, serving
    from send_httpx import sender, settings
    from werkzeug.serving import WSGIRequestHandler, make_server

    from jwtkit.oauth import Client, ClientSecretBasic, Secret, discover

    class Quiet(WSGIRequestHandler):
        def log(self, *_arguments: object) -> None:
            """Keep the output for the story."""

    with socket.create_server(("127.0.0.1", 0)) as listener, httpx.Client(**settings()) as http:
        url, secret = f"http://127.0.0.1:{listener.getsockname()[1]}", Secret(token_urlsafe())
        web = Registration(client_id="web", client_secret=secret, redirect_uris=(f"{url}{CALLBACK}",))
        with serving(lambda issuer: Provider(issuer, web)) as provider:
            send = sender(http)
            server = run(discover(provider.issuer, allow_http_loopback=True), send=send)
            client = Client(server=server, client_id="web", auth=ClientSecretBasic(secret))
            flow = LoginFlow(client, redirect_uri=f"{url}{CALLBACK}", scope=["openid"], algorithms=["ES256"])
            app = create_app(flow, send, https=False)
            site = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet, fd=listener.fileno())
            thread = Thread(target=site.serve_forever)
            thread.start()
            try:
                return 0 if login_story(url, provider) else 1
            finally:
                site.shutdown()
                thread.join()
                site.server_close()


if __name__ == "__main__":
    sys.exit(main())
