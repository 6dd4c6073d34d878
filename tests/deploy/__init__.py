"""Tests of deploy/: the systemd unit, the container's recipe, the image, and its health check."""
