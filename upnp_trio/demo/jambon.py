"""The Jambon 3000, a ham slicer: a service of a vendor's own, with its own errors.

Save it under another name, and ``upnp-trio serve my_slicer.py:device`` serves it.
"""

from pathlib import Path
from typing import Annotated

from upnp_trio import Icon, In, Out, Range, RootDevice, ServiceHandler, StateVariable, Ui1, Ui2, UpnpError, action

__all__ = ["Slicer", "device"]

HAM_MILLIMETRES = 300
# vendors' own errors have the codes from 800 to 899 (UDA 2.0 §3.2.5)
NO_HAM = 801

Length = Annotated[Ui2, Range(0, HAM_MILLIMETRES)]


class Slicer(ServiceHandler, service_type="urn:boucherie-example-com:service:Slicer:1"):
    """Cuts a ham into slices until nothing remains."""

    remaining: Annotated[Length, StateVariable("Remaining")] = HAM_MILLIMETRES

    @action("Slice")
    def slice(
        self,
        thickness: Annotated[Ui1, In("Thickness"), Range(1, 20)],
        count: Annotated[Ui2, In("Count"), Range(1, 300)],
    ) -> Annotated[Ui2, Out("Slices")]:
        """Cut *count* slices of *thickness* millimetres, or as many as the ham that remains gives."""
        slices = min(count, self.remaining // thickness)
        if slices == 0:
            raise UpnpError(NO_HAM, f"{self.remaining} mm of ham remain; put in a new one with NewHam")
        self.remaining -= slices * thickness
        return slices

    @action("GetRemaining")
    def get_remaining(self) -> Annotated[Length, Out("Remaining", "Remaining")]:
        """How much ham remains, in millimetres."""
        return self.remaining

    @action("NewHam")
    def new_ham(self) -> None:
        """Put in a whole ham."""
        self.remaining = HAM_MILLIMETRES


def device() -> RootDevice:
    """The slicer."""
    icon = Path(__file__).with_name("jambon.png").read_bytes()
    return RootDevice(
        device_type="urn:boucherie-example-com:device:Slicer:1",
        friendly_name="Jambon 3000",
        manufacturer="Boucherie numérique SAS",
        manufacturer_url="http://boucherie.example.com/",
        model_name="Jambon 3000",
        model_number="3000",
        model_description="Le jambon connecté, tranché et servi par UPnP",
        language="fr",
        icons=[Icon(mimetype="image/png", width=120, height=120, depth=32, url="jambon.png", data=icon)],
        services=[Slicer()],
    )
