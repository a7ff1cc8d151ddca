-- Returns the entities that are one event each and are not as many as the ledger calls loaded, tests and foreign
-- organizations aside. Events of a commit that the entity has not been built for yet are not expected in it.
{%- set event_types = {
  'nudge_sequences': ['conversation_max_nudges_reached'],
  'reviews': ['conversation_needs_review'],
  'workflow_nodes': ['workflow_node_completed'],
  'contacts': [
    'workflow_contact_resolved', 'workflow_contact_resolution_failed', 'workflow_contact_resolution_skipped'
  ],
  'candidate_analyses': ['candidate_analysis_completed'],
} %}
with loaded as (
  select events.event_type, events.batch_id
  from {{ ref('stg_events') }} as events
  semi join (
    select event_key from {{ source('ledger', 'deliveries') }} where outcome = 'loaded'
  ) as ledger using (event_key)
  where not events.is_test and not events.is_foreign
)
{%- for entity, types in event_types.items() %}
select '{{ entity }}' as entity, built.entities, expected.events
from (select count(*) as entities, max(last_batch_id) as newest from {{ ref(entity) }}) as built
cross join lateral (
  select count(*) as events
  from loaded
  where event_type in ('{{ types | join("', '") }}') and batch_id <= built.newest
) as expected
where built.entities <> expected.events
{% if not loop.last %}union all{% endif %}
{%- endfor %}
