{# The time of asking: fixed by the variable `now`, else when the view is read. #}
{% macro now() -%}
  {% if var('now', none) %}timestamptz '{{ var('now') }}'{% else %}current_timestamp{% endif %}
{%- endmacro %}

{# The calendar day of a point in time, in the report's time zone. #}
{% macro day_of(instant) -%}
  cast({{ instant }} at time zone '{{ var('time_zone') }}' as date)
{%- endmacro %}

{#
  Members of the marts `<family>_cohort` and `<family>_activity`, or of one mart `<family>` if `alone`: one row per
  (mart, metric, entity) from one scan of `facts`, however many metrics there are. `metrics` maps a metric's name
  to SQL over `facts`: `bucket` (null: not of the population), `activity_at` (none: no part of the activity mart),
  `cohort` (false: no part of the cohort mart), `cohort_at`, `note`, `value`, `detail`. Open ones, and those
  without an instant of activity, stand in the cohort mart only.
#}
{% macro members(facts, family, entity, entity_id, metrics, alone=false) %}
  select
    mart,
    member.metric as metric,
    organization_id,
    source,
    provider,
    campaign_id,
    external_campaign_id,
    {{ day_of('counted_at') }} as day,
    '{{ entity }}' as entity,
    entity_id,
    member.bucket as bucket,
    member.note as note,
    counted_at,
    member.value as value,
    member.detail as detail
  from (
    select
      * exclude (placed), placed.mart, placed.counted_at
    from (
      select *, unnest([
        {
          'mart': '{{ family ~ ('' if alone else '_cohort') }}',
          'counted_at': member.cohort_at,
          'counts': member.is_cohort
        }
        {%- if not alone %},
        {
          'mart': '{{ family }}_activity',
          'counted_at': member.activity_at,
          'counts': member.bucket <> 'open' and member.activity_at is not null
        }
        {%- endif %}
      ]) as placed
      from (
        select
          organization_id, source, provider, campaign_id, external_campaign_id, {{ entity_id }} as entity_id,
          unnest([
            {%- for name, metric in metrics.items() %}
            {
              'metric': '{{ name }}',
              'bucket': {{ metric['bucket'] }},
              'cohort_at': {{ metric.get('cohort_at') or 'cohort_at' }},
              'is_cohort': {{ 'true' if metric.get('cohort', true) else 'false' }},
              'activity_at': cast({{ metric.get('activity_at') or 'null' }} as timestamptz),
              'note': cast({{ metric.get('note') or 'null' }} as varchar),
              'value': cast({{ metric.get('value') or 'null' }} as double),
              'detail': cast({{ metric.get('detail') or 'null' }} as varchar)
            }{% if not loop.last %},{% endif %}
            {%- endfor %}
          ]) as member
        from {{ facts }}
      )
      where member.bucket is not null
    )
    where placed.counts
  )
{% endmacro %}

{#
  Members counted by cell and bucket; `excluded` are the reasons that this mart knows, `cuts` names further columns
  of a cell and the members' columns that they are.
#}
{% macro cells(members, mart, excluded=[], extra={}, cuts={}) %}
  select
    {%- for name, column in cuts.items() %}
    {{ column }} as {{ name }},
    {%- endfor %}
    metric, organization_id, source, provider, campaign_id, external_campaign_id, day,
    count(*) as population,
    count(*) filter (where bucket = 'numerator') as numerator,
    count(*) filter (where bucket in ('numerator', 'denominator')) as denominator,
    count(*) filter (where bucket = 'open') as open
    {%- for reason in excluded %},
    count(*) filter (where bucket = 'excluded_{{ reason }}') as excluded_{{ reason }}
    {%- endfor %}
    {%- for name, condition in extra.items() %},
    count(*) filter (where {{ condition }}) as {{ name }}
    {%- endfor %}
  from {{ members }}
  where mart = '{{ mart }}'
  group by metric, organization_id, source, provider, campaign_id, external_campaign_id, day{% for name in cuts %}, {{ name }}{% endfor %}
{% endmacro %}

{# A share; null on an empty denominator, never 0. #}
{% macro rate(numerator='numerator', denominator='denominator') -%}
  case when {{ denominator }} > 0 then {{ numerator }} / {{ denominator }} end
{%- endmacro %}

{# One end of the Wilson 95 % interval of a share; `side` is `low` or `high`. #}
{% macro wilson(side, numerator='numerator', denominator='denominator') -%}
  {%- set z = '1.959963984540054' -%}
  case when {{ denominator }} > 0 then {{ 'greatest(0.0, ' if side == 'low' else 'least(1.0, ' }}(
    {{ numerator }} / {{ denominator }} + {{ z }} * {{ z }} / (2 * {{ denominator }})
    {{ '-' if side == 'low' else '+' }} {{ z }} * sqrt(
      {{ numerator }} / {{ denominator }} * (1 - {{ numerator }} / {{ denominator }}) / {{ denominator }}
      + {{ z }} * {{ z }} / (4.0 * {{ denominator }} * {{ denominator }})
    )
  ) / (1 + {{ z }} * {{ z }} / {{ denominator }})) end
{%- endmacro %}
