"""What a power cut leaves of the calls that tests/faults/record.c wrote down.

The model is POSIX fsync and nothing beyond it, which ext4, XFS and btrfs all keep to and none of them exceeds in every
mode and version:

- What a file contains, its length, its mode and its mtime are durable when fsync of that file has returned. Before, the
  file has any prefix of its writes, the last of them torn, or its full length with zeros in place of what was not
  written yet: all of it, or any of its pages. Only content that was durable before and not written to since is never lost.
- An entry of a folder (made, linked, renamed, removed) is durable when fsync of the folder has returned. Before, it may
  have happened or not, whatever became of others: entries reach the disk in any order. The changes of one name, and
  those that name one file, happen in their order.
- A rename has happened or not, also across folders: it is durable when either of them was synchronised.
- fsync of a file says nothing of its name, fsync of a folder nothing of what is in the files or folders below it.
- A link's target is written together with its name.
"""

import collections
import copy
import dataclasses
import os
import stat
import struct

HEAD_BYTES = 4096
PAGE_BYTES = 4096
RECORD = struct.Struct("<11Q")
LOG_BYTES = 256 * 1024 * 1024


@dataclasses.dataclass
class Record:
    kind: str
    pid: int
    folder: int
    other_folder: int
    inode: int
    mode: int
    offset: int
    mtime_ns: int
    name: str
    other_name: str
    data: bytes

    def __str__(self):
        what = {"M": "mkdir", "C": "create", "S": "symlink", "L": "link", "U": "unlink", "R": "rename", "W": "write",
                "T": "truncate", "F": "chmod", "Y": "fsync", "X": "exec"}[self.kind]
        more = f" {len(self.data)} bytes at {self.offset}" if self.kind == "W" else ""
        names = " -> ".join(repr(name) for name in (self.name, self.other_name) if name)
        return f"{what} {names}{more} ({self.folder}, {self.inode})"


def make_log(path):
    with open(path, "wb") as stream:
        stream.truncate(LOG_BYTES)


def read_log(path):
    with open(path, "rb") as stream:
        used, full = struct.unpack("<QQ", stream.read(16))
        assert not full, "the log of what changed the disk was full"
        stream.seek(HEAD_BYTES)
        content = stream.read(max(used, HEAD_BYTES) - HEAD_BYTES)
    records, at = [], 0
    while at < len(content):
        size, kind, pid, folder, other, inode, mode, offset, mtime, names, data = RECORD.unpack_from(content, at)
        body = content[at + RECORD.size: at + size]
        name, other_name, _ = body[:names].split(b"\0", 2)
        records.append(Record(chr(kind), pid, folder, other, inode, mode, offset, mtime, os.fsdecode(name),
                              os.fsdecode(other_name), body[names:names + data]))
        at += size
    return records


@dataclasses.dataclass
class File:
    """A file, a folder or a link: what of it is on the disk, and what was done to it since."""
    kind: str  # file, folder, link
    mode: int
    content: bytes = b""
    mtime_ns: int = 0
    number: int = -1
    pending: list = dataclasses.field(default_factory=list)

    def after(self, records):
        """As it is when these of the pending records have reached the disk, too."""
        if not records:
            return File(self.kind, self.mode, self.content, self.mtime_ns, self.number)
        content = bytearray(self.content)
        mode, mtime_ns = self.mode, self.mtime_ns
        for record in records:
            mtime_ns = record.mtime_ns or mtime_ns
            if record.kind == "F":
                mode = record.mode
            elif record.kind == "T":
                content[record.offset:] = bytes(max(0, record.offset - len(content)))
            else:
                content.extend(bytes(max(0, record.offset - len(content))))
                content[record.offset:record.offset + len(record.data)] = record.data
        return File(self.kind, mode, bytes(content), mtime_ns, self.number)


@dataclasses.dataclass
class Change:
    """Of entries: {(folder, name): file or None}, all of them or none."""
    entries: dict
    files: set

    def depends_on(self, earlier):
        return bool(self.entries.keys() & earlier.entries.keys() or self.files & earlier.files)

    def touches(self, folder):
        return any(of == folder for of, _ in self.entries)


class Disk:
    """Below one folder: what is durable, and what is not yet. Files are told by numbers that are never used again."""

    def __init__(self, root):
        self.files = {}
        self.entries = collections.defaultdict(dict)  # durable: folder -> name -> file
        self.latest = collections.defaultdict(dict)  # as the programs see it
        self.changes = []
        self.of_inode = {}
        self.root = self.add_there(root)

    def new_file(self, inode, file):
        file.number = number = len(self.files)
        self.files[number] = file
        self.of_inode[inode] = number
        return number

    def add_there(self, path):
        """What the operator has put there is durable."""
        status = os.lstat(path)
        if status.st_ino in self.of_inode:
            return self.of_inode[status.st_ino]
        if stat.S_ISLNK(status.st_mode):
            return self.new_file(status.st_ino, File("link", status.st_mode, os.fsencode(os.readlink(path))))
        if stat.S_ISREG(status.st_mode):
            return self.new_file(status.st_ino, File("file", status.st_mode, path.read_bytes(), status.st_mtime_ns))
        number = self.new_file(status.st_ino, File("folder", status.st_mode))
        for below in sorted(path.iterdir()):
            file = self.add_there(below)
            self.entries[number][below.name] = self.latest[number][below.name] = file
        return number

    # What the programs do

    def concerns(self, record):
        """Is it about something below the root?"""
        return (record.folder if record.kind in "MCSLUR" else record.inode) in self.of_inode

    def step(self, record):
        if not self.concerns(record):
            return
        if record.kind in "WTF":
            self.files[self.of_inode[record.inode]].pending.append(record)
        elif record.kind == "Y":
            self.synchronise(self.of_inode[record.inode])
        else:
            self.change(record)

    def change(self, record):
        folder = self.of_inode[record.folder]
        if record.kind in "MCS":
            kind = {"M": "folder", "C": "file", "S": "link"}[record.kind]
            content = os.fsencode(record.other_name)
            file = self.new_file(record.inode, File(kind, record.mode, content))
            entries = {(folder, record.name): file}
        else:
            file = self.of_inode[record.inode]
            entries = {(folder, record.name): file if record.kind == "L" else None}
        if record.kind == "R":
            assert not record.mode & 2, "RENAME_EXCHANGE is not modelled"
            entries[(self.of_inode[record.other_folder], record.other_name)] = file
        before = {self.latest[of].get(name) for of, name in entries}
        self.changes.append(Change(entries, {file}))
        apply(self.latest, self.changes[-1])
        self.forget_inodes(before)

    def forget_inodes(self, files):
        """Those of files without a name left: another file may get their numbers."""
        named = {file for folder in self.latest.values() for file in folder.values()}
        for inode in [inode for inode, file in self.of_inode.items() if file in files and file not in named]:
            del self.of_inode[inode]

    def content_of(self, inode):
        """As the programs see it."""
        file = self.files[self.of_inode[inode]]
        return os.fsdecode(file.after(file.pending).content)

    def synchronise(self, number):
        file = self.files[number]
        self.files[number] = file.after(file.pending)
        done, left = split(self.changes, [change.touches(number) for change in self.changes])
        for change in done:
            apply(self.entries, change)
        self.changes = left

    # What a power cut leaves

    def leave(self, chosen, content_of):
        """The tree {path: File} when these changes have happened; @content_of decides of each file with pending data."""
        entries = copy.deepcopy(self.entries) if any(chosen) else self.entries
        for change in split(self.changes, chosen)[0]:
            apply(entries, change)
        tree, decided = {}, {}

        def walk(folder, path):
            for name, number in entries.get(folder, {}).items():
                file = self.files[number]
                if number not in decided:
                    decided[number] = content_of(file) if file.pending else file
                tree[path + name] = decided[number]
                if file.kind == "folder":
                    walk(number, path + name + "/")
        walk(self.root, "")
        return tree

    def leave_nothing_more(self):
        return self.leave([False] * len(self.changes), lambda file: file.after([]))

    def leave_everything(self):
        return self.leave([True] * len(self.changes), lambda file: file.after(file.pending))

    def leave_some(self, random):
        """A choice at random: of entries a prefix, or each by itself; of data whatever may be."""
        count = len(self.changes)
        share = random.choice([0, 0.2, 0.5, 0.8, 1])
        cut = random.randint(0, count)
        chosen = random.choice([[i < cut for i in range(count)], [random.random() < share for _ in range(count)]])
        return self.leave(chosen, lambda file: some_content(file, random))


def split(changes, chosen):
    """Those chosen and what they depend on, in their order; and the others."""
    chosen = list(chosen)
    for i in range(len(changes) - 1, -1, -1):
        if chosen[i]:
            for j in range(i):
                chosen[j] = chosen[j] or changes[i].depends_on(changes[j])
    return ([change for change, is_chosen in zip(changes, chosen) if is_chosen],
            [change for change, is_chosen in zip(changes, chosen) if not is_chosen])


def apply(entries, change):
    for (folder, name), file in change.entries.items():
        if file is None:
            entries[folder].pop(name, None)
        else:
            entries[folder][name] = file


def some_content(file, random):
    way = random.choice(["none", "all", "prefix", "torn", "zeros", "pages"])
    count = random.randint(0, len(file.pending))
    if way == "none" or file.kind != "file":
        return file.after([])
    if way == "all":
        return file.after(file.pending)
    if way == "prefix":
        return file.after(file.pending[:count])
    if way == "torn":
        records = list(file.pending[:count])
        if records and records[-1].kind == "W":
            data = records[-1].data
            records[-1] = dataclasses.replace(records[-1], data=data[:random.randint(0, len(data))])
        return file.after(records)
    if way == "pages":
        return file.after([dataclasses.replace(record, data=some_pages(record.data, random)) for record in file.pending])
    empty = [dataclasses.replace(record, data=bytes(len(record.data))) for record in file.pending]
    return file.after(empty)


def some_pages(data, random):
    """A later one may be there without an earlier one."""
    pages = [data[begin:begin + PAGE_BYTES] for begin in range(0, len(data), PAGE_BYTES)]
    return b"".join(random.choice([page, bytes(len(page))]) for page in pages)
