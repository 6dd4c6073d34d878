"""A media renderer that DLNA control points accept: ``upnp-trio serve examples/media_renderer.py:device``.

MediaRenderer:1 with RenderingControl:1, ConnectionManager:1 and AVTransport:1: their required actions, those that DLNA
adds, and the states of a player. It plays nothing; `AVTransport` says where a player begins and ends.
"""

import re
from typing import Annotated, Literal, NamedTuple

import trio

from upnp_trio import (
    I4,
    In,
    LastChange,
    Out,
    Range,
    RootDevice,
    ServiceHandler,
    StateVariable,
    Ui2,
    Ui4,
    UpnpError,
    action,
)

# What can be played: protocol, network, MIME type and DLNA profile of each (ConnectionManager:1 §2.5.2).
SINKS = (
    "http-get:*:audio/mpeg:DLNA.ORG_PN=MP3",
    "http-get:*:audio/mpeg:*",
    "http-get:*:audio/mp4:*",
    "http-get:*:audio/flac:*",
    "http-get:*:audio/L16;rate=44100;channels=2:DLNA.ORG_PN=LPCM",
    "http-get:*:image/jpeg:DLNA.ORG_PN=JPEG_LRG",
    "http-get:*:image/jpeg:*",
    "http-get:*:video/mp4:*",
    "http-get:*:video/mpeg:*",
)

Instance = Annotated[Ui4, In("InstanceID")]
Channel = Annotated[Literal["Master"], In("Channel")]
Volume = Annotated[Ui2, Range(0, 100, 1)]
State = Literal["STOPPED", "PLAYING", "PAUSED_PLAYBACK", "TRANSITIONING", "NO_MEDIA_PRESENT"]
ConnectionId = Annotated[I4, In("ConnectionID")]


class RenderingControl(ServiceHandler, service_type="urn:schemas-upnp-org:service:RenderingControl:1"):
    """How loud it is. Subscribers are told of all variables in LastChange, as in every AV service."""

    last_change: Annotated[LastChange, StateVariable(maximum_rate=0.2)] = LastChange(LastChange.RENDERING_CONTROL)
    presets: Annotated[str, StateVariable("PresetNameList", evented=False)] = "FactoryDefaults"
    mute: Annotated[bool, StateVariable("Mute", evented=False)] = False
    volume: Annotated[Volume, StateVariable("Volume", evented=False)] = 50

    def __init__(self) -> None:
        self._tell()

    def _tell(self) -> None:
        # values that are as before are not told again
        self.last_change.set(0, "Mute", self.mute, channel="Master")
        self.last_change.set(0, "Volume", self.volume, channel="Master")
        self.last_change.set(0, "PresetNameList", self.presets)

    @action("ListPresets")
    def list_presets(self, instance: Instance) -> Annotated[str, Out("CurrentPresetNameList", "PresetNameList")]:
        _check(instance, 702)
        return self.presets

    @action("SelectPreset")
    def select_preset(self, instance: Instance, name: Annotated[Literal["FactoryDefaults"], In("PresetName")]) -> None:
        _check(instance, 702)
        self.mute, self.volume = False, 50
        self._tell()

    @action("GetMute")
    def get_mute(self, instance: Instance, channel: Channel) -> Annotated[bool, Out("CurrentMute", "Mute")]:
        _check(instance, 702)
        return self.mute

    @action("SetMute")
    def set_mute(self, instance: Instance, channel: Channel, mute: Annotated[bool, In("DesiredMute", "Mute")]) -> None:
        _check(instance, 702)
        self.mute = mute
        self._tell()

    @action("GetVolume")
    def get_volume(self, instance: Instance, channel: Channel) -> Annotated[Volume, Out("CurrentVolume", "Volume")]:
        _check(instance, 702)
        return self.volume

    @action("SetVolume")
    def set_volume(
        self, instance: Instance, channel: Channel, volume: Annotated[Volume, In("DesiredVolume", "Volume")]
    ) -> None:
        _check(instance, 702)
        self.volume = volume
        self._tell()


class ProtocolInfo(NamedTuple):
    source: Annotated[str, Out("Source", "SourceProtocolInfo")]
    sink: Annotated[str, Out("Sink", "SinkProtocolInfo")]


class ConnectionInfo(NamedTuple):
    rcs_id: Annotated[I4, Out("RcsID")]
    av_transport_id: Annotated[I4, Out("AVTransportID")]
    protocol_info: Annotated[str, Out("ProtocolInfo")]
    peer_manager: Annotated[str, Out("PeerConnectionManager", "A_ARG_TYPE_ConnectionManager")]
    peer_id: Annotated[I4, Out("PeerConnectionID", "A_ARG_TYPE_ConnectionID")]
    direction: Annotated[Literal["Input", "Output"], Out("Direction")]
    status: Annotated[
        Literal["OK", "ContentFormatMismatch", "InsufficientBandwidth", "UnreliableChannel", "Unknown"],
        Out("Status", "A_ARG_TYPE_ConnectionStatus"),
    ]


class ConnectionManager(ServiceHandler, service_type="urn:schemas-upnp-org:service:ConnectionManager:1"):
    """What can be played. There is one connection, 0, which is always there."""

    source: Annotated[str, StateVariable("SourceProtocolInfo")] = ""
    sink: Annotated[str, StateVariable("SinkProtocolInfo")] = ",".join(SINKS)
    connections: Annotated[str, StateVariable("CurrentConnectionIDs")] = "0"

    @action("GetProtocolInfo")
    def get_protocol_info(self) -> ProtocolInfo:
        return ProtocolInfo(self.source, self.sink)

    @action("GetCurrentConnectionIDs")
    def get_current_connection_ids(self) -> Annotated[str, Out("ConnectionIDs", "CurrentConnectionIDs")]:
        return self.connections

    @action("GetCurrentConnectionInfo")
    def get_current_connection_info(self, connection: ConnectionId) -> ConnectionInfo:
        if connection != 0:
            raise UpnpError(706, "Invalid connection reference")
        return ConnectionInfo(0, 0, "", "", -1, "Input", "OK")


class MediaInfo(NamedTuple):
    tracks: Annotated[Ui4, Out("NrTracks", "NumberOfTracks")]
    duration: Annotated[str, Out("MediaDuration", "CurrentMediaDuration")]
    uri: Annotated[str, Out("CurrentURI", "AVTransportURI")]
    metadata: Annotated[str, Out("CurrentURIMetaData", "AVTransportURIMetaData")]
    next_uri: Annotated[str, Out("NextURI", "NextAVTransportURI")]
    next_metadata: Annotated[str, Out("NextURIMetaData", "NextAVTransportURIMetaData")]
    play_medium: Annotated[str, Out("PlayMedium", "PlaybackStorageMedium")]
    record_medium: Annotated[str, Out("RecordMedium", "RecordStorageMedium")]
    write_status: Annotated[str, Out("WriteStatus", "RecordMediumWriteStatus")]


class TransportInfo(NamedTuple):
    state: Annotated[State, Out("CurrentTransportState", "TransportState")]
    status: Annotated[Literal["OK", "ERROR_OCCURRED"], Out("CurrentTransportStatus", "TransportStatus")]
    speed: Annotated[str, Out("CurrentSpeed", "TransportPlaySpeed")]


class PositionInfo(NamedTuple):
    track: Annotated[Ui4, Out("Track", "CurrentTrack")]
    duration: Annotated[str, Out("TrackDuration", "CurrentTrackDuration")]
    metadata: Annotated[str, Out("TrackMetaData", "CurrentTrackMetaData")]
    uri: Annotated[str, Out("TrackURI", "CurrentTrackURI")]
    relative_time: Annotated[str, Out("RelTime", "RelativeTimePosition")]
    absolute_time: Annotated[str, Out("AbsTime", "AbsoluteTimePosition")]
    relative_count: Annotated[I4, Out("RelCount", "RelativeCounterPosition")]
    absolute_count: Annotated[I4, Out("AbsCount", "AbsoluteCounterPosition")]


class Capabilities(NamedTuple):
    play_media: Annotated[str, Out("PlayMedia", "PossiblePlaybackStorageMedia")]
    record_media: Annotated[str, Out("RecMedia", "PossibleRecordStorageMedia")]
    record_qualities: Annotated[str, Out("RecQualityModes", "PossibleRecordQualityModes")]


class Settings(NamedTuple):
    play_mode: Annotated[Literal["NORMAL"], Out("PlayMode", "CurrentPlayMode")]
    record_quality: Annotated[str, Out("RecQualityMode", "CurrentRecordQualityMode")]


class AVTransport(ServiceHandler, service_type="urn:schemas-upnp-org:service:AVTransport:1"):
    """What is played, and whether it plays. A player begins in `play`, and ends in `_halt`."""

    last_change: Annotated[LastChange, StateVariable(maximum_rate=0.2)] = LastChange(LastChange.AV_TRANSPORT)
    state: Annotated[State, StateVariable("TransportState", evented=False)] = "NO_MEDIA_PRESENT"
    status: Annotated[Literal["OK", "ERROR_OCCURRED"], StateVariable("TransportStatus", evented=False)] = "OK"
    speed: Annotated[str, StateVariable("TransportPlaySpeed", evented=False)] = "1"
    play_mode: Annotated[Literal["NORMAL"], StateVariable("CurrentPlayMode", evented=False)] = "NORMAL"
    actions_now: Annotated[str, StateVariable("CurrentTransportActions", evented=False)] = ""
    tracks: Annotated[Ui4, StateVariable("NumberOfTracks", evented=False)] = 0
    track: Annotated[Ui4, StateVariable("CurrentTrack", evented=False)] = 0
    duration: Annotated[str, StateVariable("CurrentTrackDuration", evented=False)] = "0:00:00"
    media_duration: Annotated[str, StateVariable("CurrentMediaDuration", evented=False)] = "0:00:00"
    uri: Annotated[str, StateVariable("AVTransportURI", evented=False)] = ""
    metadata: Annotated[str, StateVariable("AVTransportURIMetaData", evented=False)] = ""
    track_uri: Annotated[str, StateVariable("CurrentTrackURI", evented=False)] = ""
    track_metadata: Annotated[str, StateVariable("CurrentTrackMetaData", evented=False)] = ""
    relative_time: Annotated[str, StateVariable("RelativeTimePosition", evented=False)] = "0:00:00"
    absolute_time: Annotated[str, StateVariable("AbsoluteTimePosition", evented=False)] = "0:00:00"
    # the largest number means that there are no counters
    relative_count: Annotated[I4, StateVariable("RelativeCounterPosition", evented=False)] = 2**31 - 1
    absolute_count: Annotated[I4, StateVariable("AbsoluteCounterPosition", evented=False)] = 2**31 - 1
    # what this renderer has not: a list of media, and a recorder
    next_uri: Annotated[str, StateVariable("NextAVTransportURI", evented=False)] = "NOT_IMPLEMENTED"
    next_metadata: Annotated[str, StateVariable("NextAVTransportURIMetaData", evented=False)] = "NOT_IMPLEMENTED"
    play_medium: Annotated[str, StateVariable("PlaybackStorageMedium", evented=False)] = "NONE"
    play_media: Annotated[str, StateVariable("PossiblePlaybackStorageMedia", evented=False)] = "NONE,NETWORK"
    record_medium: Annotated[str, StateVariable("RecordStorageMedium", evented=False)] = "NOT_IMPLEMENTED"
    record_media: Annotated[str, StateVariable("PossibleRecordStorageMedia", evented=False)] = "NOT_IMPLEMENTED"
    write_status: Annotated[str, StateVariable("RecordMediumWriteStatus", evented=False)] = "NOT_IMPLEMENTED"
    record_quality: Annotated[str, StateVariable("CurrentRecordQualityMode", evented=False)] = "NOT_IMPLEMENTED"
    record_qualities: Annotated[str, StateVariable("PossibleRecordQualityModes", evented=False)] = "NOT_IMPLEMENTED"

    # positions change all the time, so whoever shows them asks for them (AVTransport:1 §2.3.1)
    not_told = re.compile("LastChange|(Relative|Absolute)(Time|Counter)Position")

    def __init__(self) -> None:
        self._seconds = 0.0
        self._playing_since: float | None = None
        self._tell()

    # --- the player ---

    @action("SetAVTransportURI")
    def set_uri(
        self,
        instance: Instance,
        uri: Annotated[str, In("CurrentURI", "AVTransportURI")],
        metadata: Annotated[str, In("CurrentURIMetaData", "AVTransportURIMetaData")],
    ) -> None:
        _check(instance)
        if uri and not uri.lower().startswith(("http://", "https://")):
            raise UpnpError(716, "Resource not found")
        was_playing = self.state == "PLAYING"
        self._halt()
        found = re.search(r'\bduration="(\d+:[0-5]\d:[0-5]\d)', metadata)
        self.uri = self.track_uri = uri
        self.metadata = self.track_metadata = metadata
        self.duration = self.media_duration = found[1] if found and uri else "0:00:00"
        self.tracks = self.track = 1 if uri else 0
        self.play_medium = "NETWORK" if uri else "NONE"
        self.state = "STOPPED" if uri else "NO_MEDIA_PRESENT"
        if was_playing and uri:  # the next thing is played at once
            self.play(instance, "1")
        self._tell()

    @action("Play")
    def play(self, instance: Instance, speed: Annotated[str, In("Speed", "TransportPlaySpeed")]) -> None:
        _check(instance)
        self._demand("STOPPED", "PAUSED_PLAYBACK", "PLAYING")
        if speed != "1":
            raise UpnpError(717, "Play speed not supported")
        if self.state != "PLAYING":
            self._playing_since = trio.current_time()
            self.state = "PLAYING"
        self._tell()

    @action("Pause")
    def pause(self, instance: Instance) -> None:
        _check(instance)
        self._demand("PLAYING", "PAUSED_PLAYBACK")
        self._seconds, self._playing_since = self._position(), None
        self.state = "PAUSED_PLAYBACK"
        self._tell()

    @action("Stop")
    def stop(self, instance: Instance) -> None:
        _check(instance)
        self._demand("STOPPED", "PLAYING", "PAUSED_PLAYBACK")
        self._halt()
        self.state = "STOPPED"
        self._tell()

    @action("Seek")
    def seek(
        self,
        instance: Instance,
        unit: Annotated[Literal["TRACK_NR", "REL_TIME", "ABS_TIME"], In("Unit", "A_ARG_TYPE_SeekMode")],
        target: Annotated[str, In("Target", "A_ARG_TYPE_SeekTarget")],
    ) -> None:
        _check(instance)
        self._demand("STOPPED", "PLAYING", "PAUSED_PLAYBACK")
        seconds = _seconds(target) if unit != "TRACK_NR" else 0 if target == "1" else None
        if seconds is None or seconds > (_seconds(self.duration) or seconds):
            raise UpnpError(711, "Illegal seek target")
        self._seconds = seconds
        if self._playing_since is not None:
            self._playing_since = trio.current_time()

    @action("Next")
    def next(self, instance: Instance) -> None:
        _check(instance)
        raise UpnpError(711, "Illegal seek target")  # there is one track

    @action("Previous")
    def previous(self, instance: Instance) -> None:
        _check(instance)
        raise UpnpError(711, "Illegal seek target")

    # --- what it does ---

    @action("GetMediaInfo")
    def get_media_info(self, instance: Instance) -> MediaInfo:
        _check(instance)
        return MediaInfo(
            self.tracks,
            self.media_duration,
            self.uri,
            self.metadata,
            self.next_uri,
            self.next_metadata,
            self.play_medium,
            self.record_medium,
            self.write_status,
        )

    @action("GetTransportInfo")
    def get_transport_info(self, instance: Instance) -> TransportInfo:
        _check(instance)
        return TransportInfo(self.state, self.status, self.speed)

    @action("GetPositionInfo")
    def get_position_info(self, instance: Instance) -> PositionInfo:
        _check(instance)
        self.relative_time = self.absolute_time = _time(self._position())
        return PositionInfo(
            self.track,
            self.duration,
            self.track_metadata,
            self.track_uri,
            self.relative_time,
            self.absolute_time,
            self.relative_count,
            self.absolute_count,
        )

    @action("GetDeviceCapabilities")
    def get_device_capabilities(self, instance: Instance) -> Capabilities:
        _check(instance)
        return Capabilities(self.play_media, self.record_media, self.record_qualities)

    @action("GetTransportSettings")
    def get_transport_settings(self, instance: Instance) -> Settings:
        _check(instance)
        return Settings(self.play_mode, self.record_quality)

    @action("GetCurrentTransportActions")
    def get_current_transport_actions(
        self, instance: Instance
    ) -> Annotated[str, Out("Actions", "CurrentTransportActions")]:
        _check(instance)
        return self.actions_now

    # --- its states ---

    def _demand(self, *states: State) -> None:
        if self.state not in states:
            raise UpnpError(701, "Transition not available")

    def _position(self) -> float:
        playing = 0.0 if self._playing_since is None else trio.current_time() - self._playing_since
        position = self._seconds + playing
        return min(position, _seconds(self.duration) or position)

    def _halt(self) -> None:
        self._seconds, self._playing_since = 0.0, None

    def _tell(self) -> None:
        """Tell subscribers of everything that has changed."""
        possible = {"NO_MEDIA_PRESENT": "", "STOPPED": "Play,Seek", "PLAYING": "Pause,Stop,Seek"}
        self.actions_now = possible.get(self.state, "Play,Stop,Seek")
        for name, value in self.variables().items():
            if not self.not_told.fullmatch(name):
                self.last_change.set(0, name, str(value))


def _check(instance: int, code: int = 718) -> None:
    """Refuse other instances than the one that is here; the code is the service's standard's."""
    if instance != 0:
        raise UpnpError(code, "Invalid InstanceID")


def _seconds(text: str) -> int | None:
    """The time in *text*, such as ``0:03:25`` or ``0:03:25.040``; ``None`` if it is not one."""
    found = re.fullmatch(r"(\d{1,5}):([0-5]\d):([0-5]\d)(\.\d+)?", text, re.ASCII)
    return None if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def device() -> RootDevice:
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:MediaRenderer:1",
        friendly_name="Silent renderer",
        manufacturer="upnp_trio",
        model_name="Silent renderer",
        model_description="Accepts everything and plays nothing",
        dlna_docs=["DMR-1.50"],
        services=[RenderingControl(), ConnectionManager(), AVTransport()],
    )
