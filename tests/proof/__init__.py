"""Proof under fire: harnesses that try to break what we claim, and the figures of what they tried.

`make proof` runs all of them in full, `make test` each in a shortened form. A harness is a module that has

    TITLE = "One sentence: what it tries to break."
    def prove(place: Place, size: Size) -> Figures: ...

and it joins by its name in `tests.proof.harness.HARNESSES`. Where something holds no longer, `prove` puts a sentence
into `Figures.violations` and goes on; it raises nothing. One that cannot run on this machine says so in
`Figures.missing`.
"""
