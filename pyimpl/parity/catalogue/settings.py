"""What settings of layers say, the same for many rows."""

from hypothesis import strategies as st

from pyimpl import ACTIVATIONS

from .row import Config


def activation(config: Config):
    return ACTIVATIONS[config.get("act", "identity")]


def activations(config: Config) -> tuple:
    """The activation as an argument, or none where the configuration has none."""
    return (activation(config),) if "act" in config else ()


def chosen(config: Config, *names: str) -> Config:
    return {name: config[name] for name in names if name in config}


def as_axes(options: Config) -> Config:
    """With tuples for the lists that a recording has."""
    return {name: tuple(x) if isinstance(x, list) else x for name, x in options.items()}


def is_linear(config: Config) -> bool:
    return config.get("act", "identity") in ("identity", "relu")


JOINT_SIZES = {"n_in": st.integers(1, 4), "n_out": st.integers(1, 3), "batch": st.integers(1, 5)}

JOINT = {"n_in": 3, "n_out": 2, "batch": 4}
