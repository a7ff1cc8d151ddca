-- Grain: one row per analysis of one candidate's CV, which is one event (event_key); history is kept.
-- Columns: candidate, analysis, score, requirements; `is_current` marks the latest by business time per
-- candidate and analysis. The candidate's id is not known to be that of conversations.
{{ config(materialized='incremental', unique_key='event_key') }}

with {{ happened(ref('stg_candidate_analyses'), ['provider', 'organization_id', 'candidate_id']) }},

requirements as (
  select
    event_key,
    count(*) as requirement_count,
    count(*) filter (where is_met) as requirements_met_count,
    count(*) filter (where is_mandatory) as mandatory_count,
    count(*) filter (where is_mandatory and is_met) as mandatory_met_count
  from {{ source('events', 'candidate_analysis_completed__requirement_outcomes') }}
  where event_key in (select event_key from happened)
  group by event_key
)

select
  event_key,
  provider,
  organization_id,
  candidate_id,
  analysis_id,
  source,
  cast(null as varchar) as campaign_id,
  cast(null as varchar) as external_campaign_id,
  external_candidate_id,
  external_analysis_id,
  total_score_scaled,
  is_all_mandatory_requirements_met,
  coalesce(requirement_count, 0) as requirement_count,
  coalesce(requirements_met_count, 0) as requirements_met_count,
  coalesce(mandatory_count, 0) as mandatory_count,
  coalesce(mandatory_met_count, 0) as mandatory_met_count,
  moment = max(moment) over (partition by provider, organization_id, candidate_id, analysis_id) as is_current,
  occurred_at as analysed_at,
  occurred_at as first_event_at,
  occurred_at as last_event_at,
  1 as event_count,
  max(batch_id) over (partition by provider, organization_id, candidate_id) as last_batch_id
from happened
left join requirements using (event_key)
