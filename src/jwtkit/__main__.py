"""`python -m jwtkit`: see `jwtkit.shell`."""

from jwtkit.shell.main import main

raise SystemExit(main())
