"""kill -9 of the loader at any moment: nothing lost, nothing twice."""

import os
import random
import subprocess
import sys
import time

from pipelines.admin.audit import audit
from pipelines.decode.decoded_batch import decode_batch
from pipelines.ingest.topic_admin import ensure_topic, topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.settings import Settings
from tests.support.events import queued
from tests.support.produce import produce
from tests.support.settings_for import SettingsFor

EVENTS = 4_000
KILLS = 4

LOAD = """
import sys
from pipelines.decode.decoded_batch import decode_batch
from pipelines.settings import Settings
from pipelines.load.session import LoadPolicy, open_loader
with open_loader(Settings.read(), "test", LoadPolicy()) as (reader, loader):
    print("loading", flush=True)
    while True:
        batch = reader.read(100, 0.05)
        if len(batch):
            loader.load(decode_batch(batch))
"""


def test_killed_loader_loses_and_doubles_nothing(settings_for: SettingsFor) -> None:
    settings = settings_for()
    ensure_topic(settings.kafka)
    sent = [queued(number) for number in range(EVENTS)]
    produce(settings.kafka, [*sent, *sent[::10]])
    dice = random.Random(5)
    for _ in range(KILLS):
        kill_while_loading(settings, dice.uniform(0.1, 1.5))
    finish(settings)
    con = open_lake(settings.warehouse, read_only=True)
    topic = topic_info(settings.kafka)
    assert topic is not None
    found = audit(con, topic, lambda: watermarks(settings.kafka, topic))
    assert found.findings == ()
    totals = found.totals
    assert (totals.loaded, totals.duplicate, totals.waiting) == (EVENTS, EVENTS // 10, 0)


def kill_while_loading(settings: Settings, after_seconds: float) -> None:
    """Start a loader and kill it some time after it began."""
    kafka = settings.kafka
    environment = {
        **os.environ,
        "HIRESTREAM_HOME": str(settings.home),
        "HIRESTREAM_KAFKA__BOOTSTRAP_SERVERS": str(kafka.bootstrap_servers),
        "HIRESTREAM_KAFKA__TOPIC": kafka.topic,
    }
    command = [sys.executable, "-c", LOAD]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as loader:
        assert loader.stdout is not None
        assert loader.stdout.readline() == b"loading\n"
        time.sleep(after_seconds)
        loader.kill()


def finish(settings: Settings) -> None:
    """Load what is left with the same function."""
    with open_loader(settings, "test", LoadPolicy()) as (reader, loader):
        while len(batch := reader.read(2_000, 2.0)):
            loader.load(decode_batch(batch))
