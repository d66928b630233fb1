/* topics.c: deletes the topics of a run.
 *
 *   topics BROKERS delete PREFIX      all topics whose names begin so
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "client.h"
#include "measure.h"

enum { ANSWER_MS = 30000, TOPICS_MAX = 200 };

static size_t find(rd_kafka_t *client, const char *prefix, rd_kafka_DeleteTopic_t **found)
{
    const struct rd_kafka_metadata *metadata;
    size_t count = 0;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 1, NULL, &metadata, ANSWER_MS);
    if (code)
        measure_fail("topics: %s", rd_kafka_err2str(code));
    for (int i = 0; i < metadata->topic_cnt && count < TOPICS_MAX; i++)
        if (strncmp(metadata->topics[i].topic, prefix, strlen(prefix)) == 0)
            found[count++] = rd_kafka_DeleteTopic_new(metadata->topics[i].topic);
    rd_kafka_metadata_destroy(metadata);
    return count;
}

int main(int argc, char **argv)
{
    rd_kafka_DeleteTopic_t *found[TOPICS_MAX];
    if (argc != 4 || strcmp(argv[2], "delete") != 0 || !argv[3][0])
        measure_fail("usage: topics BROKERS delete PREFIX");
    rd_kafka_t *client = client_admin(argv[1]);
    size_t count = find(client, argv[3], found);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    if (count > 0) {
        rd_kafka_DeleteTopics(client, found, count, NULL, queue);
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ANSWER_MS);
        if (!event || rd_kafka_event_error(event))
            measure_fail("%s: %s", argv[3], event ? rd_kafka_event_error_string(event) : "the broker does not answer");
        rd_kafka_event_destroy(event);
    }
    rd_kafka_DeleteTopic_destroy_array(found, count);
    printf("{\"deleted\":%zu}\n", count);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return 0;
}
