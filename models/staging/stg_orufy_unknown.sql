-- Grain: one row per Orufy event of a type without a contract, such as the undocumented no-show.
-- Columns: what all events have, then what the document says of its meeting, which is in `meetData` or
-- next to it. Times without an offset and text that is not JSON are ignored. Tests and foreign organizations are
-- left out.
with documents as (
  select *, try_cast(payload as json) as document
  from {{ source('events', 'generic') }}
  where {{ known_then() }} and provider = 'orufy' and is_test is not true and is_foreign is not true
),

reading as (
  select
    documents.* replace (lower(event_type) as event_type),
    {{ of_meeting('_id') }} as meeting_id,
    {{ of_meeting('prevMeetId') }} as prev_meeting_id,
    {{ json_of_meeting('reschedule') }} as reschedule,
    {{ of_meeting('time') }} as time,
    {{ of_meeting('duration') }} as duration,
    {{ of_meeting('status') }} as meeting_status,
    {{ of_meeting('type') }} as meeting_format,
    {{ of_meeting('markAsNoShow') }} = 'true' as mark_as_no_show,
    {{ of_meeting('eventId') }} as bookable_event_id,
    {{ of_meeting('multipleBookingIdentifier') }} as multiple_booking_identifier,
    {{ json_of_meeting('attendees') }} as attendees,
    {{ json_of_meeting('payment') }} as payment
  from documents
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  meeting_id,
  prev_meeting_id,
  reschedule,
  {{ sent_instant('time') }} as starts_at,
  try_cast(duration as double) as duration_minutes,
  meeting_status,
  meeting_format,
  mark_as_no_show,
  bookable_event_id,
  multiple_booking_identifier,
  attendees,
  payment
from reading
