"""Runs every fenced Python block of the Markdown files; the blocks of one file share a namespace, top to bottom."""

from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

ROOT = str(Path(__file__).resolve().parent.parent)
pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], path=ROOT).pytest()
