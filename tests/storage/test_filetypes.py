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
from storage.filetypes import Verdict, inspect, sentence
from storage.filetypes.sentences import SENTENCES
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
        (b"Lebenslauf", "cv.txt", "type-not-accepted"),
        (b"Lebenslauf", "cv.pdf", "disguised"),
        (b"MZ\x90\x00", "cv.docx", "disguised"),
        (b"<html><script>alert(1)</script>", "cv.html", "type-not-accepted"),
        (b"\x89PNG\r\n\x1a\n", "photo.png", "type-not-accepted"),
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


def strings(node: ast.AST) -> set[str]:
    leaves = (leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant))
    return {leaf for leaf in leaves if isinstance(leaf, str)}


def test_every_refusal_has_its_sentence_and_every_sentence_its_refusal() -> None:
    folder = Path(filetypes.__file__).parent
    modules = [path for path in folder.glob("*.py") if path.stem != "sentences"]
    trees = [ast.parse(path.read_text()) for path in modules]
    refused = {
        code
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal"
        for code in strings(node)
    }
    assert refused <= set(SENTENCES) <= set().union(*map(strings, trees))


def test_a_sentence_names_the_limit_and_what_is_taken(settings: Settings) -> None:
    settings.ATS_MAX_FILE_MB = 7
    with translation.override("en"):
        assert "7 MB" in sentence("too-large")
        assert "PDF and Word (.docx)" in sentence("type-not-accepted")
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
