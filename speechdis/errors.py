"""The one exception that means "the input is at fault, not the program"."""


class InputError(ValueError):
    """Bad input a person can mend: one line that names the file, what is wrong and what to do.

    The command line prints it without a traceback and exits with code 2.
    """
