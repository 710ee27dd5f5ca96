@testset "versions: Julia's, those of the packages, and what computes" begin
    versions = JuliaParity.versions()
    @test versions["Julia"] == string(VERSION)
    @test VersionNumber(versions["Flux"]) == pkgversion(Flux)
    @test issubset(("NNlib", "Zygote", "Optimisers", "ForwardDiff", "ChainRules", "BLAS", "CPU"), keys(versions))
end
