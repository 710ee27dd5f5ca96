"""What a check was held against, in a line."""

from typing import Protocol


class Named(Protocol):
    """Whatever says what it was held against."""

    @property
    def name(self) -> str:
        """live or recorded."""
        ...

    versions: dict[str, str]


def versions_line(reference: Named) -> str:
    """Which reference it was, and its versions: `recorded Flux 0.16.9 (Julia 1.10.8, ...), made
    2026-11-21`.
    """
    made = getattr(reference, "provenance", {}).get("made")
    notes = [f"made {made}"] if made else []
    notes += [manner] if (manner := getattr(reference, "manner", "")) else []
    return ", ".join([name_and_versions(reference.name, reference.versions), *notes])


def name_and_versions(name: str, versions: dict[str, str]) -> str:
    """`live Flux 0.16.9 (Julia 1.10.8, ...)`."""
    rest = ", ".join(
        f"{name} {versions[name]}"
        for name in ("Julia", "NNlib", "Zygote", "Optimisers")
        if name in versions
    )
    return f"{name} Flux {versions.get('Flux', '?')} ({rest})"
