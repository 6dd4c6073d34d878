/*
 * A device on GUPnP (HTTP by libsoup, discovery by GSSDP), with the same description as the other peers.
 *
 *     cc gupnp_device.c -o gupnp_device $(pkg-config --cflags --libs gupnp-1.6)
 *     ./gupnp_device ADDRESS PORT FOLDER      (FOLDER holds description.xml)
 */

#include <stdlib.h>

#include <libgupnp/gupnp.h>

static int
fail (const char *what, GError *error)
{
        g_printerr ("%s: %s\n", what, error != NULL ? error->message : "unknown error");
        return EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
        GError *error = NULL;

        if (argc != 4) {
                g_printerr ("usage: %s ADDRESS PORT FOLDER\n", argv[0]);
                return 2;
        }

        GInetAddress *address = g_inet_address_new_from_string (argv[1]);
        if (address == NULL)
                return fail ("ADDRESS is not an IP address", NULL);

        GUPnPContext *context =
                gupnp_context_new_for_address (address, (guint16) atoi (argv[2]), GSSDP_UDA_VERSION_1_1, &error);
        if (context == NULL)
                return fail ("cannot open a context", error);

        GUPnPRootDevice *device = gupnp_root_device_new (context, "description.xml", argv[3], &error);
        if (device == NULL)
                return fail ("cannot serve description.xml", error);

        gupnp_root_device_set_available (device, TRUE);
        g_main_loop_run (g_main_loop_new (NULL, FALSE));
        return EXIT_SUCCESS;
}
