-- Grain: one row per (mart, conversation). Columns: the cell, the entity, its bucket.
-- Candidates only: where the campaign's type is AVAILABILITY_OUTREACH the interviewer is nudged (T19). `note`
-- marks conversations whose campaign type nobody told.
with exhaustion as (
  select
    *,
    campaign_type is not distinct from 'AVAILABILITY_OUTREACH' as is_interviewer,
    case
      when campaign_type is not distinct from 'AVAILABILITY_OUTREACH' then first_nudges_exhausted_at
      else first_candidate_exhausted_at
    end as exhausted_at
  from {{ ref('conversation_facts') }}
),

placed as (
  select
    'nudge_exhaustion_cohort' as mart,
    cohort_at as counted_at,
    case
      when outcome = 'not_started' then 'excluded_not_started'
      when not has_started then 'excluded_failed_to_start'
      when is_interviewer then 'excluded_interviewer'
      when exhausted_at is not null then 'numerator'
      else 'denominator'
    end as bucket,
    *
  from exhaustion
  union all by name
  select
    'nudge_exhaustion_activity' as mart,
    coalesce(exhausted_at, outcome_at) as counted_at,
    case
      when is_interviewer then 'excluded_interviewer'
      when exhausted_at is not null then 'numerator'
      else 'denominator'
    end as bucket,
    *
  from exhaustion
  where exhausted_at is not null or outcome not in ('open', 'not_started', 'failed_to_start')
)

select
  mart,
  'exhaustion_rate' as metric,
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  {{ day_of('counted_at') }} as day,
  'conversation' as entity,
  conversation_id as entity_id,
  bucket,
  case when campaign_type is null then 'campaign_type_unspecified' end as note,
  counted_at
from placed
