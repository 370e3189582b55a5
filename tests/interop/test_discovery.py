"""What a certified provider says about itself, and that it is believed about nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jwtkit import ProtocolError, UsageError
from jwtkit.oauth import discover

if TYPE_CHECKING:  # their instances come as fixtures
    from tests.interop.conftest import Http, Provider

OAUTH, OPENID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"


def test_what_the_provider_says(http: Http, provider: Provider) -> None:
    server = http(discover(provider.issuer, allow_http_loopback=True))
    assert [request.url for request in http.sent] == [f"{provider.issuer}{OAUTH}"]
    assert server.issuer == provider.issuer
    assert server.code_challenge_methods_supported == ("S256",)
    assert server.authorization_response_iss_parameter_supported is True
    assert server.tls_client_certificate_bound_access_tokens is True
    assert server.endpoint("token_endpoint") == f"{provider.issuer}/token"
    assert server.endpoint("token_endpoint", mtls=True) == f"{provider.issuer}/mtls/token"
    assert server.endpoint("authorization_endpoint", mtls=True) == f"{provider.issuer}/auth"
    assert server.extra["subject_types_supported"] == ("public",)


# RFC 8414 section 3.3 and OpenID Connect Discovery section 4.3: the very issuer that was asked, and no other.


def test_another_issuer(http: Http, provider: Provider) -> None:
    with pytest.raises(ProtocolError) as refusal:
        http(discover(f"{provider.issuer}/", allow_http_loopback=True))
    assert refusal.value.reason == "issuer_mismatch"


def test_an_issuer_that_is_not_there(http: Http, provider: Provider) -> None:
    with pytest.raises(ProtocolError) as refusal:
        http(discover(f"{provider.issuer}/tenant", allow_http_loopback=True))
    assert refusal.value.status == 404
    # RFC 8414 section 3.1 inserts the well-known path, OpenID Connect Discovery section 4.1 appends it.
    inserted = [f"{provider.issuer}{path}/tenant" for path in (OAUTH, OPENID)]
    asked = [*inserted, f"{provider.issuer}/tenant{OPENID}"]
    assert [request.url for request in http.sent] == asked


def test_without_tls(http: Http, provider: Provider) -> None:
    with pytest.raises(UsageError):
        http(discover(provider.issuer))
    with pytest.raises(UsageError):
        http(discover(provider.issuer.replace("127.0.0.1", "localhost"), allow_http_loopback=True))
    assert http.sent == []
