-- Grain: one row per event about a payment.
-- Columns: what all events have, then the payment (by the event's key where no id was sent), its booking and its
-- state. The amount is text as sent, because its unit (cents or not) is undocumented; of the times those are
-- read that say what they are. Test deliveries and foreign organizations are left out.
with events as (
  {{ lake_union(
    having='payment_id',
    columns=[
      'meeting_id', 'payment_id', 'payment_status', 'payment_amount', 'payment_currency_code', 'payment_method',
      'payment_order_id', 'payment_external_payment_id', 'payment_paid_at', 'payment_created_at',
      'payment_updated_at'
    ]
  ) }}
),

every_event as (
  select * exclude (loaded_at, is_test, is_foreign, extras) from events
  union all by name
  select
    event_type, event_key, source, provider, organization_id, occurred_at, occurred_at_basis, received_at,
    batch_id, meeting_id,
    {%- for column, name in {
      'payment_id': '_id', 'payment_status': 'status', 'payment_currency_code': 'currencyCode',
      'payment_method': 'method', 'payment_order_id': 'orderId',
      'payment_external_payment_id': 'externalPaymentId'
    }.items() %}
    try_cast(payment as json) ->> '$.{{ name }}' as {{ column }},
    {%- endfor %}
    {%- for column, name in {
      'payment_amount': 'amount', 'payment_paid_at': 'paymentTime', 'payment_created_at': 'createdAt',
      'payment_updated_at': 'updatedAt'
    }.items() %}
    nullif(cast(try_cast(payment as json) -> '$.{{ name }}' as varchar), 'null') as {{ column }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
  from {{ ref('stg_orufy_unknown') }}
  where payment is not null
)

select
  event_type,
  event_key,
  source,
  provider,
  {{ known_organization() }} as organization_id,
  coalesce(nullif(payment_id, ''), event_key) as payment_id,
  occurred_at,
  occurred_at_basis,
  received_at,
  batch_id,
  meeting_id as booking_id,
  upper(nullif(payment_status, '')) as status,
  {{ as_sent('payment_amount') }} as amount,
  payment_currency_code as currency_code,
  payment_method as method,
  payment_order_id as order_id,
  payment_external_payment_id as external_payment_id,
  {{ sent_instant(as_sent('payment_paid_at')) }} as paid_at,
  {{ sent_instant(as_sent('payment_created_at')) }} as created_at,
  {{ sent_instant(as_sent('payment_updated_at')) }} as updated_at
from every_event
where coalesce(
  payment_id, payment_status, payment_amount, payment_currency_code, payment_method, payment_order_id,
  payment_external_payment_id, payment_paid_at, payment_created_at, payment_updated_at
) is not null
