"""The asking side: find devices, describe them, call their actions and follow their events."""

from upnp_trio.controlpoint.remote import CallAnswer, RemoteDevice, RemoteService
from upnp_trio.controlpoint.service_client import ServiceClient

__all__ = ["CallAnswer", "RemoteDevice", "RemoteService", "ServiceClient"]
