"""What Flux calls the parts of its layers, and what they are called here: names, order, sizes.

A state is nested dicts and lists; a layer in it is known by the set of its fields. Sizes such as
`stride` follow the array they speak about, so the order is reversed; a pad is `(low, high)` for
every axis here and one flat tuple there.
"""

import numpy as np

# Fields of Flux's layers, and what they are called here.
FIELDS = {
    "β": "shift",
    "γ": "scale",
    "μ": "mean",
    "σ²": "var",
    "λ": "act",
    "σ": "act",
    "ϵ": "eps",
    "Wh_h̃": "Wh_candidate",
}

# The fields of Flux's layers in Flux's order, which `loadmodel!` insists on, and those of their
# twins in ours. Layers that are not here have the same fields on both sides.
LAYERS = {
    "weight bias σ": "weight bias act",
    "scale bias σ": "scale bias act",
    "σ weight bias stride pad dilation": "act weight bias stride pad dilation",
    "σ weight bias stride pad dilation groups": "act weight bias stride pad dilation groups",
    "σ weight bias stride pad outpad dilation groups": (
        "act weight bias stride pad dilation outpad groups"
    ),
    "λ β γ μ σ² ϵ momentum affine track_stats active chs": (
        "act shift scale mean var eps momentum active chs"
    ),
    "G λ β γ μ σ² ϵ momentum affine track_stats active chs": "G act shift scale eps active chs",
    "λ diag ϵ size affine": "act diag eps size",
    "layer g which dims": "layer g which dims",
    "σ Wi Wh bias": "act Wi Wh bias",
    "Wi Wh bias": "Wi Wh bias",
    "Wi Wh b": "Wi Wh b",
    "Wi Wh b Wh_h̃": "Wi Wh b Wh_candidate",
    "σ Wi Wh b state0": "act Wi Wh b state0",
    "Wi Wh b state0": "Wi Wh b state0",
    "Wi Wh b Wh_h̃ state0": "Wi Wh b Wh_candidate state0",
    "cell": "cell return_state",
    "p dims active rng": "p dims active rng",
    "p active rng": "p active rng",
    "k pad stride": "k pad stride",
    "out": "out",
}
OURS = {frozenset(flux.split()): ours.split() for flux, ours in LAYERS.items()}
THEIRS = {frozenset(ours.split()): flux.split() for flux, ours in LAYERS.items()}
LEFT_OUT: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset(("mode", "scale", "size")),
)  # of pooling without sizes and of Upsample, Flux's state has nothing

SIZES = ("stride", "dilation", "outpad", "k", "out", "size")


def from_flux(node):
    """A state of Flux's, as nested dicts and lists, in our names and order.

    What it has and we have not is dropped.
    """
    if isinstance(node, list):
        return [from_flux(child) for child in node]
    if not isinstance(node, dict):
        return node
    return layer_from_flux({name: from_flux(child) for name, child in node.items()})


def layer_from_flux(node):
    """The same for a single layer, whose parts are in our names already."""
    found = {FIELDS.get(name, name): child for name, child in node.items()}
    if len(found) < len(node):  # fields called σ and λ at once are nobody's layer
        return node
    if frozenset(node) not in OURS:
        return found
    return {
        name: _our_setting(name, found[name], found)
        for name in OURS[frozenset(node)]
        if name in found
    }


def _our_setting(name, value, layer):
    if name in ("bias", "b") and value is False:
        return None
    if name == "rng" or (name == "diag" and not (isinstance(value, dict) and "scale" in value)):
        return None  # LayerNorm without affine keeps its activation there
    if name in SIZES and _is_sizes(value):
        return value[::-1]
    if name == "pad" and _is_sizes(value) and _is_sizes(stride := layer.get("stride")):
        if len(value) == len(stride):  # one for both ends of an axis
            return [[size, size] for size in value][::-1]
    if name == "pad" and _is_sizes(value) and len(value) % 2 == 0:
        return [list(pair) for pair in zip(value[::2], value[1::2], strict=True)][::-1]
    if name == "dims":
        rank = np.ndim(layer.get("g"))  # a Dropout does not know it
        return (
            [rank - axis for axis in value]
            if _is_sizes(value)
            else rank - value
            if isinstance(value, int)
            else None
        )
    return value


def to_flux(node):
    """A state of ours in Flux's names, fields and order."""
    if isinstance(node, list | tuple):
        return [to_flux(child) for child in node]
    if not isinstance(node, dict):
        return node
    if frozenset(node) in LEFT_OUT:
        return None
    if frozenset(node) not in THEIRS:
        return {name: to_flux(child) for name, child in node.items()}
    return {name: _their_setting(name, node) for name in THEIRS[frozenset(node)]}


def _their_setting(name, layer):
    if name == "affine":
        return any(layer.get(part) is not None for part in ("shift", "diag"))
    if name == "track_stats":
        return layer.get("mean") is not None
    value = to_flux(layer.get(FIELDS.get(name, name)))
    if name in ("bias", "b") and value is None:
        return False
    if name in SIZES and _is_sizes(value):
        return value[::-1]
    if name == "pad" and isinstance(value, list) and all(map(_is_sizes, value)):
        return [size for pair in value[::-1] for size in pair]
    if name == "dims" and value is not None:
        rank = np.ndim(layer.get("g"))
        dims = [
            rank - axis if axis >= 0 else -axis
            for axis in (value if isinstance(value, list) else [value])
        ]
        return dims if isinstance(value, list) and ("g" in layer or len(dims) > 1) else dims[0]
    return value


def _is_sizes(value) -> bool:
    return isinstance(value, list) and all(isinstance(size, int) for size in value)
