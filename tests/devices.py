"""Devices that the tests serve."""

from __future__ import annotations

from upnp_trio import Device, RootDevice, Service, ServiceType

__all__ = ["BASIC", "GATEWAY", "ROOT_UUID"]

ROOT_UUID = "5f9ec1b3-ed59-1900-4530-00e0a5b3c001"


def _service(name: str, number: int, version: int = 1) -> Service:
    return Service(
        service_type=ServiceType(f"urn:schemas-upnp-org:service:{name}:{version}"),
        service_id=f"urn:upnp-org:serviceId:{name}{number}",
    )


#: a device alone: three rows
BASIC = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique SAS",
    model_name="Jambon 3000",
    udn=f"uuid:{ROOT_UUID}",
)

#: d = 2 embedded devices, k = 4 service types: 3 + 2 * 2 + 4 rows
GATEWAY = RootDevice(
    device_type="urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    friendly_name="Gateway",
    manufacturer="Example",
    model_name="Gateway",
    udn=f"uuid:{ROOT_UUID}",
    services=[_service("Layer3Forwarding", 1)],
    devices=[
        Device(
            device_type="urn:schemas-upnp-org:device:WANDevice:2",
            friendly_name="WAN",
            manufacturer="Example",
            model_name="WAN",
            udn="uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c002",
            services=[_service("WANCommonInterfaceConfig", 1)],
            devices=[
                Device(
                    device_type="urn:schemas-upnp-org:device:WANConnectionDevice:2",
                    friendly_name="Connection",
                    manufacturer="Example",
                    model_name="Connection",
                    udn="uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c003",
                    # two services of one type are one row, as is the higher of two versions
                    services=[
                        _service("WANIPConnection", 1, version=2),
                        _service("WANIPConnection", 2, version=1),
                        _service("WANPPPConnection", 1),
                        _service("WANPPPConnection", 2),
                    ],
                )
            ],
        )
    ],
)
