/*
 * User-Agent values that never repeat, like those of different control points: other products, versions and lengths.
 *
 * The numbers begin with the clock's time, so they also differ from those of earlier series.
 */

#include "generator.h"

#include <stdio.h>

static const char *const products[] = {
        "Linux/6.%llu UPnP/1.1 GUPnP/1.6.%llu %llx",
        "Microsoft-Windows/10.%llu UPnP/1.%llu %llx",
        "Google Chrome/1%llu.0.%llu.0 Windows (%llx)",
        "VLC/3.%llu.%llu LibVLC/%llx",
        "UPnP/1.1 Kodi/%llu.%llu %llx",
        "Darwin/22.%llu.0 UPnP/1.0 Portable SDK for UPnP devices/1.14.%llu (%llx)",
        "Sonos/7%llu.1-3321%llu (%llx)",
        "HomeAssistant/2024.%llu UPnP/1.1 async-upnp-client/0.4%llu %llx",
        "%llu.%llu/%llx",
};

size_t
write_agent (char into[MAX_AGENT_BYTES])
{
        static unsigned long long number;

        if (number == 0)
                number = (unsigned long long) now_ns () / 1000;
        number++;
        return (size_t) snprintf (into, MAX_AGENT_BYTES, products[number % (sizeof products / sizeof *products)],
                                  number % 13, number % 101, number);
}
