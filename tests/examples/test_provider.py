"""The provider of the examples says no where a provider must; and the login of the command line tells its user."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from jwtkit import TokenVerifier
from jwtkit.oauth import (
    PKCE,
    Client,
    DeviceSession,
    HttpRequest,
    HttpResponse,
    InboundRequest,
    PublicClient,
    Secret,
    ServerMetadata,
)

ISSUER, BACK = "https://auth.example.com", "https://app.example.com/callback"
PROOF = PKCE.generate()
FORM = ("Content-Type", "application/x-www-form-urlencoded")
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
Fields = dict[str, str | None]


class Talk:
    """A provider, asked by calling it."""

    def __init__(self, module: ModuleType, interval: float = 0) -> None:
        app = module.Registration(client_id="app", redirect_uris=(BACK, f"{BACK}?x=1"))
        other = module.Registration(client_id="other", redirect_uris=(BACK,))
        worker = module.Registration(client_id="worker", client_secret=Secret("s3cret"))
        self.provider = module.Provider(ISSUER, app, other, worker, interval=interval)

    def get(self, url: str) -> HttpResponse:
        answer: HttpResponse = self.provider(InboundRequest(method="GET", url=url))
        return answer

    def post(self, path: str, fields: Fields, *headers: tuple[str, str]) -> tuple[int, Any]:
        body = urlencode({name: value for name, value in fields.items() if value is not None}).encode()
        answer = self.provider(InboundRequest(method="POST", url=path, headers=(FORM, *headers), body=body))
        is_json = answer.header("content-type") == "application/json"
        return answer.status, json.loads(answer.body) if is_json else answer.body.decode()

    def authorize(self, **change: str | None) -> HttpResponse:
        fields: Fields = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": BACK,
            "scope": "openid read:profile",
            "state": "s",
            "nonce": "n",
            "code_challenge": PROOF.challenge,
            "code_challenge_method": "S256",
            **change,
        }
        return self.get(f"/authorize?{urlencode({name: value for name, value in fields.items() if value is not None})}")

    def code(self) -> str:
        return parse_qs(urlsplit(self.authorize().header("location") or "").query)["code"][0]

    def redeem(self, code: str, /, **change: str | None) -> tuple[int, Any]:
        fields: Fields = {
            "grant_type": "authorization_code",
            "client_id": "app",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": PROOF.verifier,
            **change,
        }
        return self.post("/token", fields)


@pytest.fixture
def talk(provider: ModuleType) -> Talk:
    return Talk(provider)


def test_a_code_brings_tokens(talk: Talk) -> None:
    status, members = talk.redeem(talk.code())
    assert (status, members["scope"], members["token_type"]) == (200, "openid read:profile", "Bearer")
    verifier = TokenVerifier(keys=[talk.provider.key.public()], algorithms=["ES256"], issuer=ISSUER, audience="app")
    assert verifier.verify(members["id_token"]).claims["nonce"] == "n"


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example"},
        {"redirect_uri": f"{BACK}/"},
        {"redirect_uri": f"{BACK}?x=2"},
        {"client_id": "nobody"},
        {"client_id": "worker"},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"redirect_uri": None},
    ],
    ids=str,
)
def test_the_browser_is_sent_nowhere(change: Fields, talk: Talk) -> None:
    answer = talk.authorize(**change)
    assert (answer.status, answer.header("location")) == (400, None)


def test_a_redirect_uri_keeps_its_query(talk: Talk) -> None:
    location = talk.authorize(redirect_uri=f"{BACK}?x=1").header("location") or ""
    assert location.startswith(f"{BACK}?x=1&state=s&")


@pytest.mark.parametrize(
    "change",
    [
        {"code": "made-up"},
        {"client_id": "other"},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": None},
        {"code_verifier": PKCE.generate().verifier},
        {"code_verifier": None},
    ],
    ids=str,
)
def test_a_code_is_for_one_client_and_one_verifier(change: Fields, talk: Talk) -> None:
    code = talk.code()
    assert talk.redeem(code, **change) == (400, {"error": "invalid_grant"})
    if change != {"code": "made-up"}:
        assert talk.redeem(code) == (400, {"error": "invalid_grant"})  # it counts once, also when it is misused


def test_a_code_counts_once(talk: Talk) -> None:
    code = talk.code()
    assert [talk.redeem(code)[0] for _ in range(2)] == [200, 400]


def test_a_code_does_not_last(talk: Talk) -> None:
    code = talk.code()
    for granted in talk.provider._codes.values():
        granted.expires_at -= 61
    assert talk.redeem(code) == (400, {"error": "invalid_grant"})


def test_a_refresh_token_counts_once_and_for_its_scope(talk: Talk) -> None:
    _, first = talk.redeem(talk.code())
    again: Fields = {"grant_type": "refresh_token", "client_id": "app"}
    status, second = talk.post("/token", {**again, "refresh_token": first["refresh_token"]})
    assert (status, second["scope"]) == (200, first["scope"])
    assert talk.post("/token", {**again, "refresh_token": first["refresh_token"]})[0] == 400
    more = talk.post("/token", {**again, "refresh_token": second["refresh_token"], "scope": "admin"})
    assert more == (400, {"error": "invalid_scope"})
    _, third = talk.redeem(talk.code())
    stolen = talk.post("/token", {**again, "client_id": "other", "refresh_token": third["refresh_token"]})
    assert stolen == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "worker", "client_secret": "s3cret"}, None),
        ({"grant_type": "client_credentials", "client_id": "worker", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "worker"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "app"}, "unauthorized_client"),
        ({"grant_type": "client_credentials", "client_id": "app", "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "nobody"}, "invalid_client"),
        ({"grant_type": "password", "client_id": "app"}, "unsupported_grant_type"),
        ({"client_id": "app"}, "invalid_request"),
        ({"grant_type": "authorization_code", "client_id": "app"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_id": "app"}, "invalid_grant"),
        ({"grant_type": DEVICE_CODE, "client_id": "app"}, "invalid_grant"),
    ],
    ids=str,
)
def test_who_gets_a_token(fields: Fields, error: str | None, talk: Talk) -> None:
    status, members = talk.post("/token", fields)
    assert (status, members.get("error")) == ({None: 200, "invalid_client": 401}.get(error, 400), error)
    assert ("access_token" in members) is (error is None)


# --- devices


def test_a_device_waits_for_its_user(talk: Talk) -> None:
    _, begun = talk.post("/device_authorization", {"client_id": "app", "scope": "read:profile"})
    poll: Fields = {"grant_type": DEVICE_CODE, "client_id": "app", "device_code": begun["device_code"]}
    assert talk.post("/token", poll)[1] == {"error": "authorization_pending"}
    assert talk.post("/token", {**poll, "client_id": "other"})[1] == {"error": "invalid_grant"}
    assert talk.post("/device", {"user_code": "BBBB-BBBB"})[0] == 400
    assert talk.post("/device", {"user_code": begun["user_code"]})[0] == 200
    assert talk.post("/device", {"user_code": begun["user_code"]})[0] == 400  # a code is confirmed once
    assert talk.post("/token", poll)[0] == 200
    assert talk.post("/token", poll)[1] == {"error": "invalid_grant"}


def test_a_device_that_is_in_a_hurry(provider: ModuleType) -> None:
    talk = Talk(provider, interval=60)
    _, begun = talk.post("/device_authorization", {"client_id": "app"})
    poll: Fields = {"grant_type": DEVICE_CODE, "client_id": "app", "device_code": begun["device_code"]}
    answers = [talk.post("/token", poll)[1]["error"] for _ in range(2)]
    assert answers == ["authorization_pending", "slow_down"]


@pytest.mark.parametrize("client_id", ["worker", "nobody", ""])
def test_only_public_clients_are_devices(client_id: str, talk: Talk) -> None:
    assert talk.post("/device_authorization", {"client_id": client_id})[1]["error"] == "invalid_client"


def test_a_user_code_is_text_and_no_markup(talk: Talk) -> None:
    query = urlencode({"user_code": '"><script>'})
    page = talk.get(f"/device?{query}").body
    assert b"<script" not in page


# --- the login of the command line


class CommandLine:
    """The program of the example, with this provider; nobody waits."""

    def __init__(self, talk: Talk, example: Callable[[str], ModuleType]) -> None:
        endpoints = {
            name: f"{ISSUER}/{name.removesuffix('_endpoint')}"
            for name in ("token_endpoint", "device_authorization_endpoint")
        }
        server = ServerMetadata(issuer=ISSUER, **endpoints)  # type: ignore[arg-type]  # each of them is a URL
        self.client = Client(server=server, client_id="app", auth=PublicClient())
        self.talk, self.module = talk, example("device_login")
        self.waited: list[float] = []

    def run(self, when_shown: Callable[[DeviceSession], object]) -> Any:
        return self.module.log_in(
            self.client, ["read:profile"], send=self.send, show=when_shown, sleep=self.waited.append
        )

    def send(self, request: HttpRequest) -> HttpResponse:
        path = request.url.removeprefix(ISSUER)
        answer: HttpResponse = self.talk.provider(
            InboundRequest(method=request.method, url=path, headers=request.headers, body=request.body)
        )
        return answer

    def confirm(self, device: DeviceSession) -> None:
        assert self.talk.post("/device", {"user_code": device.user_code})[0] == 200


@pytest.fixture
def command_line(talk: Talk, example: Callable[[str], ModuleType]) -> CommandLine:
    return CommandLine(talk, example)


def test_a_login_on_the_command_line(command_line: CommandLine) -> None:
    tokens = command_line.run(command_line.confirm)
    assert tokens.scope == ("read:profile",)
    assert command_line.waited == [1.0]


def test_a_user_who_says_no(command_line: CommandLine) -> None:
    command_line.talk.provider.user = None
    with pytest.raises(SystemExit, match="access_denied"):
        command_line.run(command_line.confirm)


def test_a_user_who_does_nothing(command_line: CommandLine) -> None:
    with pytest.raises(SystemExit, match="in time"):
        command_line.run(lambda _device: None)
    assert sum(command_line.waited) >= 299


def test_what_is_shown(command_line: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[DeviceSession] = []

    def show(device: DeviceSession) -> None:
        command_line.module.show(device)
        shown.append(device)
        command_line.confirm(device)

    command_line.run(show)
    (device,) = shown
    assert capsys.readouterr().out == f"Open {ISSUER}/device and enter {device.user_code}\n"
