{# Rows whose `total` is not the sum of `parts`. #}
{% test adds_up(model, total, parts) %}
select *
from {{ model }}
where {{ total }} is distinct from {{ parts | join(' + ') }}
{% endtest %}
