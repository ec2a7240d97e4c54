"""An object that cannot travel: this test fails on purpose, to show the message."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt


@pytest.mark.portable(deps=["numpy>=2"])
def test_tokens_without_their_package(portable):
    tokens = MarkdownIt().parse("# Lost luggage\n")

    portable(tokens)
