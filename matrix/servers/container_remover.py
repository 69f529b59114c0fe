"""Removes one container, by name, with its volumes. Run as a script by a server's keeper."""

import sys

from docker.errors import NotFound
from testcontainers.core.docker_client import DockerClient

if __name__ == "__main__":
    try:
        DockerClient().client.containers.get(sys.argv[1]).remove(force=True, v=True)
    except NotFound:
        pass  # it was never created, or is gone already
