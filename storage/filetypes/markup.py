"""XML from strangers, read in pieces and never kept."""

from collections import deque
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from xml.parsers import expat

from storage.filetypes.family import Refusal

MB = 1024 * 1024
#: Text: thousands of pages.
MAX_XML = 32 * MB
#: What the parser keeps in memory: open elements, names, one tag with all that is in it.
MAX_DEPTH = 1_000
MAX_NAMES = 50_000
MAX_TAG = 2 * MB

Attributes = dict[str, str]
OnStart = Callable[[str, Attributes], None]
OnText = Callable[[str], None]


def check(
    pieces: Iterable[bytes],
    kind: str,
    *,
    root: tuple[str, ...] = (),
    on_start: OnStart | None = None,
    starts: Container[str] = frozenset(),
    on_text: OnText | None = None,
    texts: Container[str] = frozenset(),
    doctype: bool = False,
    idle: bool = False,
) -> None:
    """Refuse XML that is not well-formed, declares entities, or is not what `root` says.

    Names are "namespace name"; `on_start` is called for elements of the names in `starts` (for
    all if there are none), `on_text` with the text in those of `texts`. A long document has a
    million elements: what is not asked for costs little. `kind` begins the refusals' codes. A
    `doctype` without anything declared in it is normal in old OpenDocument files, and in no other.

    An empty part is nothing, unless it must be what `root` says: LibreOffice leaves them behind.
    A part that no reader reads is `idle`: it may end in the middle.
    """
    reader = Reader(kind, root, on_start, starts, on_text, texts, doctype)
    parser, size = reader.parser, 0
    try:
        for piece in pieces:
            size += len(piece)
            parser.Parse(piece)
            behind = size - parser.CurrentByteIndex
            if size > MAX_XML or behind > MAX_TAG or len(parser.intern) > MAX_NAMES:
                raise Refusal(f"{kind}-bomb")
        if size or root:
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if not idle:
            raise Refusal(f"{kind}-broken") from error
        deque(pieces, maxlen=0)


@dataclass
class Reader:
    """What expat calls; see `check`."""

    kind: str
    root: tuple[str, ...]
    on_start: OnStart | None
    starts: Container[str]
    on_text: OnText | None
    texts: Container[str]
    doctype: bool
    depth: int = 0

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self.declared
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def declared(self, _name: str, _system: str | None, _public: str | None, subset: bool) -> None:
        if subset or not self.doctype:
            raise Refusal(f"{self.kind}-broken")

    def start(self, name: str, attributes: Attributes) -> None:
        if not self.depth and self.root and name not in self.root:
            raise Refusal(f"{self.kind}-broken")
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Refusal(f"{self.kind}-bomb")
        if self.on_start and (not self.starts or name in self.starts):
            self.on_start(name, attributes)
        if name in self.texts:
            self.parser.CharacterDataHandler = self.on_text

    def end(self, name: str) -> None:
        self.depth -= 1
        if name in self.texts:
            self.parser.CharacterDataHandler = None
