@testset "the cases of a workload run in both precisions, those of a newer Flux are left out" begin
    file = tempname()
    write(file, """
        [[case]]
        row = "relu"
        mode = "function"
        config = {"rank" = 1}
        arrays = {"x1" = {"size" = [2], "kind" = "real"}, "dy1" = {"size" = [2], "kind" = "real"}}

        [[case]]
        row = "relu"
        mode = "function"
        config = {}
        arrays = {}
        since = "99"
        """)
    cases = JuliaParity.workload(file)
    @test length(cases) == 1
    @test JuliaParity.run_workload(only(cases), Float32)["y"] == Float32[0.5, 0.5]
    @test JuliaParity.run_workload(only(cases), Float64)["grad.x1"] == [0.5, 0.5]
    progress = tempname()
    withenv(() -> JuliaParity.compile_rows(file), "JULIA_PARITY_PROGRESS" => progress)
    @test read(progress, String) == "1 1 relu\n"
    @test JuliaParity.workload_array(Float32, [3, 2], "positive") == fill(0.75f0, 2, 3)
end
