-- Grain: one row per kind of finding, entity and organization that has any.
-- Columns: how many. Nothing here is dropped elsewhere: inferred starts count in the rates, test deliveries and
-- foreign organizations do not and are listed here and in `outside`; times that cannot be true, or run backwards,
-- are left out of durations only. Unknown fields and values are listed by name
-- in `unknown_fields` and `unknown_values`.
with findings as (
  select 'started_inferred' as kind, 'conversation' as entity, organization_id
  from {{ ref('conversations') }} where started_inferred
  union all
  select 'started_inferred', 'workflow_run', organization_id
  from {{ ref('workflow_runs') }} where started_inferred
  union all
  select 'implied_missing', 'booking', organization_id
  from {{ ref('bookings') }} where scheduled_inferred and logical_booking_id = booking_id
  union all
  select 'link_inferred', 'booking', organization_id
  from {{ ref('bookings') }} where link_inferred
  union all
  select 'two_terminal_events', 'workflow_run', organization_id
  from {{ ref('workflow_runs') }} where terminal_event_count > 1
  union all
  select 'negative_duration', 'conversation', organization_id
  from {{ ref('conversation_facts') }} where outcome_at < started_at or booked_at < started_at or started_at < queued_at
  union all
  select 'negative_duration', 'workflow_run', organization_id
  from {{ ref('workflow_runs') }} where ended_at < started_at
  union all
  select 'meeting_ends_before_start', 'booking', organization_id
  from {{ ref('bookings') }} where meeting_end_at < meeting_start_at and logical_booking_id = booking_id
  union all
  select 'body_differs', 'delivery', organization_id
  from {{ deliveries() }} where outcome = 'duplicate' and reason = 'body_differs'
  union all
  select 'quarantined', 'delivery', organization_id
  from {{ deliveries() }} where outcome = 'quarantined'
  union all
  select kind, 'event', organization_id
  from (
    select
      organization_id,
      unnest([
        case when is_test then 'test_event' end,
        case when is_foreign then 'foreign_event' end,
        case when extras is not null then 'unknown_field' end,
        case when is_implausible and not is_test and not is_foreign then 'implausible_time' end
      ]) as kind
    from (
      select
        *,
        occurred_at < timestamptz '2000-01-01 00:00:00Z' or occurred_at > received_at + interval 1 day as is_implausible
      from {{ ref('stg_events') }}
    )
    where is_test or is_foreign or extras is not null or is_implausible
  )
  where kind is not null
  union all
  select 'unknown_value', field, organization_id
  from {{ ref('stg_unknown_values') }}
)

select
  kind,
  entity,
  organization_id,
  count(*) as count
from findings
group by kind, entity, organization_id
