"""The short reference: easy to say, and a slip is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.reference import ALPHABET, new_reference, read_reference

REFERENCES = st.builds(new_reference)


def test_nothing_in_it_can_be_taken_for_something_else():
    assert not set("01OIL") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 31


@given(REFERENCES)
def test_it_is_two_groups_of_four_and_is_read_back(reference):
    assert len(reference) == 9
    assert reference[4] == "-"
    assert set(reference.replace("-", "")) <= set(ALPHABET)
    assert read_reference(reference) == reference


def test_no_two_of_a_thousand_are_alike():
    assert len({new_reference() for _ in range(1000)}) == 1000


def test_a_known_reference_stays_good_for_ever():
    assert read_reference("ABCD-EFGP") == "ABCD-EFGP"


def test_every_single_wrong_character_is_noticed():
    for reference in (new_reference().replace("-", "") for _ in range(20)):
        for place in range(8):
            for wrong in set(ALPHABET) - {reference[place]}:
                assert read_reference(reference[:place] + wrong + reference[place + 1 :]) is None


def test_every_swap_of_two_characters_is_noticed():
    for reference in (new_reference().replace("-", "") for _ in range(50)):
        for one in range(8):
            for two in range(one + 1, 8):
                swapped = list(reference)
                swapped[one], swapped[two] = swapped[two], swapped[one]
                if swapped != list(reference):
                    assert read_reference("".join(swapped)) is None


@given(REFERENCES)
def test_it_is_read_however_it_is_typed(reference):
    letters = reference.replace("-", "")
    for typed in (letters, reference.lower(), " ".join(letters), f"  {reference}. ", reference.replace("-", "–")):
        assert read_reference(typed) == reference


@pytest.mark.parametrize(
    "typed", ["", "-", "ABCD", "ABCD-EFGH-JKMN", "OOOO-IIII", "0000-1111", "ÄBCD-EFGH", "²²²²-²²²J"]
)
def test_what_is_not_a_reference_is_not_read_as_one(typed):
    assert read_reference(typed) is None


@given(st.text(max_size=20))
def test_reading_never_fails(typed):
    assert read_reference(typed) is None or typed
