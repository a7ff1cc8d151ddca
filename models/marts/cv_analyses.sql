-- Grain: one row per organization, source, provider, campaign and day of the analysis.
-- Columns: CVs that meet every mandatory requirement / those of which that is known, and their scores; only the
-- latest analysis of a candidate. No score is not 0.
-- population = denominator + every excluded = scored + no_score + score_out_of_range; the bands add up to scored.
with analyses as (
  select
    *,
    is_all_mandatory_requirements_met as is_met,
    case when total_score_scaled between 0 and 100 then total_score_scaled end as valid_score
  from {{ ref('candidate_analyses') }}
  where is_current
),

cells as (
  select
    {{ cuts() }},
    {{ day_of('analysed_at') }} as day,
    count(*) as population,
    count(*) filter (where is_met) as numerator,
    count(is_met) as denominator,
    count(*) - count(is_met) as excluded_unknown,
    count(valid_score) as scored,
    count(*) filter (where total_score_scaled is null) as no_score,
    count(*) filter (where total_score_scaled is not null and valid_score is null) as score_out_of_range,
    {{ spread('valid_score', 'valid_score is not null') }},
    {{ score_bands('valid_score') }}
  from analyses
  group by {{ cuts() }}, day
)

select
  organization_id,
  source,
  provider,
  campaign_id,
  external_campaign_id,
  day,
  population,
  numerator,
  denominator,
  excluded_unknown,
  {{ rate() }} as rate,
  {{ wilson('low') }} as wilson_low,
  {{ wilson('high') }} as wilson_high,
  scored,
  no_score,
  score_out_of_range,
  mean,
  p25,
  median,
  p75,
  band_0_19,
  band_20_39,
  band_40_59,
  band_60_79,
  band_80_100
from cells
