/* admin.c: the handle by which this process asks the cluster, and what it learns of it: where the brokers are, for clients that
 * begin later, and why they do not let it in.
 *
 * librdkafka tells a request that was never sent for want of a login "transport failure"; the reason comes through the handle's error
 * callback, once per broker until it changes. Nobody else polls the handle, so who asks does.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "kafka.h"

void kafka_admin_take_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct kafka_broker *broker = opaque;
    if (code != RD_KAFKA_RESP_ERR__AUTHENTICATION && code != RD_KAFKA_RESP_ERR__SSL)
        return; /* librdkafka has written a log line about it */
    log_warning("kafka", "%s: %s: %s", rd_kafka_name(client), rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
    pthread_mutex_lock(&broker->learning);
    snprintf(broker->refusal, sizeof broker->refusal, "%s", reason);
    pthread_mutex_unlock(&broker->learning);
}

bool kafka_admin_open(struct kafka_broker *broker, struct weir_error *error)
{
    const char *application = config_shown(broker->config, "application.id");
    char *client = memory_format("%s-admin", application && application[0] ? application : "weir");
    struct kafka_settings settings = {.role = "admin", .client = client};
    rd_kafka_conf_t *conf = kafka_settings_build(broker->config, settings, error);
    free(client);
    if (!conf)
        return false;
    rd_kafka_conf_set_opaque(conf, broker);
    broker->admin = kafka_client_new(broker, conf, "admin", error);
    return broker->admin != NULL;
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
