{# Mean and quartiles of `value` over the rows that `where` keeps; null where there is none. #}
{% macro spread(value, where) %}
  avg({{ value }}) filter (where {{ where }}) as mean,
  quantile_cont({{ value }}, 0.25) filter (where {{ where }}) as p25,
  quantile_cont({{ value }}, 0.5) filter (where {{ where }}) as median,
  quantile_cont({{ value }}, 0.75) filter (where {{ where }}) as p75
{%- endmacro %}

{# How many scores fall into each fifth of 0 to 100; a border belongs to the band above it, 100 to the last. #}
{% macro score_bands(score) %}
  {%- for low in [0, 20, 40, 60, 80] %}
  count(*) filter (where {{ score }} >= {{ low }} and {{ score }} {{ '<=' if low == 80 else '<' }} {{ low + 20 }})
    as band_{{ low }}_{{ 100 if low == 80 else low + 19 }}{% if not loop.last %},{% endif %}
  {%- endfor %}
{%- endmacro %}

{# What every mart is cut by. #}
{% macro cuts() -%}
  organization_id, source, provider, campaign_id, external_campaign_id
{%- endmacro %}
