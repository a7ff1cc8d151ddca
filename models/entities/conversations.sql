-- Grain: one row per conversation (provider, organization_id, conversation_id), of any event that names it.
-- Columns: who and where from, business times, how it ended, scheduling signals, nudges, reviews.
-- How it ended is one value by precedence, from all events at once, so a late or repeated one never regresses
-- it: decided > not_interested > opted_out > closed > completed_undecided > other_status >
-- failed_to_start > not_started > open. Whether an open one is stale depends on the time of asking: see marts.
{{ config(materialized='incremental', unique_key=['provider', 'organization_id', 'conversation_id']) }}

with {{ happened(ref('stg_conversation_events'), ['provider', 'organization_id', 'conversation_id']) }},

folded as (
  select
    provider,
    organization_id,
    conversation_id,
    arg_min(source, moment) as source,
    {{ latest('campaign_id') }} as campaign_id,
    {{ latest('external_campaign_id') }} as external_campaign_id,
    {{ latest('external_conversation_id') }} as external_conversation_id,
    {{ latest('candidate_id') }} as candidate_id,
    {{ latest('participant_first_name') }} as participant_first_name,
    {{ latest('participant_last_name') }} as participant_last_name,
    min(occurred_at) filter (where event_type = 'conversation_queued') as queued_at,
    min(occurred_at) filter (where event_type = 'conversation_started') as started_at,
    bool_or(event_type not in ('conversation_queued', 'start_conversation_failed')) as has_started,
    max(occurred_at) filter (where event_type = 'start_conversation_failed') as failed_to_start_at,

    {{ latest('conversation_status', "event_type = 'conversation_completed' and conversation_status in "
      "('COMPLETED_SCREENING_PASSED', 'COMPLETED_SCREENING_FAILED')") }} as decision_status,
    max(occurred_at) filter (
      where event_type = 'conversation_completed'
        and conversation_status in ('COMPLETED_SCREENING_PASSED', 'COMPLETED_SCREENING_FAILED')
    ) as decided_at,
    max(occurred_at) filter (
      where event_type = 'conversation_completed' and conversation_status = 'COMPLETED_CANDIDATE_NOT_INTERESTED'
    ) as not_interested_at,
    max(occurred_at) filter (where event_type = 'conversation_opted_out') as opted_out_at,
    max(occurred_at) filter (
      where event_type = 'conversation_completed' and conversation_status = 'CLOSED'
    ) as closed_at,
    max(occurred_at) filter (
      where event_type = 'conversation_completed' and conversation_status = 'COMPLETED'
    ) as completed_undecided_at,
    max(occurred_at) filter (
      where event_type = 'conversation_completed' and coalesce(conversation_status, '') not in (
        'COMPLETED_SCREENING_PASSED', 'COMPLETED_SCREENING_FAILED', 'COMPLETED_CANDIDATE_NOT_INTERESTED',
        'CLOSED', 'COMPLETED'
      )
    ) as other_status_at,
    -- of the latest decision, also where it has none
    arg_max_null(scorecard_total_value, moment) filter (
      where event_type = 'conversation_completed'
        and conversation_status in ('COMPLETED_SCREENING_PASSED', 'COMPLETED_SCREENING_FAILED')
    ) as score,

    min(occurred_at) filter (where booking_id is not null) as first_meeting_event_at,
    min(occurred_at) filter (
      where event_type in ('calendar_more_time_requested', 'calendar_availability_not_found') or (
        event_type = 'conversation_needs_review'
        and needs_review_reason in ('MORE_TIME_REQUESTED', 'AVAILABILITY_NOT_FOUND')
      )
    ) as first_friction_at,
    max(occurred_at) filter (
      where event_type = 'calendar_more_time_requested'
        or (event_type = 'conversation_needs_review' and needs_review_reason = 'MORE_TIME_REQUESTED')
    ) as more_time_requested_at,
    max(occurred_at) filter (
      where event_type = 'calendar_availability_not_found'
        or (event_type = 'conversation_needs_review' and needs_review_reason = 'AVAILABILITY_NOT_FOUND')
    ) as availability_not_found_at,
    max(occurred_at) filter (
      where event_type = 'conversation_max_nudges_reached' and campaign_type = 'SCHEDULING'
    ) as scheduling_silence_at,

    {{ latest('campaign_type') }} as own_campaign_type,
    min(occurred_at) filter (where event_type = 'conversation_max_nudges_reached') as first_nudges_exhausted_at,
    min(occurred_at) filter (
      where event_type = 'conversation_max_nudges_reached'
        and campaign_type is distinct from 'AVAILABILITY_OUTREACH'
    ) as first_candidate_exhausted_at,
    count(*) filter (where event_type = 'conversation_max_nudges_reached') as nudges_exhausted_count,
    max(nudges_sent) as nudges_sent,
    count(*) filter (where event_type = 'conversation_needs_review') as review_count,
    list(distinct occurred_at order by occurred_at) filter (
      where event_type = 'conversation_needs_review'
    ) as review_times,
    list(occurred_at) as event_times,
    coalesce(bool_or(is_human_takeover), false) as had_human_takeover,
    {{ entity_columns() }}
  from happened
  group by provider, organization_id, conversation_id
),

ended as (
  select
    *,
    case
      when decision_status = 'COMPLETED_SCREENING_PASSED' then 'passed'
      when decision_status = 'COMPLETED_SCREENING_FAILED' then 'failed'
      when not_interested_at is not null then 'not_interested'
      when opted_out_at is not null then 'opted_out'
      when closed_at is not null then 'closed'
      when completed_undecided_at is not null then 'completed_undecided'
      when other_status_at is not null then 'other_status'
      when not has_started and failed_to_start_at is not null then 'failed_to_start'
      when not has_started then 'not_started'
      else 'open'
    end as outcome
  from folded
)

select
  provider,
  organization_id,
  conversation_id,
  source,
  campaign_id,
  external_campaign_id,
  external_conversation_id,
  candidate_id,
  participant_first_name,
  participant_last_name,
  queued_at,
  started_at,
  has_started,
  has_started and started_at is null as started_inferred,
  coalesce(started_at, first_event_at) as cohort_at,
  outcome,
  case outcome
    when 'passed' then decided_at
    when 'failed' then decided_at
    when 'not_interested' then not_interested_at
    when 'opted_out' then opted_out_at
    when 'closed' then closed_at
    when 'completed_undecided' then completed_undecided_at
    when 'other_status' then other_status_at
    when 'failed_to_start' then failed_to_start_at
  end as outcome_at,
  decided_at,
  opted_out_at,
  score,
  failed_to_start_at,
  first_meeting_event_at,
  first_friction_at,
  more_time_requested_at,
  availability_not_found_at,
  scheduling_silence_at,
  greatest(more_time_requested_at, availability_not_found_at, scheduling_silence_at) as last_signal_at,
  own_campaign_type,
  first_nudges_exhausted_at,
  first_candidate_exhausted_at,
  nudges_exhausted_count,
  nudges_sent,
  review_count,
  -- the next event by business time, of each moment at which a person had to look
  list_transform(review_times, lambda asked: {
    'asked_at': asked,
    'next_event_at': list_min(list_filter(event_times, lambda happened: happened > asked))
  }) as review_follow_ups,
  had_human_takeover,
  first_event_at,
  last_event_at,
  event_count,
  last_batch_id
from ended
