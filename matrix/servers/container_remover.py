"""Removes one container, by name, with its volumes. Run as a script by a server's keeper."""

import sys
import time

from docker.errors import NotFound
from testcontainers.core.docker_client import DockerClient

PATIENCE = 3.0  # seconds in which an engine may still be making what a killed run has ordered


def main(name: str) -> None:
    """Remove it as soon as it is there; one that was never created, or is gone already, costs the patience."""
    containers = DockerClient().client.containers
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return containers.get(name).remove(force=True, v=True)
        except NotFound:
            if time.monotonic() > ends:
                return None
            time.sleep(0.1)


if __name__ == "__main__":
    main(sys.argv[1])
