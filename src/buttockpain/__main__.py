"""`python -m buttockpain`: the command line."""

import sys

from buttockpain.cli import main

sys.exit(main())
