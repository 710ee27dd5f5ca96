"""What is known to have changed between the two recordings that are shipped."""

OLD, NEW = "0.14.25", "0.16.9"


# What differs between the two.
VALUES = {
    "normalise",
    "LayerNorm",
    "destructure",
    "AdamW",
    "Rprop",
    "mae",
    "early_stopping",
    "plateau",
}


STATES = {"RNN", "LSTM", "GRU", "GRUv3", "RNNCell", "LSTMCell", "GRUCell", "GRUv3Cell"}


ONLY_NEW = {"WeightNorm", "remove_weight_norms", "Recurrence", "MixedPrecision"}


NEW_IN_PART = {"Parallel"}
