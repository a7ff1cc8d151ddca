"""The table of refusals."""

import json

import pytest

from receiver.rejections import REFUSALS, HttpRejection


def test_codes_are_distinct_and_nothing_is_a_500() -> None:
    assert len({refusal.code for refusal in REFUSALS}) == len(REFUSALS)
    assert {refusal.status for refusal in REFUSALS} <= {400, 401, 404, 405, 408, 413, 431, 503}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_what_can_succeed_later_says_when(refusal: HttpRejection) -> None:
    assert refusal.retryable == (refusal.status in {408, 503})
    assert refusal.retryable == (b"retry-after" in dict(refusal.headers()))


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_the_wire_form_is_whole(refusal: HttpRejection) -> None:
    head, _, body = refusal.wire().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % refusal.status)
    assert b"content-length: %d" % len(body) in head
    assert b"connection: close" in head
    assert json.loads(body) == {"error": {"code": refusal.code, "message": refusal.message}}
