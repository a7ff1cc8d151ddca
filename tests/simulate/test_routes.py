"""Which configured source stands for which simulated one, what is said where none does, the demo's own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import UsageError
from pipelines.runtime.demo.plan import demo_sources
from pipelines.settings import Settings
from pipelines.simulate.command import Target, providers_of, route, simulate_into, simulate_to
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.delivery.http_sender import signer
from pipelines.simulate.files import read_deliveries, read_truth
from pipelines.simulate.world.endpoints import ENDPOINTS
from receiver.signatures import parse_scheme, verify
from tests.support.simulated_deliveries import UNTIL
from tests.support.webhook_server import always, serving

POPP = {"provider": "popp", "secrets": "k:v"}
ORUFY = {"provider": "orufy", "secrets": "k:v", "scheme": "token:x-orufy-token"}
BOARD = {"provider": "standard_webhooks", "secrets": "k:whsec_c2VjcmV0"}


def settings(home: Path, **sources: dict[str, str]) -> Settings:
    return Settings.model_validate({"home": home, "sources": sources})


def test_what_is_configured_takes_part_and_the_rest_is_named_with_its_remedy(tmp_path: Path) -> None:
    names, left_out = route(settings(tmp_path, popp=POPP, jobboard=BOARD), "popp", None)
    assert names == {"popp": "popp", "jobboard": "jobboard"}
    assert len(left_out) == 2
    assert "HIRESTREAM_SOURCES__POPP_SECOND__PROVIDER=popp" in left_out[0]
    assert "HIRESTREAM_SOURCES__ORUFY__SCHEME=token:x-orufy-token" in left_out[1]


def test_another_source_may_stand_for_popp(tmp_path: Path) -> None:
    assert route(settings(tmp_path, acme=POPP), "acme", ("popp",))[0] == {"popp": "acme"}


def test_a_provider_that_was_not_asked_for_is_not_even_mentioned(tmp_path: Path) -> None:
    both = settings(tmp_path, popp=POPP, popp_second=POPP)
    assert route(both, "popp", ("popp",)) == ({"popp": "popp", "popp_second": "popp_second"}, [])


@pytest.mark.parametrize(
    ("sources", "popp", "providers", "variable"),
    [
        ({"popp": POPP}, "popp", ("popp", "orufy"), "HIRESTREAM_SOURCES__ORUFY__SECRETS=kid:"),
        ({"popp": POPP}, "popp", ("standard_webhooks",), "SOURCES__JOBBOARD__SECRETS=kid:whsec_"),
        ({"orufy": ORUFY}, "popp", None, "HIRESTREAM_SOURCES__POPP__PROVIDER=popp"),
        ({"popp": ORUFY}, "popp", None, "no source 'popp' of provider popp"),
        ({"popp": POPP}, "acme", None, "HIRESTREAM_SOURCES__ACME__PROVIDER=popp"),
    ],
)
def test_a_missing_source_stops_everything_before_anything_is_sent(
    tmp_path: Path, sources: Any, popp: str, providers: Any, variable: str
) -> None:
    with pytest.raises(UsageError) as raised:
        route(settings(tmp_path, **sources), popp, providers)
    assert variable in str(raised.value)


def test_an_unknown_provider_is_refused() -> None:
    assert providers_of(None) is None
    assert providers_of("popp, orufy") == ("popp", "orufy")
    with pytest.raises(UsageError, match="no provider 'orufi'; there are popp, orufy, standard_webhooks"):
        providers_of("orufi")


def test_files_hold_popp_alone_unless_asked_and_never_orufy(tmp_path: Path) -> None:
    now, home = datetime(2026, 6, 30, tzinfo=UTC), settings(tmp_path)
    made = simulate_into(home, 1, 60, now, tmp_path / "a")
    assert {each.source for each in read_deliveries(Path(made["file"]))} == {"popp", "popp_second"}
    made = simulate_into(home, 1, 60, now, tmp_path / "b", providers=("standard_webhooks",))
    assert {each.source for each in read_deliveries(Path(made["file"]))} == {"jobboard"}
    with pytest.raises(UsageError, match="use --send"):
        simulate_into(home, 1, 60, now, tmp_path / "c", providers=("popp", "orufy"))


def test_all_is_sent_under_the_configured_names_with_its_truth(tmp_path: Path) -> None:
    names = {"popp": "acme", "orufy": "orufy"}
    scheme, secret = parse_scheme("hmac-sha256:x-signature"), b"it is a secret"
    token, value = parse_scheme("token:x-orufy-token"), b"another"
    signs = {
        "acme": signer(scheme, secret, lambda: "m", lambda: UNTIL),
        "orufy": signer(token, value, lambda: "m", lambda: UNTIL),
    }
    with serving(always(200)) as (server, url):
        target = Target(url, names, lambda name: signs[name], tmp_path / "truth.json")
        done = simulate_to(settings(tmp_path), 3, 40, UNTIL, target)
    assert (done["accepted"], done["refused"]) == (done["deliveries"], {})
    assert server.paths == {"/webhooks/acme", "/webhooks/orufy"}
    assert {row.organization_id for row in read_truth(tmp_path / "truth.json")} >= {
        "app_fern",
        "org_atlas",
    }


def test_the_demo_has_a_source_with_a_secret_of_its_own_for_every_sender(tmp_path: Path) -> None:
    own, environment = demo_sources(Settings(home=tmp_path), {})
    assert {name: source.provider for name, source in own.sources.items()} == {
        endpoint.source: endpoint.provider for endpoint in ENDPOINTS
    }
    secrets = [secret for live in own.source_secrets().values() for secret in live.values()]
    assert len(set(secrets)) == len(ENDPOINTS)
    assert environment["HIRESTREAM_SOURCES__ORUFY__SCHEME"] == "token:x-orufy-token"
    assert environment["HIRESTREAM_SOURCES__POPP_SECOND__PROVIDER"] == "popp"
    assert "HIRESTREAM_SOURCES__JOBBOARD__ORGANIZATIONS" not in environment
    secret = own.source_secrets()["jobboard"]["demo"]
    headers = signer(parse_scheme("standard-webhooks"), secret, lambda: "m", lambda: UNTIL)(
        Delivery(b"{}", "E", message_id="msg_1")
    )
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert verify(parse_scheme("standard-webhooks"), {"demo": secret}, raw, b"{}", UNTIL) == "demo"
