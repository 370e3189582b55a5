"""Configuration of the documentation."""

import re
from typing import Any

from jwtkit._proof import Proof

project = "jwtkit"
copyright = "jwtkit contributors"  # noqa: A001 - the name that Sphinx wants
author = "jwtkit contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "jwtkit"
default_role = "literal"  # a single backtick in a docstring is code
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# A reader wants the name of a vocabulary, not its thirteen words in every signature.
autodoc_type_aliases = {
    name: name
    for name in (
        "AnyAlgorithm",
        "ContentEncryptionAlgorithm",
        "KeyManagementAlgorithm",
        "SignatureAlgorithm",
        "Keys",
        "Issuer",
        "Audience",
        "Headers",
        "Fields",
    )
}
myst_heading_anchors = 2


def shorten(
    _app: object, _what: str, _name: str, documented: object, _options: object, signature: Any, returns: Any
) -> tuple[Any, Any]:
    """Write aliases as they are called, and no constructor for what has none."""
    if isinstance(documented, type) and issubclass(documented, Proof):
        return "", None
    return tuple(text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text) for text in (signature, returns))


def setup(app: Any) -> None:
    """Register the hook."""
    app.connect("autodoc-process-signature", shorten)
