"""The report as pages: results in, files out."""
