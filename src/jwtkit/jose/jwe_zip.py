"""Compression of the plaintext: raw DEFLATE, complete, and bounded before it is allocated (RFC 7516 section 4.1.3)."""

from __future__ import annotations

from jwtkit.errors import MalformedError, NotAllowedError

__all__ = ["deflate", "inflate"]

_RAW = -15  # no zlib header, the largest window (RFC 1951)


def deflate(data: bytes) -> bytes:
    """Compress."""
    import zlib

    compressor = zlib.compressobj(wbits=_RAW)
    return compressor.compress(data) + compressor.flush()


def inflate(data: bytes, longest: int) -> bytes:
    """Decompress one complete stream of at most so many bytes.

    Raises:
        MalformedError: not a stream, cut short, or followed by something else.
        NotAllowedError: what comes out is longer.
    """
    import zlib

    decompressor = zlib.decompressobj(wbits=_RAW)
    try:
        plaintext = decompressor.decompress(data, longest + 1)
    except zlib.error:
        raise MalformedError("the compressed content is no DEFLATE stream") from None
    if len(plaintext) > longest:
        raise NotAllowedError(f"the decompressed content is longer than Limits.inflated_bytes={longest}")
    if not decompressor.eof or decompressor.unused_data:
        raise MalformedError("the compressed content is not one complete DEFLATE stream")
    return plaintext
