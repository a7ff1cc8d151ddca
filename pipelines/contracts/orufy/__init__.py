"""Contracts of Orufy Bookings. Its `eventId` is the id of a bookable event type, never an event key."""
