"""The names of the ten digits, as transcripts have them: English (TIDIGITS, with "oh"), Spanish and numerals."""

from collections.abc import Mapping

from speechdis.errors import InputError

ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPANISH = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
VALUES: Mapping[str, int] = {
    **{word: digit for names in (ENGLISH, SPANISH) for digit, word in enumerate(names)},
    **{str(digit): digit for digit in range(10)},
    "oh": 0,
}


def value(word: str) -> int:
    """The digit, 0 to 9, that `word` names; raises InputError for any other word."""
    try:
        return VALUES[word]
    except KeyError:
        raise InputError(f"'{word}' is not the name of a digit; known are {', '.join(VALUES)}") from None
