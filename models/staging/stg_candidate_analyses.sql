-- Grain: one row per analysis of one candidate's CV; it may be repeated for the same candidate.
-- Columns: what all events have, the candidate, the analysis (the id in the URL, else the customer's) and the
-- result. Test deliveries and foreign organizations are left out.
with events as (
  {{ lake_union(
    having='is_all_mandatory_requirements_met',
    columns=[
      'candidate_id', 'external_candidate_id', 'external_analysis_id', 'analysis_candidate_url',
      'total_score_scaled', 'is_all_mandatory_requirements_met'
    ]
  ) }}
)

select
  event_type,
  event_key,
  source,
  provider,
  organization_id,
  candidate_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  external_candidate_id,
  external_analysis_id,
  coalesce({{ id_in_url('analysis_candidate_url', '/ranks/') }}, external_analysis_id) as analysis_id,
  total_score_scaled,
  is_all_mandatory_requirements_met
from events
