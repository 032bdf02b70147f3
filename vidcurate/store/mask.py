"""What nobody may read in a log, a table or a message: passwords and signatures in URLs become `***`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "***"

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://[^\s'\"<>]+")
_USER = re.compile(r"(://)([^/?#@]+:[^/?#]*)@")
_VALUE = re.compile(r"([?&])([^=&#]+)=([^&#]*)")
_SIGNED = re.compile(r"x-(amz|goog)-", re.IGNORECASE)
"""Of a signed URL all that the signing adds: signed anew, it has the same masked form."""
_SAS = frozenset({"sig", "se", "st", "sp", "spr", "sr", "sv", "skoid", "sktid", "skt", "ske", "sks", "skv"})
"""Likewise, of Azure."""
_SECRET = re.compile(
    r"secret|token|passw|passphrase|passwd|credential|signature|authorization|connection_string|(^|[_-])(key|sas|pwd|sig)$"
    r"|(access|account|api|private|session|shared)[_-]?key",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """A text with the credentials of all URLs in it hidden; the rest of it stays, so equal places stay equal.

    Hidden are `user:password@`, what a signature for S3, GCS or Azure adds, and values of keys like `token`.
    """
    return _URL.sub(_url, text) if "://" in text else text


def masked_values(value: Any) -> Any:
    """Plain values, however deep, with all texts in them masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: masked_values(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked_values(inner) for inner in value]
    return value


def is_secret(name: str) -> bool:
    """Whether the name of an option sounds like that of a secret."""
    return _SECRET.search(name) is not None


def _url(found: re.Match[str]) -> str:
    url = _USER.sub(rf"\1{HIDDEN}@", found[0])
    keys = {key.lower() for _, key, _ in _VALUE.findall(url)}

    def value(pair: re.Match[str]) -> str:
        start, key, _ = pair.groups()
        hides = is_secret(key) or _SIGNED.match(key) or ("sig" in keys and key.lower() in _SAS)
        return f"{start}{key}={HIDDEN}" if hides else pair[0]

    return _VALUE.sub(value, url)
