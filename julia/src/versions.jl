"Versions of Julia and of every package that has a say in the outcome."
function versions()
    packages = (Flux, Flux.NNlib, Flux.Zygote, Flux.Optimisers, Flux.Zygote.ForwardDiff, Flux.Zygote.ChainRules)
    found = Dict(string(nameof(package)) => string(pkgversion(package)) for package in packages)
    found["Julia"] = string(VERSION)
    found["BLAS"] = join((basename(lib.libname) for lib in BLAS.get_config().loaded_libs), ", ")
    found["CPU"] = string(Sys.cpu_info()[1].model, ", ", Sys.ARCH)
    return found
end
