# Everything that a check will need is compiled once, when the package is: every row of the catalogue, in both precisions, on small
# arrays. `workload.toml` is written from the catalogue by `julia-parity record --workload`; `since` is the first Flux that has such a case.

const WORKLOAD = joinpath(@__DIR__, "..", "workload.toml")
include_dependency(WORKLOAD)

workload() = filter(case -> pkgversion(Flux) >= VersionNumber(get(case, "since", "0")), TOML.parsefile(WORKLOAD)["case"])

"Arrays of a size written in Python's order, in Julia's; `T` for floating-point numbers."
workload_array(T, size, kind) =
    kind == "index" ? zeros(Int, reverse(size)...) : fill(T(kind == "positive" ? 0.75 : 0.5), reverse(size)...)

function run_workload(case, T)
    arrays = Dict{String,Any}(name => workload_array(T, Int.(spec["size"]), spec["kind"]) for (name, spec) in case["arrays"])
    return evaluate(case["row"], Config(case["config"]), case["mode"], arrays)
end

@setup_workload begin
    @compile_workload begin
        for case in workload(), T in (Float32, Float64)
            try
                run_workload(case, T)
            catch problem
                @warn "the precompile workload met an error" row = case["row"] exception = problem
            end
        end
    end
end
