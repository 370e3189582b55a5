"""Runs every fenced Python block of the Markdown files; the blocks of one file share a namespace, top to bottom."""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], path="..").pytest()
