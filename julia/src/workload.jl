# What compiles rows of the catalogue ahead of their use: one small case per structure and mode, in both precisions.
#
# The cases are written from the catalogue by `julia-parity warm-up`; `since` is the first Flux that has such a case.

workload(file) = filter(case -> pkgversion(Flux) >= VersionNumber(get(case, "since", "0")), TOML.parsefile(file)["case"])

"Arrays of a size written in Python's order, in Julia's; `T` for floating-point numbers."
workload_array(T, size, kind) =
    kind == "index" ? zeros(Int, reverse(size)...) : fill(T(kind == "positive" ? 0.75 : 0.5), reverse(size)...)

function run_workload(case, T)
    arrays = Dict{String,Any}(name => workload_array(T, Int.(spec["size"]), spec["kind"]) for (name, spec) in case["arrays"])
    return evaluate(case["row"], Config(case["config"]), Mode(case["mode"]), arrays)
end

"""
    compile_rows(file)

Evaluate the cases of a file, while Julia precompiles a package: what that compiles is kept in the package's cache. Where
`JULIA_PARITY_PROGRESS` names a file, a line `done total row` is written to it after every case.
"""
function compile_rows(file)
    cases = workload(file)
    for (done, case) in enumerate(cases)
        for T in (Float32, Float64)
            try
                run_workload(case, T)
            catch problem
                @warn "the workload met an error" row = case["row"] exception = problem
            end
        end
        progress = get(ENV, "JULIA_PARITY_PROGRESS", "")
        isempty(progress) || open(io -> println(io, done, ' ', length(cases), ' ', case["row"]), progress, "a")
    end
end

"Precompile a package that calls `compile_rows`, and load it."
compile_group(name, uuid) = (Base.require(Base.PkgId(Base.UUID(uuid), name)); nothing)

"Load what was compiled by `compile_group`, if it is there, whole, and fits the packages of today."
function load_group(name, uuid)
    package = Base.PkgId(Base.UUID(uuid), name)
    Base.isprecompiled(package) || return false
    Base.require(package)
    return true
end
