-- Grain: one row per organization, source, provider, campaign and day: the day a conversation was queued.
-- Columns: how long from the queue to the start. Conversations that did not start yet are open; times that are
-- unknown or cannot be true are counted separately, never averaged.
-- population = denominator + open + every excluded.
select
  {{ cuts() }},
  day,
  count(*) as population,
  count(*) filter (where bucket = 'denominator') as denominator,
  count(*) filter (where bucket = 'open') as open,
  count(*) filter (where bucket = 'excluded_failed_to_start') as excluded_failed_to_start,
  count(*) filter (where bucket = 'excluded_started_inferred') as excluded_started_inferred,
  count(*) filter (where bucket = 'excluded_implausible_time') as excluded_implausible_time,
  count(*) filter (where bucket = 'excluded_negative_duration') as excluded_negative_duration,
  {{ durations() }}
from {{ ref('duration_members') }}
where mart = 'queue_time'
group by {{ cuts() }}, day
