"""The verdict on each file of the corpus, and what it may cost."""

import json
from collections import Counter
from pathlib import Path

import pytest

from storage.filetypes import inspect
from storage.filetypes.formats import BY_TYPE
from tests.storage.corpus import Sample, missing, samples


@pytest.fixture(scope="module")
def corpus() -> list[Sample]:
    return samples()


def test_the_corpus_is_large_and_shows_each_refusal_twice(corpus: list[Sample]) -> None:
    good = sum(sample.code == "ok" for sample in corpus)
    print(f"{len(corpus)} files: {good} to be taken, {len(corpus) - good} to be refused")
    assert len(corpus) >= 120
    assert missing(corpus) == set()


def test_each_file_gets_its_verdict(corpus: list[Sample], tmp_path: Path) -> None:
    path = tmp_path / "upload"
    wrong = []
    for sample in corpus:
        path.write_bytes(sample.content)
        verdict = inspect(path, sample.name)
        expected = (sample.code == "ok", sample.code)
        ending = BY_TYPE[sample.type].extension if sample.type else ""
        if verdict[:2] != expected or (sample.type and verdict[2:] != (sample.type, ending)):
            wrong.append(f"{sample.name}, {sample.why}: {sample.code} expected, {verdict}")
    right = len(corpus) - len(wrong)
    codes = Counter(sample.code for sample in corpus)
    print(f"{right} of {len(corpus)} right: {json.dumps(codes)}")
    assert not wrong, "\n".join(wrong)
