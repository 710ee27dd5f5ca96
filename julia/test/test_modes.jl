@testset "modes: every word is a type, and what is no word is told" begin
    @test Mode("train") === TrainMode() && Mode("function") === FunctionCall() && Mode("program") === ProgramRun()
    @test allunique(values(JuliaParity.MODES))
    @test JuliaParity.LayerMode("auto") === AutoMode()
    @test_throws TypeError JuliaParity.LayerMode("steps")
    @test_throws JuliaParity.CaseError Mode("fly")
    @test_throws "only for auto, draw, function" Mode("fly")
end
