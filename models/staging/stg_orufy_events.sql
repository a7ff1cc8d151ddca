-- Grain: one row per Orufy event that names its meeting, of any type, with or without a contract.
-- Columns: what all events have, then the meeting, the meetings it says it replaces or is replaced by, and
-- the meeting as the event shows it. The end is start and duration. `eventId` is the bookable event type,
-- never a key. Test deliveries and foreign organizations are left out.
with events as (
  {{ lake_union(
    having='meeting_id',
    columns=[
      'meeting_id', 'prev_meeting_id', 'reschedule', 'starts_at', 'duration_minutes', 'meeting_status',
      'meeting_format', 'mark_as_no_show', 'bookable_event_id', 'multiple_booking_identifier'
    ]
  ) }}
),

every_event as (
  select * exclude (loaded_at, is_test, is_foreign, extras) from events
  union all by name
  select * exclude (attendees, payment) from {{ ref('stg_orufy_unknown') }}
  where meeting_id is not null
),

linked as (
  select
    * replace (nullif({{ other_meeting_id('prev_meeting_id') }}, meeting_id) as prev_meeting_id),
    case when reschedule is not null then {{ new_meeting_id('reschedule') }} end as new_meeting_id
  from every_event
)

select
  event_type,
  event_key,
  source,
  provider,
  {{ known_organization() }} as organization_id,
  meeting_id as booking_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  prev_meeting_id as prev_booking_id,
  case
    when new_meeting_id <> meeting_id and new_meeting_id is distinct from prev_meeting_id then new_meeting_id
  end as next_booking_id,
  starts_at as meeting_start_at,
  case
    when duration_minutes between 0 and {{ 366 * 24 * 60 }}
      then starts_at + to_microseconds(cast(duration_minutes * 60e6 as bigint))
  end as meeting_end_at,
  upper(meeting_status) as meeting_status,
  upper(meeting_format) as meeting_format,
  coalesce(mark_as_no_show, false) as is_no_show,
  bookable_event_id,
  multiple_booking_identifier
from linked
