{# Rows whose column lies outside `low` to `high`; null passes. #}
{% test within(model, column_name, low, high) %}
select *
from {{ model }}
where {{ column_name }} < {{ low }} or {{ column_name }} > {{ high }}
{% endtest %}
