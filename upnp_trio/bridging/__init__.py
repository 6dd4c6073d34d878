"""Between trio's thread and others: a device beside threads and beside asyncio."""
