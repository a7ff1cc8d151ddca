-- Returns members of a mart cell that are not an entity.
{%- set entities = {
  'conversation': ('conversations', 'conversation_id'),
  'booking': ('bookings', 'booking_id'),
  'workflow_run': ('workflow_runs', 'workflow_run_id'),
  'screening_answer': ('screening_answers', "event_key || '/' || position"),
} %}
with known as (
  {%- for entity, (model, id) in entities.items() %}
  select '{{ entity }}' as entity, provider, organization_id, {{ id }} as entity_id
  from {{ ref(model) }}
  union all
  {%- endfor %}
  select 'requirement_outcome', provider, organization_id, event_key || '/' || position
  from {{ ref('candidate_analyses') }}
  inner join {{ ref('stg_requirement_outcomes') }} using (event_key)
)

select members.*
from {{ ref('members') }} as members
anti join known using (entity, provider, organization_id, entity_id)
