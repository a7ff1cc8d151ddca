"""Receiver endpoints (sources) that the simulated senders use."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.world.tenants import DUNE, ORUFY_ACCOUNTS, Organization, popp_organizations


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Source that a simulated sender uses, with its usual name.

    `scheme` is the signature setting for a provider that documents none.
    """

    source: str
    provider: str
    organizations: tuple[str, ...] = ()
    scheme: str | None = None


_OF_POPP = tuple(organization.id for organization in popp_organizations())
POPP = Endpoint("popp", "popp", _OF_POPP)
POPP_SECOND = Endpoint("popp_second", "popp", _OF_POPP)
"""Second endpoint of Popp, used by an organization in transition; `POPP` receives the same events."""
ORUFY = Endpoint(
    "orufy", "orufy", tuple(account.id for account in ORUFY_ACCOUNTS), scheme="token:x-orufy-token"
)
JOB_BOARD = Endpoint("jobboard", "standard_webhooks")
ENDPOINTS = (POPP, POPP_SECOND, ORUFY, JOB_BOARD)

MOVING: Organization = DUNE
OVERLAP = timedelta(days=21)
"""Period before the end of the simulation in which both endpoints of `MOVING` receive its events."""


def sent_twice(organization_id: str, at: datetime, end: datetime) -> bool:
    """Return whether an event at `at` is sent to both endpoints of its organization."""
    return organization_id == MOVING.id and end - OVERLAP <= at
