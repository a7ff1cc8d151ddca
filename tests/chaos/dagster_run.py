"""One run of the Dagster job that loads, on the instance of DAGSTER_HOME."""

import dagster as dg

from pipelines.definitions import definitions
from pipelines.operate.orchestrate.schedules import LOAD
from pipelines.settings import Settings

if __name__ == "__main__":
    job = definitions(Settings.read()).resolve_job_def(LOAD)
    job.execute_in_process(instance=dg.DagsterInstance.get(), raise_on_error=False)
