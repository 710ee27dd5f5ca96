"""Every public name of Flux 0.16.9: its twin here, or the reason why it has none.

That is what `using Flux` brings (`names(Flux)`: Flux, NNlib 0.9.36, Optimisers 0.4.8 and what else
it exports again), what Flux declares public without exporting it (`Flux.mse`), and what its
documentation uses as `Flux.x` beside that.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicName:
    """A name of Flux, the name of its twin in `pyimpl` ("" for none), and what is to be said of
    it.
    """

    name: str
    subject: str
    exported: bool
    twin: str = ""
    note: str = ""


def _same(subject: str, names: str, exported: bool = True, note: str = "") -> list[PublicName]:
    """Names whose twin is called the same, but for the exclamation mark of what works in place."""
    return [PublicName(name, subject, exported, name.rstrip("!"), note) for name in names.split()]


def _other(
    subject: str, twins: dict[str, str], exported: bool = True, note: str = ""
) -> list[PublicName]:
    """Names whose twin is called otherwise."""
    return [PublicName(name, subject, exported, twin, note) for name, twin in twins.items()]


def _none(subject: str, names: str, why: str, exported: bool = True) -> list[PublicName]:
    return [PublicName(name, subject, exported, "", why) for name in names.split()]


IN_PLACE = "returns a new array"
SIGNALS = "signal processing, in no layer of Flux"
IMAGES = "resampling of images, in no layer of Flux"

# ADTypes' names for packages that differentiate.
DIFFERENTIATION = (
    "ADTypes AbstractADType AutoChainRules AutoDiffractor AutoEnzyme AutoFastDifferentiation "
    "AutoFiniteDiff "
    "AutoFiniteDifferences AutoForwardDiff AutoGTPSA AutoHyperHessians AutoModelingToolkit "
    "AutoMooncake "
    "AutoMooncakeForward AutoPolyesterForwardDiff AutoReactant AutoReverseDiff AutoSparse "
    "AutoSparseFastDifferentiation "
    "AutoSparseFiniteDiff AutoSparseForwardDiff AutoSparsePolyesterForwardDiff "
    "AutoSparseReverseDiff AutoSparseZygote "
    "AutoSymbolics AutoTapir AutoTaylorDiff AutoTracker AutoZygote NoAutoDiff "
    "NoAutoDiffSelectedError"
)

PUBLIC_NAMES: tuple[PublicName, ...] = (
    # Layers.
    *_same(
        "layer", "Chain Dense Embedding EmbeddingBag Maxout SkipConnection Parallel PairwiseFusion"
    ),
    *_same(
        "layer",
        "RNNCell LSTMCell GRUCell GRUv3Cell RNN LSTM GRU GRUv3 Recurrence MultiHeadAttention",
    ),
    *_same("layer", "Conv CrossCor ConvTranspose DepthwiseConv SamePad Upsample PixelShuffle"),
    *_same(
        "layer", "AdaptiveMaxPool AdaptiveMeanPool GlobalMaxPool GlobalMeanPool MaxPool MeanPool"
    ),
    *_same("layer", "Dropout AlphaDropout LayerNorm BatchNorm InstanceNorm GroupNorm WeightNorm"),
    *_same("layer", "Bilinear Scale remove_weight_norms flatten normalise", exported=False),
    *_other(
        "layer",
        {"initialstates": "RNNCell.initialstates", "activations": "Chain.activations"},
        exported=False,
        note="a method",
    ),
    *_none(
        "layer",
        "create_bias",
        "an argument of every layer: True, False or the array",
        exported=False,
    ),
    *_none("layer", "@layer", "a layer is a dataclass: nothing is to be declared", exported=False),
    *_none("layer", "@autosize", "a macro that fills in sizes; `outputsize` tells them"),
    # Activations.
    *_same(
        "activation",
        "celu elu gelu gelu_erf gelu_sigmoid gelu_tanh hardsigmoid hardswish hardtanh leakyrelu "
        "lisht logcosh logsigmoid",
    ),
    *_same(
        "activation",
        "mish relu relu6 rrelu selu sigmoid sigmoid_fast softplus softshrink softsign swish "
        "tanh_fast tanhshrink",
    ),
    *_same("activation", "thresholdrelu trelu"),
    *_other("activation", {"σ": "sigmoid", "hardσ": "hardsigmoid", "logσ": "logsigmoid"}),
    *_none("activation", "bias_act!", "part of Dense and Conv"),
    # Functions of arrays.
    *_same(
        "function",
        "softmax logsoftmax logsumexp dot_product_attention make_causal_mask batched_mul "
        "batched_vec",
    ),
    *_same(
        "function",
        "conv maxpool meanpool pixel_shuffle upsample_nearest upsample_linear upsample_bilinear "
        "upsample_trilinear",
    ),
    *_same("function", "pad_circular pad_constant pad_reflect pad_repeat pad_symmetric pad_zeros"),
    *_same("function", "softmax! logsoftmax! batched_mul! conv! maxpool! meanpool!", note=IN_PLACE),
    *_other("function", {"⊠": "batched_mul"}),
    *_other(
        "function",
        {"dot_product_attention_scores": "dot_product_attention"},
        note="its second output",
    ),
    *_other(
        "function",
        {"depthwiseconv": "DepthwiseConv", "conv_bias_act": "Conv", "dropout": "Dropout"},
        note="as a layer",
    ),
    *_other(
        "function",
        {"depthwiseconv!": "DepthwiseConv", "conv_bias_act!": "Conv", "dropout!": "Dropout"},
        note=f"as a layer; {IN_PLACE}",
    ),
    *_other(
        "function",
        {
            f"∇{name}": f"{name}.pullback"
            for name in ("softmax", "logsoftmax", "maxpool", "meanpool")
        },
    ),
    *_other(
        "function",
        {
            f"∇{name}!": f"{name}.pullback"
            for name in ("softmax", "logsoftmax", "maxpool", "meanpool")
        },
        note=IN_PLACE,
    ),
    *_other("function", {f"∇conv_{of}": "conv.pullback" for of in ("data", "filter")}),
    *_other(
        "function", {f"∇conv_{of}!": "conv.pullback" for of in ("data", "filter")}, note=IN_PLACE
    ),
    *_other("function", {f"∇depthwiseconv_{of}": "Conv.pullback" for of in ("data", "filter")}),
    *_other(
        "function",
        {f"∇depthwiseconv_{of}!": "Conv.pullback" for of in ("data", "filter")},
        note=IN_PLACE,
    ),
    *_other(
        "function",
        {
            f"∇upsample_{how}": f"upsample_{how}.pullback"
            for how in ("nearest", "linear", "bilinear", "trilinear")
        },
    ),
    *_none("function", "batched_adjoint batched_transpose", "`x.swapaxes(-1, -2)`"),
    *_none(
        "function",
        "lpnormpool lpnormpool! ∇lpnormpool ∇lpnormpool!",
        "pooling by a p-norm, in no layer of Flux",
    ),
    *_none(
        "function",
        "stft istft spectrogram melscale_filterbanks hamming_window hann_window",
        SIGNALS,
    ),
    *_none("function", "grid_sample ∇grid_sample imrotate ∇imrotate", IMAGES),
    *_none(
        "function",
        "ConvDims DenseConvDims DepthwiseConvDims PoolDims",
        "sizes for NNlib's kernels, which NumPy takes from the arrays",
    ),
    # Losses.
    *_same("loss", "ctc_loss"),
    *_same(
        "loss",
        "mse mae msle huber_loss crossentropy logitcrossentropy binarycrossentropy "
        "logitbinarycrossentropy",
        exported=False,
    ),
    *_same(
        "loss",
        "kldivergence poisson_loss hinge_loss squared_hinge_loss siamese_contrastive_loss "
        "label_smoothing",
        exported=False,
    ),
    *_same("loss", "focal_loss binary_focal_loss dice_coeff_loss tversky_loss", exported=False),
    # Initialisers.
    *_same("initialiser", "rand32 randn32 zeros32 ones32"),
    *_same(
        "initialiser",
        "glorot_uniform glorot_normal kaiming_uniform kaiming_normal truncated_normal lecun_normal",
        exported=False,
    ),
    *_same("initialiser", "orthogonal sparse_init identity_init", exported=False),
    *_other("initialiser", {"nfan": "initialise.fans"}, exported=False),
    # Optimisers.
    *_same(
        "rule",
        "AMSGrad AccumGrad AdaBelief AdaDelta AdaGrad AdaMax Adam AdamW ClipGrad ClipNorm "
        "Descent Lion MixedPrecision",
    ),
    *_same(
        "rule",
        "Momentum NAdam Nesterov OAdam OptimiserChain RAdam RMSProp Rprop SignDecay WeightDecay",
    ),
    *_other("rule", {"AbstractRule": "Rule"}),
    *_other(
        "rule",
        {
            "ADADelta": "AdaDelta",
            "ADAGrad": "AdaGrad",
            "ADAM": "Adam",
            "ADAMW": "AdamW",
            "NADAM": "NAdam",
            "OADAM": "OAdam",
            "RADAM": "RAdam",
        },
        note="an old name, deprecated",
    ),
    # Training.
    *_same("training", "gradient withgradient testmode! trainmode! trainables destructure"),
    *_same(
        "training",
        "setup train! update! adjust! freeze! thaw! pullback jacobian withjacobian state "
        "outputsize",
        exported=False,
    ),
    *_same("training", "loadmodel! early_stopping patience plateau throttle", exported=False),
    *_other(
        "training",
        {"trainable": "Dense.trainable"},
        exported=False,
        note="an attribute: the names of the fields that are trained",
    ),
    *_none(
        "training",
        "hessian diaghessian",
        "pullbacks are written by hand, and of first order",
        exported=False,
    ),
    *_none("training", "Losses Train", "modules: their names are here one by one", exported=False),
    # Data.
    *_same(
        "data",
        "onehot onehotbatch onecold DataLoader batch unbatch chunk stack unstack unsqueeze",
        exported=False,
    ),
    *_same(
        "data",
        "batchseq batch_sequence rpad_constant group_counts group_indices fill_like ones_like "
        "zeros_like rand_like randn_like trues_like falses_like",
        exported=False,
    ),
    *_same(
        "data",
        "numobs getobs ObsView obsview BatchView batchsize eachobs shuffleobs randobs splitobs "
        "kfolds leavepout oversample undersample mapobs filterobs groupobs joinobs slidingwindow",
        exported=False,
    ),
    *_other("data", {"getobs!": "getobs"}, exported=False, note="with `buffer=`"),
    *_other("data", {"ObsDim": "obsview"}, exported=False, note="with `dims=`"),
    *_none(
        "data",
        "MLUtils.normalise",
        'divides by std + eps, as `normalise` with `semantics("0.14")`',
        exported=False,
    ),
    *_none("data", "Datasets load_iris", "data sets, which Flux does not load", exported=False),
    # Models as trees.
    *_same("model", "fmap f16 f32 f64"),
    *_same("model", "modules", exported=False),
    *_none(
        "model",
        "KeyPath getkeypath haskeypath",
        "paths are written as Python reads them: `layers.0.weight`",
    ),
    *_none("model", "params", "deprecated: `trainables`", exported=False),
    *_none("model", "NNlib Optimisers", "modules: their names are here one by one"),
    # Where and by what Julia computes.
    *_none(
        "device",
        "cpu gpu cpu_device gpu_device xla_device get_device get_device_type MLDataDevices "
        "DeviceIterator",
        "NumPy has one device",
    ),
    *_none(
        "device",
        "AMDGPUDevice CPUDevice CUDADevice MetalDevice oneAPIDevice XLADevice",
        "NumPy has one device",
    ),
    *_none(
        "device",
        "gpu_backend! reset_gpu_device! supported_gpu_backends default_device_rng",
        "NumPy has one device",
    ),
    *_none("device", "DistributedUtils MPIBackend NCCLBackend", "training on several machines"),
    *_none(
        "differentiation",
        DIFFERENTIATION,
        "a way to differentiate; the backward passes are written by hand here",
    ),
    *_none(
        "differentiation",
        "AbstractColoringAlgorithm AbstractSparsityDetector column_coloring row_coloring",
        "for sparse Jacobians",
    ),
    *_none(
        "differentiation",
        "symmetric_coloring hessian_sparsity jacobian_sparsity",
        "for sparse Jacobians",
    ),
    *_none("differentiation", "default_rng_value", "a generator is an argument, `rng`"),
)

# Public names of pyimpl that are no twin of one of Flux's.
ONLY_HERE: dict[str, str] = {
    "ACTIVATIONS": "the table of activations",
    "Gradient": "the form of a gradient; in Julia a NamedTuple",
    "Restructure": "what destructure returns; Optimisers does not export it",
    "add": "`+` as a connection",
    "astype": "f16, f32 and f64, in place",
    "differentiable": "a function with a backward pass of its own; in Julia an rrule",
    "glu": "NNlib does not export it",
    "identity": "of Julia's Base",
    "read_state": "a file that JLD2 wrote; in Julia JLD2.load",
    "semantics": "the version of Flux to follow",
    "silu": "another name of swish",
    "supervised": "a loss of a model, as train takes it; in Julia a closure",
    "tanh": "of Julia's Base",
    "vcat": "of Julia's Base",
    "write_state": "a file for Julia; there JLD2.save",
}
