{# Bookings whose logical booking has no row, or is itself part of another. #}
{% test chains_hold_together(model) %}
select booking.*
from {{ model }} as booking
left join {{ model }} as logical
  on logical.provider = booking.provider
  and logical.organization_id = booking.organization_id
  and logical.booking_id = booking.logical_booking_id
where logical.logical_booking_id is distinct from booking.logical_booking_id
{% endtest %}
