-- Grain: one row per organization, source, provider, campaign, day of the end, workflow version and the last step
-- that completed at or before the failure, with its outcome; null where none did or it has no name.
-- Columns: failed runs, the same as in the numerator of run_failure_rate.
select
  {{ cuts() }},
  {{ day_of('ended_at') }} as day,
  workflow_id,
  workflow_version_id,
  node_id_before_end as node_id,
  node_outcome_before_end as node_outcome,
  count(*) as failed_runs
from {{ ref('workflow_runs') }}
where outcome = 'failed'
group by {{ cuts() }}, day, workflow_id, workflow_version_id, node_id, node_outcome
