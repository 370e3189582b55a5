"""HTTP as values: what is to be sent, what came back, and what came in.

Rules of this room:

- URLs are `str` and stay as they are; headers are pairs, in order, with names of any case.
- A value that could split a header or a request line cannot be made. In a request of ours that is the program's
  mistake, in what came from outside it is the peer's.
- `repr` shows no credentials: neither the values of headers, nor a query, nor a body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jwtkit.errors import ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.urls import is_secure, without_query

__all__ = ["Headers", "HttpRequest", "HttpResponse", "InboundRequest"]

Headers = tuple[tuple[str, str], ...]
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN: Final = re.compile(r"[\r\n\0]")
_FORM: Final = "application/x-www-form-urlencoded"
_DEFAULT_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HttpRequest:
    """A request that your `send` carries out.

    A `send` has duties, because the checks after it rely on them: it follows no redirect, verifies TLS certificates,
    gives up after a time of your choice, and reads at most `max_bytes` of the body (one more is enough to know that
    there are too many).

    Attributes:
        method: in capitals; jwtkit asks with "GET" and "POST", and to manage a registration with "PUT" and "DELETE".
        url: absolute; https, or http on a literal loopback address.
        headers: pairs to send as they are.
        body: octets to send; empty for GET.
        max_bytes: longest response body that will be read, in bytes.
        mtls: whether the client's certificate has to be shown (RFC 8705).
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    max_bytes: int = _DEFAULT_MAX_BYTES
    mtls: bool = False

    def __post_init__(self) -> None:
        _check_method(self.method)
        _check_headers(self.headers)
        if not isinstance(self.body, bytes):
            raise UsageError(f"body must be bytes, got {type(self.body).__name__}")
        if type(self.max_bytes) is not int or self.max_bytes < 1:
            raise UsageError(f"max_bytes must be a positive int, got {self.max_bytes!r}")
        if not is_secure(self.url, allow_http_loopback=True):
            raise UsageError("url must be https without user information or fragment; http only on 127.0.0.1 or [::1]")

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {without_query(self.url)}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HttpResponse:
    """What came back, as your `send` gives it; or what you are to answer.

    Attributes:
        status: the status code.
        headers: pairs in the order they came; one that came several times is there several times.
        body: the octets, content coding undone.

    Raises:
        ProtocolError: what came is no HTTP: a status without three digits, a header that no header can be.
        UsageError: an argument is of the wrong type.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if type(self.status) is not int:
            raise UsageError(f"status must be an int, got {type(self.status).__name__}")
        if not 100 <= self.status <= 999:
            message = f"a status has three digits (RFC 9110 section 15), got {self.status}"
            raise ProtocolError(message, reason=ProtocolReason.UNEXPECTED_STATUS)
        _check_came(self.headers)
        if not isinstance(self.body, bytes):
            raise UsageError(f"body must be bytes, got {type(self.body).__name__}")

    def header(self, name: str) -> str | None:
        """Give the first value of a header, whatever the case of its name, or None."""
        return next(iter(_values(self.headers, name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """Give every value of a header, whatever the case of its name."""
        return _values(self.headers, name)

    def __repr__(self) -> str:
        return f"HttpResponse({self.status}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InboundRequest:
    """A request that reached you, as your framework gives it.

    Attributes:
        method: the method.
        url: as the client sent it: absolute or from the path on, with the query.
        headers: pairs; one that came several times must be there several times.
        body: the octets, where the endpoint reads them.

    Raises:
        ProtocolError: a header that no header can be.
        UsageError: an argument is of the wrong type.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if not isinstance(self.method, str) or not isinstance(self.url, str):
            raise UsageError("method and url must be str")
        if not isinstance(self.body, bytes):
            raise UsageError(f"body must be bytes, got {type(self.body).__name__}")
        _check_came(self.headers)

    def header_values(self, name: str) -> tuple[str, ...]:
        """Give every value of a header, whatever the case of its name."""
        return _values(self.headers, name)

    @property
    def is_form(self) -> bool:
        """Whether it is a POST whose body says that it is application/x-www-form-urlencoded, and says it once."""
        types = [value.partition(";")[0].strip().lower() for value in self.header_values("content-type")]
        return self.method == "POST" and types == [_FORM]

    def __repr__(self) -> str:
        return f"InboundRequest({self.method!r}, {len(self.headers)} headers, {len(self.body)} bytes)"


def _values(headers: Headers, name: str) -> tuple[str, ...]:
    wanted = name.lower()
    return tuple(value for given, value in headers if given.lower() == wanted)


def _check_method(method: object) -> None:
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        raise UsageError("method must be an HTTP method, such as 'GET'")


def _check_headers(headers: object) -> None:
    if not _are_sound(headers):
        raise UsageError("a header name must be a token, and a value must not hold CR, LF or NUL")


def _check_came(headers: object) -> None:
    if not _are_sound(headers):
        message = "a header name must be a token, and a value must not hold CR, LF or NUL (RFC 9110 section 5)"
        raise ProtocolError(message, reason=ProtocolReason.BAD_HEADER)


def _are_sound(headers: object) -> bool:
    if not isinstance(headers, tuple):
        raise UsageError(f"headers must be a tuple of (name, value) pairs, got {type(headers).__name__}")
    for pair in headers:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
            raise UsageError("headers must be a tuple of (name, value) pairs of str")
        if not _TOKEN.fullmatch(pair[0]) or _FORBIDDEN.search(pair[1]):
            return False
    return True
