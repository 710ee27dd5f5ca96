"""What layers and functions are called in different libraries, by what they are.

>>> kind_of("Conv2d"), kind_of("CrossCor"), kind_of("LeakyReLU"), kind_of("MyLayer")
('conv', 'conv', 'leakyrelu', 'mylayer')
>>> family_of("vcat"), family_of("GELU"), family_of("#5")
('join', 'activation', 'function')
"""

import re
from functools import cache

FUNCTION = "function"  # one without a name
OTHER = "other"  # a name that says nothing

FAMILIES = {
    "dense": "dense linear affine fullyconnected fc",
    "conv": "conv crosscor depthwiseconv convolution correlation",
    "convtranspose": "convtranspose deconv transposedconv",
    "norm": "batchnorm layernorm groupnorm instancenorm rmsnorm syncbatchnorm normalise "
    "normalize batchnormalisation batchnormalization layernormalisation layernormalization",
    "recurrent": "rnn lstm gru lstmcell grucell rnncell gruv3 gruv3cell recurrence recur "
    "longshorttermmemory gatedrecurrentunit",
    "embedding": "embedding embeddingbag",
    "attention": "multiheadattention attention scaleddotproductattention dotproductattention "
    "selfattention",
    "activation": "relu relu6 leakyrelu rrelu prelu elu celu selu gelu geluerf gelutanh gelusigmoid"
    " silu swish mish softplus softsign softmax softmin logsoftmax tanh tanhshrink softshrink "
    "hardshrink trelu sigmoid logsigmoid hardsigmoid hardswish hardtanh threshold glu lisht "
    "logcosh activation exp",
    "pool": "maxpool meanpool avgpool lppool lpnormpool globalmaxpool globalmeanpool "
    "globallpnormpool adaptivemaxpool adaptivemeanpool adaptiveavgpool pooling",
    "reshape": "flatten unflatten reshape view viewas permute permutedims transpose t mt adjoint "
    "swapaxes movedim moveaxis squeeze unsqueeze dropdims contiguous getitem select narrow chunk "
    "split unbind reverse flip expand repeat first last to float double clone detach selectdim",
    "drop": "dropout alphadropout featurealphadropout featuredropout variationalhiddendropout",
    "identity": "identity noop",
    "join": "add sub mul div cat stack concat maximum minimum max min matmul einsum bmm maxout",
}
SAME = {
    "linear": "dense",
    "affine": "dense",
    "crosscor": "conv",
    "convolution": "conv",
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "radd": "add",
    "iadd": "add",
    "rsub": "sub",
    "rmul": "mul",
    "vcat": "cat",
    "hcat": "cat",
    "concat": "cat",
    "concatenate": "cat",
    "σ": "sigmoid",
    "logσ": "logsigmoid",
    "hardσ": "hardsigmoid",
    "swish": "silu",
    "tanhfast": "tanh",
    "sigmoidfast": "sigmoid",
    "avgpool": "meanpool",
    "adaptiveavgpool": "adaptivemeanpool",
    "lstmcell": "lstm",
    "grucell": "gru",
    "rnncell": "rnn",
    "batchnormalisation": "batchnorm",
    "layernormalisation": "layernorm",
    "getindex": "getitem",
    "reshape": "flatten",
    "view": "flatten",
}
FAMILY = {kind: family for family, kinds in FAMILIES.items() for kind in kinds.split()}


@cache
def kind_of(name: str) -> str:
    """The one name of what is called differently elsewhere, in small letters."""
    plain = name.lower().replace("_", "")
    plain = re.sub(r"[1-3]d$", "", plain)
    return SAME.get(plain, plain)


@cache
def family_of(name: str) -> str:
    """The family that a layer or function is of by its name; `function` for one without a name,
    `other` where the name says nothing.
    """
    if name.startswith("#") or name in (FUNCTION, "lambda", "<lambda>"):
        return FUNCTION
    plain = re.sub(r"[1-3]d$", "", name.lower().replace("_", ""))
    return FAMILY.get(kind_of(name), FAMILY.get(plain, OTHER))
