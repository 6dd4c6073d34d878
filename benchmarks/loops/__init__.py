"""A device beside asyncio: a trio loop in another thread, measured beside trio's guest mode and trio alone."""
