"""Write the payment in the webhook bodies of a booking at Orufy."""

from datetime import timedelta

from pipelines.simulate.journeys.orufy_model import OrufyBooking
from pipelines.simulate.payloads.payload import Data, instant


def payment_of(story: OrufyBooking, state: str | None) -> Data:
    """Return the field `payment` in state `state`; an empty dict without a payment or state.

    Times are ISO 8601 or epoch milliseconds, depending on the booking.
    """
    paid = story.payment
    if paid is None or state is None:
        return {}
    at, settled = story.at - timedelta(hours=1), state != "PENDING"
    changed_at = at + timedelta(minutes=5) if settled else at
    as_number = story.shape.as_object
    created, changed = (
        int(moment.timestamp() * 1000) if as_number else instant(moment) for moment in (at, changed_at)
    )
    return {
        "payment": {
            "_id": paid.id,
            "appId": story.account.id,
            "amount": paid.amount,
            "currencyCode": paid.currency,
            "method": paid.method,
            "status": state,
            "billingName": story.guests[0].person.last_name,
            "billingAddress": {"city": "Évora"} if as_number else "Rua A 1",
            "emailId": story.guests[0].person.email,
            "paymentTime": changed if state == "DONE" else None,
            "externalPaymentId": f"pi_{paid.id}" if settled else None,
            "amountOnDuration": {str(story.minutes): paid.amount},
            "orderId": f"order-{story.number}",
            "createdAt": created,
            "updatedAt": changed,
        }
    }
