{# Cells whose population is not denominator + open + every excluded, or whose numerator exceeds the denominator. #}
{% test parts_add_up(model, excluded) %}
select *
from {{ model }}
where population <> denominator + open {%- for part in excluded %} + {{ part }}{% endfor %}
  or numerator > denominator
{% endtest %}
