"""From audit.json to what people read: a page that opens from disk, and JUnit."""
