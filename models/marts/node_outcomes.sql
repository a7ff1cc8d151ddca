-- Grain: one row per organization, source, provider, campaign, day of completion, workflow version, step and outcome.
-- Columns: how often the step completed so, and in how many runs: a run may pass a step again.
select
  {{ cuts() }},
  {{ day_of('completed_at') }} as day,
  workflow_id,
  workflow_version_id,
  node_id,
  outcome,
  count(*) as nodes,
  count(distinct workflow_run_id) as runs
from {{ ref('workflow_nodes') }}
group by {{ cuts() }}, day, workflow_id, workflow_version_id, node_id, outcome
