"""What the audit finds by looking at a real topic: one that is not the one that was loaded is told."""

from dataclasses import replace

import pytest
from confluent_kafka import Producer

from pipelines.admin.audit.command import run_audit
from pipelines.decode.decoded_batch import decode_batch
from pipelines.diagnostics.status import read_status
from pipelines.errors import TopicMismatch
from pipelines.ingest.topic_admin import ensure_topic, topic_info
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.settings import Settings
from tests.support.events import queued
from tests.support.produce import produce
from tests.support.rows import raw_batch
from tests.support.settings_for import SettingsFor
from tests.support.topics import delete_topic


@pytest.fixture
def settings(settings_for: SettingsFor) -> Settings:
    """Three records on one partition; the last of them is not loaded."""
    settings = settings_for(kafka={"partitions": 1})
    with open_loader(settings, "test", LoadPolicy()) as (reader, loader):
        produce(settings.kafka, [queued(1), queued(2)])
        while loader.next_offsets.get(0, 0) < 2:
            batch = reader.read(1_000, 1.0)
            if len(batch):
                loader.load(decode_batch(batch))
    produce(settings.kafka, [queued(3)])
    return settings


def test_a_topic_that_is_the_one_that_was_loaded_is_fine(settings: Settings) -> None:
    found = run_audit(settings)
    assert found.ok
    assert (found.totals.loaded, found.totals.waiting) == (2, 1)


def test_a_topic_that_is_gone_or_made_anew_is_no_proof_of_anything(settings: Settings) -> None:
    delete_topic(settings.kafka)
    assert not run_audit(settings).ok
    assert any("was loaded from" in problem for problem in read_status(settings).problems)
    ensure_topic(settings.kafka)
    found = run_audit(settings)
    assert not found.ok
    assert "recreated" in found.findings[0].problem
    with open_loader(settings, "test", LoadPolicy(accept_loss=True)):
        pass
    assert run_audit(settings).ok


def test_a_topic_that_was_truncated_and_has_grown_again_is_not_read_on(settings: Settings) -> None:
    """Kafka came back without the last records of its log, and others were written to their offsets."""
    produce(settings.kafka, [queued(4)])
    topic = topic_info(settings.kafka)
    assert topic is not None
    with open_loader(settings, "test", LoadPolicy()) as (_, loader):
        lost = raw_batch(queued(5), start=2)
        loader.load(decode_batch(replace(lost, topic=topic.topic, topic_id=topic.topic_id)))
    with (
        pytest.raises(TopicMismatch, match=r"partition 0: offset 2 .* truncated"),
        open_loader(settings, "test", LoadPolicy()),
    ):
        pass
    found = run_audit(settings)
    assert not found.ok
    assert [f.where for f in found.findings] == [f"{topic.topic}/0 offset 2"]


def test_a_record_that_is_not_there_is_no_other_record(settings: Settings) -> None:
    """An offset without a record, as compaction leaves it, and here the marker of a transaction."""
    topic = topic_info(settings.kafka)
    assert topic is not None
    producer = Producer({**settings.kafka.client_config(), "transactional.id": topic.topic})
    producer.init_transactions(30)
    for number in (4, 5):  # at offsets 3 and 5, each with a marker behind it
        producer.begin_transaction()
        producer.produce(settings.kafka.topic, queued(number))
        producer.commit_transaction(30)
    with open_loader(settings, "test", LoadPolicy()) as (_, loader):
        compacted = raw_batch(queued(3), queued(4), queued(6), start=2)
        loader.load(decode_batch(replace(compacted, topic=topic.topic, topic_id=topic.topic_id)))
    with open_loader(settings, "test", LoadPolicy()):
        pass
    assert run_audit(settings).ok
