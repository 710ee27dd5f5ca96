"""What runs in Python: functions, objects with forward and backward, layers of pyimpl, modules of
PyTorch; training.
"""
