"""Build the test images: an unpacked Debian root, an entry point, and nothing that poses as an official image.

An image is built once per engine: a label carries the hash of what it was built from.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import docker

from matrix.cache import cache_dir, hold_lock
from matrix.servers import debian

FOLDER = Path(__file__).parent
LABEL = "isolation-matrix.test.content"
ALWAYS = ("coreutils", "dash", "grep", "sed", "util-linux")  # what the entry points call
MERGED = ("bin", "sbin", "lib", "lib64")  # links that base-files' maintainer script would make


@dataclass(frozen=True)
class Image:
    """One row of images.toml: a stand-in for the image of one row of databases.toml."""

    database: str
    name: str
    suite: str
    packages: tuple[str, ...]
    entrypoint: str
    user: str
    port: int
    settings: tuple[str, ...]

    @property
    def content(self) -> str:
        """Hash of everything that decides what the image holds, but the versions of the day."""
        parts = [repr(self), (FOLDER / self.entrypoint).read_text(), Path(__file__).read_text()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load_images(path: Path = FOLDER / "images.toml") -> dict[str, Image]:
    """Return the images by the id of the database row that they stand in for."""
    rows = tomllib.loads(path.read_text())["image"]
    images = (Image(**row | {key: tuple(row[key]) for key in ("packages", "settings")}) for row in rows)
    return {image.database: image for image in images}


def build_image(engine: docker.DockerClient, image: Image) -> str:
    """Return the image's name after building it, unless the engine has this content already.

    Raises WayUnavailable when this machine cannot fetch Debian packages.
    """
    with hold_lock(cache_dir() / "test-images.lock"):  # of other runs on this machine
        before = _find_built(engine, image)
        if before is None or before.labels.get(LABEL) != image.content:
            _build(engine, image)
            _forget(engine, before)
    return image.name


def _build(engine: docker.DockerClient, image: Image) -> None:
    with tempfile.TemporaryDirectory(prefix="isolation-matrix-image-") as folder:
        root = Path(folder) / "root"
        _unpack(image, Path(folder), root)
        _furnish(image, root)
        _load(engine, image, root)


def _forget(engine: docker.DockerClient, before: docker.models.images.Image | None) -> None:
    """Remove the image that lost its name, unless a container of another run still uses it."""
    if before is not None:
        with contextlib.suppress(docker.errors.APIError):
            engine.images.remove(before.id)


def _find_built(engine: docker.DockerClient, image: Image) -> docker.models.images.Image | None:
    try:
        return engine.images.get(image.name)
    except docker.errors.ImageNotFound:
        return None


def _unpack(image: Image, folder: Path, root: Path) -> None:
    """Fetch the packages with everything they need, checked by apt, and unpack them into `root`."""
    apt = debian.write_settings(folder, image.suite)
    debian.run_apt([*apt, "update"])
    debian.run_apt([*apt, "install", "--assume-yes", "--download-only", *ALWAYS, *image.packages])
    root.mkdir()
    for package in sorted(folder.glob("cache/archives/*.deb")):
        debian.run_apt(["dpkg-deb", "--extract", str(package), str(root)])


def _furnish(image: Image, root: Path) -> None:
    """Do what maintainer scripts would have done, as far as the server needs it."""
    for name in MERGED:
        if not (root / name).exists() and (root / "usr" / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    for link, target in (("bin/sh", "dash"), ("var/run", "/run")):
        if not (root / link).exists():
            (root / link).symlink_to(target)
    (root / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\n{image.user}:x:999:999::/:/bin/sh\n")
    (root / "etc/group").write_text(f"root:x:0:\n{image.user}:x:999:\n")
    for name, mode in (("tmp", 0o1777), ("run", 0o755), ("proc", 0o755), ("sys", 0o755), ("dev", 0o755)):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(mode)
    shutil.copyfile(FOLDER / image.entrypoint, root / "entrypoint")
    (root / "entrypoint").chmod(0o755)


def _load(engine: docker.DockerClient, image: Image, root: Path) -> None:
    changes = [
        'ENTRYPOINT ["/entrypoint"]',
        f"EXPOSE {image.port}",
        f"LABEL {LABEL}={image.content}",
        *(f"ENV {setting}" for setting in image.settings),
    ]
    repository, tag = image.name.split(":")
    command = ["tar", "--create", "--owner=0", "--group=0", "--numeric-owner", "--directory", str(root), "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
        engine.api.import_image_from_data(archive.stdout, repository=repository, tag=tag, changes=changes)
    if archive.returncode:
        raise RuntimeError(f"{image.name}: tar ended with {archive.returncode}")
