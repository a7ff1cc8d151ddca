-- Grain: one row per meeting id that Orufy sent or named (provider, organization_id, booking_id).
-- Columns: the chain it belongs to, business times, the meeting's times, changes, state.
-- A move makes a new meeting, linked to the old one by either of them or both; the chain is one booking,
-- represented by the row of its first meeting. What became of it is shown by the last meeting, which no other replaces:
-- a replaced one is moved, never cancelled. Where a chain ends in several meetings it is cancelled when
-- all of them are.
-- Cancelled is a status that says so, or a CANCEL after which nobody is still active; any other CANCEL is an
-- attendee leaving. Nothing depends on the order of events: Orufy sends no time of its own.
{{ config(materialized='incremental', unique_key=['provider', 'organization_id', 'booking_id']) }}

with recursive
{{ chains(ref('stg_orufy_events')) }},
{{ happened(ref('stg_orufy_events'), ['provider', 'organization_id', 'booking_id'], scope='chains') }},

attending as (
  select
    event_key,
    list(attendee_id) as attendee_ids,
    list(attendee_id) filter (where is_cancelled) as cancelled_ids,
    bool_or(is_active) as has_active,
    bool_or(is_no_show) as has_no_show
  from {{ ref('stg_orufy_attendees') }}
  where event_key in (select event_key from happened)
  group by event_key
),

placed as materialized (
  select
    happened.*,
    booking_id as meeting_id,
    logical_booking_id,
    is_linked,
    not is_replaced as is_last,
    attendee_ids,
    coalesce(cancelled_ids, []) as cancelled_ids,
    is_no_show or coalesce(has_no_show, false) as says_no_show,
    coalesce({{ means_cancelled('meeting_status') }}, false) or (
      event_type = 'cancel' and meeting_status is distinct from 'ACTIVE' and not coalesce(has_active, false)
    ) as says_cancelled
  from happened
  inner join chains using (provider, organization_id, booking_id)
  left join attending using (event_key)
),

-- every link once, at the earliest event that names it; a move that names no other meeting is one by itself
moves as (
  select provider, organization_id, logical_booking_id, old_id, new_id, min(occurred_at) as moved_at
  from (
    select *, prev_booking_id as old_id, booking_id as new_id from placed where prev_booking_id is not null
    union all by name
    select *, booking_id as old_id, next_booking_id as new_id from placed where next_booking_id is not null
    union all by name
    select *, booking_id as old_id, event_key as new_id from placed where event_type = 'reschedule' and not is_linked
  )
  group by provider, organization_id, logical_booking_id, old_id, new_id
),

moved as (
  select provider, organization_id, booking_id, count(*) as moved_count, max(moved_at) as last_moved_at
  from (select *, unnest(list_distinct([logical_booking_id, old_id])) as booking_id from moves)
  group by provider, organization_id, booking_id
),

-- an event counts for its meeting and for the first one of the chain; a meeting without events of its own is
-- known from those that name it
counted as (
  select * replace (is_last or meeting_id <> logical_booking_id as is_last) from placed
  union all by name
  select * replace (logical_booking_id as booking_id) from placed where meeting_id <> logical_booking_id
  union all by name
  select placed.* replace (chains.booking_id as booking_id, false as is_last)
  from placed
  inner join chains
    on chains.provider = placed.provider
    and chains.organization_id = placed.organization_id
    and chains.booking_id in (placed.prev_booking_id, placed.next_booking_id)
    and chains.booking_id <> chains.logical_booking_id
  where (chains.provider, chains.organization_id, chains.booking_id)
    not in (select (provider, organization_id, booking_id) from happened)
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
    {{ latest('bookable_event_id', 'is_last') }} as bookable_event_id,
    {{ latest('multiple_booking_identifier', 'is_last') }} as multiple_booking_identifier,
    {{ latest('meeting_format', 'is_last') }} as meeting_format,
    min(occurred_at) filter (where event_type = 'book') as scheduled_at,
    max(occurred_at) filter (where is_last and says_cancelled) as cancelled_at,
    count(distinct meeting_id) filter (where is_last and says_cancelled) as cancelled_meetings,
    coalesce(bool_or(says_no_show) filter (where is_last), false) as is_no_show,
    {{ latest('meeting_start_at', 'is_last') }} as meeting_start_at,
    {{ latest('meeting_end_at', 'is_last') }} as meeting_end_at,
    count(*) filter (where event_type not in ('book', 'cancel', 'reschedule')) as updated_count,
    len(list_distinct(flatten(list(attendee_ids) filter (where is_last)))) as attendee_count,
    len(list_distinct(flatten(list(cancelled_ids) filter (where is_last and not says_cancelled)))) + count(*) filter (
      where is_last and event_type = 'cancel' and not says_cancelled and len(cancelled_ids) = 0
    ) as attendee_cancelled_count,
    {{ entity_columns() }}
  from ordered
  group by provider, organization_id, booking_id
),

lasting as (
  select provider, organization_id, logical_booking_id, count(*) filter (where not is_replaced) as last_meetings
  from chains
  group by provider, organization_id, logical_booking_id
),

ended as (
  select
    *,
    case
      when booking_id = logical_booking_id then cancelled_meetings = last_meetings
      else cancelled_meetings > 0 and not is_replaced
    end as is_cancelled
  from folded
  inner join chains using (provider, organization_id, booking_id)
  inner join lasting using (provider, organization_id, logical_booking_id)
)

select
  provider,
  organization_id,
  booking_id,
  logical_booking_id,
  false as link_inferred,
  scheduled_at is null as scheduled_inferred,
  source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  cast(null as varchar) as conversation_id,
  cast(null as varchar) as external_conversation_id,
  bookable_event_id,
  multiple_booking_identifier,
  meeting_format,
  scheduled_at,
  first_event_at as booked_at,
  last_moved_at,
  case when is_cancelled then cancelled_at end as cancelled_at,
  cast(null as timestamptz) as notes_taken_at,
  is_replaced,
  is_cancelled,
  is_no_show,
  meeting_start_at,
  meeting_end_at,
  cast(null as varchar) as meeting_time_zone,
  cast(null as boolean) as is_video_conference,
  coalesce(moved_count, 0) as moved_count,
  updated_count,
  coalesce(attendee_count, 0) as attendee_count,
  coalesce(attendee_cancelled_count, 0) as attendee_cancelled_count,
  first_event_at,
  last_event_at,
  event_count,
  -- a booking depends on the others of its chain
  max(last_batch_id) over (partition by provider, organization_id, logical_booking_id) as last_batch_id
from ended
left join moved using (provider, organization_id, booking_id)
