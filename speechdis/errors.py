"""What is the input's fault, not the program's."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Bad input a person can mend: one line that names the file, what is wrong and what to do.

    The command line prints it without a traceback and exits with code 2.
    """


@contextmanager
def blaming(file: object) -> Iterator[None]:
    """Turn whatever `file` alone can cause into an InputError that names it.

    This is the one list of exceptions that mean "this recording is bad", so that a run skips it and goes on. They are
    those of the system, of memory, of numbers out of range, and of names or text in no known code.
    """
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from None
    except MemoryError:
        raise InputError(f"{file}: takes more memory than there is; is its header damaged?") from None
    except (ArithmeticError, UnicodeError) as error:
        raise InputError(f"{file}: holds numbers or names out of range ({error})") from None
    except RuntimeError as error:  # how torch says that memory has run out
        if "allocate memory" not in str(error):
            raise
        raise InputError(f"{file}: takes more memory than there is; is its header damaged?") from None


class Interrupted(KeyboardInterrupt):
    """Work that a signal has stopped at a good place; it says where, and how to go on.

    Attributes:
        code: exit code, 128 and the signal's number.
    """

    code = 130
