-- Grain: one row per (mart, workflow run). Columns: the cell, the entity, its bucket.
with placed as (
  select 'workflow_failures_cohort' as mart, cohort_at as counted_at, *
  from {{ ref('workflow_runs') }}
  union all by name
  select 'workflow_failures_activity' as mart, ended_at as counted_at, *
  from {{ ref('workflow_runs') }}
  where ended_at is not null
)

select
  mart,
  'run_failure_rate' as metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  {{ day_of('counted_at') }} as day,
  'workflow_run' as entity,
  workflow_run_id as entity_id,
  case outcome
    when 'failed' then 'numerator'
    when 'completed' then 'denominator'
    when 'cancelled' then 'excluded_cancelled'
    else 'open'
  end as bucket,
  cast(null as varchar) as note,
  counted_at
from placed
