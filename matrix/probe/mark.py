"""The comment in the probe's own statements, by which the supervisor leaves them out of a timeline."""

MARK = "/* isolation-matrix probe */"
