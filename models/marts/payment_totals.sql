-- Grain: one row per organization, source, provider, campaign, status, currency and day a payment was first told of.
-- Columns: how many payments, and the sum of their amounts as sent. Nobody says whether amounts count cents, so they
-- add up within one currency and provider at most, and where the currency is unknown not at all (T42).
select
  {{ cuts() }},
  {{ day_of('first_event_at') }} as day,
  status,
  currency_code,
  count(*) as payments,
  sum(amount_number) filter (where currency_code is not null) as amount_sum
from {{ ref('payments') }}
group by {{ cuts() }}, day, status, currency_code
