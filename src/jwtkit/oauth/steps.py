"""Steps: a protocol as a generator that yields what it wants to ask, and the two small loops that drive one.

Rules of this room:

- A step yields a plain value, an `HttpRequest`, a `Wait` or a `Consume`, and is resumed with the answer.
- What the caller's callable raises is thrown into the steps, so that their `finally` runs, and reaches the caller as
  it was. The steps are closed at the end, whatever happens.
- A mistake in driving is a `UsageError` that names the missing argument.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from types import CoroutineType, GeneratorType
from typing import Any, TypeVar, overload

from jwtkit._clock import is_finite
from jwtkit.errors import UsageError
from jwtkit.oauth.http import HttpRequest, HttpResponse

__all__ = [
    "AsyncConsumer",
    "AsyncSend",
    "AsyncSleep",
    "Consume",
    "Consumer",
    "Send",
    "Sleep",
    "Steps",
    "Wait",
    "arun",
    "ask",
    "consume_once",
    "run",
    "wait",
]

E = TypeVar("E")
T = TypeVar("T")
_KEY_CHARS = 128
Steps = Generator[E, Any, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A pause that the protocol demands.

    Attributes:
        seconds: how long, in seconds.
    """

    seconds: float

    def __post_init__(self) -> None:
        if not is_finite(self.seconds) or self.seconds < 0:
            raise UsageError("a Wait lasts a finite number of seconds, zero or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consume:
    """Something that counts once, such as a login session or the `jti` of a token.

    It is answered True the first time that this kind and key are seen before `expires_at`, and False ever after. The
    answer must be atomic: of two that ask at the same moment one gets True. A unique column does it, or a set with
    "only if it is absent".

    Attributes:
        kind: what it is, a namespace for the keys.
        key: identifies it; printable ASCII of at most 128 characters, and no secret.
        expires_at: seconds since the epoch; afterwards the store may forget it.
    """

    kind: str
    key: str
    expires_at: float

    def __post_init__(self) -> None:
        for text in (self.kind, self.key):
            if (
                not isinstance(text, str)
                or not 1 <= len(text) <= _KEY_CHARS
                or not (text.isascii() and text.isprintable())
            ):
                raise UsageError(f"kind and key of a Consume are printable ASCII of 1 to {_KEY_CHARS} characters")
        if not is_finite(self.expires_at):
            raise UsageError("expires_at of a Consume is a finite number of seconds since the epoch")


Send = Callable[[HttpRequest], HttpResponse]
Sleep = Callable[[float], object]
Consumer = Callable[[Consume], bool]
AsyncSend = Callable[[HttpRequest], Awaitable[HttpResponse]]
AsyncSleep = Callable[[float], Awaitable[object]]
AsyncConsumer = Callable[[Consume], Awaitable[bool]]


def ask(request: HttpRequest) -> Steps[HttpRequest, HttpResponse]:
    """Ask for a response; for use with `yield from` inside steps."""
    response: HttpResponse = yield request
    return response


def wait(seconds: float) -> Steps[Wait, None]:
    """Ask for a pause; for use with `yield from` inside steps."""
    yield Wait(seconds=seconds)


def consume_once(what: Consume) -> Steps[Consume, bool]:
    """Ask whether this is the first time; for use with `yield from` inside steps."""
    first: bool = yield what
    return first


@overload
def run(steps: Steps[HttpRequest, T], *, send: Send) -> T: ...
@overload
def run(steps: Steps[Wait, T], *, sleep: Sleep) -> T: ...
@overload
def run(steps: Steps[Consume, T], *, consume: Consumer) -> T: ...
@overload
def run(steps: Steps[HttpRequest | Wait, T], *, send: Send, sleep: Sleep) -> T: ...
@overload
def run(steps: Steps[HttpRequest | Consume, T], *, send: Send, consume: Consumer) -> T: ...
def run(
    steps: Steps[Any, T], *, send: Send | None = None, sleep: Sleep | None = None, consume: Consumer | None = None
) -> T:
    """Drive steps to their end with callables of yours.

    Args:
        steps: what a flow's method returned.
        send: carries out an `HttpRequest`; see there for its duties.
        sleep: waits for a number of seconds, for example `time.sleep`.
        consume: tells whether something is seen for the first time; see `Consume`.

    Returns:
        What the steps give.

    Raises:
        UsageError: something was asked that was not supplied, an answer is of the wrong type (an async `send` belongs
            to `arun`), a callable raised StopIteration, or the steps were started already.
        Exception: whatever the steps raise, or your callables.
    """
    _check_fresh(steps)
    answer: object = None
    failure: BaseException | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            perform = _callable_for(effect, send, sleep, consume)
            answer, failure = None, None
            try:
                answer = perform()
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which let it pass or handle it
                failure = _carried(raised)
            else:
                answer = _checked(effect, answer)
    finally:
        steps.close()


@overload
async def arun(steps: Steps[HttpRequest, T], *, send: AsyncSend) -> T: ...
@overload
async def arun(steps: Steps[Wait, T], *, sleep: AsyncSleep) -> T: ...
@overload
async def arun(steps: Steps[Consume, T], *, consume: AsyncConsumer) -> T: ...
@overload
async def arun(steps: Steps[HttpRequest | Wait, T], *, send: AsyncSend, sleep: AsyncSleep) -> T: ...
@overload
async def arun(steps: Steps[HttpRequest | Consume, T], *, send: AsyncSend, consume: AsyncConsumer) -> T: ...
async def arun(
    steps: Steps[Any, T],
    *,
    send: AsyncSend | None = None,
    sleep: AsyncSleep | None = None,
    consume: AsyncConsumer | None = None,
) -> T:
    """Drive steps to their end with async callables of yours; `run` in all other respects.

    Raises:
        UsageError: as `run`; a plain function as `send` belongs to `run`.
    """
    _check_fresh(steps)
    answer: object = None
    failure: BaseException | None = None
    try:
        while True:
            try:
                effect = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration as stop:
                result: T = stop.value
                return result
            perform = _callable_for(effect, send, sleep, consume)
            answer, failure = None, None
            try:
                awaitable = perform()
                if not isinstance(awaitable, Awaitable):
                    raise UsageError(
                        f"send, sleep and consume of arun must be async, got {type(awaitable).__name__}: use run"
                    )
                answer = await awaitable
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which let it pass or handle it
                failure = _carried(raised)
            else:
                answer = _checked(effect, answer)
    finally:
        steps.close()


def _check_fresh(steps: object) -> None:
    if not isinstance(steps, GeneratorType):
        raise UsageError(f"run takes the steps that a method returned, got {type(steps).__name__}")
    if steps.gi_frame is None or steps.gi_suspended or steps.gi_running:
        raise UsageError("these steps were started already: call the method again for fresh ones")


def _callable_for(
    effect: object,
    send: Callable[..., Any] | None,
    sleep: Callable[..., Any] | None,
    consume: Callable[..., Any] | None,
) -> Callable[[], Any]:
    if isinstance(effect, HttpRequest):
        if not callable(send):
            raise UsageError("the steps ask for an HttpRequest: pass send=, a function that carries it out")
        return lambda: send(effect)
    if isinstance(effect, Wait):
        if not callable(sleep):
            raise UsageError("the steps ask for a Wait: pass sleep=, for example time.sleep")
        return lambda: sleep(effect.seconds)
    if isinstance(effect, Consume):
        if not callable(consume):
            raise UsageError("the steps ask to Consume something once: pass consume=, which tells the first time")
        return lambda: consume(effect)
    raise UsageError(f"the steps yielded a {type(effect).__name__}, which is nothing to ask: write yield from ask(...)")


def _carried(raised: BaseException) -> BaseException:
    """Give what is thrown into the steps; in a generator a StopIteration would become a RuntimeError (PEP 479)."""
    if not isinstance(raised, StopIteration):
        return raised
    mistake = UsageError("send, sleep or consume raised StopIteration, as next() does at the end: catch it in there")
    mistake.__cause__ = raised
    return mistake


def _checked(effect: object, answer: object) -> object:
    if isinstance(answer, CoroutineType):
        answer.close()  # it will never be awaited, and should not warn about it
        raise UsageError("send, sleep or consume gave a coroutine: use arun for async callables")
    if isinstance(effect, HttpRequest) and not isinstance(answer, HttpResponse):
        raise UsageError(f"send must give an HttpResponse, got {type(answer).__name__}")
    if isinstance(effect, Consume) and not isinstance(answer, bool):
        # None, which a function without a return gives, must not pass for a no, nor a count for a yes.
        raise UsageError(f"consume must give True or False, got {type(answer).__name__}")
    return answer
