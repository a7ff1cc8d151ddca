"""Simulated organizations with their campaigns and workflows, equal in every simulation.

Two organizations use the same ids, as two tenants of one provider may. A query that joins by id without the
organization therefore counts wrongly.
"""

from dataclasses import dataclass

from pipelines.simulate.world.sample_texts import QUESTIONS, SampleQuestion

SCHEDULING = "SCHEDULING"
AVAILABILITY = "AVAILABILITY_OUTREACH"
APPLICANTS = "APPLICANT_OUTREACH"
NEW_CANDIDATES = "NEW_CANDIDATE_OUTREACH"


@dataclass(frozen=True, slots=True)
class Organization:
    """Simulated customer of Popp. `series` is part of its ids; `host` is the host of its links.

    With the time zone `clock`, its instants are written with that zone's numeric UTC offset instead of Z.
    """

    id: str
    series: str
    host: str = "ai.joinpopp.com"
    legacy: bool = False
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """Simulated campaign of an organization. `kind` is the campaign type as sent, None for null."""

    organization: Organization
    id: str
    kind: str | None
    time_zone: str
    questions: tuple[SampleQuestion, ...]
    external_id: str | None = None
    in_person: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """Simulated workflow of an organization.

    `stamped`: its events have `data.timestamp`. `named_nodes`: its node events always have a node id.
    `endless`: its runs never end.
    """

    organization: Organization
    id: str
    external_id: str | None
    stamped: bool = True
    named_nodes: bool = True
    endless: bool = False

    @property
    def version(self) -> str:
        """Id of the latest published version."""
        return f"{self.id}-v3"


@dataclass(frozen=True, slots=True)
class Account:
    """Simulated customer of Orufy, with the event types that can be booked."""

    id: str
    series: str
    bookable: tuple[tuple[str, str], ...]
    """Event types as pairs `(id, title)`."""


ATLAS = Organization("org_atlas", "a")
BIRCH = Organization("org_birch", "b", clock="America/New_York")
COBALT = Organization("org_cobalt", "b", clock="Australia/Lord_Howe")
DUNE = Organization("org_dune", "d", host="ai.popp.ai")
ELM = Organization("org_elm", "m", clock="Europe/Lisbon")
LEGACY = Organization("org_elder", "e", legacy=True)
PLACEHOLDER = Organization("org_123456", "t")
"""Organization in the examples of the provider's documentation; all its deliveries are tests."""

ORGANIZATIONS = (ATLAS, BIRCH, COBALT, DUNE, ELM)

CAMPAIGNS: tuple[Campaign, ...] = (
    Campaign(ATLAS, "camp_a1", APPLICANTS, "Europe/Lisbon", QUESTIONS[:4], "warehouse-lisbon"),
    Campaign(ATLAS, "camp_a2", NEW_CANDIDATES, "Europe/London", QUESTIONS[5:9]),
    Campaign(ATLAS, "camp_a3", SCHEDULING, "Europe/Lisbon", (), "interviews-lisbon"),
    Campaign(ATLAS, "camp_a4", AVAILABILITY, "Europe/Lisbon", (), "interviewers-lisbon"),
    Campaign(BIRCH, "camp_1001", AVAILABILITY, "America/New_York", ()),
    Campaign(BIRCH, "camp_1002", APPLICANTS, "America/New_York", QUESTIONS[:3], "req-77"),
    Campaign(BIRCH, "camp_1003", SCHEDULING, "America/St_Johns", (), "req-78", in_person=True),
    Campaign(COBALT, "camp_1001", SCHEDULING, "Australia/Lord_Howe", (), "cobalt/1"),
    Campaign(COBALT, "camp_1002", APPLICANTS, "Asia/Kolkata", QUESTIONS[4:8], "cobalt/2"),
    Campaign(COBALT, "camp_1003", None, "Pacific/Auckland", QUESTIONS[2:4]),
    Campaign(DUNE, "camp_d1", APPLICANTS, "Africa/Casablanca", QUESTIONS[6:9]),
    Campaign(DUNE, "camp_d2", SCHEDULING, "Africa/Cairo", (), in_person=True),
    Campaign(DUNE, "camp_d3", "ENGAGEMENT_OUTREACH", "America/Sao_Paulo", QUESTIONS[2:5]),
    Campaign(ELM, "camp_m1", APPLICANTS, "Europe/Lisbon", QUESTIONS[8:], "elm/夜勤"),
    Campaign(ELM, "camp_m2", SCHEDULING, "Asia/Kathmandu", ()),
    Campaign(ELM, "camp_m3", "REACTIVATION_OUTREACH", "Asia/Seoul", QUESTIONS[9:12]),
)
"""Simulated campaigns. The campaign type of the last one is undocumented."""
CAMPAIGN_WEIGHTS = (9, 4, 7, 2, 2, 6, 4, 4, 6, 2, 4, 3, 1, 3, 2, 1)

LEGACY_CAMPAIGN = Campaign(LEGACY, "camp_e1", APPLICANTS, "UTC", QUESTIONS[:2])
TEST_CAMPAIGN = Campaign(PLACEHOLDER, "camp_123", APPLICANTS, "UTC", QUESTIONS[:2])

WORKFLOWS: tuple[Workflow, ...] = (
    Workflow(ATLAS, "wf_a1", "hire-lisbon"),
    Workflow(BIRCH, "wf_1001", "rgn-screen"),
    Workflow(COBALT, "wf_1001", None),
    Workflow(DUNE, "wf_d1", None, stamped=False),
    Workflow(ELM, "wf_m1", "elm-plain", named_nodes=False),
    Workflow(ATLAS, "wf_a2", "talent-pool", endless=True),
)

ORUFY_ACCOUNTS: tuple[Account, ...] = (
    Account("app_fern", "f", (("et-1", "Intro call"), ("et-2", "Gruppen-Infotag: Pflege & Küche"))),
    Account("app_gorse", "g", (("et-1", "पहली बातचीत"), ("et-7", "مقابلة أولى"))),
)
"""Simulated Orufy accounts. Both use the id `et-1`: an event type has no globally unique id."""


def popp_organizations() -> tuple[Organization, ...]:
    """Simulated Popp organizations except the one that sends tests."""
    return (*ORGANIZATIONS, LEGACY)
