# The Julia models of test_locate.py: what a colleague wrote with Flux.

dense = Chain(Dense(3 => 4, tanh), Dense(4 => 4, leakyrelu), Dense(4 => 2))
norms = Chain(Dense(3 => 4, tanh), BatchNorm(4), Dense(4 => 4), LayerNorm(4), Dense(4 => 2))
memory = Chain(Dense(3 => 4, tanh), LSTM(4 => 3), Dense(3 => 2))
gated = Chain(Dense(3 => 4, tanh), GRU(4 => 3), Dense(3 => 2))
images = Chain(Conv((3, 2), 2 => 3, relu; pad=(1, 0, 0, 1)), MaxPool((2, 2)), Flux.flatten, Dense(12 => 2))
attentive = Chain(Dense(4 => 4), MultiHeadAttention(4; nheads=2), first, Dense(4 => 2))
smooth = Chain(Dense(3 => 4), gelu, LayerNorm(4; eps=1.0f-3), Dense(4 => 2))
ported = Chain(Dense(3 => 4), BatchNorm(4), Dense(4 => 4), x -> tanh.(x), Dense(4 => 2))
remembering = Chain(LSTM(3 => 4), Dense(4 => 2))
weighing = Chain(Dense(4 => 4), MultiHeadAttention(4; nheads=2), first, Dense(4 => 2))
