/* admin.c: the handle by which this process asks the cluster, and what it learns of it: where the brokers are, for clients that
 * begin later, and why they do not let it in.
 *
 * librdkafka tells a request that was never sent for want of a login "transport failure"; the reason comes through the handle's error
 * callback, once per broker until it changes. Nobody else polls the handle, so who asks does. A wrong password does not get right by
 * waiting, so a start ends when all brokers that we know refuse; one that is not there, or starts, may yet let us in.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka.h"

/* ---- who refuses ---- */

static void list_servers(struct kafka_broker *broker)
{
    size_t capacity = 0, size;
    for (const char *at = config_text(broker->config, "bootstrap.servers"); *(at += strspn(at, ", ")); at += size) {
        size = strcspn(at, ", ");
        broker->servers = memory_grow(broker->servers, &capacity, broker->server_count + 1, sizeof *broker->servers);
        broker->servers[broker->server_count++] =
            (struct kafka_server){.address = memory_format("%.*s", (int)size, at)};
    }
}

/* "sasl_ssl://host:port/bootstrap: SASL authentication error: …" */
static bool is_of(const char *reason, const char *address)
{
    const char *at = strstr(reason, address);
    return at && (at == reason || at[-1] == '/') && (at[strlen(address)] == '/' || at[strlen(address)] == ':');
}

static void note_server(struct kafka_broker *broker, const char *reason, bool is_refusing)
{
    bool all = broker->server_count > 0 && !broker->addresses;
    for (size_t i = 0; i < broker->server_count; i++) {
        struct kafka_server *server = &broker->servers[i];
        if (is_of(reason, server->address))
            server->is_refusing = is_refusing;
        all = all && server->is_refusing;
    }
    if (!all)
        broker->refused_since_us = 0;
    else if (broker->refused_since_us == 0)
        broker->refused_since_us = clock_monotonic_us(&clock_system);
}

void kafka_admin_take_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct kafka_broker *broker = opaque;
    bool is_refusal = code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
    if (is_refusal) /* of anything else librdkafka has written a log line */
        log_warning("kafka", "%s: %s: %s", rd_kafka_name(client), rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
    pthread_mutex_lock(&broker->learning);
    if (is_refusal)
        snprintf(broker->refusal, sizeof broker->refusal, "%s", reason);
    note_server(broker, reason, is_refusal);
    pthread_mutex_unlock(&broker->learning);
}

bool kafka_admin_is_refused(struct kafka_broker *broker, int64_t now_us, struct weir_error *error)
{
    rd_kafka_poll(broker->admin, 0);
    pthread_mutex_lock(&broker->learning);
    int64_t since_us = broker->refused_since_us;
    bool is_refused = since_us > 0 && now_us - since_us >= (int64_t)KAFKA_REFUSED_MS * 1000;
    if (is_refused)
        error_set(error, WEIR_INVALID, "no broker of bootstrap.servers lets us in: %s", broker->refusal);
    pthread_mutex_unlock(&broker->learning);
    return is_refused;
}

/* ---- the handle ---- */

bool kafka_admin_open(struct kafka_broker *broker, struct weir_error *error)
{
    if (!kafka_settings_check(broker->config, error))
        return false;
    const char *application = config_shown(broker->config, "application.id");
    char *client = memory_format("%s-admin", application && application[0] ? application : "weir");
    struct kafka_settings settings = {.role = "admin", .client = client};
    rd_kafka_conf_t *conf = kafka_settings_build(broker->config, settings, error);
    free(client);
    if (!conf)
        return false;
    list_servers(broker);
    rd_kafka_conf_set_opaque(conf, broker);
    broker->admin = kafka_client_new(broker, conf, "admin", error);
    return broker->admin != NULL;
}

void kafka_admin_close(struct kafka_broker *broker)
{
    if (broker->admin)
        rd_kafka_destroy(broker->admin);
    for (size_t i = 0; i < broker->server_count; i++)
        memory_free(broker->servers[i].address);
    memory_free(broker->servers);
    memory_free(broker->addresses);
}

int kafka_admin_timeout_ms(struct kafka_broker *broker)
{
    pthread_mutex_lock(&broker->learning);
    int timeout_ms = broker->addresses ? KAFKA_ADMIN_TIMEOUT_MS : KAFKA_FIRST_TIMEOUT_MS;
    pthread_mutex_unlock(&broker->learning);
    return timeout_ms;
}

/* An IPv6 address stands in brackets. */
static char *append_address(char *list, const struct rd_kafka_metadata_broker *one)
{
    const bool is_bare = strchr(one->host, ':') && one->host[0] != '[';
    char *longer = memory_format("%s%s%s%s%s:%d", list ? list : "", list ? "," : "", is_bare ? "[" : "", one->host,
                                 is_bare ? "]" : "", one->port);
    memory_free(list);
    return longer;
}

void kafka_admin_learn(struct kafka_broker *broker, const struct rd_kafka_metadata *metadata)
{
    char *list = NULL;
    for (int i = 0; i < metadata->broker_cnt; i++)
        list = append_address(list, &metadata->brokers[i]);
    rd_kafka_poll(broker->admin, 0);
    pthread_mutex_lock(&broker->learning);
    broker->refusal[0] = 0;
    broker->refused_since_us = 0;
    char *old = list ? broker->addresses : NULL;
    broker->addresses = list ? list : broker->addresses;
    pthread_mutex_unlock(&broker->learning);
    memory_free(old);
}

void kafka_admin_introduce(struct kafka_broker *broker, rd_kafka_t *client)
{
    pthread_mutex_lock(&broker->learning);
    if (broker->addresses)
        rd_kafka_brokers_add(client, broker->addresses);
    pthread_mutex_unlock(&broker->learning);
}

const char *kafka_admin_reason(struct kafka_broker *broker, rd_kafka_resp_err_t code, char *text, size_t size)
{
    rd_kafka_poll(broker->admin, 0);
    pthread_mutex_lock(&broker->learning);
    bool is_refused = broker->refusal[0] && kafka_code_of(code) == WEIR_RETRY;
    snprintf(text, size, "%s", is_refused ? broker->refusal : rd_kafka_err2str(code));
    pthread_mutex_unlock(&broker->learning);
    return text;
}
