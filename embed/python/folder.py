"""The folder of the subtenant's files: the home directory, the current directory at
first, and the place of temporary files.
"""

import posix


def use_folder(paths):
    """Takes the folder and the one for temporary files, one a line, as bytes. The
    answer says nothing.
    """
    folder, temporary = paths.decode("utf-8", "surrogateescape").split("\n")
    set_variable("HOME", folder)  # noqa: F821 (processes.py)
    set_variable("TMPDIR", temporary)  # noqa: F821
    posix.chdir(folder)
    return b""
