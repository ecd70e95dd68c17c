"""Local files, with the two things that S3 gives and a file system does not: whole objects and conditional writes.

An object is written as `.<name>.etl-part` beside its place, synced, and renamed over it. Whoever writes holds a lock on
that part file, which makes compare-and-write atomic between processes; the lock ends with the process that held it. The
part's name is a function of the location: what a killed run left behind, its retry writes over.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl.errors import Conflict, NotFound, StorageError
from etl.records import Upload

_PART = ".etl-part"
_ATTEMPTS = 100  # of a write whose folder other processes keep removing as empty
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_HINTS = {
    errno.ENOTDIR: "a part of this path is a file, where a folder is expected; check the path",
    errno.EACCES: "allow this user to read and write it",
    errno.EPERM: "allow this user to read and write it",
    errno.EROFS: "choose a place that can be written",
    errno.ENOSPC: "free some space, then run it again",
    errno.EDQUOT: "free some space, then run it again",
    errno.EISDIR: "a file is expected here, and this is a folder",
    errno.ENAMETOOLONG: "choose a shorter path",
}


class LocalStorage:
    """Files by path. Parent folders come into being as needed, and go with the last file that was removed from them."""

    def stat(self, location: str) -> Upload:
        with _translated(location):
            return _upload(Path(location))

    def list(self, prefix: str) -> Sequence[Upload]:
        with _translated(prefix):
            return sorted(_found(prefix), key=lambda upload: upload.location)

    def folders(self, prefix: str) -> Sequence[str]:
        try:
            with _translated(prefix), os.scandir(prefix) as entries:
                return sorted(f"{prefix}{entry.name}/" for entry in entries if entry.is_dir())
        except NotFound:
            return []

    @contextmanager
    def fetch(self, location: str) -> Iterator[tuple[Upload, Path]]:
        upload = self.stat(location)
        with _translated(location):
            Path(location).open("rb").close()  # denied now, not in the middle of a run
        yield upload, Path(location)

    def read(self, location: str) -> tuple[bytes, str]:
        with _translated(location):
            data = Path(location).read_bytes()
        return data, _tag(data)

    def write(self, location: str, data: bytes, *, expect: str | None) -> None:
        def fill(part: Path) -> None:
            if _tag_at(location) != expect:
                raise Conflict(f"{location}: another version is here than the one expected; run it again")
            part.write_bytes(data)

        with _translated(location):
            _replace(Path(location), fill)

    def put(self, source: Path, location: str) -> None:
        with _translated(str(source)):
            source.stat()
        with _translated(location):
            _replace(Path(location), lambda part: shutil.copyfile(source, part))

    def copy(self, upload: Upload, location: str) -> None:
        self._unchanged(upload)
        self.put(Path(upload.location), location)
        try:
            self._unchanged(upload)
        except Conflict:
            self.delete([location])
            raise

    def delete(self, locations: Iterable[str]) -> None:
        for location in locations:
            with _translated(location):
                _remove(Path(location))

    def _unchanged(self, upload: Upload) -> None:
        now = self.stat(upload.location)
        if (now.size, now.arrival) != (upload.size, upload.arrival):
            raise Conflict(f"{upload.location}: it has changed since it was read; run it again")


@contextmanager
def _translated(location: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"{location}: there is no such file; check the path") from error
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "check the path and the disk, then run it again")
        raise StorageError(f"{location}: {error.strerror or error}; {hint}") from error


def _upload(path: Path) -> Upload:
    return _described(path.as_posix(), path.stat())


def _described(path: str, info: os.stat_result) -> Upload:
    if stat.S_ISDIR(info.st_mode):
        raise NotFound(f"{path}: this is a folder; name a file, or end it with / to mean all that is in it")
    if not stat.S_ISREG(info.st_mode):  # to open a pipe that nobody writes to would wait for ever
        raise StorageError(f"{path}: this is no regular file; name one (the command also reads standard input, as -)")
    return Upload(path, _EPOCH + timedelta(microseconds=info.st_mtime_ns // 1000), info.st_size)


def _found(prefix: str) -> Iterator[Upload]:
    folder, _, name = prefix.rpartition("/")
    for path in _files(Path(folder + "/" if prefix.startswith("/") else folder), name):
        info = _info(path)
        if info is not None and stat.S_ISREG(info.st_mode):  # no pipe, no socket
            yield _described(path, info)


def _info(path: str) -> os.stat_result | None:
    """None where it is gone since, or a link to nothing."""
    try:
        return os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def _files(folder: Path, name: str) -> Iterator[str]:
    """The files in `folder`, at any depth, under entries whose names begin with `name`. (Texts: `Path` takes twice the
    time, and a quarantine has many files.)
    """

    def failed(error: OSError) -> None:
        raise error  # os.walk would leave out what it can't read, silently

    if not folder.exists():
        return
    for root, folders, files in os.walk(folder, onerror=failed, followlinks=True):
        if root == str(folder):
            folders[:] = [entry for entry in folders if entry.startswith(name)]
            files = [entry for entry in files if entry.startswith(name)]
        folders[:] = [entry for entry in folders if not _leads_back(os.path.join(root, entry))]
        yield from (os.path.join(root, entry).removeprefix("./") for entry in files if not _is_part(entry))


def _leads_back(path: str) -> bool:
    """Whether it is a link to a folder round it, in which every file would be found again and again."""
    return os.path.islink(path) and Path(path).parent.resolve().is_relative_to(Path(path).resolve())


def _is_part(name: str) -> bool:
    return name.startswith(".") and name.endswith(_PART)


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}{_PART}")


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _tag_at(location: str) -> str | None:
    try:
        return _tag(Path(location).read_bytes())
    except FileNotFoundError:
        return None


def _replace(target: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write the part file, alone, and make it the target; again if part or folder went away meanwhile."""
    if not any(_replaced(target, fill) for _ in range(_ATTEMPTS)):
        raise StorageError(f"{target}: its folder is removed again and again; find out by whom, then run it again")


def _replaced(target: Path, fill: Callable[[Path], object]) -> bool:
    try:
        with suppress(FileExistsError):  # it was there, and is not any more: seen below
            target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(_part_of(target)) as file:
            _fill_and_rename(file, target, fill)
    except FileNotFoundError:
        return False
    return True


def _fill_and_rename(file: int, target: Path, fill: Callable[[Path], object]) -> None:
    part = _part_of(target)
    try:
        fill(part)
        os.fsync(file)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync(target.parent)


@contextmanager
def _locked(part: Path) -> Iterator[int]:
    """The part file, open and locked: the one that lies there, not one that its last writer renamed meanwhile."""
    while True:
        file = os.open(part, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _same(file, part):
                yield file
                return
        finally:
            os.close(file)


def _same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _remove(path: Path) -> None:
    """Remove a file, the part of it that a killed run left, and its folder if that is empty now.

    As on S3 there are no empty folders; of the levels above, only partition folders (`order_date=...`) go too.
    """
    path.unlink(missing_ok=True)
    _part_of(path).unlink(missing_ok=True)
    with suppress(OSError):  # not empty, or gone
        _drop_abandoned(path.parent)
        path.parent.rmdir()
        for folder in path.parents[1:]:
            if "=" not in folder.name:
                break
            folder.rmdir()


def _drop_abandoned(folder: Path) -> None:
    """Where nothing is left but parts: remove those that no living process holds."""
    with os.scandir(folder) as entries:
        if all(_is_part(entry.name) for entry in entries):
            for part in folder.iterdir():
                _drop_unless_held(part)


def _drop_unless_held(part: Path) -> None:
    file = os.open(part, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    finally:
        os.close(file)
