"""The fixture without a bug, as the conftest.py beside it has it: no case may say anything of it."""
