-- Grain: one row per table of the lake that has rows.
-- Columns: when its newest row was loaded, and how many there are. For an entity: when the newest of the events
-- in it was loaded.
{%- set entities = ['conversations', 'campaigns', 'bookings', 'nudge_sequences', 'reviews', 'screening_answers',
  'candidate_analyses', 'workflow_runs', 'workflow_nodes', 'contacts', 'payments'] %}
with tables as (
  select table_name, max(loaded_at) as newest_loaded_at, count(*) as row_count
  from {{ ref('stg_events') }}
  group by table_name
  union all
  select 'ledger.deliveries', max(loaded_at), count(*) from {{ deliveries() }}
  union all
  select 'quarantine.records', max(loaded_at), count(*) from {{ quarantined() }}
  {%- for entity in entities %}
  union all
  select
    'entities.{{ entity }}',
    (
      select max(loaded_at) from {{ source('ledger', 'batches') }}
      where batch_id = (select max(last_batch_id) from {{ ref(entity) }})
    ),
    count(*)
  from {{ ref(entity) }}
  {%- endfor %}
)

select
  table_name as "table",
  newest_loaded_at,
  row_count as rows
from tables
where row_count > 0
