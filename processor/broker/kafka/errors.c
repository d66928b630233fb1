/* errors.c: librdkafka's and Kafka's error codes as what must happen next. A code that is not listed is fatal: to go on
 * after an error nobody has thought about would be a guess.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "kafka.h"

static bool passes_by_itself(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__NODE_UPDATE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR__RETRY:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* librdkafka joins again and reports the shares as lost */
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
        return true;
    default:
        return false;
    }
}

enum weir_code kafka_code_of(rd_kafka_resp_err_t code)
{
    if (passes_by_itself(code))
        return WEIR_RETRY;
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return WEIR_OK;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: /* by itself too: a static member whose answer to a join was lost */
        return WEIR_FENCED;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return WEIR_POISON;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return WEIR_INVALID;
    default:
        return WEIR_FATAL;
    }
}

bool kafka_is_of_a_record(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
           code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
}

enum weir_code kafka_reading_code_of(rd_kafka_resp_err_t code)
{
    enum weir_code verb = kafka_code_of(code);
    return verb == WEIR_POISON || verb == WEIR_INVALID ? WEIR_FATAL : verb;
}

/* Codes that come back however often the transaction is tried. */
static bool is_hopeless(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
        return true;
    default:
        return false;
    }
}

enum weir_code kafka_transaction_code_of(rd_kafka_resp_err_t code)
{
    enum weir_code verb = kafka_code_of(code);
    if (verb == WEIR_FATAL || verb == WEIR_INVALID)
        return is_hopeless(code) || verb == WEIR_INVALID ? WEIR_FATAL : WEIR_RETRY;
    return verb;
}

void kafka_message_failed(const rd_kafka_message_t *message, struct weir_error *error)
{
    const char *reason = rd_kafka_message_errstr(message);
    const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
    enum weir_code verb = kafka_reading_code_of(message->err);
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
        error_set(error, verb,
                  "topic %s partition %d: offset %lld is not there any more (set consumer.auto.offset.reset to "
                  "earliest or latest to go on with a gap): %s",
                  topic, (int)message->partition, (long long)message->offset, reason);
    else if (message->rkt && message->partition >= 0)
        error_set(error, verb, "topic %s partition %d: %s", topic, (int)message->partition, reason);
    else if (message->rkt)
        error_set(error, verb, "topic %s: %s", topic, reason);
    else
        error_set(error, verb, "group: %s", reason);
}
