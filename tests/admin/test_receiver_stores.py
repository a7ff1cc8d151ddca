"""What waits in the spool: redacted where the event stays the same one, else left for after its delivery."""

import json
import sqlite3
from pathlib import Path

import pytest

from pipelines.admin.erasure.receiver_stores import redact_spool
from pipelines.privacy.keyed_hash import KeyedHasher
from pipelines.privacy.suppression import SuppressionList
from pipelines.settings import Settings
from receiver.spool.spool import spool_path
from tests.support.people import EMAIL, KEY, ZOE, meeting, spool


def waiting(settings: Settings) -> list[bytes]:
    con = sqlite3.connect(spool_path(settings))
    found = [body for (body,) in con.execute("SELECT body FROM items ORDER BY position")]
    con.close()
    return found


@pytest.mark.parametrize("has_id", [True, False])
def test_a_body_that_is_its_own_identity_waits_as_it_is(tmp_path: Path, *, has_id: bool) -> None:
    settings, keyed = Settings(home=tmp_path), KeyedHasher(KEY.encode())
    suppressions = SuppressionList(keyed, {keyed.hash_of("email", EMAIL, None): "email-1"})
    document = json.loads(meeting("zoe", [ZOE], 70, "UPDATED"))
    if not has_id:
        del document["eventId"]
    body = json.dumps(document).encode()
    spool(settings, body, "d-zoe")
    done = redact_spool(settings, suppressions, keyed)
    assert (done.redacted, done.left, len(done.remains)) == ((1, 0, 0) if has_id else (0, 1, 1))
    assert redact_spool(settings, suppressions, keyed).left == done.left
    (found,) = waiting(settings)
    assert (found == body) is not has_id
    assert (EMAIL.encode() in found) is not has_id
