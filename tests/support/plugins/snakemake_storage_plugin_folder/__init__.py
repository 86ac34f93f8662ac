"""A storage that is a folder: what snakemake-storage-plugin-fs does by rsync, which is seldom installed, by copies."""

import shutil
from pathlib import Path

from snakemake_interface_storage_plugins.io import IOCacheStorageInterface
from snakemake_interface_storage_plugins.storage_object import StorageObjectRead, StorageObjectWrite
from snakemake_interface_storage_plugins.storage_provider import (
    ExampleQuery,
    Operation,
    QueryType,
    StorageProviderBase,
    StorageQueryValidationResult,
)


class StorageProvider(StorageProviderBase):
    @classmethod
    def example_queries(cls) -> list[ExampleQuery]:
        return [ExampleQuery(query="/a/b.txt", type=QueryType.ANY, description="a path")]

    def rate_limiter_key(self, query: str, operation: Operation) -> str:
        return "folder"

    def default_max_requests_per_second(self) -> float:
        return 1e6

    def use_rate_limiter(self) -> bool:
        return False

    @classmethod
    def is_valid_query(cls, query: str) -> StorageQueryValidationResult:
        return StorageQueryValidationResult(query=query, valid=True)


class StorageObject(StorageObjectRead, StorageObjectWrite):
    @property
    def place(self) -> Path:
        return Path(self.query)

    async def inventory(self, cache: IOCacheStorageInterface) -> None:
        pass

    def get_inventory_parent(self) -> None:
        return None

    def local_suffix(self) -> str:
        return self.query.removeprefix("/")

    def cleanup(self) -> None:
        pass

    def exists(self) -> bool:
        return self.place.exists()

    def mtime(self) -> float:
        stamp = self.place / ".snakemake_timestamp"  # of a folder
        return (stamp if stamp.exists() else self.place).stat().st_mtime

    def size(self) -> int:
        return self.place.stat().st_size

    def local_footprint(self) -> int:
        return self.size()

    def retrieve_object(self) -> None:
        _copy(self.place, Path(self.local_path()))

    def store_object(self) -> None:
        _copy(Path(self.local_path()), self.place)

    def remove(self) -> None:
        _remove(self.place)


def _copy(source: Path, target: Path) -> None:
    """A copy with the same time but an inode of its own, in place of what is there."""
    _remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
