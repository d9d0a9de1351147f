"""The generated page has a line for every stack, with what its file says, and no failure."""

from __future__ import annotations

from docs.generate_serving import PAGE, page, stored

from .test_serving import ALL


def test_page_is_made_of_the_stored_results() -> None:
    assert page(stored()) == PAGE.read_text()


def test_page_is_complete_and_says_what_the_tests_say() -> None:
    told = stored()

    assert {stack.name for stack in ALL} == told.keys()
    for stack in ALL:
        one = told[stack.name]
        assert (one["tie"], one["why"], one["baggage"]) == (stack.tie, stack.why, str(stack.baggage)), stack.name
        assert {one["every_prediction_arrives_once_and_hangs_under_its_request"]} == {"✓"}
        assert one["what_was_answered_just_before_a_restart_arrives"] == (stack.undrained or "✓")
