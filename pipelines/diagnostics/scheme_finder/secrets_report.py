"""Report of the secrets of every source by key id, with scheme and last use, but never a value."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from pipelines.diagnostics.scheme_finder.captured_request import CapturedRequest
from pipelines.diagnostics.scheme_finder.search import SchemeMatch, Search, search
from pipelines.errors import HirestreamError, UsageError
from pipelines.host.values import QueryResult, to_json_value
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings
from receiver.unverified.store import headers_of_note, open_unverified_queue

MAX_UNVERIFIED_TRIED = 20

USES = """
SELECT source, any_value(provider), key_id, count(*), max(received_at) FROM wh.ledger.deliveries
WHERE key_id IS NOT NULL GROUP BY source, key_id
"""


_SecretKey = tuple[str, str]
"""Key of a secret: `(source, key_id)`."""


class LiveKey(Protocol):
    """Secret in the settings, without its value."""

    @property
    def source(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def key_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class KeyUse:
    """Use of one key id by loaded deliveries."""

    provider: str
    deliveries: int
    last_verified: dt.datetime


def secrets_table(live: Iterable[LiveKey], settings: Settings) -> QueryResult:
    """List key ids: the live ones of the settings, and retired ones that are only in the ledger.

    `deliveries` and `last_verified` count loaded records; both are None without a lake.
    """
    uses, live = _uses_by_secret(settings), list(live)
    schemes = {key.source: key.scheme for key in live}
    rows: dict[_SecretKey, list[Any]] = {
        (key.source, key.key_id): [
            key.provider,
            key.scheme,
            "live",
            *_use_cells(uses, (key.source, key.key_id)),
        ]
        for key in live
    }
    for secret_key, use in (uses or {}).items():
        scheme = schemes.get(secret_key[0])
        rows.setdefault(secret_key, [use.provider, scheme, "retired", use.deliveries, use.last_verified])
    columns = ["source", "key_id", "provider", "scheme", "state", "deliveries", "last_verified"]
    return QueryResult(
        columns, [[*secret_key, *map(to_json_value, rows[secret_key])] for secret_key in sorted(rows)]
    )


def match_capture(settings: Settings, capture: CapturedRequest, source: str | None) -> Search:
    """Find the scheme of a captured request with the secrets of one source or of all. Raises `UsageError`."""
    return search(capture, _secrets(settings, source))


def match_unverified(settings: Settings, source: str) -> Search:
    """Find the scheme of the unverified deliveries of a source.

    Searches one delivery after another, oldest first, until one has a match. Raises `UsageError` when the
    source is not configured or no unverified delivery of it is stored.
    """
    secrets = _secrets(settings, source)
    searched = []
    for capture in _unverified_captures(settings, source):
        searched.append(search(capture, secrets))
        if searched[-1].matches:
            break
    return searched[-1]


def matches_document(found: Search) -> dict[str, Any]:
    """Return the result of a search as a JSON document."""
    matches = [
        {
            "source": match.source,
            "key_id": match.key_id,
            "scheme": str(match.scheme),
            "setting": match.setting,
            "weak": match.weak,
        }
        for match in found.matches
    ]
    return {"matches": matches, "tried": found.tried}


def render_matches(found: Search) -> str:
    """Render the settings of the matches as text, or what was tried and the likely causes of a failure."""
    if found.matches:
        return "\n".join(map(_match_text, found.matches))
    tried = found.tried
    return (
        f"nothing verifies: {tried.digests} digests of {tried.signed_strings} signed strings, tokens, basic "
        f"and Standard Webhooks were tried with {tried.secrets} secrets against {tried.headers} headers. "
        "Likely the secret is another endpoint's or was rotated, a proxy changed the body (compressed, "
        "re-encoded, re-serialised), the capture is not byte for byte, or the URL is signed too."
    )


def _match_text(match: SchemeMatch) -> str:
    weak = "  # weak: a static secret shows who calls, not that the body is whole" if match.weak else ""
    return f"{match.setting}  # verified with key id {match.key_id}{weak}"


def _secrets(settings: Settings, source: str | None) -> Mapping[str, Mapping[str, bytes]]:
    known = settings.source_secrets()
    if source is None:
        return known
    if source not in known:
        raise UsageError(f"there is no source {source!r}; configured are {', '.join(known)}")
    return {source: known[source]}


def _unverified_captures(settings: Settings, source: str) -> Sequence[CapturedRequest]:
    queue = open_unverified_queue(settings)
    entries = queue.oldest(0, MAX_UNVERIFIED_TRIED, source) if queue else []
    if queue:
        queue.close()
    if not entries:
        raise UsageError(
            f"no unverified delivery of {source} is stored; set "
            f"HIRESTREAM_SOURCES__{source.upper()}__HOLD_UNVERIFIED=true and wait for one, or give a file"
        )
    return [CapturedRequest(tuple(headers_of_note(one.item.note)), one.item.body) for one in entries]


def _uses_by_secret(settings: Settings) -> dict[_SecretKey, KeyUse] | None:
    """Return the use of secrets by source and key id; None without a lake or in one without key ids."""
    try:
        with open_for_reading(settings) as con:
            rows = con.execute(USES).fetchall()
    except (HirestreamError, duckdb.Error):
        return None
    return {(row[0], row[2]): KeyUse(row[1], row[3], row[4]) for row in rows}


def _use_cells(
    uses: Mapping[_SecretKey, KeyUse] | None, secret_key: _SecretKey
) -> tuple[int | None, dt.datetime | None]:
    if uses is None:
        return None, None
    return (uses[secret_key].deliveries, uses[secret_key].last_verified) if secret_key in uses else (0, None)
