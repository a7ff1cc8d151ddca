-- Grain: one row per booking id that Popp sent (provider, organization_id, booking_id).
-- Columns: conversation, business times, the meeting's latest times, changes, state, and the logical booking.
-- A booking id that was never SCHEDULED, moved in a conversation with exactly one live booking, is that booking
-- under another id: its row has `link_inferred` and the other's id as `logical_booking_id`, and its events
-- count into the other's row as well. Count rows where `logical_booking_id = booking_id`.
-- The meeting's times are those of the latest event by business time: a SCHEDULED that arrives after its
-- RESCHEDULED does not bring the old time back. Updates are changes of detail, never bookings.
{{ config(materialized='incremental', unique_key=['provider', 'organization_id', 'booking_id']) }}

with
{% if is_incremental() %}
touched_ids as ({{ touched_keys(ref('stg_meeting_events'), ['provider', 'organization_id', 'booking_id']) }}),
touched_conversations as (
  select distinct provider, organization_id, conversation_id
  from {{ ref('stg_meeting_events') }}
  semi join touched_ids using (provider, organization_id, booking_id)
  where conversation_id is not null
),
scope as (
  from touched_ids
  union
  select provider, organization_id, booking_id
  from {{ ref('stg_meeting_events') }}
  semi join touched_conversations using (provider, organization_id, conversation_id)
),
{% endif %}
{{ happened(ref('stg_meeting_events'), ['provider', 'organization_id', 'booking_id'], scope='scope') }},

sent as (
  select
    provider,
    organization_id,
    booking_id,
    {{ latest('conversation_id') }} as conversation_id,
    min(occurred_at) filter (where event_type = 'calendar_meeting_scheduled') as scheduled_at,
    min(occurred_at) filter (where event_type = 'calendar_meeting_rescheduled') as first_moved_at,
    {{ latest('event_type', "event_type in ('calendar_meeting_scheduled', 'calendar_meeting_rescheduled', "
      "'calendar_meeting_cancelled')") }} as last_change,
    max(occurred_at) filter (where event_type = 'calendar_meeting_cancelled') as cancelled_at
  from happened
  group by provider, organization_id, booking_id
),

candidates as (
  select
    moved.provider,
    moved.organization_id,
    moved.booking_id,
    count(*) as live_count,
    min(live.booking_id) as live_booking_id
  from sent as moved
  inner join sent as live
    on live.provider = moved.provider
    and live.organization_id = moved.organization_id
    and live.conversation_id = moved.conversation_id
    and live.booking_id <> moved.booking_id
    and live.scheduled_at <= moved.first_moved_at
    and (live.last_change <> 'calendar_meeting_cancelled' or live.cancelled_at > moved.first_moved_at)
  where moved.scheduled_at is null
  group by moved.provider, moved.organization_id, moved.booking_id
),

links as (
  select provider, organization_id, booking_id, live_booking_id as logical_booking_id
  from candidates
  where live_count = 1
),

-- every event counts for the id it was sent with, and for the logical booking where that is another
counted as (
  from happened
  union all by name
  select happened.* replace (links.logical_booking_id as booking_id)
  from happened
  inner join links using (provider, organization_id, booking_id)
),

ordered as (
  select counted.* replace (
    row_number() over (partition by provider, organization_id, booking_id order by occurred_at, event_key) as moment
  )
  from counted
),

folded as (
  select
    provider,
    organization_id,
    booking_id,
    arg_min(source, moment) as source,
    {{ latest('conversation_id') }} as conversation_id,
    {{ latest('external_conversation_id') }} as external_conversation_id,
    {{ latest('external_campaign_id') }} as external_campaign_id,
    min(occurred_at) filter (where event_type = 'calendar_meeting_scheduled') as scheduled_at,
    max(occurred_at) filter (where event_type = 'calendar_meeting_rescheduled') as last_moved_at,
    max(occurred_at) filter (where event_type = 'calendar_meeting_cancelled') as cancelled_at,
    min(occurred_at) filter (where event_type = 'calendar_note_taker_completed') as notes_taken_at,
    {{ latest('event_type', "event_type in ('calendar_meeting_scheduled', 'calendar_meeting_rescheduled', "
      "'calendar_meeting_cancelled')") }} as last_change,
    {{ latest('meeting_start_at') }} as meeting_start_at,
    {{ latest('meeting_end_at') }} as meeting_end_at,
    {{ latest('meeting_time_zone') }} as meeting_time_zone,
    {{ latest('meeting_video_conference') }} as is_video_conference,
    count(*) filter (where event_type = 'calendar_meeting_rescheduled') as moved_count,
    count(*) filter (where event_type = 'calendar_meeting_updated') as updated_count,
    {{ entity_columns() }}
  from ordered
  group by provider, organization_id, booking_id
)

select
  folded.provider,
  folded.organization_id,
  folded.booking_id,
  coalesce(links.logical_booking_id, folded.booking_id) as logical_booking_id,
  links.logical_booking_id is not null as link_inferred,
  folded.scheduled_at is null as scheduled_inferred,
  folded.source,
  cast(null as varchar) as campaign_id,
  folded.external_campaign_id,
  folded.conversation_id,
  folded.external_conversation_id,
  folded.scheduled_at,
  folded.first_event_at as booked_at,
  folded.last_moved_at,
  folded.cancelled_at,
  folded.notes_taken_at,
  coalesce(folded.last_change = 'calendar_meeting_cancelled', false) as is_cancelled,
  folded.meeting_start_at,
  folded.meeting_end_at,
  folded.meeting_time_zone,
  folded.is_video_conference,
  folded.moved_count,
  folded.updated_count,
  folded.first_event_at,
  folded.last_event_at,
  folded.event_count,
  -- a booking depends on the others of its conversation
  max(folded.last_batch_id) over (
    partition by folded.provider, folded.organization_id, coalesce(folded.conversation_id, folded.booking_id)
  ) as last_batch_id
from folded
left join links using (provider, organization_id, booking_id)
