# What a function keeps from call to call outside of itself: the globals of the user's file that a call changes.

"The names of the globals that are others after the call."
function changed_globals(call, user)
    before = Dict(name => deepcopy(getfield(user, name)) for name in names(user; all=true) if is_kept(user, name))
    filter!(((name, kept),) -> alike(kept, getfield(user, name)), before)  # what is no equal of its own copy tells nothing
    call()
    return sort!([string(name) for (name, kept) in before if !alike(kept, getfield(user, name))])
end

"Whether a name stands for data of the user's."
is_kept(user, name) =
    isdefined(user, name) && !startswith(string(name), '#') && !(getfield(user, name) isa Union{Module,Function,Type,Nothing})

alike(x, y) = isequal(x, y)
alike(x::Ref, y::Ref) = isequal(x[], y[])
