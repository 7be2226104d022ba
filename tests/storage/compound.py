"""Writes compound files ([MS-CFB]), as Word's binary documents are: small, whole, and by hand."""

import struct
from dataclasses import dataclass, field

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, CUTOFF = 512, 4096
STORAGE, STREAM, ROOT = 1, 2, 5


@dataclass
class Entry:
    name: str
    kind: int
    content: bytes = b""
    children: "list[Entry]" = field(default_factory=list)
    clsid: bytes = bytes(16)
    number: int = 0
    #: The next of its owner's children, and its first sector.
    right: int = FREE
    start: int = END


def compound(streams: dict[str, bytes], *, clsid: bytes = bytes(16)) -> bytes:
    """Return a compound file of these streams; "Macros/VBA/dir" makes the storages on its way."""
    root = Entry("Root Entry", ROOT, clsid=clsid)
    for path, content in streams.items():
        *storages, name = path.split("/")
        owner = root
        for storage in storages:
            owner = _child(owner, storage)
        if name:
            owner.children.append(Entry(name, STREAM, content))
    return _written(_numbered(root))


def _child(owner: Entry, name: str) -> Entry:
    for child in owner.children:
        if child.name == name:
            return child
    owner.children.append(Entry(name, STORAGE))
    return owner.children[-1]


def _numbered(root: Entry) -> list[Entry]:
    entries: list[Entry] = []
    waiting = [root]
    while waiting:
        entry = waiting.pop(0)
        entry.number = len(entries)
        entries.append(entry)
        # The order of names that the tree is sorted by ([MS-CFB] 2.6.4).
        entry.children.sort(key=lambda child: (len(child.name), child.name.upper()))
        waiting += entry.children
    for entry in entries:
        for left, right in zip(entry.children, entry.children[1:], strict=False):
            left.right = right.number
    return entries


def _written(entries: list[Entry]) -> bytes:
    sectors: list[bytes] = []
    chains: list[int] = []

    def store(content: bytes) -> int:
        """Put content into sectors of its own; return the first."""
        first = len(sectors)
        count = -(-len(content) // SECTOR)
        for at in range(count):
            sectors.append(content[at * SECTOR :][:SECTOR].ljust(SECTOR, b"\0"))
            chains.append(first + at + 1 if at + 1 < count else END)
        return first if count else END

    small, small_chains = b"", list[int]()
    for entry in entries:
        if entry.kind == STREAM and entry.content:
            if len(entry.content) >= CUTOFF:
                entry.start = store(entry.content)
                continue
            count = -(-len(entry.content) // 64)
            entry.start = len(small_chains)
            small_chains += [entry.start + at + 1 for at in range(count - 1)] + [END]
            small += entry.content.ljust(count * 64, b"\0")
    entries[0].content, entries[0].start = small, store(small)
    small_fat = struct.pack(f"<{len(small_chains)}I", *small_chains)
    small_fat_size = -(-len(small_fat) // SECTOR)
    small_start = store(small_fat.ljust(small_fat_size * SECTOR, b"\xff"))
    directory = b"".join(map(_directory_entry, entries))
    directory_start = store(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"))
    fat_size = next(n for n in range(1, 110) if (len(chains) + n) * 4 <= n * SECTOR)
    fat_start = len(chains)
    chains += [FAT] * fat_size
    fat = struct.pack(f"<{len(chains)}I", *chains).ljust(fat_size * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6),
        *(0, fat_size, directory_start, 0, CUTOFF, small_start, small_fat_size, END, 0),
    )
    places = [fat_start + at for at in range(fat_size)] + [FREE] * (109 - fat_size)
    return header + struct.pack("<109I", *places) + b"".join(sectors) + fat


def _directory_entry(entry: Entry) -> bytes:
    """A node of the tree; children hang on each other's right side, which is a tree as well."""
    name = (entry.name + "\0").encode("utf-16-le")
    child = entry.children[0].number if entry.children else FREE
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        *(name, len(name), entry.kind, 1, FREE, entry.right, child),
        *(entry.clsid, 0, 0, 0, entry.start, len(entry.content)),
    )


# Word ---------------------------------------------------------------------------------------


def a_doc(
    text: str = "Lebenslauf",
    *,
    flags: int = 0x0200,
    ident: int = 0xA5EC,
    version: int = 0x00C1,
    template: str = "Normal.dot",
    more: dict[str, bytes] | None = None,
) -> bytes:
    """Return a Word 97 document with what its readers look at first, and `more` streams."""
    return compound(word_streams(text, flags, ident, version, template) | (more or {}))


def word_streams(
    text: str, flags: int = 0x0200, ident: int = 0xA5EC, version: int = 0xC1, template: str = ""
) -> dict[str, bytes]:
    strings = ["", template, "Lebenslauf", "", "", "", "Jane"]
    table = struct.pack("<HHH", 0xFFFF, len(strings), 0) + b"".join(
        struct.pack("<H", len(string)) + string.encode("utf-16-le") for string in strings
    )
    block = bytearray(1_536)
    struct.pack_into("<HHHHHH", block, 0, ident, version, 0, 0x0407, 0, flags)
    struct.pack_into("<HH", block, 0x20, 14, 0)
    struct.pack_into("<II", block, 0x9A + 8 * 32, 0, len(table))
    return {
        "WordDocument": bytes(block) + text.encode("cp1252", "replace").ljust(3_000, b"\r"),
        "1Table" if flags & 0x0200 else "0Table": table.ljust(4_200, b"\0"),
        "\x05SummaryInformation": bytes(200),
        "\x01CompObj": b"\x01\x00\xfe\xff" + bytes(100),
    }
