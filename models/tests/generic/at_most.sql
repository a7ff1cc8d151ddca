{# Rows whose `part` is more than its `whole`, or less than nothing. #}
{% test at_most(model, part, whole) %}
select *
from {{ model }}
where {{ part }} > {{ whole }} or {{ part }} < 0
{% endtest %}
