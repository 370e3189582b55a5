"""Floor 1, algorithms: bytes and numbers. No JSON, no headers, no clock.

The one floor that reaches `cryptography`, and it loads each part of it only when a key first needs it.
"""
