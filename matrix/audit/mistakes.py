"""What keeps an audit from being done: a wrong use, or work that could not be done."""


class WrongUse(Exception):
    """What was typed cannot be done; the text says what and what to do."""


class AuditFailed(Exception):
    """The audit itself could not do its work; the text says why and what to do."""


class Interrupted(Exception):
    """The user stopped what was confirmed; what was found before stands."""
