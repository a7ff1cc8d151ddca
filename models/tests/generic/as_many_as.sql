{# One row where the sum of `column` is not that of `other_column` of `other`, or not the number of its rows. #}
{% test as_many_as(model, column, other, other_column=none) %}
select here.total, there.total as expected
from (select coalesce(sum({{ column }}), 0) as total from {{ model }}) as here
cross join (
  select {{ 'coalesce(sum(' ~ other_column ~ '), 0)' if other_column else 'count(*)' }} as total from {{ other }}
) as there
where here.total <> there.total
{% endtest %}
