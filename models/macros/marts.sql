{# The time of asking: fixed by the variable `now`, else when the view is read. #}
{% macro now() -%}
  {% if var('now', none) %}timestamptz '{{ var('now') }}'{% else %}current_timestamp{% endif %}
{%- endmacro %}

{# The calendar day of a point in time, in the report's time zone. #}
{% macro day_of(instant) -%}
  cast({{ instant }} at time zone '{{ var('time_zone') }}' as date)
{%- endmacro %}

{# Members counted by cell and bucket; `excluded` are the reasons that this mart knows. #}
{% macro cells(members, mart, excluded=[], extra={}) %}
  select
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
  group by metric, organization_id, source, provider, campaign_id, external_campaign_id, day
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
