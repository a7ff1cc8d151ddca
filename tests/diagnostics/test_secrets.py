"""Secrets by their ids, the scheme of a capture, unverified deliveries: never a value."""

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.diagnostics.scheme_finder.captured_request import CapturedRequest, parse_capture, read_capture
from pipelines.diagnostics.scheme_finder.search import search
from pipelines.diagnostics.scheme_finder.secrets_report import (
    match_unverified,
    matches_document,
    render_matches,
    secrets_table,
)
from pipelines.diagnostics.status import read_status, render
from pipelines.errors import UsageError
from pipelines.host.preflight import free_port
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.settings import Settings
from receiver.signatures import StandardWebhooks, parse_scheme, sign
from receiver.signatures.signed_template import compact
from receiver.sources import keys
from receiver.spool.sqlite_queue import QueueItem, QueueLimits
from receiver.unverified.store import (
    headers_to_note,
    open_unverified_queue,
    unverified_path,
    unverified_totals,
)
from tests.support import command_line
from tests.support.settings_for import SettingsFor
from tests.support.topics import create_topic, headers, messages

NOW = datetime(2025, 11, 21, 12, tzinfo=UTC)
BODY = b'{"event": "E", "data": {"recordId": "r", "name": "Zo\xc3\xab"}}'
SECRET, OTHER = b"a-secret-of-theirs", b"another-of-theirs"
WHSEC = b"whsec_" + base64.b64encode(b"0123456789abcdef01234567")
WHSK = b"whsk_" + base64.b64encode(b"\x07" * 32)
COMMON = [
    ("host", "hooks.example.test"),
    ("content-type", "application/json"),
    ("user-agent", "sender/1.0"),
    ("x-request-id", "0b6f4c1e-58d2-4f0a-9f3e-2a1f0c7d9e01"),
    ("x-event-time", "1763726399"),
    ("cookie", "a=1, b=2; c"),
]


def captured(
    scheme: str, secret: bytes = SECRET, body: bytes = BODY, sent: bytes | None = None
) -> CapturedRequest:
    made = sign(parse_scheme(scheme), secret, body, message_id="msg_2b6f", now=NOW)
    pairs = [*COMMON, *made.items()]
    return CapturedRequest(
        tuple((name.encode(), value.encode()) for name, value in pairs), body if sent is None else sent
    )


def found(capture: CapturedRequest, secret: bytes = SECRET) -> list[str]:
    known = {"popp": {"old": OTHER, "new": secret}, "plain": {"k": b"yet another"}}
    result = search(capture, known)
    assert all((match.source, match.key_id) == ("popp", "new") for match in result.matches)
    return [str(match.scheme) for match in result.matches]


@pytest.mark.parametrize(
    "scheme",
    [
        "hmac-sha256:x-signature",
        "hmac-sha1:x-hub-signature;prefix=sha1=",
        "hmac-sha256:x-hub-signature-256;prefix=sha256=",
        "hmac-sha512:x-signature;encoding=base64",
        "hmac-sha384:authorization;prefix=HMAC-SHA384%20",
        "hmac-sha256:x-shopify-hmac-sha256;encoding=base64",
        "hmac-sha256:x-slack-signature;prefix=v0=;"
        "signed=v0:{header:x-slack-request-timestamp}:{body};tolerance=300",
        "hmac-sha256:stripe-signature;prefix=v1=;items=comma;signed={item:t}.{body};tolerance=300",
        "hmac-sha256:x-signature;signed={header:x-timestamp}{body};tolerance=300",
        "hmac-sha256:x-signature;signed={body}|{header:x-delivery-id}",
        "hmac-sha256:x-sig;encoding=base64;signed={header:x-nonce}:{header:x-timestamp}:{body};"
        "timestamp=header:x-timestamp;tolerance=300",
    ],
)
def test_the_scheme_of_a_sender_is_found_and_it_alone(scheme: str) -> None:
    assert found(captured(scheme)) == [scheme]


def test_a_key_in_base64_and_a_list_of_signatures() -> None:
    scheme = (
        "hmac-sha256:svix-signature;encoding=base64;prefix=v1,;items=space;key=base64;signed={header:svix-id}."
        "{header:svix-timestamp}.{body};timestamp=header:svix-timestamp;tolerance=300"
    )
    capture = captured(scheme, WHSEC)
    two = tuple(
        (name, b"v1,bm90IHRoaXMgb25l " + value if name == b"svix-signature" else value)
        for name, value in capture.headers
    )
    assert found(CapturedRequest(two, BODY), WHSEC) == [scheme]


@pytest.mark.parametrize("secret", [WHSEC, WHSK])
def test_standard_webhooks_is_named_as_such(secret: bytes) -> None:
    assert found(captured("standard-webhooks", secret), secret) == ["standard-webhooks"]


def test_a_body_that_was_signed_before_it_was_laid_out() -> None:
    capture = captured("hmac-sha256:x-signature", body=compact(BODY), sent=BODY)
    assert found(capture) == ["hmac-sha256:x-signature;signed={compact-body}"]


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        ("token:x-secret-token", SECRET),
        ("token:authorization;prefix=Bearer%20", SECRET),
        ("basic", b"user:" + SECRET),
    ],
)
def test_a_secret_that_travels_itself_is_a_weak_match(scheme: str, secret: bytes) -> None:
    result = search(captured(scheme, secret), {"orufy": {"k": secret}})
    assert [(str(match.scheme), match.weak) for match in result.matches] == [(scheme, True)]
    assert "weak" in render_matches(result)
    assert secret.decode() not in render_matches(result) + json.dumps(str(matches_document(result)))


@pytest.mark.parametrize("scheme", ["hmac-sha256:x-signature", "token:x-secret-token", "standard-webhooks"])
def test_nothing_matches_another_secret_or_an_altered_body(scheme: str) -> None:
    secret = WHSEC if scheme == "standard-webhooks" else SECRET
    result = search(captured(scheme, secret), {"popp": {"k": OTHER}})
    assert result.matches == []
    said = render_matches(result)
    for words in ("nothing verifies", "with 1 secrets", "proxy", "rotated"):
        assert words in said
    assert result.tried.digests > result.tried.signed_strings > 10
    if not scheme.startswith("token"):
        altered = captured(scheme, secret)
        assert search(CapturedRequest(altered.headers, BODY + b"\n"), {"popp": {"k": secret}}).matches == []


@given(
    st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=60)), max_size=8), st.binary(max_size=200)
)
def test_no_capture_makes_it_fail_or_match(sent: list[tuple[bytes, bytes]], body: bytes) -> None:
    lower = tuple((name.lower(), value) for name, value in sent)
    assert search(CapturedRequest(lower, body), {"popp": {"k": SECRET, "w": WHSEC}}).matches == []


WIRE = b"POST /webhooks/popp HTTP/1.1\r\nHost: a\r\nX-Signature:  abc \r\nContent-Length: 4\r\n\r\nbody\n"


@pytest.mark.parametrize(
    "data",
    [
        WIRE,
        WIRE.replace(b"\r\n", b"\n"),
        WIRE.replace(b"Content-Length: 4\r\n\r\nbody\n", b"Content-Length: 4\r\n\r\nbody"),
        WIRE.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked").replace(
            b"body\n", b"1\r\nb\r\n3\r\nody\r\n0\r\n\r\n"
        ),
        json.dumps({"headers": {"Host": "a", "X-Signature": "abc"}, "body": "body"}).encode(),
        json.dumps({"headers": {"Host": ["a"], "x-signature": ["abc"]}, "body": "body"}).encode(),
        json.dumps({"headers": [["host", "a"], ["X-Signature", "abc"]], "body_base64": "Ym9keQ=="}).encode(),
    ],
)
def test_a_capture_has_several_forms(data: bytes) -> None:
    capture = parse_capture(data)
    assert capture.body == b"body"
    assert dict(capture.headers)[b"x-signature"] == b"abc"
    assert "abc" not in repr(capture)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b" \n", "empty"),
        (b'{"headers": {},\n "body": }', "line 2 is not JSON"),
        (b'{"body": ""}', "headers is missing"),
        (b'{"headers": {}}', "exactly one of body and body_base64"),
        (b'{"headers": {}, "body": "", "body_base64": ""}', "exactly one"),
        (b'{"headers": 7, "body": ""}', "neither an object nor a list"),
        (b'{"headers": [["a"]], "body": ""}', r"headers\[0\] is not a pair"),
        (b'{"headers": {"a": 7}, "body": ""}', "is not text"),
        (b'{"headers": {}, "body": {"event": "geheim"}}', "body is not text"),
        (b'{"headers": {}, "body_base64": "!"}', "not base64"),
        (b"geheim", "line 1 is neither"),
        (b"POST / HTTP/1.1\r\nno header geheim\r\n\r\n", "line 2 is not a header"),
        (b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\ngeheim", "body has 6 bytes"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\ngeheim", "remove that header"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n9\r\ngeheim", "not whole"),
    ],
)
def test_a_bad_capture_is_said_without_its_content(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "capture"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=said) as raised:
        read_capture(file)
    assert str(file) in str(raised.value)
    assert "geheim" not in str(raised.value)
    assert "request line" in str(raised.value)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: WIRE + tail))
def test_any_bytes_are_a_capture_or_a_value_error(data: bytes) -> None:
    try:
        parse_capture(data)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - a value error is one of two good ends


def settings_of(tmp_path: Path, **popp: Any) -> Settings:
    source = {"provider": "popp", "secrets": "old:geheim-1,new:geheim-2", **popp}
    orufy = {"provider": "orufy", "secrets": "a:geheim-3"}
    return Settings(home=tmp_path, sources={"popp": source, "orufy": orufy})


def test_the_list_needs_no_lake_and_no_scheme(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    answer = secrets_table(keys(settings), settings)
    assert answer.columns == [
        "source",
        "key_id",
        "provider",
        "scheme",
        "state",
        "deliveries",
        "last_verified",
    ]
    assert answer.rows == [
        ["orufy", "a", "orufy", "", "live", None, None],
        ["popp", "new", "popp", "hmac-sha256:x-signature", "live", None, None],
        ["popp", "old", "popp", "hmac-sha256:x-signature", "live", None, None],
    ]
    assert not (tmp_path / "warehouse").exists()


def test_the_list_says_what_each_key_verified_and_when_last(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with open_lake(settings.warehouse) as lake:
        create_tables(lake)
        for number, (key_id, day) in enumerate([("old", 1), ("old", 3), ("gone", 2), (None, 5)]):
            lake.execute(
                'INSERT INTO wh.ledger.deliveries (topic_id, topic, partition, "offset", source, provider, '
                "key_id, received_at, outcome) VALUES ('t', 't', 0, ?, 'popp', 'popp', ?, ?, 'loaded')",
                [number, key_id, datetime(2026, 11, day, tzinfo=UTC)],
            )
    rows = {(row[0], row[1]): row[4:] for row in secrets_table(keys(settings), settings).rows}
    assert rows == {
        ("orufy", "a"): ["live", 0, None],
        ("popp", "gone"): ["retired", 1, "2026-11-02T00:00:00+00:00"],
        ("popp", "new"): ["live", 0, None],
        ("popp", "old"): ["live", 2, "2026-11-03T00:00:00+00:00"],
    }


def hold(settings: Settings, number: int, scheme: str, secret: bytes) -> None:
    made = sign(parse_scheme(scheme), secret, BODY, message_id="m", now=NOW)
    note = headers_to_note([(name.encode(), value.encode()) for name, value in made.items()])
    queue = open_unverified_queue(settings, make=True)
    assert queue is not None
    assert queue.append([QueueItem(f"id-{number}", "popp", NOW, BODY, note)], QueueLimits(10**9, 99)) == [
        True
    ]
    queue.close()


def test_what_is_held_is_matched_by_the_first_that_anything_explains(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    hold(settings, 1, "hmac-sha256:x-signature", b"a stranger's")
    hold(settings, 2, "hmac-sha256:x-other", b"geheim-2")
    (match,) = match_unverified(settings, "popp").matches
    assert match.setting == "HIRESTREAM_SOURCES__POPP__SCHEME='hmac-sha256:x-other'"
    assert match.key_id == "new"
    with pytest.raises(UsageError, match="no unverified delivery of orufy is stored"):
        match_unverified(settings, "orufy")
    with pytest.raises(UsageError, match="no source 'nobody'"):
        match_unverified(settings, "nobody")


def test_status_counts_what_is_held(tmp_path: Path) -> None:
    ports: dict[str, Any] = {name: {"port": free_port()} for name in ("receiver", "dagster", "kafka")}
    sources: dict[str, Any] = {"popp": {"provider": "popp", "secrets": "new:geheim-2"}}
    settings = Settings(home=tmp_path, sources=sources, **ports)
    assert unverified_totals(settings) == []
    assert not unverified_path(settings).exists()
    hold(settings, 1, "hmac-sha256:x-other", b"geheim-2")
    status = read_status(settings)
    assert [(one.source, one.deliveries, one.oldest_at) for one in status.held] == [("popp", 1, NOW)]
    assert status.held[0].oldest_age_seconds > 0
    assert "popp: 1 deliveries did not verify and are stored" in "\n".join(status.problems)
    assert "popp 1, the oldest for " in render(status)


def run(environment: Mapping[str, str], *arguments: str, group: str = "secrets") -> command_line.Completed:
    return command_line.run(environment, group, *arguments)


@pytest.fixture
def settings(settings_for: SettingsFor) -> Settings:
    return settings_for(sources={"popp": {"provider": "popp", "secrets": "old:geheim-1,new:geheim-2"}})


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "HIRESTREAM_HOME": str(settings.home),
        "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS": str(settings.kafka.bootstrap_servers),
        "HIRESTREAM_KAFKA__TOPIC": settings.kafka.topic,
        "HIRESTREAM_SOURCES__POPP__PROVIDER": "popp",
        "HIRESTREAM_SOURCES__POPP__SECRETS": "old:geheim-1,new:geheim-2",
    }


def test_from_a_capture_to_a_released_delivery(
    environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    capture = tmp_path / "capture.json"
    scheme = "hmac-sha256:x-hub-signature-256;prefix=sha256="
    sent = sign(parse_scheme(scheme), b"geheim-1", BODY, message_id="m", now=NOW)
    capture.write_text(json.dumps({"headers": sent, "body": BODY.decode()}))
    matched = run(environment, "match", str(capture))
    assert (matched.returncode, matched.stderr) == (0, "")
    assert matched.stdout.startswith(
        f"HIRESTREAM_SOURCES__POPP__SCHEME='{scheme}'  # verified with key id old"
    )
    document = json.loads(run(environment, "match", str(capture), "--source", "popp", "--json").stdout)
    assert [(match["scheme"], match["key_id"], match["weak"]) for match in document["matches"]] == [
        (scheme, "old", False)
    ]
    hold(settings, 1, scheme, b"geheim-1")
    hold(settings, 2, scheme, b"a stranger's")
    assert scheme in run(environment, "match", "--unverified", "popp").stdout
    create_topic(settings.kafka)
    environment["HIRESTREAM_KAFKA__PARTITIONS"] = "3"
    environment["HIRESTREAM_SOURCES__POPP__SCHEME"] = scheme
    (stored,) = json.loads(run(environment, "--json", group="unverified").stdout)
    assert (stored["source"], stored["deliveries"]) == ("popp", 2)
    released = run(environment, "release", "--json", group="unverified")
    assert json.loads(released.stdout) == [{"source": "popp", "released": 1, "still_held": 1}], (
        released.stderr
    )
    (one,) = messages(settings.kafka)
    assert (headers(one)["delivery_id"], headers(one)["key_id"]) == ("id-1", "old")
    assert run(environment, "discard", "--source", "popp", group="unverified").stdout == "popp: 1 deleted\n"
    assert run(environment, "release", group="unverified").stdout == "there are no unverified deliveries\n"


def test_no_match_is_1_and_wrong_use_is_2(environment: dict[str, str], tmp_path: Path) -> None:
    capture = tmp_path / "capture.json"
    capture.write_text('{"headers": {"x-signature": "abc"}, "body": "geheim body"}')
    missed = run(environment, "match", str(capture))
    assert (missed.returncode, "nothing verifies" in missed.stdout) == (1, True)
    assert json.loads(run(environment, "match", str(capture), "--json").stdout)["matches"] == []
    for arguments, words in (
        (["match"], "exactly one of a capture file and --unverified"),
        (["match", str(capture), "--unverified", "popp"], "exactly one"),
        (["match", "--unverified", "popp", "--source", "popp"], "leave --source out"),
        (["match", str(tmp_path / "nothing")], "cannot be read"),
        (["match", str(capture), "--source", "nobody"], "no source 'nobody'"),
        (["match", "--unverified", "popp"], "no unverified delivery of popp is stored"),
    ):
        done = run(environment, *arguments)
        assert (done.returncode, words in done.stderr, done.stdout) == (2, True, "")
        assert "geheim" not in done.stderr


def test_the_list_is_what_the_command_alone_shows_and_has_no_value(environment: dict[str, str]) -> None:
    alone, listed = run(environment), run(environment, "list")
    assert (alone.returncode, alone.stdout) == (0, listed.stdout)
    assert [line.split()[:2] for line in alone.stdout.splitlines()[1:]] == [["popp", "new"], ["popp", "old"]]
    as_json = json.loads(run(environment, "--json").stdout)
    assert [row["key_id"] for row in as_json] == ["new", "old"]
    assert "geheim" not in alone.stdout + json.dumps(as_json)


def test_a_public_key_is_listed_without_its_value(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        sources={"any": {"provider": "standard_webhooks", "secrets": "k:whpk_" + "A" * 43 + "="}},
    )
    assert secrets_table(keys(settings), settings).rows[0][3] == str(StandardWebhooks())
