"""What pytest remembers of the last run of a project is not the examiner's to change."""

import os
import shutil


def move_cache(config, directory):
    """Have pytest read a copy of the project's cache in `directory` (str), and write there; nothing where a project has none."""
    if not config.pluginmanager.hasplugin("cacheprovider"):
        return
    target = os.path.join(directory, "cache")
    own = os.path.join(str(config.rootpath), config.getini("cache_dir"))
    if os.path.isdir(own) and not os.path.isdir(target):
        try:
            shutil.copytree(own, target)
        except OSError:  # another worker has begun to
            pass
    config._inicache["cache_dir"] = target  # as an option, a project without a cache would refuse it
