"""Steps and their two drivers: answers, exceptions, and every way to hold them wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import pytest

from jwtkit import UsageError
from jwtkit.oauth import Consume, HttpRequest, HttpResponse, Steps, Wait, arun, run
from jwtkit.oauth.steps import ask, consume_once, wait

REQUEST = HttpRequest(method="GET", url="https://a.example/")


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=200, body=request.method.encode())


async def async_answer(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return answer(request)


async def async_sleep(seconds: float) -> None:
    await asyncio.sleep(0 * seconds)


def two_questions(journal: list[str]) -> Steps[HttpRequest | Wait, bytes]:
    try:
        first = yield from ask(REQUEST)
        yield from wait(1.5)
        second = yield from ask(REQUEST)
        return first.body + second.body
    finally:
        journal.append("closed")


Driver = Callable[..., Any]


def drive(steps: Any, **named: Any) -> Any:
    return run(steps, **named)


def adrive(steps: Any, **named: Any) -> Any:
    """Drive with arun, turning plain callables into async ones."""

    def wrapped(plain: Callable[[Any], Any]) -> Callable[[Any], Awaitable[Any]]:
        async def call(argument: Any) -> Any:
            return plain(argument)

        return call

    return asyncio.run(arun(steps, **{name: wrapped(plain) for name, plain in named.items()}))


both = pytest.mark.parametrize("driver", [drive, adrive], ids=["run", "arun"])


@both
def test_answers(driver: Driver) -> None:
    journal: list[str] = []
    slept: list[float] = []
    assert driver(two_questions(journal), send=answer, sleep=slept.append) == b"GETGET"
    assert (journal, slept) == (["closed"], [1.5])


def test_real_async_callables() -> None:
    async def main() -> bytes:
        return await arun(two_questions([]), send=async_answer, sleep=async_sleep)

    assert asyncio.run(main()) == b"GETGET"


@both
def test_steps_that_ask_nothing(driver: Driver) -> None:
    def steps() -> Generator[HttpRequest, Any, int]:
        yield from ()
        return 5

    assert driver(steps(), send=answer) == 5


@both
@pytest.mark.parametrize("raised", [OSError("no route"), KeyboardInterrupt(), ValueError("x")])
def test_what_the_callable_raises_comes_through(driver: Driver, raised: BaseException) -> None:
    journal: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        raise raised

    with pytest.raises(type(raised)) as caught:
        driver(two_questions(journal), send=send, sleep=lambda _: None)
    assert caught.value is raised
    assert journal == ["closed"]


def test_a_stop_iteration_is_a_mistake_of_the_callable() -> None:
    """PEP 479: it could not pass through a generator."""
    journal: list[str] = []

    def send(_request: HttpRequest) -> HttpResponse:
        return next(iter([]))

    with pytest.raises(UsageError, match="StopIteration") as caught:
        run(two_questions(journal), send=send, sleep=lambda _: None)
    assert isinstance(caught.value.__cause__, StopIteration)
    with pytest.raises(UsageError, match="StopIteration"):
        asyncio.run(arun(two_questions(journal), send=send, sleep=async_sleep))  # type: ignore[arg-type]  # fails first
    assert journal == ["closed", "closed"]


@both
def test_steps_may_handle_what_the_callable_raises(driver: Driver) -> None:
    def steps() -> Steps[HttpRequest, str]:
        try:
            yield from ask(REQUEST)
        except OSError:
            response = yield from ask(HttpRequest(method="POST", url="https://b.example/"))
            return response.body.decode()
        return "first"

    def send(request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            raise OSError
        return answer(request)

    assert driver(steps(), send=send) == "POST"


def no_effect() -> Generator[Any, Any, None]:
    yield 5


def no_yield_from() -> Generator[Any, Any, None]:
    yield ask(REQUEST)


def counted(key: str = "k") -> Steps[Consume, bool]:
    return (yield from consume_once(Consume(kind="test", key=key, expires_at=1.0)))


@both
@pytest.mark.parametrize("first", [True, False])
def test_what_counts_once(driver: Driver, first: bool) -> None:
    asked: list[Consume] = []

    def consume(what: Consume) -> bool:
        asked.append(what)
        return first

    assert driver(counted("a"), consume=consume) is first
    assert asked == [Consume(kind="test", key="a", expires_at=1.0)]


MISUSE: dict[str, tuple[Callable[[], Any], dict[str, Any], str]] = {
    "no send": (lambda: two_questions([]), {"sleep": lambda _: None}, "pass send="),
    "no sleep": (lambda: two_questions([]), {"send": answer}, "pass sleep="),
    "an effect of another kind": (no_effect, {"send": answer}, "yielded a int"),
    "yield instead of yield from": (no_yield_from, {"send": answer}, "write yield from"),
    "an answer of another type": (
        lambda: two_questions([]),
        {"send": lambda _: 5, "sleep": lambda _: None},
        "HttpResponse",
    ),
    "no answer": (lambda: two_questions([]), {"send": lambda _: None, "sleep": lambda _: None}, "HttpResponse"),
    "no consume": (counted, {"send": answer}, "pass consume="),
    "a store that gives nothing": (counted, {"consume": lambda _: None}, "True or False"),
    "a store that counts": (counted, {"consume": lambda _: 1}, "True or False"),
    "no steps": (lambda: 5, {"send": answer}, "takes the steps"),
    "a function": (lambda: two_questions, {"send": answer}, "takes the steps"),
}


@both
@pytest.mark.parametrize(("make", "named", "words"), MISUSE.values(), ids=MISUSE)
def test_misuse(driver: Driver, make: Callable[[], Any], named: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        driver(make(), **named)


@both
def test_steps_run_once(driver: Driver) -> None:
    finished = two_questions([])
    driver(finished, send=answer, sleep=lambda _: None)
    started = two_questions([])
    next(started)
    for steps in (finished, started):
        with pytest.raises(UsageError, match="started already"):
            driver(steps, send=answer, sleep=lambda _: None)


def test_an_async_send_belongs_to_arun() -> None:
    journal: list[str] = []
    with pytest.raises(UsageError, match="use arun"):
        run(two_questions(journal), send=async_answer, sleep=lambda _: None)  # type: ignore[arg-type]  # the mistake
    assert journal == ["closed"]


def test_a_plain_send_belongs_to_run() -> None:
    async def main() -> None:
        await arun(two_questions([]), send=answer, sleep=async_sleep)  # type: ignore[arg-type]  # the mistake

    with pytest.raises(UsageError, match="use run"):
        asyncio.run(main())


def test_coroutines_are_no_steps() -> None:
    async def coroutine() -> None: ...

    made: Coroutine[Any, Any, None] = coroutine()
    with pytest.raises(UsageError, match="takes the steps"):
        run(made, send=answer)  # type: ignore[call-overload]  # the mistake
    made.close()


@pytest.mark.parametrize(
    "changes",
    [{"kind": ""}, {"key": ""}, {"key": "a" * 129}, {"key": "a\nb"}, {"key": "ä"}, {"key": 5}, {"expires_at": "soon"}],
    ids=str,
)
def test_what_cannot_be_consumed(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Consume(**{"kind": "test", "key": "k", "expires_at": 1.0, **changes})
