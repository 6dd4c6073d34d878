"""The asking side: find devices, describe them, call their actions and follow their events."""
