"""The resource server's role: APIs that are called with tokens."""
