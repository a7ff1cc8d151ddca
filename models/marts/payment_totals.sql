-- Grain: one row per organization, source, provider, campaign, status, currency and day of a payment's first event.
-- Columns: how many payments, and the sum of their amounts as sent. The unit of amounts (cents or not) is undocumented, so they
-- add up within one currency and provider at most, and where the currency is unknown not at all.
select
  {{ cuts() }},
  {{ day_of('first_event_at') }} as day,
  status,
  currency_code,
  count(*) as payments,
  sum(amount_number) filter (where currency_code is not null) as amount_sum
from {{ ref('payments') }}
group by {{ cuts() }}, day, status, currency_code
