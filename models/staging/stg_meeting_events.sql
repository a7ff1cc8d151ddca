-- Grain: one row per event about a booked meeting (scheduled, moved, updated, cancelled, notes taken).
-- Columns: what all events have, then the booking, its conversation if sent, and the meeting in its state
-- after the event. Test deliveries and foreign organizations are left out.
with events as (
  {{ lake_union(
    having='booking_id',
    columns=[
      'booking_id', 'conversation_id', 'external_conversation_id', 'external_campaign_id',
      'meeting_start_at', 'meeting_end_at', 'meeting_time_zone', 'meeting_video_conference'
    ]
  ) }}
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  booking_id,
  conversation_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  external_conversation_id,
  external_campaign_id,
  meeting_start_at,
  meeting_end_at,
  meeting_time_zone,
  meeting_video_conference
from events
