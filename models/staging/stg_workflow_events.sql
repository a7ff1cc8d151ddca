-- Grain: one row per workflow event. Columns: what all events have, then run, workflow, contact and node.
-- `workflow_run_id` is the run the event is about; the run named by a skipped contact is another one and
-- is in `running_workflow_run_id`. Test deliveries and foreign organizations are left out.
with events as (
  {{ lake_union(
    having='workflow_id',
    columns=[
      'workflow_run_id', 'running_workflow_run_id', 'contact_key', 'workflow_id', 'workflow_version_id',
      'workflow_external_id', 'candidate_profile_id', 'candidate_profile_external_id', 'node_id', 'node_type',
      'outcome', 'reason', 'failure_reason', 'error_code'
    ]
  ) }}
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  workflow_run_id,
  running_workflow_run_id,
  contact_key,
  workflow_id,
  workflow_version_id,
  workflow_external_id,
  candidate_profile_id,
  candidate_profile_external_id,
  node_id,
  node_type,
  outcome,
  coalesce(failure_reason, reason) as reason,
  error_code
from events
