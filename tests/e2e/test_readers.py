"""Two processes query in a loop while loads and maintenance run, and never see an error."""

import datetime as dt
import json
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.maintenance import maintain
from pipelines.load.loader import Loader
from tests.support.events import BROKEN, queued
from tests.support.lakes import empty_lake
from tests.support.rows import raw_batch

SECONDS = 15
MAINTENANCE_EVERY_SECONDS = 3

READ = """
import json, sys, time
from pathlib import Path
from pipelines.lake.connection import open_lake
con = open_lake(Path(sys.argv[1]), read_only=True)
reads, errors, seen = 0, [], 0
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        ledger, loaded, events, offsets = con.execute('''
            SELECT (SELECT count(*) FROM wh.ledger.deliveries),
                (SELECT count(*) FROM wh.ledger.deliveries WHERE outcome = 'loaded'),
                (SELECT count(*) FROM wh.events.conversation_queued),
                (SELECT coalesce(sum(records), 0) FROM wh.ledger.offsets)
        ''').fetchone()
        if not (loaded == events and offsets == ledger >= seen):
            errors.append(f"torn: {ledger} {loaded} {events} {offsets}, before {seen}")
        seen = ledger
        reads += 1
    except Exception as error:
        errors.append(str(error)[:300])
    time.sleep(0.1)
print(json.dumps({"reads": reads, "errors": errors, "seen": seen}))
"""


def test_readers_never_see_an_error_or_half_a_commit(tmp_path: Path) -> None:
    con = empty_lake(tmp_path)
    loader = Loader(
        con, {}, holder="test", organizations={}, rejects=None, clock=lambda: dt.datetime.now(dt.UTC)
    )
    command = [sys.executable, "-c", READ, str(tmp_path), str(SECONDS)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    numbers, offset, maintained = count(), 0, time.monotonic()
    while any(reader.poll() is None for reader in readers):
        bodies = [*(queued(next(numbers)) for _ in range(100)), queued(0), BROKEN]
        loader.load(decode_batch(raw_batch(*bodies, start=offset)))
        offset += len(bodies)
        if time.monotonic() - maintained > MAINTENANCE_EVERY_SECONDS:
            maintain(con, tmp_path)
            maintained = time.monotonic()
    for reader in readers:
        found = json.loads(reader.communicate()[0])
        assert found["errors"] == []
        assert found["reads"] > SECONDS
        assert found["seen"] > 0
