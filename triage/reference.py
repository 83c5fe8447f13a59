"""PURE. The short reference that ties a call, an e-mail and a sheet of paper together. It is stored nowhere.

Eight characters, shown as "ABCD-EFGH": seven at random and one check character. The alphabet has no 0/O, 1/I/L.
It has 31 characters, a prime number, so that the weighted sum finds every wrong character and every swap of two.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_RANDOM = 7


def new_reference() -> str:
    """A reference that nobody can guess from another one."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM))
    return _shown(body + _check_character(body))


def read_reference(typed: str) -> str | None:
    """The reference as we write it, from what somebody typed or said; None where it is not one of ours."""
    characters = "".join(character for character in typed.upper() if character.isalnum())
    if len(characters) != _RANDOM + 1 or not set(characters) <= set(ALPHABET):
        return None
    return _shown(characters) if _check_character(characters[:_RANDOM]) == characters[_RANDOM] else None


def _shown(characters: str) -> str:
    return f"{characters[:4]}-{characters[4:]}"


def _check_character(body: str) -> str:
    """Weights 1 to 7; the check character counts with weight 8, so that it cannot be swapped unseen either."""
    total = sum(weight * ALPHABET.index(character) for weight, character in enumerate(body, start=1))
    # 8 * check + total = 0 (mod 31), and 8 * 4 = 32 = 1 (mod 31), so the inverse of 8 is 4.
    return ALPHABET[-total * 4 % len(ALPHABET)]
