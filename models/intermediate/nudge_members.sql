-- Grain: one row per (mart, metric, conversation). Columns: the cell, the entity, its bucket.
-- Where the campaign's type is AVAILABILITY_OUTREACH the interviewer is nudged, which is a metric of its
-- own. `note` marks conversations of an unknown campaign type.
{%- set ended = "case when has_started then coalesce(exhausted_at, outcome_at) end" %}
{%- set unstarted %}when outcome = 'not_started' then 'excluded_not_started'
      when not has_started then 'excluded_failed_to_start'{% endset %}
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

facts as (
  select
    *,
    not is_interviewer and has_started and exhausted_at is not null as is_lost_candidate,
    least(
      case when decided_at > exhausted_at then decided_at end,
      list_min(list_filter(booking_times, lambda booked: booked > exhausted_at))
    ) as recovered_at
  from exhaustion
),

every_member as (
  {{ members('facts', 'nudge_exhaustion', 'conversation', 'conversation_id', {
    'exhaustion_rate': {
      'bucket': "case " ~ unstarted ~ "
      when is_interviewer then 'excluded_interviewer'
      when exhausted_at is not null then 'numerator' else 'denominator' end",
      'activity_at': ended,
      'note': "case when campaign_type is null then 'campaign_type_unspecified' end",
    },
    'interviewer_exhaustion_rate': {
      'bucket': "case when not is_interviewer then null " ~ unstarted ~ "
      when exhausted_at is not null then 'numerator' else 'denominator' end",
      'activity_at': ended,
    },
    'recovered_rate': {
      'bucket': "case when is_lost_candidate then "
        "case when recovered_at is not null then 'numerator' else 'denominator' end end",
      'activity_at': 'coalesce(recovered_at, exhausted_at)',
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
