"""The German catalogue is complete, and what checks that finds what is wrong."""

import pytest
from babel.messages.catalog import Catalog

from tests import machine, messages


def a_catalogue(**translations: str) -> Catalog:
    catalogue = Catalog(locale="de")
    for text, translation in translations.items():
        catalogue.add(text, translation)
    return catalogue


def test_every_string_is_translated() -> None:
    try:
        assert messages.check() == []
    except machine.Missing as error:
        machine.do_without(error)


@pytest.mark.parametrize(
    ("catalogue", "fault"),
    [
        (a_catalogue(), "missing: 'Job' in "),
        (a_catalogue(Job=""), "untranslated: 'Job' in "),
        (a_catalogue(Job="Stelle", Dog="Hund"), "no longer used: 'Dog'"),
    ],
)
def test_a_fault_is_named(catalogue: Catalog, fault: str) -> None:
    assert messages.faults(a_catalogue(Job=""), catalogue) == [fault]


def test_a_fuzzy_string_is_named() -> None:
    catalogue = a_catalogue(Job="Stelle")
    catalogue["Job"].flags.add("fuzzy")
    assert messages.faults(a_catalogue(Job=""), catalogue) == ["fuzzy: 'Job' in "]


def test_a_lost_placeholder_is_named() -> None:
    used, catalogue = Catalog(locale="de"), Catalog(locale="de")
    used.add("%(count)s files", flags=["python-format"])
    catalogue.add("%(count)s files", "Dateien", flags=["python-format"])
    assert messages.faults(used, catalogue) == ["lost %(count): '%(count)s files' in "]
