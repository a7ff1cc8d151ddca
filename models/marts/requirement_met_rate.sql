-- Grain: one row per organization, source, provider, campaign, requirement (mandatory or not) and day of the analysis.
-- Columns: requirements met / those known to be met or not; only the latest analysis of a candidate.
-- population = denominator + every excluded.
with cells as (
  {{ cells(
    ref('requirement_members'),
    'requirement_met_rate',
    excluded=['unknown'],
    cuts={'requirement': 'detail', 'weight': 'note'}
  ) }}
)

select
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  requirement,
  weight = 'mandatory' as is_mandatory,
  population,
  numerator,
  denominator,
  excluded_unknown,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high
from cells
