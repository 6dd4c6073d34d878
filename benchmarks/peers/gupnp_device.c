/*
 * A device on GUPnP (HTTP by libsoup, discovery by GSSDP), with the same description as the other peers.
 *
 *     cc gupnp_device.c -o gupnp_device $(pkg-config --cflags --libs gupnp-1.6)
 *     ./gupnp_device ADDRESS PORT FOLDER      (FOLDER holds description.xml and the documents of its services)
 *
 * The services SwitchPower:1 and MessageBoard:1 work if the description lists them.
 */

#include <stdlib.h>

#include <libgupnp/gupnp.h>

#define SWITCH_POWER "urn:schemas-upnp-org:service:SwitchPower:1"
#define MESSAGE_BOARD "urn:example-com:service:MessageBoard:1"

static gboolean target, status;
static char *message;

static int
fail (const char *what, GError *error)
{
        g_printerr ("%s: %s\n", what, error != NULL ? error->message : "unknown error");
        return EXIT_FAILURE;
}

static void
set_target (GUPnPService *service, GUPnPServiceAction *action)
{
        gboolean before = status;

        gupnp_service_action_get (action, "newTargetValue", G_TYPE_BOOLEAN, &target, NULL);
        status = target;
        gupnp_service_action_return_success (action);
        if (status != before)
                gupnp_service_notify (service, "Status", G_TYPE_BOOLEAN, status, NULL);
}

static void
get_target (GUPnPService *service, GUPnPServiceAction *action)
{
        (void) service;
        gupnp_service_action_set (action, "RetTargetValue", G_TYPE_BOOLEAN, target, NULL);
        gupnp_service_action_return_success (action);
}

static void
get_status (GUPnPService *service, GUPnPServiceAction *action)
{
        (void) service;
        gupnp_service_action_set (action, "ResultStatus", G_TYPE_BOOLEAN, status, NULL);
        gupnp_service_action_return_success (action);
}

static void
query_status (GUPnPService *service, const char *variable, GValue *value)
{
        (void) service, (void) variable;
        g_value_init (value, G_TYPE_BOOLEAN);
        g_value_set_boolean (value, status);
}

static void
set_message (GUPnPService *service, GUPnPServiceAction *action)
{
        char *text = NULL;

        gupnp_service_action_get (action, "NewMessage", G_TYPE_STRING, &text, NULL);
        if (text == NULL) {
                gupnp_service_action_return_error (action, 402, "Invalid Args");
                return;
        }
        gboolean changed = g_strcmp0 (text, message) != 0;

        g_free (message);
        message = text;
        gupnp_service_action_set (action, "CurrentMessage", G_TYPE_STRING, message, NULL);
        gupnp_service_action_return_success (action);
        if (changed)
                gupnp_service_notify (service, "Message", G_TYPE_STRING, message, NULL);
}

static void
query_message (GUPnPService *service, const char *variable, GValue *value)
{
        (void) service, (void) variable;
        g_value_init (value, G_TYPE_STRING);
        g_value_set_string (value, message);
}

/* The service must stay referenced for as long as its signals are to be handled. */
static void
start_services (GUPnPRootDevice *device)
{
        GUPnPServiceInfo *light = gupnp_device_info_get_service (GUPNP_DEVICE_INFO (device), SWITCH_POWER);
        GUPnPServiceInfo *board = gupnp_device_info_get_service (GUPNP_DEVICE_INFO (device), MESSAGE_BOARD);

        if (light != NULL) {
                g_signal_connect (light, "action-invoked::SetTarget", G_CALLBACK (set_target), NULL);
                g_signal_connect (light, "action-invoked::GetTarget", G_CALLBACK (get_target), NULL);
                g_signal_connect (light, "action-invoked::GetStatus", G_CALLBACK (get_status), NULL);
                g_signal_connect (light, "query-variable::Status", G_CALLBACK (query_status), NULL);
        }
        if (board != NULL) {
                g_signal_connect (board, "action-invoked::SetMessage", G_CALLBACK (set_message), NULL);
                g_signal_connect (board, "query-variable::Message", G_CALLBACK (query_message), NULL);
        }
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

        message = g_strdup ("");
        start_services (device);
        gupnp_root_device_set_available (device, TRUE);
        g_main_loop_run (g_main_loop_new (NULL, FALSE));
        return EXIT_SUCCESS;
}
