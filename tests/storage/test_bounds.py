"""What a verdict may cost, whatever a file's bytes are, and that a crash costs no more than one."""

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import magic
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from storage import filetypes
from storage.filetypes import inspect, sandbox
from storage.filetypes.formats import BY_TYPE
from storage.filetypes.sentences import SENTENCES
from tests.storage.corpus import Sample, docx, pdf, pictures, rtf, samples
from tests.world import a_pdf, rounds

SECONDS, BYTES = 2, 100 * 1024 * 1024
FULL = 10 * 1024 * 1024


def cost(path: Path, content: bytes, name: str) -> tuple[str, float, int]:
    """Judge bytes; return the code and what it cost. A parser that was stopped cost its bounds."""
    path.write_bytes(content)
    try:
        answer = filetypes.ask(path, name)
    except sandbox.NoAnswer:
        return "unreadable", 0, 0
    return answer["verdict"][1], answer["cpu"], answer["memory"]


# Hostile files ------------------------------------------------------------------------------


def many_objects() -> bytes:
    more = b"".join(b"%d 0 obj\n<</A 1>>\nendobj\n" % number for number in range(5, 300_000))
    return pdf.by_hand(xref=False).replace(b"trailer", more + b"trailer")


def many_annotations() -> bytes:
    notes = b"<</Subtype/Link/A<</S/URI/URI(a)>>>>" * 200_000
    return pdf.by_hand(xref=False).replace(b"/MediaBox", b"/Annots[" + notes + b"]/MediaBox")


def much_xml() -> bytes:
    xml = b"<a>" + b'<b c="d"/>' * 2_900_000 + b"</a>"
    return docx.zipped(docx.parts() | {f"customXml/{n}.xml": xml for n in range(5)})


HOSTILE: dict[str, Callable[[], bytes]] = {
    "objects.pdf": many_objects,
    "notes.pdf": many_annotations,
    "xml.docx": much_xml,
    "groups.rtf": lambda: rtf.rtf(b"{}" * (FULL // 2 - 500)),
    "templates.rtf": lambda: rtf.rtf(rb"\template " * (FULL // 10 - 500)),
    "lines.txt": lambda: b"\n" * FULL,
    "signs.txt": lambda: b"<" * FULL,
    "fill.jpg": lambda: b"\xff\xd8" + b"\xff" * (FULL - 2),
    "chunks.png": lambda: pictures.png(more=pictures.chunk(b"tEXt", b"") * (FULL // 12 - 99)),
    "boxes.heic": lambda: pictures.saved("HEIF") + b"\0\0\0\x08free" * (FULL // 8 - 2_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_costs_more_than_the_bounds(name: str, tmp_path: Path) -> None:
    content = HOSTILE[name]()
    assert len(content) <= FULL
    code, seconds, memory = cost(tmp_path / "upload", content, name)
    print(f"{name}: {code}, {seconds:.2f} s, {memory / 1024 / 1024:.0f} MB")
    assert code in SENTENCES
    assert seconds <= SECONDS
    assert memory <= BYTES


# The parser's life ----------------------------------------------------------------------------


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "Lebenslauf.pdf"
    path.write_bytes(a_pdf())
    return path


def test_a_parser_that_is_gone_is_started_again(good: Path) -> None:
    assert inspect(good, good.name).accepted
    os.kill(sandbox.start().process.pid, signal.SIGKILL)
    assert inspect(good, good.name).accepted


def test_a_fork_of_ours_takes_a_parser_of_its_own(good: Path) -> None:
    ours = sandbox.start().process.pid
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        accepted = inspect(good, good.name).accepted
        os.write(writer, json.dumps([accepted, sandbox.start().process.pid]).encode())
        sandbox.start().process.kill()
        os._exit(0)
    os.waitpid(child, 0)
    accepted, theirs = json.loads(os.read(reader, 1_000))
    os.close(reader)
    os.close(writer)
    assert accepted
    assert theirs != ours
    assert sandbox.start().process.pid == ours


def test_a_file_that_never_ends_costs_one_verdict(good: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.rtf"
    slow.write_bytes(rtf.rtf(b"{}" * (FULL // 2 - 500)))
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda path: inspect(path, path.name), [slow, good, good, good]))
    assert [verdict.code for verdict in verdicts] == ["unreadable", "ok", "ok", "ok"]


def test_the_parser_knows_nothing_of_us() -> None:
    """Neither keys nor the database's address are in the process that reads strangers' files."""
    environment = Path(f"/proc/{sandbox.start().process.pid}/environ").read_bytes()
    assert b"SECRET" not in environment
    assert b"DATABASE" not in environment


# Speed ------------------------------------------------------------------------------------------


@pytest.mark.soak
def test_verdicts_are_fast(tmp_path: Path) -> None:
    """At least 30 files a second, over the corpus as it is; figures in docs/how-it-works.md."""
    corpus = samples()
    path, times = tmp_path / "upload", dict[str, list[tuple[float, float]]]()
    filetypes.warm_up()
    total = 0.0
    for sample in corpus:
        path.write_bytes(sample.content)
        guess, ours = _timed(lambda: magic.from_file(str(path), mime=True)), 0.0
        ours = _timed(lambda sample=sample: inspect(path, sample.name))  # type: ignore[misc]
        total += ours
        if sample.type:
            times.setdefault(sample.type, []).append((ours, guess))
    for kind, both in times.items():
        ours_ms = [mine * 1000 for mine, _guess in both]
        ratio = median(mine / guess for mine, guess in both)
        print(
            f"{BY_TYPE[kind].extension}: median {median(ours_ms):.1f} ms, "
            f"95 % {quantiles(ours_ms, n=20)[-1]:.1f} ms, {ratio:.0f} times libmagic"
        )
    print(f"{len(corpus) / total:.0f} files a second")
    # In `make test` others use the processors, too.
    assert len(corpus) / total >= rounds(5, 30)


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# Fuzzing ----------------------------------------------------------------------------------------

#: Large ones would only make it slow.
SEEDS = [sample for sample in samples() if 0 < len(sample.content) < 100_000]

patches = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "cut", "repeat", "splice"]),
        st.integers(0, 10**6),
        st.binary(min_size=1, max_size=8),
        st.integers(1, 2_000),
    ),
    min_size=1,
    max_size=6,
)


def mutated(sample: Sample, other: Sample, changes: list[tuple[str, int, bytes, int]]) -> bytes:
    content = bytearray(sample.content)
    for how, where, piece, size in changes:
        at = where % (len(content) + 1)
        if how == "set":
            content[at : at + len(piece)] = piece
        elif how == "insert":
            content[at:at] = piece
        elif how == "cut":
            del content[at : at + size]
        elif how == "repeat":
            content[at:at] = content[at : at + size] * 3
        else:
            content[at:at] = other.content[at % len(other.content) :][:size]
    return bytes(content)


@pytest.mark.soak
@hypothesis(
    max_examples=rounds(300, 20_000),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), patches)
def test_a_mutation_stays_within_the_bounds(
    tmp_path: Path, sample: Sample, other: Sample, changes: list[tuple[str, int, bytes, int]]
) -> None:
    code, seconds, memory = cost(tmp_path / "upload", mutated(sample, other, changes), sample.name)
    assert code in SENTENCES
    assert seconds <= SECONDS
    assert memory <= BYTES
