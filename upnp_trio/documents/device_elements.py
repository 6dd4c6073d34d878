"""The elements of a device description and the fields that they fill, in the order of UDA's template (UDA 2.0 §2.3)."""

from __future__ import annotations

from upnp_trio.documents.xml import DEVICE_NAMESPACE

__all__ = ["DEVICE_TEXTS", "DLNA_CAP", "DLNA_DOC", "ICON_TEXTS", "PNPX_TEXTS", "SERVICE_TEXTS", "in_device"]

DLNA_NAMESPACE = "urn:schemas-dlna-org:device-1-0"
PNPX_NAMESPACE = "http://schemas.microsoft.com/windows/pnpx/2005/11"
DF_NAMESPACE = "http://schemas.microsoft.com/windows/2008/09/devicefoundation"

# From element to field, in the order of UDA's template. The lists stand between UPC and presentationURL.
DEVICE_TEXTS = {
    "deviceType": "device_type",
    "friendlyName": "friendly_name",
    "manufacturer": "manufacturer",
    "manufacturerURL": "manufacturer_url",
    "modelDescription": "model_description",
    "modelName": "model_name",
    "modelNumber": "model_number",
    "modelURL": "model_url",
    "serialNumber": "serial_number",
    "UDN": "udn",
    "UPC": "upc",
}
ICON_TEXTS = {"mimetype": "mimetype", "width": "width", "height": "height", "depth": "depth", "url": "url"}
SERVICE_TEXTS = {
    "serviceType": "service_type",
    "serviceId": "service_id",
    "SCPDURL": "scpd_url",
    "controlURL": "control_url",
    "eventSubURL": "event_sub_url",
}
PNPX_TEXTS = {
    f"{{{PNPX_NAMESPACE}}}X_deviceCategory": "device_category",
    f"{{{PNPX_NAMESPACE}}}X_hardwareId": "hardware_id",
    f"{{{PNPX_NAMESPACE}}}X_compatibleId": "compatible_id",
    f"{{{DF_NAMESPACE}}}X_containerId": "container_id",
    f"{{{DF_NAMESPACE}}}X_deviceCategory": "df_device_category",
}
DLNA_DOC = f"{{{DLNA_NAMESPACE}}}X_DLNADOC"
DLNA_CAP = f"{{{DLNA_NAMESPACE}}}X_DLNACAP"


def in_device(name: str) -> str:
    """The tag of UDA's element *name*."""
    return f"{{{DEVICE_NAMESPACE}}}{name}"
