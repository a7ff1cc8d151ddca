-- Grain: one row per organization, source, provider, campaign, outcome (passed or failed) and day of the decision.
-- Columns: the scores of decided conversations. No score is not 0, and 0 is a score.
-- population = denominator + every excluded; the bands add up to the denominator.
with decided as (
  select *, case when score between 0 and 100 then score end as valid_score
  from {{ ref('conversation_facts') }}
  where outcome in ('passed', 'failed')
)

select
  {{ cuts() }},
  {{ day_of('decided_at') }} as day,
  outcome,
  count(*) as population,
  count(valid_score) as denominator,
  count(*) filter (where score is null) as excluded_no_score,
  count(*) filter (where score is not null and valid_score is null) as excluded_out_of_range,
  {{ spread('valid_score', 'valid_score is not null') }},
  {{ score_bands('valid_score') }}
from decided
group by {{ cuts() }}, day, outcome
