-- Grain: one row per (mart, conversation). Columns: the cell, the conversation, its bucket; `value` is the seconds
-- measured, null where nothing could be: not there yet, or a time that cannot be true.
with every_member as (
  {{ members(ref('conversation_facts'), 'time_to_schedule', 'conversation', 'conversation_id', {
    'time_to_schedule': {
      'bucket': "case when not has_started then null when booked_at is null then 'open' "
        "when started_inferred then 'excluded_started_inferred' "
        "when " ~ implausible('started_at') ~ " or " ~ implausible('booked_at') ~ " then 'excluded_implausible_time' "
        "when booked_at < started_at then 'excluded_negative_duration' else 'denominator' end",
      'value': 'epoch(booked_at) - epoch(started_at)',
    },
  }, alone=true) }}
  union all by name
  {{ members(ref('conversation_facts'), 'queue_time', 'conversation', 'conversation_id', {
    'queue_time': {
      'bucket': "case when queued_at is null then null "
        "when outcome = 'failed_to_start' then 'excluded_failed_to_start' when not has_started then 'open' "
        "when started_inferred then 'excluded_started_inferred' "
        "when " ~ implausible('queued_at') ~ " or " ~ implausible('started_at') ~ " then 'excluded_implausible_time' "
        "when started_at < queued_at then 'excluded_negative_duration' else 'denominator' end",
      'cohort_at': 'queued_at',
      'value': 'epoch(started_at) - epoch(queued_at)',
    },
  }, alone=true) }}
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
  case when bucket = 'denominator' then value end as value,
  detail
from every_member
