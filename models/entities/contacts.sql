-- Grain: one row per resolution of a workflow's contact (event_key).
-- Columns: what became of it, and the ids it came with. A failed contact is not a run; `contact_key` is the
-- same when it fails again, so count distinct ones. A skipped one names the run that was already under way in
-- `running_workflow_run_id`, which is not a run of its own.
{{ config(
  materialized='incremental',
  unique_key='event_key',
  meta={'event_types': [
    'workflow_contact_resolved',
    'workflow_contact_resolution_failed',
    'workflow_contact_resolution_skipped'
  ]}
) }}

with resolutions as not materialized (
  {{ own_events(ref('stg_workflow_events')) }}
),

{{ happened('resolutions', ['event_key']) }}

select
  event_key,
  provider,
  organization_id,
  source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  case event_type
    when 'workflow_contact_resolved' then 'resolved'
    when 'workflow_contact_resolution_failed' then 'failed'
    else 'skipped'
  end as outcome,
  contact_key,
  workflow_run_id,
  running_workflow_run_id,
  workflow_id,
  workflow_version_id,
  workflow_external_id,
  candidate_profile_id,
  candidate_profile_external_id,
  reason,
  error_code,
  occurred_at as resolved_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  batch_id as last_batch_id
from happened
