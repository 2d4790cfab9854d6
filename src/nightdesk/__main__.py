"""`python -m nightdesk`."""

from nightdesk.views.cli import main

main()
