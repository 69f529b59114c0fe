"""Makes the sample tables known to a project's own metadata, so that what goes by the metadata goes by them as well.

Fixtures that delete from, truncate, drop or copy "all tables" mean those of the project's MetaData. The sample tables stand
for tables of his, so they are added to each MetaData that his models are in, in memory only.
"""

import gc

from sqlalchemy import MetaData, event
from sqlalchemy.orm import Mapper


def follow_metadata(tables):
    """Add the tables to every MetaData that models of the project are in, now and from now on."""
    own = {id(table.metadata) for table in tables}

    def add(mapper, model):
        metadata = getattr(mapper.local_table, "metadata", None)
        if metadata is not None and id(metadata) not in own:
            add_tables(tables, metadata)

    event.listen(Mapper, "instrument_class", add)


def add_to_all(tables):
    """Add the tables to every MetaData that holds tables by now: not all have models."""
    own = {id(table.metadata) for table in tables}
    for metadata in [found for found in gc.get_objects() if isinstance(found, MetaData)]:
        if metadata.tables and id(metadata) not in own:
            add_tables(tables, metadata)


def add_tables(tables, metadata):
    """Add copies of the tables to a MetaData that does not have them."""
    for table in tables:
        if table.name not in metadata.tables:
            (getattr(table, "to_metadata", None) or table.tometadata)(metadata)
