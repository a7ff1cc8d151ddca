"""Text inside a scheme's setting: what has a meaning there, or is lost on paste, is written as %XX."""

import re
from urllib.parse import quote as percent_quote
from urllib.parse import unquote as percent_unquote

PLAIN = "-_.~!*()@/:,+=&?#^|<>[]"
"""Punctuation that needs no %XX; neither `;` nor `%` nor braces, quotes, `$` or blanks are among them."""

_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def quote(text: str) -> str:
    """`text` as it stands in a setting."""
    return percent_quote(text, safe=PLAIN)


def unquote(text: str) -> str:
    """The text that was meant. Raises `ValueError` for a `%` that begins no %XX, or that is no UTF-8."""
    if _PERCENT.search(text):
        raise ValueError("a % must begin a %XX; write %25 for the character itself")
    try:
        return percent_unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("the %XX in it are no UTF-8") from None
