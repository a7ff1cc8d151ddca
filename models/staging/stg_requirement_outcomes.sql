-- Grain: one row per requirement of a CV analysis, by event and position in it.
-- Columns: the requirement's text is its identity, there is no id; whether it must be met, and whether it is.
select
  outcomes.event_key,
  outcomes.position,
  outcomes.requirement,
  outcomes.is_mandatory,
  outcomes.is_met
from {{ source('events', 'candidate_analysis_completed__requirement_outcomes') }} as outcomes
