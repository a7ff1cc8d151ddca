-- Grain: one row per (mart, conversation). Columns: the cell, the entity, its bucket.
-- The activity mart has no row for what has no outcome yet. `note` marks open conversations older than the
-- time-out as presumed_timed_out: a closed conversation may never send an event (T12).
with placed as (
  select 'screening_pass_rate_cohort' as mart, cohort_at as counted_at, *
  from {{ ref('conversation_facts') }}
  union all by name
  select 'screening_pass_rate_activity' as mart, outcome_at as counted_at, *
  from {{ ref('conversation_facts') }}
  where outcome not in ('open', 'not_started')
)

select
  mart,
  'pass_rate' as metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  {{ day_of('counted_at') }} as day,
  'conversation' as entity,
  conversation_id as entity_id,
  case outcome
    when 'passed' then 'numerator'
    when 'failed' then 'denominator'
    when 'open' then 'open'
    else 'excluded_' || outcome
  end as bucket,
  case
    when outcome = 'open' and cohort_at < {{ now() }} - interval ({{ var('conversation_timeout_hours') }}) hours
      then 'presumed_timed_out'
  end as note,
  counted_at
from placed
