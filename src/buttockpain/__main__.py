"""`python -m buttockpain`: the command line."""

import sys

from buttockpain.cli import main

if __name__ == "__main__":
    sys.exit(main())
