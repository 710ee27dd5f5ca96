from .pair import *  # noqa: F403  # the module is now pair.py: import from there
from .pair import argument_names, judged  # noqa: F401
