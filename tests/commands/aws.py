"""Reads argument lists of the aws CLI as JSON, runs each in this one process, and prints what each said."""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver


driver = create_clidriver()


def said(arguments):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        try:
            driver.main(arguments)
        except SystemExit:
            pass
    return text.getvalue()


json.dump([said(arguments) for arguments in json.load(sys.stdin)], sys.stdout)
