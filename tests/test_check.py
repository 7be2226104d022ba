"""What `make check` says of the locks."""

from tests.check import lock_faults

GOOD = """\
django==5.2.1 \\
    --hash=sha256:0a \\
    --hash=sha256:0b
    # via halbjahr (pyproject.toml)
"""


def test_a_lock_with_versions_and_hashes_is_good() -> None:
    assert lock_faults(GOOD, ["Django>=5.2,<5.3"]) == []


def test_a_range_a_missing_hash_an_address_and_a_gap_are_named() -> None:
    lock = GOOD + "six>=1\nflask==3.0\n--find-links https://example.org/simple\n"
    assert lock_faults(lock, ["Django", "django_csp[extra]>=4"]) == [
        "no exact version with hashes: six>=1",
        "no exact version with hashes: flask==3.0",
        "no exact version with hashes: --find-links https://example.org/simple",
        "names an address: --find-links https://example.org/simple",
        "lacks django-csp, which pyproject.toml asks for",
    ]
