"""Who is meant in a note, by what people write after an @."""

import pytest

from candidates import mentions
from candidates.models import User

PEOPLE = [
    User(pk=1, first_name="Katrin", last_name="Voss", email="katrin.voss@musterwerk.example"),
    User(pk=2, first_name="Jürgen", last_name="Weiß", email="jw@musterwerk.example"),
    User(pk=3, first_name="Anna", last_name="Roth", email="anna.roth@musterwerk.example"),
    User(pk=4, first_name="Anna", last_name="Rothmann", email="a.rothmann@musterwerk.example"),
    User(pk=5, first_name="Şule", last_name="de la Cruz", email="sule@musterwerk.example"),
]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@Katrin what do you think?", [1]),
        ("what do you think, @katrin?", [1]),
        ("(@katrin.voss, please)", [1]),
        ("@Katrin Voss and @Jürgen", [1, 2]),
        ("@JÜRGEN WEISS", [2]),
        ("@jw.", [2]),
        ("@Anna Roth but not the other", [3]),
        ("@Anna Rothmann", [4]),
        ("@a.rothmann", [4]),
        ("@sule and @Şule de la Cruz", [5]),
        ("@Katrin @katrin @Katrin", [1]),
        ("„@Katrin“", [1]),
        ("@Katrin\nVoss", [1]),
        ("Write to katrin.voss@musterwerk.example or a@Katrin", []),
        ("at 5 @ home", []),
        ("", []),
    ],
)
def test_a_mention_is_a_name_or_mailbox_after_an_at(text: str, people: list[int]) -> None:
    found = mentions.find(text, PEOPLE)
    assert [user.pk for user in found.people] == people
    assert (found.unknown, found.unclear) == ([], [])


@pytest.mark.parametrize(
    ("text", "words"),
    [("@Kathrin and @Kat", ["Kathrin", "Kat"]), ("@katrin.vossen", ["katrin.vossen"])],
)
def test_what_names_nobody_is_told(text: str, words: list[str]) -> None:
    found = mentions.find(text, PEOPLE)
    assert (found.people, found.unknown) == ([], words)


def test_what_names_two_is_told_with_both() -> None:
    found = mentions.find("@Anna, please", PEOPLE)
    assert [(word, [user.pk for user in meant]) for word, meant in found.unclear] == [
        ("Anna", [3, 4])
    ]
