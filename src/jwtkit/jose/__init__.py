"""Floor 2, format: JWS, JWE, JWK and JWKS, each a step between text and a typed value.

Nothing here knows what a claim is, and nothing here trusts a header: the key decides.
"""
