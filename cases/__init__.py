"""Behaviours of applications, one function each. README.md tells how to add one."""
