{# Cells of `metrics` whose denominator is not the numerator and `parts`, and cells of other metrics with parts. #}
{% test denominator_told(model, metrics, parts) %}
select *
from {{ model }}
where {{ parts | join(' + ') }} <> case
  when metric in ('{{ metrics | join("', '") }}') then denominator - numerator else 0
end
{% endtest %}
