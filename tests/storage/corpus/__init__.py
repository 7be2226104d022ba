"""Files made on the spot, good and bad, with the verdict that each must get.

Each has the traits of a program that people use, or a trick that somebody has used. A new producer
or trick that is met in the wild belongs here.
"""

from collections import Counter

from storage.filetypes.sentences import SENTENCES
from tests.storage.corpus import doc, docx, objects, odt, pdf, pictures, plain, rtf
from tests.storage.corpus.sample import Sample

__all__ = ["Sample", "missing", "samples"]


def samples() -> list[Sample]:
    """Return them all."""
    families = (pdf, docx, objects, doc, odt, rtf, plain, pictures)
    return [sample for family in families for sample in family.samples()]


def missing(made: list[Sample]) -> set[str]:
    """Return the refusals that fewer than two of the samples show."""
    counts = Counter(sample.code for sample in made)
    return {code for code in SENTENCES if counts[code] < 2 and code not in SHOWN_ELSEWHERE}


#: The file's size, what no bytes can bring about for certain, and what only a sentence is.
SHOWN_ELSEWHERE = {"too-large", "unreadable", "disguised-as"}
