-- Grain: one row per workflow run (provider, organization_id, workflow_run_id).
-- Columns: the workflow, business times, how it ended, its last node.
-- Run events, completed nodes and resolved contacts prove a run; a skipped contact names another run and
-- proves nothing, a failed contact has none. Of several terminal events the earliest by business time
-- decides, ties by event key; `terminal_event_count` shows that there were more.
{{ config(
  materialized='incremental',
  unique_key=['provider', 'organization_id', 'workflow_run_id'],
  meta={'event_types': [
    'workflow_run_started',
    'workflow_run_completed',
    'workflow_run_failed',
    'workflow_run_cancelled',
    'workflow_node_completed',
    'workflow_contact_resolved'
  ]}
) }}

{%- set terminal = "event_type in ('workflow_run_completed', 'workflow_run_failed', 'workflow_run_cancelled')" %}

with runs as not materialized (
  {{ own_events(ref('stg_workflow_events')) }}
),

{{ happened('runs', ['provider', 'organization_id', 'workflow_run_id']) }},

-- a node may complete after the run ended, when nothing depends on it any more
ending as (
  select *, min(occurred_at) filter (where {{ terminal }}) over run as run_ended_at
  from happened
  window run as (partition by provider, organization_id, workflow_run_id)
),

folded as (
  select
    provider,
    organization_id,
    workflow_run_id,
    arg_min(source, moment) as source,
    {{ latest('workflow_id') }} as workflow_id,
    {{ latest('workflow_version_id') }} as workflow_version_id,
    {{ latest('workflow_external_id') }} as workflow_external_id,
    {{ latest('candidate_profile_id') }} as candidate_profile_id,
    {{ latest('candidate_profile_external_id') }} as candidate_profile_external_id,
    min(occurred_at) filter (where event_type = 'workflow_run_started') as started_at,
    arg_min(event_type, moment) filter (where {{ terminal }}) as end_event_type,
    min(occurred_at) filter (where {{ terminal }}) as ended_at,
    arg_min(reason, moment) filter (where {{ terminal }}) as end_reason,
    count(*) filter (where {{ terminal }}) as terminal_event_count,
    count(*) filter (where event_type = 'workflow_node_completed') as nodes_completed_count,
    {{ latest('node_id', "event_type = 'workflow_node_completed'") }} as last_node_id,
    {{ latest('outcome', "event_type = 'workflow_node_completed'") }} as last_node_outcome,
    arg_max({'node_id': node_id, 'outcome': coalesce(outcome, 'UNSPECIFIED')}, moment) filter (
      where event_type = 'workflow_node_completed' and occurred_at <= run_ended_at
    ) as node_before_end,
    {{ entity_columns() }}
  from ending
  group by provider, organization_id, workflow_run_id
)

select
  provider,
  organization_id,
  workflow_run_id,
  source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  workflow_id,
  workflow_version_id,
  workflow_external_id,
  candidate_profile_id,
  candidate_profile_external_id,
  started_at,
  started_at is null as started_inferred,
  coalesce(started_at, first_event_at) as cohort_at,
  case end_event_type
    when 'workflow_run_completed' then 'completed'
    when 'workflow_run_failed' then 'failed'
    when 'workflow_run_cancelled' then 'cancelled'
    else 'open'
  end as outcome,
  ended_at,
  end_reason,
  terminal_event_count,
  nodes_completed_count,
  last_node_id,
  last_node_outcome,
  node_before_end.node_id as node_id_before_end,
  node_before_end.outcome as node_outcome_before_end,
  first_event_at,
  last_event_at,
  event_count,
  last_batch_id
from folded
