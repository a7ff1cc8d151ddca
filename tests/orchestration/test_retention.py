"""The daily redaction as a Dagster job: nothing due is a success, a missing key is named."""

import dagster as dg
import pytest

from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.runtime.orchestration.maintenance_asset import retention_job
from pipelines.settings import Settings
from tests.support.people import KEY
from tests.support.settings_for import SettingsFor


def kept_for_ten_days(settings_for: SettingsFor, key: str | None) -> Settings:
    source = {"provider": "popp", "secrets": "k:v", "retention_days": 10}
    settings = settings_for(erasure={"key": key} if key else {}, sources={"popp": source})
    with open_lake(settings.warehouse) as con:
        create_tables(con)
    return settings


@pytest.mark.parametrize("key", [KEY, None])
def test_the_job_redacts_or_says_why_not(
    settings_for: SettingsFor, instance: dg.DagsterInstance, key: str | None
) -> None:
    job = retention_job(kept_for_ten_days(settings_for, key))
    done = job.execute_in_process(instance=instance, raise_on_error=False)
    assert done.success is (key is not None)
    failures = "".join(str(event) for event in done.all_events if event.is_failure)
    assert ("HIRESTREAM_ERASURE__KEY" in failures) is (key is None)
