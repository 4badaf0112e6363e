"""Streams of chance: what one draws is nothing to the others."""

from __future__ import annotations

import numpy as np
import pytest

from ingestion.sandbox.chance import one_of, places, some, stream


def test_a_noun_draws_the_same_again_and_others_draw_their_own() -> None:
    first = stream(7, "people").random(5)
    assert (stream(7, "people").random(5) == first).all()
    assert (stream(7, "accounts").random(5) != first).all()
    assert (stream(8, "people").random(5) != first).all()


def test_another_rate_chooses_more_of_the_same_and_shifts_nothing() -> None:
    few, many = stream(7, "x"), stream(7, "x")
    rarely, often = some(few, 1_000, 0.1), some(many, 1_000, 0.4)
    assert (often | ~rarely).all()
    assert few.random() == many.random()


@pytest.mark.parametrize("rate", [0, 1])
def test_a_rate_of_zero_is_never_and_of_one_always(rate: int) -> None:
    assert (some(stream(7, "x"), 10_000, rate) == bool(rate)).all()


def test_words_come_by_their_weights() -> None:
    drawn = one_of(stream(7, "x"), 20_000, ("a", "b", "c"), (6, 3, 0))
    shares = [np.mean(drawn == word) for word in ("a", "b", "c")]
    assert shares == pytest.approx([2 / 3, 1 / 3, 0], abs=0.02)
    alike = places(stream(7, "x"), 20_000, 4)
    assert np.bincount(alike) / 20_000 == pytest.approx([0.25] * 4, abs=0.02)
