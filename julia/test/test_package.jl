# What holds of the package as a whole.

using TOML

const PACKAGE = dirname(@__DIR__)

"Julia files below a folder of the package, by their path in it, with `/`."
files_of(folder) =
    sort([
        join(splitpath(relpath(joinpath(at, name), joinpath(PACKAGE, folder))), '/')
        for (at, _, names) in walkdir(joinpath(PACKAGE, folder)) for name in names if endswith(name, ".jl")
    ])

test_of(file) = joinpath(dirname(file), "test_" * basename(file))

@testset "every file has its test file, which runtests.jl includes" begin
    included = read(joinpath(@__DIR__, "runtests.jl"), String)
    for file in [files_of("src"); files_of("ext")]
        file == "JuliaParity.jl" && continue  # this one
        @test isfile(joinpath(@__DIR__, test_of(file)))
        @test occursin("\"$(test_of(file))\"", included)
    end
end

@testset "no file is long" begin
    for folder in ("src", "ext", "test"), file in files_of(folder)
        @test countlines(joinpath(PACKAGE, folder, file)) <= 300
    end
end

@testset "no two methods fit one call, and every type parameter is bound" begin
    @test isempty(Test.detect_ambiguities(JuliaParity; recursive=true))
    @test isempty(Test.detect_unbound_args(JuliaParity; recursive=true))
end

@testset "no global is called as values are" begin
    for inside in (JuliaParity, Textbook, UserPair)
        @test isdisjoint(names(inside; all=true), (:state, :flat, :pair))
    end
end

@testset "every dependency has its versions" begin
    project = TOML.parsefile(joinpath(PACKAGE, "Project.toml"))
    named = union(keys(project["deps"]), keys(get(project, "weakdeps", Dict())), keys(project["extras"]))
    @test issubset(named, keys(project["compat"]))
end

if Base.find_package("Aqua") === nothing
    @info "Aqua is not installed here: its tests are left out"
else
    using Aqua
    @testset "Aqua" Aqua.test_all(JuliaParity)
end
