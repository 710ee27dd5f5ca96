"""Activations and the functions of NNlib and MLUtils: softmax, gating, padding, batching,
convolution and pooling as functions.
"""
