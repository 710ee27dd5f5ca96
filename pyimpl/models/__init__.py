"""A model as a whole: flat vectors of its parameters, sizes of outputs, Jacobians, the names Flux
gives to its parts.
"""
