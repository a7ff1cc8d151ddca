"""What a source may not keep any longer is redacted, once, and nobody else's."""

import datetime as dt

import pytest

from pipelines.admin.audit import audit
from pipelines.admin.erasure.finalize import ErasureContext, eraser_of
from pipelines.admin.erasure.receipt import Receipt, write_receipt
from pipelines.admin.erasure.retention import RETENTION, count_expired, redact_due, run_retention
from pipelines.decode.decoded_batch import decode_batch
from pipelines.lake.connection import open_lake
from pipelines.privacy.keyed_hash import key_of
from pipelines.settings import Settings
from tests.support.faults import Died
from tests.support.people import KEY, fill, loader, popp
from tests.support.rows import RECEIVED_AT, raw_batch, with_headers
from tests.support.settings_for import SettingsFor

SOON, LATE = RECEIVED_AT + dt.timedelta(days=9), RECEIVED_AT + dt.timedelta(days=11)


def limited_to_ten_days(settings_for: SettingsFor) -> Settings:
    sources = {
        "popp": {"provider": "popp", "secrets": "k:v", "retention_days": 10},
        "orufy": {"provider": "orufy", "secrets": "k:v"},
    }
    return settings_for(erasure={"key": KEY}, sources=sources)


def test_only_what_is_too_old_is_redacted_and_only_once(settings_for: SettingsFor) -> None:
    home = limited_to_ten_days(settings_for)
    fill(home)
    assert count_expired(home, SOON).records == {"popp": 0}
    assert run_retention(home, ErasureContext("tester", lambda: SOON)) is None
    assert count_expired(home, LATE).records == {"popp": 13}

    with open_lake(home.warehouse) as con:
        eraser = eraser_of(home, con, key_of(home), ErasureContext("tester", lambda: LATE))
        done = redact_due(home, con, eraser, LATE, "tester")
        assert done.changed["ledger.deliveries"] == 13
        assert redact_due(home, con, eraser, LATE, "tester").changed == {}
        names = "SELECT count(*), count(participant_first_name) FROM wh.events.conversation_completed"
        assert con.execute(names).fetchone() == (2, 0)
        assert con.execute("SELECT count(name) FROM wh.events.book__attendees").fetchone() == (5,)
        bodies = "SELECT count(*) FROM wh.ledger.bodies WHERE contains(decode(body), 'Bohdan')"
        assert con.execute(bodies).fetchone() == (5,)
        assert con.execute("SELECT count(*), count(value_hmac) FROM wh.ledger.erasures").fetchone() == (1, 0)
        assert audit(con, None, None).findings == ()
    assert count_expired(home, LATE).total == 0

    erasure_id, receipt = f"retention-{LATE:%Y-%m-%d}", home.erasures / f"retention-{LATE:%Y-%m-%d}.json"
    for day in (LATE, LATE + dt.timedelta(days=1)):
        killed_after_redacting(home, day)  # nothing is due, and yet it is taken up
    assert erasures(home) == [erasure_id]
    write_receipt(home.erasures, of_nothing(erasure_id), key_of(home))
    assert run_retention(home, ErasureContext("tester", lambda: LATE)) is None
    with open_lake(home.warehouse) as con:
        late = raw_batch(popp("CONVERSATION_QUEUED", 90, recordId="conv-late"), start=40)
        loader(home, con).load(decode_batch(with_headers(late, received_at=[b"no instant"])))
    killed_after_redacting(home, LATE)
    assert not receipt.exists()
    assert erasures(home) == [erasure_id]


def killed_after_redacting(home: Settings, day: dt.datetime) -> None:
    def after(done: str) -> None:
        assert done == "redacted"
        raise Died

    with pytest.raises(Died):
        run_retention(home, ErasureContext("tester", lambda: day, after))


def erasures(home: Settings) -> list[str]:
    with open_lake(home.warehouse) as con:
        return [each for (each,) in con.execute("SELECT erasure_id FROM wh.ledger.erasures").fetchall()]


def of_nothing(erasure_id: str) -> Receipt:
    at = LATE.isoformat()
    return Receipt(erasure_id, RETENTION, None, None, at, at, "tester", 0, {}, {}, (), 0, ())
