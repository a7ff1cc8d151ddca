"""What can break while deliveries come in. Each scenario breaks it and puts it right again.

A scenario gets a world in which broker, receiver, loader and client run, and leaves it with a receiver that
answers. Afterwards everything is loaded and the ledger is held against what the client was answered.
"""

import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from pipelines.runtime.dagster_processes import INSTANCE_FILE
from tests.chaos.crowds import flood, slow_and_half_open_clients
from tests.chaos.disks import lake_disk_full, spool_disk_full
from tests.chaos.losses import retention_overtakes, topic_recreated
from tests.chaos.world import Program, World, wait_for

Break = Callable[[World], int | None]
"""Returns how many answered records were destroyed on purpose; None stands for none."""

DICE = random.Random(11)
DAGSTER_SECONDS = 240
"""From its start to its first step on a busy machine; 10 where nothing else runs."""

JUMPED = 14
"""Batches after which the loader's clock was wrong in every way, and right again."""

CUT_OFF = 10
"""A request may reach a connection that the receiver just closes; those under way are many more."""

SMALL_BATCHES = {"HIRESTREAM_LOAD__MAX_BATCH_RECORDS": "10"}
"""So that the loader commits all the time, and a kill at random hits a commit."""

BOUNDARIES = ("insert-0", "insert-2", "insert-5", "before-commit", "after-commit")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, what happens, and whether CI runs it too."""

    name: str
    happens: Break
    ci: bool = False
    twice: float = 0.05
    """Share of deliveries that are sent a second time."""
    exact: bool = True
    """Return whether the audit can know how much Kafka has lost, and not only that it has."""


def nothing(world: World) -> None:
    """The undisturbed run that the others are compared with."""
    time.sleep(6)


def receiver_killed(world: World) -> None:
    for _ in range(3):
        time.sleep(DICE.uniform(0.5, 2))
        world.broker_signal(signal.SIGSTOP)
        time.sleep(DICE.uniform(0.2, 0.8))  # so that many are under way, shorter than it takes to spool
        world.receiver.kill()
        world.broker_signal(signal.SIGCONT)
        world.receiver = world.start_receiver()
    time.sleep(1)


def broker_killed(world: World) -> None:
    for _ in range(2):
        time.sleep(DICE.uniform(1, 2))
        world.kill_broker()
        time.sleep(1)
        world.start_broker()
    time.sleep(3)


def broker_stopped(world: World) -> None:
    time.sleep(1)
    world.kill_broker()
    time.sleep(world.minutes * 60)
    world.start_broker()
    time.sleep(3)
    _senders_noticed_nothing(world)


def broker_frozen(world: World) -> None:
    time.sleep(1)
    world.broker_signal(signal.SIGSTOP)
    time.sleep(12)
    world.broker_signal(signal.SIGCONT)
    time.sleep(3)
    _senders_noticed_nothing(world)


def _senders_noticed_nothing(world: World) -> None:
    """That is what the spool is for; without it too nothing is lost, as senders try again."""
    assert set(world.client.statuses) == {200}, world.client.statuses


def broker_slow(world: World) -> None:
    for _ in range(20):
        world.broker_signal(signal.SIGSTOP)
        time.sleep(0.45)
        world.broker_signal(signal.SIGCONT)
        time.sleep(0.15)


def receiver_killed_while_spooling(world: World) -> None:
    world.broker_signal(signal.SIGSTOP)
    wait_for(lambda: world.metric("hirestream_spool_waiting") > 20, 40, "a filling spool")
    world.receiver.kill()
    world.receiver = world.start_receiver()
    time.sleep(2)
    world.receiver.kill()
    world.broker_signal(signal.SIGCONT)
    world.receiver = world.start_receiver()
    time.sleep(3)


def loader_killed(world: World) -> None:
    for _ in range(4):
        world.loader.kill()
        world.loader = world.start_loader(**SMALL_BATCHES)
        wait_for(lambda: "batch " in world.loader.words(), 60, "a batch of this loader")
        time.sleep(DICE.uniform(0, 2))
    world.loader.kill()
    world.loader = world.start_loader()
    time.sleep(2)


def loader_killed_at_each_boundary(world: World) -> None:
    world.loader.kill()
    for point in BOUNDARIES:
        _dies(world.start("-m", "tests.chaos.entries", "dying", point, "1"), point)
    world.loader = world.start_loader()


def dagster_run_killed(world: World) -> None:
    world.loader.stop()
    home = world.settings.dagster_home
    home.mkdir(exist_ok=True)
    shutil.copyfile(INSTANCE_FILE, home / INSTANCE_FILE.name)
    for point in ("insert-2", "after-commit"):
        dying = world.start("-m", "tests.chaos.dagster_run", point, DAGSTER_HOME=str(home))
        _dies(dying, point)
    run = world.start("-m", "tests.chaos.dagster_run", DAGSTER_HOME=str(home))
    wait_for(lambda: "STEP_START" in run.words(), DAGSTER_SECONDS, "the run's first step")
    time.sleep(DICE.uniform(0, 2))
    assert run.running, run.words()[-2_000:]
    run.kill()
    world.loader = world.start_loader()


def _dies(program: Program, point: str) -> None:
    wait_for(lambda: not program.running, DAGSTER_SECONDS, f"the death at {point}")
    assert program.process.returncode == -signal.SIGKILL, program.words()[-2_000:]


def two_loaders_at_once(world: World) -> None:
    world.loader.kill()
    both = [world.start_loader(), world.start_loader()]
    wait_for(lambda: any(not each.running for each in both), 60, "the refusal of one loader")
    refused = next(each for each in both if not each.running)
    assert refused.process.returncode == 3, refused.words()[-2_000:]
    assert "the load is held by" in refused.words()
    world.loader = next(each for each in both if each is not refused)
    time.sleep(2)


def lake_locked(world: World) -> None:
    catalog = world.settings.warehouse / "catalog.sqlite"
    wait_for(catalog.exists, 60, "the lake")
    for _ in range(3):
        other = sqlite3.connect(catalog, timeout=30, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(4)
        other.execute("ROLLBACK")
        other.close()
        time.sleep(1)
    assert world.loader.running, world.loader.words()[-2_000:]


def clocks_jumping(world: World) -> None:
    world.receiver.stop()
    world.loader.stop()
    world.receiver = world.start("-m", "tests.chaos.entries", "jumping-receiver")
    world.loader = world.start("-m", "tests.chaos.entries", "jumping-loader")
    wait_for(lambda: world.loader.words().count('"batch ') >= JUMPED, 300, f"{JUMPED} batches")
    assert world.loader.running, world.loader.words()[-2_000:]


def partitions_increased(world: World) -> None:
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap_servers})
    wait_for(lambda: "batch 1:" in world.loader.words(), 60, "the first batch")
    for count, new in ((8, 6), (11, 8)):
        asked = NewPartitions(world.settings.kafka.topic, count)
        admin.create_partitions([asked])[world.settings.kafka.topic].result(10)
        world.receiver.stop()
        world.receiver = world.start_receiver()  # its producer asks for the partitions every five minutes
        wait_for(lambda new=new: world.loaded(new) > 0, 60, f"records of partition {new}")  # type: ignore[misc]
    assert world.loader.running, world.loader.words()[-2_000:]


def upgrade_restart(world: World) -> None:
    for _ in range(2):
        time.sleep(2)
        world.broker_signal(signal.SIGSTOP)
        time.sleep(1)  # so that many are under way
        assert world.receiver.stop() == 0
        world.broker_signal(signal.SIGCONT)
        world.receiver = world.start_receiver()
        wait_for(lambda: "batch " in world.loader.words(), 60, "a batch of this loader")
        assert world.loader.stop() == 0
        world.loader = world.start_loader()
    time.sleep(1)
    assert not world.client.statuses[503], world.client.statuses
    assert world.client.cut_off < CUT_OFF, f"{world.client.cut_off} were not answered"


def secrets_rotated(world: World) -> None:
    for secrets in ("k1:test-secret,k2:next-secret", "k1:test-secret,k2:next-secret", "k2:next-secret"):
        time.sleep(1.5)
        world.receiver.stop()
        world.receiver = world.start_receiver(HIRESTREAM_SOURCES__POPP__SECRETS=secrets)
        world.client.sign_with(secrets.rpartition(":")[2])
        time.sleep(1.5)
    assert world.client.statuses[401] == 0


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("nothing breaks", nothing),
    Scenario("everything twice and out of order", nothing, twice=1.0),
    Scenario("receiver killed", receiver_killed),
    Scenario("broker killed", broker_killed),
    Scenario("broker stopped for minutes", broker_stopped),
    Scenario("broker frozen", broker_frozen),
    Scenario("broker slow", broker_slow),
    Scenario("receiver killed while spooling", receiver_killed_while_spooling, ci=True),
    Scenario("loader killed", loader_killed),
    Scenario("loader killed at each boundary", loader_killed_at_each_boundary),
    Scenario("Dagster run killed", dagster_run_killed),
    Scenario("two loaders at once", two_loaders_at_once),
    Scenario("lake locked by another process", lake_locked),
    Scenario("clocks jumping", clocks_jumping),
    Scenario("partitions increased", partitions_increased),
    Scenario("upgrade restart", upgrade_restart),
    Scenario("secrets rotated", secrets_rotated),
    Scenario("slow and half-open clients", slow_and_half_open_clients),
    Scenario("flood above capacity", flood),
    Scenario("disk of the lake full", lake_disk_full, ci=True),
    Scenario("disk of the spool full", spool_disk_full),
    Scenario("retention overtakes the loader", retention_overtakes),
    Scenario("topic recreated", topic_recreated, exact=False),
)
