"""``python -m upnp_trio``: hands over to the command."""

from upnp_trio.cli import main

if __name__ == "__main__":
    main()
