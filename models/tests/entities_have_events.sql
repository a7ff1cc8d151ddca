-- Returns rows of entities without events, or with another number of events than they state. Events of a commit that an
-- entity has not been built for yet are not expected in it.
{%- set by_event = [
  'screening_answers', 'nudge_sequences', 'reviews', 'workflow_nodes', 'contacts', 'candidate_analyses'
] %}
{%- set by_key = {
  'conversations': ('stg_conversation_events', 'conversation_id'),
  'workflow_runs': ('stg_workflow_events', 'workflow_run_id'),
  'payments': ('stg_payment_events', 'payment_id'),
} %}
with known as (
  select event_key from {{ ref('stg_events') }} where not is_test and not is_foreign
)

select *
from (
  {%- for entity in by_event %}
  select '{{ entity }}' as entity, event_key as entity_id, event_key from {{ ref(entity) }}
  {% if not loop.last %}union all{% endif %}
  {%- endfor %}
)
anti join known using (event_key)
{%- for entity, (view, id) in by_key.items() %}
union all
select '{{ entity }}', {{ id }}, null
from {{ ref(entity) }} as entities
left join (
  select provider, organization_id, {{ id }}, count(*) as happened
  from {{ ref(view) }}
  where batch_id <= (select max(last_batch_id) from {{ ref(entity) }})
  group by provider, organization_id, {{ id }}
) as events using (provider, organization_id, {{ id }})
where entities.event_count is distinct from events.happened
{%- endfor %}
union all
select 'bookings', booking_id, null
from {{ ref('bookings') }}
anti join (
  select provider, organization_id, booking_id from {{ ref('stg_meeting_events') }}
  {%- for id in ['booking_id', 'prev_booking_id', 'next_booking_id'] %}
  union all
  select provider, organization_id, {{ id }} from {{ ref('stg_orufy_events') }}
  {%- endfor %}
) using (provider, organization_id, booking_id)
union all
select 'campaigns', campaign_id, null
from {{ ref('campaigns') }}
anti join {{ ref('stg_conversation_events') }} using (provider, organization_id, campaign_id)
