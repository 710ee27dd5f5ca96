"Versions of Julia and of every package that has a say in the outcome."
function versions()
    packages = (Flux, Flux.NNlib, Flux.Zygote, Flux.Optimisers, Flux.Zygote.ForwardDiff, Flux.Zygote.ChainRules)
    numbers = Dict(string(nameof(package)) => string(pkgversion(package)) for package in packages)
    numbers["Julia"] = string(VERSION)
    numbers["BLAS"] = join((basename(lib.libname) for lib in BLAS.get_config().loaded_libs), ", ")
    numbers["CPU"] = string(Sys.cpu_info()[1].model, ", ", Sys.ARCH)
    return numbers
end
