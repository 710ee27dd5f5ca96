"""How the arrays of a case make the arguments of a call: by place or by keyword, as lists, texts,
dates, records of several parts.

A case has arrays and plain data, nothing else. What a function is given beside arrays and numbers
is therefore said in plain data, under `arguments` in the configuration of the case, and made of
arrays on either side: a text is the number of one of its choices, a date a number of days, `None` a
mark before what there would be in its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ARRAY = "array"  # of no dimension: a number as the language writes it
SCALAR = "scalar"  # a number of its own width
NARROW = "narrow"  # float16 or float32
LIST = "list"
TUPLE = "tuple"
TEXT = "text"
SYMBOL = "symbol"  # a text in Python
DATE = "date"  # days since 1970
MOMENT = "datetime"  # seconds since 1970
RANDOM = "random"  # a generator that gives out these numbers
NONE = "none"
MAYBE = "maybe"  # a mark, then what there is where the mark is not 0
ITEMS = "items"  # a list or tuple of parts of their own
RECORD = "record"  # parts by name: a dict, a dataclass; a NamedTuple, a struct
ARGUMENTS = "arguments"  # under which they stand in the configuration of a case


@dataclass(frozen=True)
class Form:
    """What one value is made of: of as many arrays as `leaves` says, in order."""

    kind: str = ARRAY
    parts: tuple["Form", ...] = ()
    names: tuple[str, ...] = ()  # of the parts of a record
    choices: tuple[str, ...] = ()  # of a text
    called: str = ""  # the type of a record, of items, of narrow numbers

    @property
    def leaves(self) -> int:
        """How many arrays it takes.

        >>> Form(MAYBE, (Form(),)).leaves, Form(NONE).leaves
        (2, 0)
        """
        below = sum(part.leaves for part in self.parts)
        if self.kind in (ITEMS, RECORD, NONE):
            return below
        return below + 1

    def leaf_names(self, name: str) -> Iterator[tuple[str, "Form"]]:
        """What each array is called, and the form that it is the first array of."""
        if self.kind == RECORD:
            for field, part in zip(self.names, self.parts, strict=True):
                yield from part.leaf_names(f"{name}.{field}")
        elif self.kind == ITEMS:
            for number, part in enumerate(self.parts):
                yield from part.leaf_names(f"{name}[{number}]")
        elif self.kind == MAYBE:
            yield f"{name} is given", self
            yield from self.parts[0].leaf_names(name)
        elif self.kind != NONE:
            yield name, self

    def plain(self) -> dict[str, Any]:
        """As plain data, without what is empty."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.parts:
            found["parts"] = [part.plain() for part in self.parts]
        texts = {"names": self.names, "choices": self.choices}
        found |= {what: list(words) for what, words in texts.items() if words}
        return found | ({"called": self.called} if self.called else {})

    @classmethod
    def of_plain(cls, data: Mapping[str, Any]) -> "Form":
        """From plain data."""
        return cls(
            data["kind"],
            tuple(cls.of_plain(part) for part in data.get("parts", ())),
            tuple(data.get("names", ())),
            tuple(data.get("choices", ())),
            data.get("called", ""),
        )


@dataclass(frozen=True)
class Argument:
    """One argument of a call: by place, or by keyword where it has one."""

    form: Form = Form()
    keyword: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is an array or a number by place, as arguments are without further words."""
        return self == Argument()


def as_plain(arguments: Sequence[Argument]) -> dict[str, Any]:
    """What the configuration of a case says of its arguments: nothing of plain ones."""
    if all(argument.is_plain for argument in arguments):
        return {}
    return {
        ARGUMENTS: [{"keyword": one.keyword, "form": one.form.plain()} for one in arguments],
    }


def arguments_of(config: Mapping[str, Any]) -> list[Argument] | None:
    """The arguments that a configuration names; None where all are plain."""
    if ARGUMENTS not in config:
        return None
    return [Argument(Form.of_plain(one["form"]), one["keyword"]) for one in config[ARGUMENTS]]


def leaves_of(arguments: Sequence[Argument], places: Sequence[str]) -> list[tuple[str, Form]]:
    """Name and form of every array; `places` are the names of arguments by place."""
    found: list[tuple[str, Form]] = []
    place = 0
    for argument in arguments:
        name = argument.keyword
        if not name:
            place += 1
            name = places[place - 1] if place <= len(places) else f"argument {place}"
        found += argument.form.leaf_names(name)
    return found
