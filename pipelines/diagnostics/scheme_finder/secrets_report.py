"""The secrets of every source by their ids: which scheme, which still verifies. Never a value."""

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


_Place = tuple[str, str]
"""Source and key id."""


class LiveKey(Protocol):
    """One secret of the settings."""

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
    """Use of one key id, from the ledger."""

    provider: str
    deliveries: int
    last_verified: dt.datetime


def secrets_table(live: Iterable[LiveKey], settings: Settings) -> QueryResult:
    """A row for each key id that is live, or that the ledger has seen: the retired ones.

    `deliveries` and `last_verified` are of what is loaded; None without a lake.
    """
    uses, live = _uses(settings), list(live)
    schemes = {key.source: key.scheme for key in live}
    rows: dict[_Place, list[Any]] = {
        (key.source, key.key_id): [key.provider, key.scheme, "live", *_used(uses, (key.source, key.key_id))]
        for key in live
    }
    for place, use in (uses or {}).items():
        scheme = schemes.get(place[0])
        rows.setdefault(place, [use.provider, scheme, "retired", use.deliveries, use.last_verified])
    columns = ["source", "key_id", "provider", "scheme", "state", "deliveries", "last_verified"]
    return QueryResult(columns, [[*place, *map(to_json_value, rows[place])] for place in sorted(rows)])


def match_capture(settings: Settings, capture: CapturedRequest, source: str | None) -> Search:
    """Find the scheme of a captured request with the secrets of one source or of all. Raises `UsageError`."""
    return search(capture, _secrets(settings, source))


def match_unverified(settings: Settings, source: str) -> Search:
    """Find the scheme of the unverified deliveries of a source: of the oldest that any scheme explains.

    Raises `UsageError` when the source is not configured or no unverified delivery of it is stored.
    """
    secrets = _secrets(settings, source)
    searched = []
    for capture in _unverified(settings, source):
        searched.append(search(capture, secrets))
        if searched[-1].matches:
            break
    return searched[-1]


def matches_document(found: Search) -> dict[str, Any]:
    """The search as JSON."""
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
    """The settings to paste, or what was tried and what is likely the matter."""
    if found.matches:
        return "\n".join(map(_reported, found.matches))
    tried = found.tried
    return (
        f"nothing verifies: {tried.digests} digests of {tried.signed_strings} signed strings, tokens, basic "
        f"and Standard Webhooks were tried with {tried.secrets} secrets against {tried.headers} headers. "
        "Likely the secret is another endpoint's or was rotated, a proxy changed the body (compressed, "
        "re-encoded, re-serialised), the capture is not byte for byte, or the URL is signed too."
    )


def _reported(match: SchemeMatch) -> str:
    weak = "  # weak: a static secret shows who calls, not that the body is whole" if match.weak else ""
    return f"{match.setting}  # verified with key id {match.key_id}{weak}"


def _secrets(settings: Settings, source: str | None) -> Mapping[str, Mapping[str, bytes]]:
    known = settings.source_secrets()
    if source is None:
        return known
    if source not in known:
        raise UsageError(f"there is no source {source!r}; configured are {', '.join(known)}")
    return {source: known[source]}


def _unverified(settings: Settings, source: str) -> Sequence[CapturedRequest]:
    queue = open_unverified_queue(settings)
    placed = queue.oldest(0, MAX_UNVERIFIED_TRIED, source) if queue else []
    if queue:
        queue.close()
    if not placed:
        raise UsageError(
            f"no unverified delivery of {source} is stored; set "
            f"HIRESTREAM_SOURCES__{source.upper()}__HOLD_UNVERIFIED=true and wait for one, or give a file"
        )
    return [CapturedRequest(tuple(headers_of_note(one.item.note)), one.item.body) for one in placed]


def _uses(settings: Settings) -> dict[_Place, KeyUse] | None:
    """By source and key id; None where there is no lake, or one from before key ids were kept."""
    try:
        with open_for_reading(settings) as con:
            rows = con.execute(USES).fetchall()
    except (HirestreamError, duckdb.Error):
        return None
    return {(row[0], row[2]): KeyUse(row[1], row[3], row[4]) for row in rows}


def _used(uses: Mapping[_Place, KeyUse] | None, place: _Place) -> tuple[int | None, dt.datetime | None]:
    if uses is None:
        return None, None
    return (uses[place].deliveries, uses[place].last_verified) if place in uses else (0, None)
