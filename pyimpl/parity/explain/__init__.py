"""Why two sides differ: the known ways in which correct programs do, each tried on the Python side
and held against Julia's outcomes.
"""

from .adopting import adopt, adopt_ties
from .explaining import explain
from .explanation import Explanation
from .freeing import find_proportions, try_freedoms
from .patterns import find_patterns

__all__ = [
    "Explanation",
    "adopt",
    "adopt_ties",
    "explain",
    "find_patterns",
    "find_proportions",
    "try_freedoms",
]
