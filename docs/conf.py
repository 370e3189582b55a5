"""Configuration of the documentation."""

project = "jwtkit"
copyright = "jwtkit contributors"  # noqa: A001 - the name that Sphinx wants
author = "jwtkit contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "jwtkit"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "literal"  # a single backtick in a docstring is code
myst_heading_anchors = 2
