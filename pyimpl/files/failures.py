"""What goes wrong with files, for all who read or write them."""


class Unreadable(Exception):
    """A file that cannot be read, or is not what it should be; the message says which, what was
    expected and what came.
    """


class Unwritable(Exception):
    """A file that cannot be written; the message says which and why. What was there is there
    still.
    """
