"""Start-up: a source that could verify nothing stops it, in one line that names the setting."""

from typing import Any

import pytest

from receiver.providers.registry import providers
from receiver.server import check
from receiver.settings import CoreSettings, SettingsError
from receiver.signatures import HmacScheme, StaticToken
from receiver.sources import sources


def settings(**sections: Any) -> CoreSettings:
    return CoreSettings(**sections)


def of(**source: Any) -> CoreSettings:
    return settings(sources={"here": source})


def test_every_provider_that_can_be_named_is_there() -> None:
    assert set(providers()) == {"popp", "orufy", "standard_webhooks"}


def test_a_provider_brings_its_scheme_and_a_source_may_name_another() -> None:
    assert sources(of(provider="popp", secrets="k:v"))["here"].scheme == HmacScheme("x-signature")
    named = of(provider="popp", secrets="k:v", scheme="token:x-other")
    assert sources(named)["here"].scheme == StaticToken("x-other")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ({"provider": "orufy", "secrets": "k:v"}, "HIRESTREAM_SOURCES__HERE__SCHEME=token:x-secret-token"),
        ({"provider": "popp", "secrets": "k:v", "scheme": "magic"}, "HIRESTREAM_SOURCES__HERE__SCHEME"),
        ({"provider": "standard_webhooks", "secrets": "k:no base64"}, "HIRESTREAM_SOURCES__HERE__SECRETS"),
        ({"provider": "standard_webhooks", "secrets": "k:whsec_"}, "HIRESTREAM_SOURCES__HERE__SECRETS"),
        ({"provider": "standard_webhooks", "secrets": "k:whpk_AAAA"}, "HERE__SECRETS.* key id k .*whpk_"),
        ({"provider": "popp", "secrets": "k:geheim", "scheme": "basic"}, "HERE__SECRETS.* k .*user:password"),
        ({"provider": "popp", "secrets": "k:gehe im!", "scheme": "hmac-sha256:x;key=base64"}, "key=base64"),
        ({"provider": "popp", "secrets": "k:a,j:gehe\x00im", "scheme": "token:x"}, "key id j .*header"),
        ({"provider": "orufy", "secrets": "k:v"}, "hmac-sha256:HEADER.*hirestream secrets match"),
        ({"provider": "popp", "secrets": ","}, "HIRESTREAM_SOURCES__HERE"),
    ],
)
def test_a_source_that_cannot_verify_stops_the_start(source: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as raised:
        check(of(**source))
    assert "\n" not in str(raised.value)
    assert not any(secret in str(raised.value) for secret in ("no base64", "gehe", "AAAA"))


def test_no_source_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="HIRESTREAM_SOURCES__POPP__SECRETS"):
        check(settings())


def test_a_body_limit_that_the_topic_cannot_hold_stops_the_start() -> None:
    sections: dict[str, Any] = {"sources": {"here": {"provider": "popp", "secrets": "k:v"}}}
    check(settings(**sections))
    with pytest.raises(SettingsError, match="HIRESTREAM_RECEIVER__MAX_BODY_BYTES"):
        check(settings(**sections, receiver={"max_body_bytes": 2 * 1024 * 1024}))


def test_a_secret_is_in_no_representation() -> None:
    assert "geheim" not in repr(sources(of(provider="popp", secrets="k:geheim")))
