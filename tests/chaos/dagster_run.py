"""`... [POINT]`: a run of the Dagster job that loads, on the instance of DAGSTER_HOME; it dies there."""

import sys

import dagster as dg

from pipelines.definitions import definitions
from pipelines.runtime.orchestration.schedules import LOAD
from pipelines.settings import Settings
from tests.chaos.entries import die_at


def free_slots(instance: dg.DagsterInstance) -> None:
    """What Dagster's daemon does for a run that was killed, whose place among the writers stays taken."""
    for run in instance.get_runs():
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


if __name__ == "__main__":
    if sys.argv[1:]:
        die_at(sys.argv[1], 0)
    with dg.DagsterInstance.get() as instance:
        free_slots(instance)
        job = definitions(Settings.read()).resolve_job_def(LOAD)
        job.execute_in_process(instance=instance, raise_on_error=False)
