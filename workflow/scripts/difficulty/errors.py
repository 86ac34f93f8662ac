"""The one exception whose message is written for the user."""


class UserError(Exception):
    """Something the user can fix: the message names the place and the remedy, in one line.

    Whoever catches it prints the message alone, never a traceback.
    """
