"""Where and with what it was measured: figures without this mean nothing."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.libraries import LIBRARIES, OWN, PRIMITIVE

__all__ = ["describe", "is_editable", "load", "missing"]


def missing(libraries: Iterable[str]) -> list[str]:
    """Name the distributions that are not installed."""
    wanted = {LIBRARIES[name].distribution for name in (*libraries, OWN, PRIMITIVE)}
    return sorted(name for name in wanted if _version(name) is None)


def describe(libraries: Iterable[str]) -> dict[str, Any]:
    """Give the processor, the system, Python, and the versions of everything that takes part."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
        "openssl": _openssl(),
        "load": load(),
        "installed": "editable" if is_editable() else "wheel",
        "versions": {name: _version(LIBRARIES[name].distribution) for name in libraries},
    }


def load() -> float | None:
    """Give how many processes wanted to run in the last minute, on average."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def is_editable() -> bool:
    """Tell whether jwtkit is a checkout, whose import is not what a user's is."""
    text = metadata.distribution(OWN).read_text("direct_url.json")
    return bool(text and json.loads(text).get("dir_info", {}).get("editable"))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _openssl() -> str:
    from cryptography.hazmat.backends.openssl import backend

    return backend.openssl_version_text()
