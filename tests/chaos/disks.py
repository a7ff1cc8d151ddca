"""Full disks: small file systems in a namespace of their own, which the system's processes enter."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.world import World, wait_for

MEBIBYTE = 2**20


@contextmanager
def small_disk(world: World, folder: Path, size_bytes: int) -> Iterator["Disk"]:
    """`folder` is a file system of this size for what the world starts from now on, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    keep = folder.with_name(f"{folder.name}.before")
    shutil.copytree(folder, keep)
    mount = f"mount -t tmpfs -o size={size_bytes} tmpfs '{folder}'"
    script = f"{mount} && cp -a '{keep}/.' '{folder}' && exec sleep 1000"
    holder = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script])
    enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(holder.pid)]
    disk = Disk(enter, folder)
    wait_for(lambda: "sleep" in Path(f"/proc/{holder.pid}/cmdline").read_text(), 10, "the small disk")
    world.prefix = enter
    try:
        yield disk
    finally:
        world.prefix = ()
        holder.send_signal(signal.SIGKILL)
        holder.wait()


class Disk:
    """A small file system that can be made larger."""

    def __init__(self, enter: list[str], folder: Path) -> None:
        self._enter, self._folder = enter, folder

    def resize(self, size_bytes: int) -> None:
        """Another size, with what is on it."""
        command = [*self._enter, "mount", "-o", f"remount,size={size_bytes}", str(self._folder)]
        subprocess.run(command, check=True)

    def fill(self) -> None:
        """Not a byte is left."""
        command = [*self._enter, "sh", "-c", f"cat /dev/zero > '{self._folder / 'filling'}'"]
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)

    def copy_out(self) -> None:
        """Put what is on it into the folder as others see it."""
        command = [*self._enter, "tar", "-C", str(self._folder), "-cf", "-", "."]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
            shutil.rmtree(self._folder)
            self._folder.mkdir()
            subprocess.run(["tar", "-C", str(self._folder), "-xf", "-"], stdin=tar.stdout, check=True)


def lake_disk_full(world: World) -> None:
    """No room for the loader: it says so at a commit, and at its start, and continues when there is room."""
    wait_for(lambda: "batch 1:" in world.loader.words(), 180, "the first batch")
    world.loader.stop()
    warehouse = world.settings.warehouse
    with small_disk(
        world, warehouse, sum(f.stat().st_size for f in warehouse.rglob("*")) + 2 * MEBIBYTE
    ) as disk:
        _ends_with_one_sentence(world)
        disk.fill()
        _ends_with_one_sentence(world)
        disk.resize(400 * MEBIBYTE)
        done = world.run("-m", "tests.chaos.entries", "drain")
        assert done.returncode == 0, done.stderr[-2_000:]
        disk.copy_out()


def _ends_with_one_sentence(world: World) -> None:
    full = world.start("-m", "pipelines.cli", "stream")
    wait_for(lambda: not full.running, 120, "the end of the loader")
    assert full.process.returncode == 3, full.words()[-2_000:]
    assert "disk of the lake is full" in full.words() or "cannot be opened: its disk" in full.words(), (
        full.words()[-2_000:]
    )


def spool_disk_full(world: World) -> None:
    """No room for the spool while Kafka is silent: 503, and what was answered 200 before is kept."""
    home = world.settings.home.with_name("receiver-home")
    time.sleep(1)
    world.receiver.stop()
    with small_disk(world, home, MEBIBYTE) as disk:
        world.receiver = world.start_receiver(HIRESTREAM_HOME=str(home))
        world.broker_signal(signal.SIGSTOP)
        wait_for(lambda: world.client.statuses[503] > 50, 90, "a full spool")
        assert world.metric("hirestream_spool_waiting") > 0
        disk.resize(100 * MEBIBYTE)
        time.sleep(3)
        world.broker_signal(signal.SIGCONT)
        world.drained()
        world.receiver.stop()
    world.receiver = world.start_receiver()
