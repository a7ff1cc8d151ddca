"""The text of a setting for every scheme, read strictly; `str()` of a scheme is the text that reads back.

KIND[:HEADER[:PREFIX]][;option=value]...
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from receiver.signatures.hmac_scheme import ALGORITHMS, ENCODINGS, KEYS, Algorithm, HmacScheme, Separator
from receiver.signatures.percent_encoding import quote, unquote
from receiver.signatures.signed_template import RAW_BODY, REFERENCES, Signed, TemplatePart, parse_signed
from receiver.signatures.standard_webhooks import TOLERANCE_SECONDS, StandardWebhooks
from receiver.signatures.token_schemes import BasicAuth, StaticToken

Scheme = HmacScheme | StaticToken | BasicAuth | StandardWebhooks
"""Signature scheme: the way a sender proves that a body is its own."""

SCHEME_FORMS = (
    "hmac-sha256:HEADER[;encoding=base64][;prefix=TEXT][;signed=TEMPLATE][;tolerance=SECONDS] (or sha1, "
    "sha384, sha512), token:HEADER[;prefix=TEXT], basic or standard-webhooks"
)

HMAC_OPTIONS = ("encoding", "prefix", "items", "key", "signed", "timestamp", "tolerance")
ITEMS: Final[tuple[Separator, ...]] = ("comma", "space")

_SECONDS = re.compile(r"[0-9]{1,9}")
Value = TypeVar("Value", bound=str)


def parse_scheme(text: str) -> Scheme:
    """The scheme that a setting names. Raises `ValueError` saying what is wrong and what is allowed."""
    start, *options = text.strip().split(";")
    kind, *rest = start.split(":")
    algorithm = _algorithm(kind)
    if algorithm and 1 <= len(rest) <= 2:
        return _hmac(algorithm, rest[0], _options([*_short(rest[1:]), *options], HMAC_OPTIONS))
    if kind == "token" and len(rest) == 1:
        prefix = unquote(_options(options, ("prefix",)).get("prefix", ""))
        return StaticToken(rest[0].strip().lower(), prefix)
    if kind == "basic" and not rest:
        _options(options, ())
        return BasicAuth()
    if kind == "standard-webhooks" and not rest:
        told = _options(options, ("tolerance",))
        return StandardWebhooks(_seconds(told["tolerance"]) if told else TOLERANCE_SECONDS)
    raise ValueError(f"no such scheme; write {SCHEME_FORMS}")


def _algorithm(kind: str) -> Algorithm | None:
    return next((known for known in ALGORITHMS if kind == f"hmac-{known}"), None)


def _hmac(algorithm: Algorithm, header: str, told: Mapping[str, str]) -> HmacScheme:
    signed = parse_signed(told["signed"]) if "signed" in told else RAW_BODY
    tolerance = _seconds(told["tolerance"]) if "tolerance" in told else None
    return HmacScheme(
        header=header.strip().lower(),
        algorithm=algorithm,
        encoding=_one_of("encoding", told.get("encoding", "hex"), ENCODINGS),
        prefix=unquote(told.get("prefix", "")),
        items=_one_of("items", told["items"], ITEMS) if "items" in told else "",
        key=_one_of("key", told.get("key", "text"), KEYS),
        signed=signed,
        timestamp=_timestamp(told.get("timestamp"), signed)
        if {"tolerance", "timestamp"} & told.keys()
        else None,
        tolerance_seconds=tolerance,
    )


def _short(rest: Sequence[str]) -> list[str]:
    """The option that the short form `hmac-sha256:HEADER:PREFIX` means; its prefix knows no %XX."""
    return [f"prefix={quote(prefix)}" for prefix in rest if prefix]


def _options(texts: Sequence[str], allowed: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, equals, value in (text.partition("=") for text in texts):
        if name not in allowed or not equals or not value:
            known = ", ".join(f"{option}=..." for option in allowed) or "no options"
            raise ValueError(f"{name + equals!r} is no option here or has no value; it takes {known}")
        if name in found:
            raise ValueError(f"the option {name} stands twice")
        found[name] = value
    return found


def _one_of(name: str, text: str, allowed: Sequence[Value]) -> Value:
    for value in allowed:
        if text == value:
            return value
    raise ValueError(f"{name} is one of {', '.join(allowed)}, not {text!r}")


def _seconds(text: str) -> int:
    if not _SECONDS.fullmatch(text):
        raise ValueError(f"tolerance is a whole number of seconds, not {text!r}")
    return int(text)


def _timestamp(text: str | None, signed: Signed) -> TemplatePart:
    """The reference that is named, or the only one that is signed."""
    references = [part for part in signed if part.kind in REFERENCES]
    for part in references:
        if text in {f"{part.kind}:{part.value}", None} and (text or len(references) == 1):
            return part
    named = " or ".join(f"timestamp={part.kind}:{part.value}" for part in references)
    raise ValueError(
        f"tolerance needs the signed time: write {named}"
        if named
        else "tolerance needs a time that is signed; write for example signed={header:x-timestamp}.{body}"
    )
