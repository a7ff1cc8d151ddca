"""The text of a scheme: it reads back, the short forms hold, and what is wrong is said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.settings import PROJECT
from receiver.signatures import BasicAuth, HmacScheme, Scheme, StandardWebhooks, StaticToken, parse_scheme
from receiver.signatures.signed_template import TemplatePart
from tests.support.schemes import HMAC, SCHEMES, STRIPE, TIMED


@given(SCHEMES)
def test_every_scheme_has_a_text_that_reads_back(scheme: Scheme) -> None:
    text = str(scheme)
    assert parse_scheme(text) == scheme
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set("'\"$`\\ \n")  # it is pasted between quotes into a shell


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("hmac-sha256:X-Signature", HMAC),
        ("hmac-sha256:x-signature:sha256=", HmacScheme("x-signature", prefix="sha256=")),
        ("hmac-sha256:x-signature:", HMAC),
        ("hmac-sha256:x-signature:50%=", HmacScheme("x-signature", prefix="50%=")),
        (
            "hmac-sha256:x-hub-signature-256;prefix=sha256=",
            HmacScheme("x-hub-signature-256", prefix="sha256="),
        ),
        ("token:X-Secret-Token", StaticToken("x-secret-token")),
        ("token:authorization;prefix=Bearer%20", StaticToken("authorization", "Bearer ")),
        ("token:authorization;prefix=Bearer a", StaticToken("authorization", "Bearer a")),
        ("basic", BasicAuth()),
        ("standard-webhooks", StandardWebhooks()),
        (" standard-webhooks;tolerance=60 ", StandardWebhooks(60)),
        (
            "hmac-sha256:x-slack-signature;prefix=v0=;"
            "signed=v0:{header:X-Slack-Request-Timestamp}:{body};tolerance=300",
            TIMED,
        ),
        ("hmac-sha256:stripe-signature;prefix=v1=;items=comma;signed={item:t}.{body};tolerance=300", STRIPE),
        (
            "hmac-sha256:svix-signature;encoding=base64;prefix=v1,;items=space;key=base64;"
            "signed={header:svix-id}.{header:svix-timestamp}.{body};"
            "timestamp=header:svix-timestamp;tolerance=300",
            HmacScheme(
                "svix-signature",
                encoding="base64",
                prefix="v1,",
                items="space",
                key="base64",
                signed=(
                    TemplatePart("header", "svix-id"),
                    TemplatePart("text", "."),
                    TemplatePart("header", "svix-timestamp"),
                    TemplatePart("text", "."),
                    TemplatePart("body"),
                ),
                timestamp=TemplatePart("header", "svix-timestamp"),
                tolerance_seconds=300,
            ),
        ),
        (
            "hmac-sha1:x;signed={compact-body}",
            HmacScheme("x", "sha1", signed=(TemplatePart("compact-body"),)),
        ),
    ],
)
def test_a_setting_names_a_scheme(text: str, scheme: Scheme) -> None:
    assert parse_scheme(text) == scheme


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "hmac-sha256:HEADER.*token:HEADER.*basic.*standard-webhooks"),
        ("hmac", "no such scheme"),
        ("hmac-md5:x", "no such scheme"),
        ("hmac-sha256", "no such scheme"),
        ("hmac-sha256:x:a:b", "no such scheme"),
        ("token", "no such scheme"),
        ("token:a:b", "no such scheme"),
        ("basic:x", "no such scheme"),
        ("token:", "no header name"),
        ("token:a b", "no header name"),
        ("hmac-sha256:é", "no header name"),
        ("token:a;encoding=hex", "it takes prefix="),
        ("basic;prefix=a", "it takes no options"),
        ("hmac-sha256:x;colour=red", "it takes encoding=..., prefix="),
        ("hmac-sha256:x;prefix", "has no value"),
        ("hmac-sha256:x;prefix=", "has no value"),
        ("hmac-sha256:x;", "no option"),
        ("hmac-sha256:x:a;prefix=b", "prefix stands twice"),
        ("hmac-sha256:x;encoding=base32", "encoding is one of hex, base64"),
        ("hmac-sha256:x;items=semicolon", "items is one of comma, space"),
        ("hmac-sha256:x;key=hex", "key is one of text, base64"),
        ("hmac-sha256:x;prefix=%", "%25"),
        ("hmac-sha256:x;prefix=%ff", "UTF-8"),
        ("hmac-sha256:x;prefix=%20a", "header"),
        ("hmac-sha256:x;items=comma;prefix=a,b", "separates"),
        ("hmac-sha256:x;signed=abc", "only once"),
        ("hmac-sha256:x;signed={body}{compact-body}", "only once"),
        ("hmac-sha256:x;signed={url}.{body}", r"knows no \{url\}"),
        ("hmac-sha256:x;signed={header:}.{body}", r"knows no \{header:\}"),
        ("hmac-sha256:x;signed={body", "%7B"),
        ("hmac-sha256:x;signed={header:x}.{body}", "cannot be signed itself"),
        ("hmac-sha256:x;signed={item:t}.{body}", "items=comma"),
        ("hmac-sha256:x;items=comma;prefix=t=;signed={item:t}.{body}", "same item"),
        ("hmac-sha256:x;tolerance=300", "a time that is signed"),
        ("hmac-sha256:x;signed={header:a}{header:b}{body};tolerance=300", "timestamp=header:a or"),
        ("hmac-sha256:x;signed={header:a}{body};timestamp=header:b;tolerance=9", "timestamp=header:a"),
        ("hmac-sha256:x;signed={header:a}{body};timestamp=header:a", "needs"),
        ("hmac-sha256:x;signed={header:a}{body};tolerance=0", "over 0"),
        ("hmac-sha256:x;signed={header:a}{body};tolerance=5m", "whole number"),
        ("standard-webhooks;tolerance=0", "over 0"),
        ("standard-webhooks;tolerance=-1", "whole number"),
    ],
)
def test_a_setting_that_names_none_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        parse_scheme(text)
    assert "\n" not in str(raised.value)


def test_every_scheme_of_the_documents_is_one() -> None:
    quoted = re.findall(
        r"`((?:hmac-|token:|basic|standard-webhooks)[^`]*)`", (PROJECT / "docs" / "signatures.md").read_text()
    )
    assert len(quoted) >= 9
    for text in quoted:
        assert str(parse_scheme(text)) == text


@given(st.text(st.sampled_from("hmac-sha256:x;signed={body}header.%2=,tokenbasic ")) | st.text())
def test_any_text_is_a_scheme_or_a_value_error(text: str) -> None:
    try:
        scheme = parse_scheme(text)
    except ValueError:
        return
    assert parse_scheme(str(scheme)) == scheme
