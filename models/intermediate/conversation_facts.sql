-- Grain: one row per conversation, joined with what other entities know of it: bookings and campaign type.
-- Columns: what the marts cut and count by. `campaign_type` is null where unknown (UNSPECIFIED).
-- A booking keeps its slot unless cancelled by the meeting's start; it is pending while the start is to come.
{%- set logical = 'logical_booking_id = booking_id' %}
with booked as (
  select
    provider,
    organization_id,
    conversation_id,
    min(booked_at) as booked_at,
    list(booked_at order by booked_at) filter (where {{ logical }}) as booking_times,
    min(notes_taken_at) as held_at,
    min(coalesce(meeting_start_at, booked_at)) filter (where {{ logical }} and state = 'kept') as kept_at,
    coalesce(bool_or(state = 'pending') filter (where {{ logical }}), false) as has_pending_booking,
    max(cancelled_at) filter (where {{ logical }} and is_cancelled) as last_cancelled_at
  from (select *, {{ booking_state() }} as state from {{ ref('bookings') }})
  where conversation_id is not null
  group by provider, organization_id, conversation_id
)

select
  conversations.provider,
  conversations.organization_id,
  conversations.conversation_id,
  conversations.source,
  conversations.campaign_id,
  conversations.external_campaign_id,
  coalesce(campaigns.campaign_type, conversations.own_campaign_type) as campaign_type,
  conversations.queued_at,
  conversations.has_started,
  conversations.started_at,
  conversations.started_inferred,
  case
    when conversations.started_at is null then least(conversations.first_event_at, booked.booked_at)
    else conversations.started_at
  end as cohort_at,
  conversations.outcome,
  conversations.outcome_at,
  conversations.decided_at,
  conversations.opted_out_at,
  conversations.had_human_takeover,
  conversations.score,
  least(conversations.first_meeting_event_at, booked.booked_at) as booked_at,
  booked.booking_times,
  booked.held_at,
  booked.kept_at,
  coalesce(booked.has_pending_booking, false) as has_pending_booking,
  booked.last_cancelled_at,
  conversations.first_friction_at,
  conversations.last_signal_at,
  conversations.first_nudges_exhausted_at,
  conversations.first_candidate_exhausted_at
from {{ ref('conversations') }} as conversations
left join booked using (provider, organization_id, conversation_id)
left join {{ ref('campaigns') }} as campaigns using (provider, organization_id, campaign_id)
