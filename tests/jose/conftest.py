"""What the tests of this folder share: npm jose behind a pipe, and keys to encrypt to."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwtkit import JWK
from jwtkit.crypto.encryption import CONTENT_ENCRYPTION, KEY_MANAGEMENT

Members = dict[str, Any]
SECONDS = 20  # far more than any answer takes, so that only a peer that hangs fails here


class RefusedError(Exception):
    """jose said no; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Peer:
    """The Node process: one question at a time, one answer each."""

    def __init__(self, node: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [node, "peer.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        # A pipe has no timeout of its own, so a thread waits for it, and the tests wait for the thread.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def ask(self, op: str, **request: object) -> Members:
        assert self._process.stdin is not None
        given = {name: value for name, value in request.items() if value is not None}
        try:
            self._process.stdin.write(json.dumps({"op": op, **given}) + "\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=SECONDS)
        except (queue.Empty, BrokenPipeError):
            # A late answer would be taken for that of the next question.
            self._process.kill()
            line = None
        if line is None:
            self._answers.put(None)
            pytest.fail(f"the Node peer has ended, or gave no answer within {SECONDS} seconds")
        answer: Members = json.loads(line)
        if "error" in answer:
            raise RefusedError(answer["error"]["code"], answer["error"]["message"])
        return answer

    def sign(self, payload: bytes, *signers: Members, form: str = "compact", detached: bool = False) -> Any:
        return self.ask("sign", form=form, payload=base64_of(payload), signers=signers, detached=detached)["jws"]

    def verify(
        self,
        signed: Any,
        key: JWK,
        alg: str,
        *,
        form: str = "compact",
        payload: bytes | None = None,
        b64: bool = True,
        crit: dict[str, bool] | None = None,
    ) -> Members:
        """Give payload and headers; private keys are kept back, as jose verifies with public ones only."""
        answer = self.ask(
            "verify",
            form=form,
            jws=signed,
            jwk=key.to_dict(private=key.kty == "oct"),
            alg=alg,
            algorithms=[alg],
            payload=None if payload is None else base64_of(payload),
            b64=b64,
            crit=crit,
        )
        return answer | {"payload": base64.b64decode(answer["payload"], validate=True)}

    def encrypt(
        self,
        plaintext: bytes,
        *recipients: Members,
        form: str = "compact",
        protected: Members | None = None,
        unprotected: Members | None = None,
        aad: bytes | None = None,
    ) -> Any:
        """Encrypt to recipients, each with `jwk` and `alg`, and what else it needs: `header`, `apu`, `apv`, `p2c`."""
        return self.ask(
            "encrypt",
            form=form,
            plaintext=base64_of(plaintext),
            protected=protected,
            unprotected=unprotected,
            aad=None if aad is None else base64_of(aad),
            recipients=[
                {
                    name: base64_of(value) if isinstance(value, bytes) else value
                    for name, value in recipient.items()
                    if value is not None
                }
                for recipient in recipients
            ],
        )["jwe"]

    def decrypt(self, sealed: Any, key: JWK, alg: str, *, form: str = "compact", **options: object) -> Members:
        """Give plaintext, aad and headers. `alg` is listed, as PBES2 wants to be, unless an option says otherwise."""
        answer = self.ask(
            "decrypt",
            form=form,
            jwe=sealed,
            jwk=key.to_dict(private=True),
            alg=alg,
            options={
                name: value
                for name, value in {"keyManagementAlgorithms": [alg], **options}.items()
                if value is not None
            },
        )
        return answer | {
            name: base64.b64decode(answer[name], validate=True) for name in ("plaintext", "aad") if name in answer
        }

    @contextlib.contextmanager
    def refuses(self, code: str) -> Iterator[None]:
        """Expect jose to say no to what is asked inside."""
        with pytest.raises(RefusedError) as refusal:
            yield
        assert refusal.value.code == code

    def close(self) -> int:
        """Close its stdin, at which it ends by itself, and give its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            return self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is absent: install Node 20 or later and run `npm ci` in tests/node")
    folder = Path(os.environ.get("JWTKIT_NODE") or Path(__file__).parents[1] / "node")
    if not (folder / "node_modules" / "jose").is_dir():
        pytest.skip("npm jose is absent: run `npm ci` in tests/node, or in the copy of it that JWTKIT_NODE names")
    running = Peer(node, folder)
    try:
        yield running
    finally:
        status = running.close()
    assert status == 0


def base64_of(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@pytest.fixture(scope="session")
def own_keys() -> dict[tuple[str, str], JWK]:
    """A private key or secret to encrypt to, for each algorithm and curve, and for dir and each content encryption."""
    rsa = JWK.generate("RSA-OAEP").to_dict(private=True)
    made: dict[tuple[str, str], JWK] = {}
    for alg, row in KEY_MANAGEMENT.items():
        if row.family == "dir":
            made |= {(alg, enc): JWK.generate(content.name) for enc, content in CONTENT_ENCRYPTION.items()}
        elif row.family == "ECDH":
            made |= {(alg, crv): JWK.generate(row.name, crv=crv) for crv in row.variants}
        elif row.family == "OAEP":
            made[alg, ""] = JWK.parse({**rsa, "alg": alg, "kid": f"rsa-{alg}"})
        elif row.family == "PBES2":
            made[alg, ""] = JWK.from_secret("correct horse, battérie".encode(), alg=row.name, kid=f"password-{alg}")
        else:
            made[alg, ""] = JWK.generate(row.name)
    return made
