"""Endpoints of the simulated senders."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.simulate.world.tenants import DUNE, ORUFY_ACCOUNTS, Organization, popp_organizations


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One source by its usual name. `scheme` is the setting where the provider documents none."""

    source: str
    provider: str
    organizations: tuple[str, ...] = ()
    scheme: str | None = None


_OF_POPP = tuple(organization.id for organization in popp_organizations())
POPP = Endpoint("popp", "popp", _OF_POPP)
POPP_SECOND = Endpoint("popp_second", "popp", _OF_POPP)
"""Set up while an organization moved here; what it gets, the first one gets too."""
ORUFY = Endpoint(
    "orufy", "orufy", tuple(account.id for account in ORUFY_ACCOUNTS), scheme="token:x-orufy-token"
)
JOB_BOARD = Endpoint("jobboard", "standard_webhooks")
ENDPOINTS = (POPP, POPP_SECOND, ORUFY, JOB_BOARD)

MOVING: Organization = DUNE
OVERLAP = timedelta(days=21)
"""For so long before the end, both endpoints of the organization that moves are live."""


def sent_twice(organization_id: str, at: datetime, end: datetime) -> bool:
    """Return whether an event of that organization went to both of its endpoints."""
    return organization_id == MOVING.id and end - OVERLAP <= at
