"""What did not verify and is held: refused all the same, bounded, and released under the right scheme."""

import hashlib
import hmac
import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.host.preflight import free_port
from pipelines.settings import Settings
from receiver.kafka.publisher import NotConfirmed
from receiver.settings import SettingsError
from receiver.spool.sqlite_queue import QueueItem, QueueLimits
from receiver.unverified.release import ReleaseResult, run_release
from receiver.unverified.store import headers_of_note, headers_to_note, open_unverified_queue, unverified_path
from tests.support.running import running, variables
from tests.support.schemes import raw
from tests.support.settings_for import SECRET, SECRET_KID, SettingsFor
from tests.support.topics import create_topic, headers, messages

BODY = json.dumps({"event": "E", "data": {"organizationId": "o", "recordId": "r"}}).encode()
RIGHT = "hmac-sha256:x-hub-signature-256;prefix=sha256="
TIMED = f"{RIGHT};signed={{header:x-at}}.{{body}};tolerance=300"
PROVED = {"x_hub_signature_256": "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()}
WIDE = QueueLimits(10**9, 10**6)


def source(**values: Any) -> dict[str, Any]:
    return {"provider": "popp", "secrets": f"{SECRET_KID}:{SECRET}", "hold_unverified": True, **values}


def holding(settings_for: SettingsFor, *, topic: bool = True, **sections: Any) -> Settings:
    """Settings of a source that holds, with Popp's own scheme, which is the wrong one here."""
    settings = settings_for(**{"sources": {"popp": source()}, **sections})
    if topic:
        create_topic(settings.kafka)
    return settings


def held_ids(settings: Settings) -> list[str]:
    queue = open_unverified_queue(settings)
    assert queue is not None
    try:
        return [placed.item.delivery_id for placed in queue.oldest(0, 999)]
    finally:
        queue.close()


def hold(settings: Settings, *items: QueueItem) -> None:
    queue = open_unverified_queue(settings, make=True)
    assert queue is not None
    assert all(queue.append(items, WIDE))
    queue.close()


def delivery(number: int, *, at: datetime, body: bytes = BODY, name: str = "popp", **sent: str) -> QueueItem:
    named = {header.replace("_", "-"): value for header, value in (sent or PROVED).items()}
    return QueueItem(f"id-{number}", name, at, body, headers_to_note(raw(named)))


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_was_refused_is_on_the_topic_once_the_scheme_is_right(settings_for: SettingsFor) -> None:
    settings = holding(settings_for)
    with running(settings) as receiver:
        before = datetime.now(UTC)
        refused = receiver.post(BODY, x_signature="0" * 64, content_type="application/json", **PROVED)
        bad = receiver.post(b"something else", x_signature="0" * 64, **PROVED)
        after = datetime.now(UTC)
        assert (refused.status, refused.code, refused.body) == (401, "not_authentic", bad.body)
        assert receiver.metric('hirestream_hold_total{outcome="held",source="popp"}') == 2
        assert receiver.metric('hirestream_held_deliveries{source="popp"}') == 2
        assert receiver.metric('hirestream_held_bytes{source="popp"}') > len(BODY)
        oldest = receiver.metric('hirestream_held_oldest_timestamp_seconds{source="popp"}')
        assert before.timestamp() <= oldest <= after.timestamp()
        assert receiver.stop() == 0
    assert messages(settings.kafka) == []
    good_id, bad_id = held_ids(settings)
    right = settings_for(sources={"popp": source(scheme=RIGHT)})
    with running(right) as receiver:
        wait_for(lambda: receiver.metric('hirestream_released_total{source="popp"}') == 1)
        assert receiver.metric('hirestream_held_deliveries{source="popp"}') == 1
    (found,) = messages(settings.kafka)
    named = headers(found)
    assert found.value() == BODY
    assert (named["delivery_id"], named["key_id"], named["event_type"]) == (good_id, SECRET_KID, "E")
    assert named["content_type"] == "application/json"
    assert before <= datetime.fromisoformat(named["received_at"]) <= after
    assert held_ids(settings) == [bad_id]


def test_nothing_is_held_where_it_is_not_asked_for(settings_for: SettingsFor) -> None:
    settings = settings_for()
    assert not settings.sources["popp"].hold_unverified
    create_topic(settings.kafka)
    with running(settings) as receiver:
        assert receiver.post(BODY, x_signature="0").status == 401
        assert "hirestream_hold_total{" not in receiver.get("/metrics").body.decode()
    assert not unverified_path(settings).exists()


def test_only_the_source_that_asks_for_it_is_held_and_only_what_does_not_verify(
    settings_for: SettingsFor,
) -> None:
    plain = source(hold_unverified=False)
    settings = holding(settings_for, sources={"popp": source(), "plain": plain})
    with running(settings) as receiver:
        assert receiver.post(BODY, source="plain", x_signature="0").status == 401
        assert receiver.post(BODY, source="nobody").status == 404
        assert receiver.post(BODY).status == 200
        assert receiver.post(b"x" * 1_000_001, x_signature="0").status == 413
        assert receiver.metric('hirestream_held_deliveries{source="popp"}') == 0
    assert held_ids(settings) == []


@pytest.mark.parametrize("bounds", [{"max_deliveries": 3}, {"max_bytes": 8_000}], ids=str)
def test_a_full_store_takes_no_more_and_gives_nothing_up(
    settings_for: SettingsFor, bounds: dict[str, int]
) -> None:
    settings = holding(settings_for, held=bounds)
    with running(settings) as receiver:
        for _ in range(8):
            assert receiver.post(b"x" * 2_000, x_signature="0").code == "not_authentic"
        assert receiver.metric('hirestream_hold_total{outcome="held",source="popp"}') == 3
        first = held_ids(settings)
        assert receiver.metric('hirestream_hold_total{outcome="full",source="popp"}') == 8 - len(first)
        assert receiver.post(BODY).status == 200
    assert held_ids(settings) == first


def test_the_time_is_checked_against_when_it_came(settings_for: SettingsFor) -> None:
    settings = holding(settings_for, sources={"popp": source(scheme=TIMED)})
    received_at = datetime.now(UTC) - timedelta(days=3)
    for number, late in ((1, 0), (2, 400)):
        at = str(int(received_at.timestamp()) - late)
        digest = hmac.new(SECRET.encode(), at.encode() + b"." + BODY, hashlib.sha256).hexdigest()
        hold(settings, delivery(number, at=received_at, x_hub_signature_256="sha256=" + digest, x_at=at))
    assert run_release(settings) == [ReleaseResult("popp", released=1, still_held=1)]
    (found,) = messages(settings.kafka)
    assert headers(found)["delivery_id"] == "id-1"
    assert datetime.fromisoformat(headers(found)["received_at"]) == received_at
    assert held_ids(settings) == ["id-2"]


def test_many_are_released_in_pages_and_one_source_alone_if_named(settings_for: SettingsFor) -> None:
    both = {"popp": source(scheme=RIGHT), "other": source(scheme=RIGHT)}
    settings = holding(settings_for, sources=both)
    now = datetime.now(UTC)
    hold(settings, *(delivery(number, at=now, name=("popp", "other")[number % 2]) for number in range(90)))
    hold(settings, delivery(90, at=now, name="gone"))
    assert run_release(settings, "other") == [ReleaseResult("other", 45, 0)]
    assert run_release(settings) == [ReleaseResult("gone", 0, 1), ReleaseResult("popp", 45, 0)]
    assert sorted(headers(found)["delivery_id"] for found in messages(settings.kafka)) == sorted(
        f"id-{number}" for number in range(90)
    )


def test_one_that_kafka_never_takes_does_not_hold_up_the_others(settings_for: SettingsFor) -> None:
    settings = holding(settings_for, sources={"popp": source(scheme="token:x-token")})
    now = datetime.now(UTC)
    huge = b"x" * (settings.kafka.max_message_bytes + 1)
    hold(settings, delivery(1, at=now, body=huge, x_token=SECRET))
    hold(settings, *(delivery(number, at=now, x_token=SECRET) for number in range(2, 40)))
    with pytest.raises(NotConfirmed):
        run_release(settings)
    assert held_ids(settings) == ["id-1"]
    assert len(messages(settings.kafka)) == 38


def test_without_a_store_there_is_nothing_to_release(settings_for: SettingsFor) -> None:
    settings = settings_for()
    assert run_release(settings) == []
    assert not unverified_path(settings).exists()


def test_a_receiver_without_kafka_keeps_what_is_held(settings_for: SettingsFor) -> None:
    nowhere = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    settings = holding(
        settings_for,
        topic=False,
        kafka=nowhere,
        receiver={"confirm_timeout_seconds": 0.3},
        sources={"popp": source(scheme=RIGHT)},
    )
    hold(settings, delivery(1, at=datetime.now(UTC)))
    with running(settings) as receiver:
        time.sleep(1)
        assert receiver.stop() == 0
    assert held_ids(settings) == ["id-1"]


KILLED_BEFORE_DELETE = """
import os, signal
from pathlib import Path
from receiver.spool.sqlite_queue import SqliteQueue
from receiver.unverified.release import run_release
from receiver.settings import CoreSettings

def killed(self, positions):
    os.kill(os.getpid(), signal.SIGKILL)

SqliteQueue.delete = killed
run_release(CoreSettings.read())
"""


def test_a_kill_between_publishing_and_deleting_publishes_the_same_id_again(
    settings_for: SettingsFor,
) -> None:
    settings = holding(settings_for, sources={"popp": source(scheme=RIGHT)})
    hold(settings, delivery(1, at=datetime.now(UTC)))
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_DELETE], env=variables(settings), check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert held_ids(settings) == ["id-1"]
    assert run_release(settings) == [ReleaseResult("popp", 1, 0)]
    assert run_release(settings) == []
    assert [headers(found)["delivery_id"] for found in messages(settings.kafka)] == ["id-1", "id-1"]


def test_a_broken_store_stops_the_start_in_one_line(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources={"popp": source()})
    unverified_path(settings).write_bytes(b"not SQLite" * 1000)
    with pytest.raises(SettingsError, match=r"held\.sqlite cannot be opened.*move it away") as raised:
        open_unverified_queue(settings)
    assert "\n" not in str(raised.value)


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=20)), max_size=6))
def test_headers_come_back_byte_for_byte(sent: list[tuple[bytes, bytes]]) -> None:
    assert headers_of_note(headers_to_note(sent)) == sent
