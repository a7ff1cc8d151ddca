-- Grain: one row per (mart, metric, workflow run). Columns: the cell, the entity, its bucket.
-- `note` marks as stuck an open run with a known start that is older than nearly all runs of its workflow
-- took: than their 99th percentile, or than 7 days where fewer than 20 of them ended or the workflow is unknown.
with usual as (
  select
    provider,
    organization_id,
    workflow_id,
    count(*) as ended_runs,
    quantile_cont(epoch(ended_at) - epoch(started_at), 0.99) as p99_seconds
  from {{ ref('workflow_runs') }}
  where ended_at >= started_at
  group by provider, organization_id, workflow_id
),

facts as (
  select
    runs.*,
    runs.outcome = 'open' and epoch({{ now() }}) - epoch(runs.started_at) > case
      when usual.ended_runs >= 20 then usual.p99_seconds else 7 * 24 * 3600
    end as is_stuck
  from {{ ref('workflow_runs') }} as runs
  left join usual using (provider, organization_id, workflow_id)
),

every_member as (
  {{ members('facts', 'workflow_failures', 'workflow_run', 'workflow_run_id', {
    'run_failure_rate': {
      'bucket': "case outcome when 'failed' then 'numerator' when 'completed' then 'denominator' "
        "when 'cancelled' then 'excluded_cancelled' else 'open' end",
      'activity_at': 'ended_at',
      'note': "case when is_stuck then 'stuck' end",
    },
  }) }}
)

select
  mart,
  metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  entity,
  entity_id,
  bucket,
  note,
  counted_at,
  value,
  detail
from every_member
