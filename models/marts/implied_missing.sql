-- Grain: one row per organization, source, provider, campaign, kind of thing, event that must have happened and day
-- of the first event that is known of the thing.
-- Columns: how many conversations, bookings and workflow runs whose beginning never arrived; later events prove it.
with implied as (
  select
    {{ cuts() }}, first_event_at,
    'conversation' as entity, 'conversation_started' as missing_event
  from {{ ref('conversations') }}
  where started_inferred
  union all by name
  select
    {{ cuts() }}, first_event_at,
    'booking' as entity,
    case provider when 'orufy' then 'book' else 'calendar_meeting_scheduled' end as missing_event
  from {{ ref('bookings') }}
  where scheduled_inferred and logical_booking_id = booking_id
  union all by name
  select
    {{ cuts() }}, first_event_at,
    'workflow_run' as entity, 'workflow_run_started' as missing_event
  from {{ ref('workflow_runs') }}
  where started_inferred
)

select
  {{ cuts() }},
  {{ day_of('first_event_at') }} as day,
  entity,
  missing_event,
  count(*) as count
from implied
group by {{ cuts() }}, day, entity, missing_event
