"""A guess at the visitor's device and browser, from what the browser sends anyway."""

from functools import lru_cache

from ua_parser import BasicResolver, Parser, load_builtins

from triage.cleaning import clean_line

# Long enough for every real browser; short enough that no pattern can be made to run for long.
_LONGEST = 300
_NO_MODELS = ("Other", "Generic Smartphone", "K")  # Chrome on Android hides the model and says "K"


def guess(user_agent: str) -> dict[str, str]:
    """Answers to the questions "device" and "browser", each where it can be told. The patient may change them.

    A guess: an iPad says that it is a Mac, and Windows 11 says that it is Windows 10.
    """
    read = _parser().parse(clean_line(user_agent[:_LONGEST]))
    guesses = {}
    if read.os:
        system = " ".join(filter(None, (read.os.family, read.os.major)))
        model = read.device.family if read.device and read.device.family not in _NO_MODELS else ""
        # A Mac names an old system, whichever it has.
        guesses["device"] = model if model == "Mac" else ", ".join(filter(None, (model, system)))
    if read.user_agent:
        guesses["browser"] = " ".join(filter(None, (read.user_agent.family, read.user_agent.major)))
    return guesses


@lru_cache(maxsize=1)
def _parser() -> Parser:
    """The package's usual parser keeps the last two thousand headers that it has read. This one keeps none."""
    return Parser(BasicResolver(load_builtins()))
