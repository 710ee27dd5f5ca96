"""A program with a mutant in it, without a file being changed: a finder compiles the broken text
when the module is imported.

Works in a process that is used up by it: what has been imported of the package is forgotten and
imported anew, so that no module keeps a function of the right program.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

HOUSE = "pyimpl"


class _Broken(SourceFileLoader):
    """Loads a module from a text other than that of its file."""

    def __init__(self, fullname: str, path: str, source: str):
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the broken text."""
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds one module, and leaves all others to the finders behind it."""

    def __init__(self, name: str, source: str):
        self._name, self._source = name, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module whose text is broken."""
        if fullname != self._name:
            return None
        right = PathFinder.find_spec(fullname, path)
        assert right is not None and right.origin is not None
        return spec_from_file_location(
            fullname,
            right.origin,
            loader=_Broken(fullname, right.origin, self._source),
            submodule_search_locations=right.submodule_search_locations,
        )


def plant(module: str, source: str) -> None:
    """From here on `module`, as it is imported, has this text, for everything that uses it."""
    forget()
    sys.meta_path.insert(0, _Finder(module, source))


def forget() -> None:
    """Forget all that has been imported of the package; what is imported next is made anew."""
    for name in list(sys.modules):
        if name.split(".")[0] == HOUSE:
            del sys.modules[name]
