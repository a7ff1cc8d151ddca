-- Grain: one row per completed node of a run, which is one event (event_key); a run may pass a node again.
-- Columns: run, workflow version, node, outcome.
{{ config(
  materialized='incremental',
  unique_key='event_key',
  meta={'event_types': ['workflow_node_completed']}
) }}

with nodes as not materialized (
  {{ own_events(ref('stg_workflow_events')) }}
),

{{ happened('nodes', ['event_key']) }}

select
  event_key,
  provider,
  organization_id,
  workflow_run_id,
  source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  workflow_id,
  workflow_version_id,
  node_id,
  node_type,
  coalesce(outcome, 'UNSPECIFIED') as outcome,
  occurred_at as completed_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  batch_id as last_batch_id
from happened
