/* members.c: who is in a group and holds what, as its coordinator tells. While a group deals its partitions anew, the coordinator
 * names members without partitions; that is no answer.
 *
 * By rd_kafka_list_groups, the older of two ways: librdkafka ends the process when a connection breaks under an
 * administrative request to a coordinator (its issue 3663, open), and this is asked once a second.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "kafka.h"

enum { UUID_SIZE = 37 }; /* with the '-' before it */

/* The coordinator names a member "<group.instance.id>-<UUID>", a dynamic one "<client.id>-<UUID>" (Kafka: ClassicGroup.java,
 * generateMemberId); librdkafka's leader goes by the first part of it (rd_kafka_group_member_cmp). */
static const char *name_of(const char *id, weir_arena *arena)
{
    size_t size = id ? strlen(id) : 0;
    return arena_bytes(arena, (weir_bytes){id ? id : "", size > UUID_SIZE ? size - UUID_SIZE : size}).data;
}

static bool read_member(const struct rd_kafka_group_member_info *described, const char *group, weir_arena *arena,
                        struct broker_member *member, struct weir_error *error)
{
    weir_bytes assignment = {described->member_assignment, (size_t)described->member_assignment_size};
    member->client = arena_text(arena, described->client_id ? described->client_id : "");
    member->name = name_of(described->member_id, arena);
    return kafka_assignment_read(assignment, arena, &member->places, &member->place_count) ||
           error_set(error, WEIR_RETRY, "group %s: the partitions of %s cannot be read", group, member->client);
}

static bool read_group(const struct rd_kafka_group_info *described, weir_arena *arena, struct broker_member **members,
                       size_t *count, struct weir_error *error)
{
    if (described->err)
        return error_set(error, kafka_reading_code_of(described->err), "group %s: %s", described->group,
                         rd_kafka_err2str(described->err));
    if (strcmp(described->state, "Stable") != 0)
        return error_set(error, WEIR_RETRY, "group %s: partitions are changing hands", described->group);
    *count = (size_t)described->member_cnt;
    *members = arena_alloc(arena, (*count + 1) * sizeof **members);
    for (size_t i = 0; i < *count; i++)
        if (!read_member(&described->members[i], described->group, arena, &(*members)[i], error))
            return false;
    return true;
}

/* Every broker is asked; those that do not coordinate the group say nothing of it, and one that is away need not matter. */
static const struct rd_kafka_group_info *find_group(const struct rd_kafka_group_list *list, const char *group)
{
    for (int i = 0; list && i < list->group_cnt; i++)
        if (strcmp(list->groups[i].group, group) == 0)
            return &list->groups[i];
    return NULL;
}

bool kafka_members(struct broker *base, const char *group, weir_arena *arena, struct broker_member **members,
                   size_t *count, struct weir_error *error)
{
    const struct rd_kafka_group_list *list = NULL;
    rd_kafka_resp_err_t code = rd_kafka_list_groups(kafka_broker_of(base)->admin, group, &list, KAFKA_ADMIN_TIMEOUT_MS);
    const struct rd_kafka_group_info *found = find_group(list, group);
    bool ok = found ? read_group(found, arena, members, count, error)
                    : error_set(error, WEIR_RETRY, "group %s: %s", group,
                                code ? rd_kafka_err2str(code) : "no coordinator knows it");
    if (list)
        rd_kafka_group_list_destroy(list);
    return ok;
}
