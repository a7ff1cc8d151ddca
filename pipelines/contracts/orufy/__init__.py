"""Orufy Bookings: a meeting and what was done with it. `eventId` is the bookable event type, never a key."""
