"What Flux exports, NNlib and Optimisers included: names, separated by spaces."
public_names() = join(filter(!=(:Flux), names(Flux)), ' ')
