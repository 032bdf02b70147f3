"""The 1000 classes of ImageNet (ILSVRC 2012) in English, in the order in which networks number them."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def labels() -> tuple[str, ...]:
    """1000 names, each the first synonym of its WordNet synset."""
    text = Path(__file__).with_name("imagenet_labels.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
