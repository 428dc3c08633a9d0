"""``python -m shanshui.cli``, where the command is not on the path."""

from shanshui.cli import main

main()
