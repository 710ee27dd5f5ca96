@testset "initialisers: sizes are Python's, numbers are those of the case" begin
    drawn(row, config, noise) = evaluate(row, Config("rank" => 2, "sizes" => [3, 2], config...), Drawing(), arrays(; noise))["y"]
    @test drawn("zeros32", (), zeros(0)) == zeros(Float32, 2, 3)
    numbers = collect(range(0.0, 1.0; length=6))
    @test drawn("rand32", (), numbers) == reshape(Float32.(numbers), 2, 3)
    @test drawn("glorot_uniform", ("gain" => 2.0,), numbers) ≈ reshape((numbers .- 0.5) .* 2 .* 2 .* sqrt(24 / 5) ./ 2, 2, 3)
end
