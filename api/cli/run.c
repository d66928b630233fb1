/* run.c: `weir run`: a topology with its HTTP door, until a signal.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/memory.h"
#include "catalog.h"
#include "commands.h"
#include "exit.h"
#include "serve.h"
#include "settings.h"
#include "signals.h"

static enum log_level level_of(const struct config *config)
{
    enum log_level level = LOG_INFO;
    log_level_of_name(bytes_of_text(config_text(config, "log.level")), &level); /* checked: it is one of them */
    return level;
}

static int serve(weir_topology *topology, const struct settings *settings, const struct config *config)
{
    struct serving serving;
    struct weir_http_options options = {
        .address = config_text(config, "http.address"),
        .port = (uint16_t)config_integer(config, "http.port"),
    };
    struct served served = {topology, settings_config(settings, weir_topology_name(topology))};
    signals_hold();
    int status = serve_start(&serving, &served, 1, options, false);
    if (status != EXIT_DONE)
        return status;
    printf("http://%s:%d\n", serving.address, weir_http_port(serving.http));
    fflush(stdout);
    serve_wait(&serving);
    return serve_stop(&serving);
}

/* Where other instances reach this one. Not told when the port is yet to be found. */
static void say_server(struct settings *settings, const struct config *config)
{
    const char *address = config_text(config, "http.address");
    int64_t port = config_integer(config, "http.port");
    char host[256] = "", *server;
    if (*config_text(config, "application.server") || port == 0)
        return;
    bool is_any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    if (is_any && gethostname(host, sizeof host - 1) != 0)
        return;
    server = memory_format(strchr(address, ':') && !is_any ? "[%s]:%d" : "%s:%d", is_any ? host : address, (int)port);
    settings_add(settings, "application.server", server);
    memory_free(server);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct integer_option port = {.least = 0, .most = 65535};
    const struct option options[] = {
        SETTINGS_OPTIONS(&settings),
        {"--port", "N", "port of the REST interface; 0: any free one", option_integer, &port},
    };
    struct operands operands = {.least = 1, .most = 1};
    int status = options_read(command, options, OPTION_COUNT(options), &operands, argc, argv);
    if (status == OPTIONS_GO_ON) {
        char text[16];
        snprintf(text, sizeof text, "%d", (int)port.value);
        if (port.given)
            settings_add(&settings, "http.port", text);
        weir_topology *topology = catalog_build(operands.items[0], &status);
        struct config *config = topology ? settings_fill(&settings, weir_topology_name(topology)) : NULL;
        if (config) {
            memory_keep_little(); /* memory.max.bytes is meant for the process */
            log_set_level(level_of(config));
            say_server(&settings, config);
            status = serve(topology, &settings, config);
        } else if (topology) {
            weir_topology_free(topology);
            status = EXIT_CONFIG;
        }
        config_free(config);
    }
    settings_done(&settings);
    return status;
}

const struct command run_command = {
    "run",
    "TOPOLOGY|FILE.so[:NAME]",
    "runs a topology and serves its views",
    "Reads the Kafka brokers of bootstrap.servers, or the embedded broker in log.dir, which creates\n"
    "missing topics. Prints the address of the REST interface once it serves. SIGTERM or SIGINT commits,\n"
    "leaves the group and ends with status 0; a second one ends at once.\n\n"
    "exit status: 0 ended by a signal, 1 processing failed, 2 usage, 69 no broker or port taken, 78 configuration",
    run,
};
