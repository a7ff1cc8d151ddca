-- Grain: one row per organization, source, provider, campaign and day: the day a conversation started.
-- Columns: how long from the start to the first booking, and how many took how long. Conversations without a
-- booking are open; times that are unknown or cannot be true are counted separately, never averaged.
-- population = denominator + open + every excluded; the bands add up to the denominator.
select
  {{ cuts() }},
  day,
  count(*) as population,
  count(*) filter (where bucket = 'denominator') as denominator,
  count(*) filter (where bucket = 'open') as open,
  count(*) filter (where bucket = 'excluded_started_inferred') as excluded_started_inferred,
  count(*) filter (where bucket = 'excluded_implausible_time') as excluded_implausible_time,
  count(*) filter (where bucket = 'excluded_negative_duration') as excluded_negative_duration,
  {{ durations() }},
  count(*) filter (where value <= 3600) as within_1_hour,
  count(*) filter (where value > 3600 and value <= 86400) as within_1_day,
  count(*) filter (where value > 86400 and value <= 3 * 86400) as within_3_days,
  count(*) filter (where value > 3 * 86400 and value <= 7 * 86400) as within_7_days,
  count(*) filter (where value > 7 * 86400) as later
from {{ ref('duration_members') }}
where mart = 'time_to_schedule'
group by {{ cuts() }}, day
