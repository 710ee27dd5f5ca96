"""What every layer shares."""

from dataclasses import fields

import numpy as np

from ..core.pullback import Pullback, checked


class Layer:
    """A dataclass of arrays with a `pullback`.

    Calling it is the forward pass outside a gradient.
    """

    trainable: tuple[str, ...] | None = None  # the fields an optimiser may change; None: all

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "pullback" in vars(cls):
            cls.pullback = checked(cls.pullback)  # type: ignore[method-assign]

    def pullback(self, *xs) -> Pullback:
        """The output, and the function from its cotangent to (gradient of the layer, gradient of
        each input).
        """
        raise NotImplementedError

    def __call__(self, *xs):
        return self.pullback(*xs)[0]

    def __repr__(self):
        parts = []
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            parts.append(
                f"{field.name}={value.shape}"
                if isinstance(value, np.ndarray)
                else f"{field.name}={value!r}"
            )
        return f"{type(self).__name__}({', '.join(parts)})"


class TwoModes(Layer):
    """A layer that does one thing in training and another in use.

    `active`: True trains in every call, False in none; None, Flux's automatic mode, trains inside
    `pullback` only. Raises TypeError for anything else, "auto" included, which only `testmode` and
    `trainmode` take. Flux: a field of type `Union{Bool, Nothing}`.
    """

    active: bool | None

    def __setattr__(self, name, value):
        if name == "active" and value is not None and not isinstance(value, bool | np.bool_):
            raise TypeError(
                f"{type(self).__name__} expects active as True, False or None (automatic), got "
                f"{value!r}"
            )
        super().__setattr__(name, bool(value) if isinstance(value, np.bool_) else value)

    def _apply(self, x, active: bool) -> Pullback:
        raise NotImplementedError

    def __call__(self, x):
        return self._apply(x, active=bool(self.active))[0]

    def pullback(self, x):
        return self._apply(x, active=self.active is not False)
