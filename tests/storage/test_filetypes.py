"""Verdicts that belong to no family, the sentences, and the command."""

import ast
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from storage import filetypes
from storage.filetypes import Verdict, inspect, judge, sentence
from storage.filetypes.sentences import COMMON, SENTENCES
from tests.world import a_docx, a_pdf, rounds


@pytest.fixture
def verdict(tmp_path: Path) -> Callable[..., Verdict]:
    def judge(content: bytes, name: str = "file") -> Verdict:
        path = tmp_path / "upload"
        path.write_bytes(content)
        return inspect(path, name)

    return judge


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "cv.pdf", "empty"),
        (b"Lebenslauf", "cv.pdf", "misnamed"),
        (b"Lebenslauf", "cv.py", "type-not-accepted"),
        (b"MZ\x90\x00", "cv.docx", "disguised"),
        (b"<html><script>alert(1)</script>", "cv.html", "text-script"),
        (b"\x89PNG\r\n\x1a\n", "photo.png", "image-broken"),
        (b"GIF89a\x01\0\x01\0\0\0\0;", "photo.png", "disguised"),
        (b"PK\x05\x06" + b"\0" * 18, "all.zip", "type-not-accepted"),
        (b"\0", "", "type-not-accepted"),
    ],
)
def test_other_files_are_refused(
    verdict: Callable[..., Verdict], content: bytes, name: str, code: str
) -> None:
    judged = verdict(content, name)
    assert (judged.accepted, judged.code) == (False, code)


def test_a_file_may_be_as_large_as_the_setting_says(
    verdict: Callable[..., Verdict], settings: Settings
) -> None:
    settings.ATS_MAX_FILE_MB = 1
    content = a_pdf()
    limit = filetypes.max_bytes()
    assert verdict(content + b"\0" * (limit - len(content))).code == "ok"
    assert verdict(content + b"\0" * (limit - len(content) + 1)).code == "too-large"


def test_a_parser_that_crashes_is_a_refusal(tmp_path: Path) -> None:
    assert inspect(tmp_path / "nowhere", "cv.pdf").code == "unreadable"
    assert inspect(tmp_path, "cv.pdf").code == "unreadable"


@pytest.mark.soak
@hypothesis(
    max_examples=rounds(60, 5_000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=8)), min_size=1))
def test_a_damaged_file_has_a_verdict_with_a_sentence(
    verdict: Callable[..., Verdict], is_pdf: bool, patches: list[tuple[int, bytes]]
) -> None:
    content = bytearray(GOOD_PDF if is_pdf else GOOD_DOCX)
    for at, patch in patches:
        start = at % len(content)
        content[start : start + len(patch)] = patch
    assert verdict(bytes(content)).code in SENTENCES


GOOD_PDF, GOOD_DOCX = a_pdf(), a_docx()


def test_every_refusal_has_its_sentence_and_every_sentence_its_refusal() -> None:
    families = [*judge.FAMILIES, judge.LAST]
    known = set().union(*(family.REFUSALS for family in families))
    assert known | set(COMMON) == set(SENTENCES)


def test_no_family_refuses_by_a_code_that_it_does_not_name() -> None:
    folder = Path(filetypes.__file__).parent
    known = set(SENTENCES)
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                leaf = node.args[0]
                assert not isinstance(leaf, ast.Constant) or leaf.value in known, path.name


def test_a_sentence_names_the_limit_and_what_is_taken(settings: Settings) -> None:
    settings.ATS_MAX_FILE_MB = 7
    with translation.override("en"):
        assert "7 MB" in sentence("too-large")
        assert "PDF, Word (.docx, .doc)" in sentence("type-not-accepted")
        named = sentence("misnamed", name="cv.pdf", kind="image/jpeg")
        assert "a PDF" in named
        assert "a JPEG picture" in named
        assert "a PDF" in sentence("disguised", name="cv.pdf")
        assert sentence("disguised", name="cv.exe") == sentence("misnamed")
        assert sentence("a code of later days") == sentence("unreadable")


def test_the_command_says_one_line_a_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "Größe.pdf", tmp_path / "setup.exe"
    good.write_bytes(a_pdf())
    bad.write_bytes(b"MZ\x90\x00")
    out = StringIO()
    call_command("inspect", str(good), str(bad), str(tmp_path / "none.pdf"), stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(line.pop("ms") >= 0 for line in lines)
    assert lines == [
        {"name": "Größe.pdf", "verdict": "accepted", "code": "ok", "type": "application/pdf"},
        {
            "name": "setup.exe",
            "verdict": "refused",
            "code": "type-not-accepted",
            "type": lines[1]["type"],
        },
        {"name": "none.pdf", "verdict": "refused", "code": "unreadable", "type": ""},
    ]
