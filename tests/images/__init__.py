"""Container images that the tests build from Debian packages, where no registry of images can be reached."""
