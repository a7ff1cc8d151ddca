-- Grain: one row per booking id that a provider sent or named (provider, organization_id, booking_id).
-- Columns: the logical booking, business times, the meeting's latest times, changes, state.
-- Count rows where `logical_booking_id = booking_id`: a move may give a booking another id, and the row of the
-- first id holds what became of all of them. Null is for facts that a provider does not report: Popp reports neither
-- no-shows nor attendees, Orufy neither conversation nor notes. Held is up to the time of asking: notes were taken, or an
-- Orufy booking is past its end and neither cancelled nor a no-show.
with every_booking as (
  from {{ ref('popp_bookings') }}
  union all by name
  from {{ ref('orufy_bookings') }}
)

select
  provider,
  organization_id,
  booking_id,
  logical_booking_id,
  link_inferred,
  scheduled_inferred,
  source,
  campaign_id,
  external_campaign_id,
  conversation_id,
  external_conversation_id,
  bookable_event_id,
  multiple_booking_identifier,
  meeting_format,
  scheduled_at,
  booked_at,
  last_moved_at,
  cancelled_at,
  notes_taken_at,
  coalesce(is_replaced, false) as is_replaced,
  is_cancelled,
  is_no_show,
  meeting_start_at,
  meeting_end_at,
  meeting_time_zone,
  is_video_conference,
  moved_count,
  updated_count,
  attendee_count,
  attendee_cancelled_count,
  first_event_at,
  last_event_at,
  event_count,
  last_batch_id
from every_booking
