-- Grain: one row per organization, source, provider, campaign and day a conversation started.
-- Columns: conversations that started, were decided, passed, were booked, and held a meeting. Each is a count of
-- its own: a booking without a screening is normal.
select
  {{ cuts() }},
  {{ day_of('cohort_at') }} as day,
  count(*) as started,
  count(*) filter (where outcome in ('passed', 'failed')) as decided,
  count(*) filter (where outcome = 'passed') as passed,
  count(*) filter (where booked_at is not null) as booked,
  count(*) filter (where held_at is not null) as held
from {{ ref('conversation_facts') }}
where has_started
group by {{ cuts() }}, day
