/* sessions.c: the sessions of users: a limit per user, and an end when one was not used for long.
 *
 * A session that is used before it is known to be created begins then. One that has ended does not begin again within a
 * day, whatever comes late or twice. Each has a row in platform-session-deadlines, in order of time; when its time has come
 * it is looked whether the session was used since, and then it gets a later one, so that using a session writes one row.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pieces.h"
#include "platform_parts.h"
#include "platform_views.h"
#include "record/record.h"
#include "session_event.h"

static const int64_t life_ms = (int64_t)PLATFORM_SESSION_MINUTES * 60 * 1000;

bool is_session_event(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    return record->value != NULL;
}

const void *user_of_session(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &session_event_value(record)->user_id;
}

int64_t session_event_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? session_event_value(record)->timestamp : record->timestamp_ms;
}

/* ---- the sessions of one user, the oldest first ---- */

struct self {
    weir_store *active, *deadlines, *ended;
};

struct user {
    weir_bytes id;
    struct live_session *sessions; /* room for one more */
    size_t count, count_before;
};

static struct user load(weir_context *context, weir_bytes id)
{
    struct self *self = weir_self(context);
    const struct active_sessions *stored = weir_get(self->active, &id);
    struct user user = {.id = id, .count = stored ? stored->sessions.count : 0};
    user.count_before = user.count;
    user.sessions = weir_alloc(context, (user.count + 1) * sizeof *user.sessions);
    for (size_t i = 0; i < user.count; i++)
        user.sessions[i] = *active_sessions_sessions(stored, i);
    return user;
}

static void keep(weir_context *context, const struct user *user)
{
    struct self *self = weir_self(context);
    struct active_sessions *row = active_sessions_new(context);
    row->sessions = (weir_array){user->sessions, user->count};
    weir_put(self->active, &user->id, user->count > 0 ? row : NULL);
}

static size_t find(const struct user *user, weir_bytes session)
{
    size_t i = 0;
    while (i < user->count && (user->sessions[i].session_id.size != session.size ||
                               memcmp(user->sessions[i].session_id.data, session.data, session.size) != 0))
        i++;
    return i;
}

static void sort_in(struct user *user, struct live_session session)
{
    size_t at = user->count++;
    for (; at > 0 && user->sessions[at - 1].created_at > session.created_at; at--)
        user->sessions[at] = user->sessions[at - 1];
    user->sessions[at] = session;
}

static struct live_session take_out(struct user *user, size_t i)
{
    struct live_session session = user->sessions[i];
    user->count--;
    memmove(&user->sessions[i], &user->sessions[i + 1], (user->count - i) * sizeof *user->sessions);
    return session;
}

/* ---- what is told ---- */

static void tell(weir_context *context, const struct user *user, int64_t sessions, const struct ended_session *ended,
                 int64_t at)
{
    struct session_change *change = session_change_new(context);
    struct weir_record record = {.timestamp_ms = at};
    change->sessions = sessions;
    change->users = user->count == 0 ? -1 : sessions > 0 && user->count == 1;
    change->has_ended = ended != NULL;
    if (ended)
        change->ended = *ended;
    record_forward(context, &record, user->id, change);
}

static void end(weir_context *context, struct user *user, size_t i, int32_t reason, int64_t at)
{
    struct self *self = weir_self(context);
    struct live_session session = take_out(user, i);
    struct ended_session *ended = ended_session_new(context);
    *ended = (struct ended_session){.session_id = session.session_id, .user_id = user->id, .reason = reason, .at = at};
    weir_put_timestamped(self->ended, &session.session_id, ended, at);
    keep(context, user);
    tell(context, user, -1, ended, at);
}

/* ---- deadlines ---- */

static weir_bytes deadline_key(weir_context *context, int64_t at, weir_bytes session)
{
    return record_text(context, "%020lld/%.*s", (long long)at, RECORD_CHARS(session));
}

static void set_deadline(weir_context *context, const struct live_session *session, weir_bytes user)
{
    struct self *self = weir_self(context);
    weir_bytes key = deadline_key(context, session->accessed_at + life_ms, session->session_id);
    weir_put(self->deadlines, &key, &user);
}

struct sweep {
    weir_context *context;
    int64_t now_ms;
};

static bool meet_deadline(void *argument, const struct weir_record *row)
{
    const struct sweep *sweep = argument;
    weir_context *context = sweep->context;
    struct self *self = weir_self(context);
    const weir_bytes key = *(const weir_bytes *)row->key;
    const weir_bytes session = {(const char *)key.data + 21, key.size - 21};
    struct user user = load(context, *(const weir_bytes *)row->value);
    size_t i = find(&user, session);
    weir_put(self->deadlines, &key, NULL);
    if (i == user.count)
        return true; /* it has ended otherwise */
    int64_t deadline_ms = user.sessions[i].accessed_at + life_ms;
    if (deadline_ms <= sweep->now_ms)
        end(context, &user, i, SESSION_END_EXPIRED, deadline_ms);
    else
        set_deadline(context, &user.sessions[i], user.id);
    return true;
}

static void expire(weir_context *context, int64_t now_ms)
{
    struct self *self = weir_self(context);
    struct sweep sweep = {context, now_ms};
    weir_bytes until = record_text(context, "%020lld0", (long long)now_ms); /* '0' follows '/' */
    weir_range_each(self->deadlines, (struct weir_range){.to = &until}, meet_deadline, &sweep);
}

/* ---- events ---- */

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->active = weir_store_named(context, "platform-active-sessions");
    self->deadlines = weir_store_named(context, "platform-session-deadlines");
    self->ended = weir_store_named(context, "platform-ended-sessions");
    weir_schedule(context, WEIR_STREAM_TIME, weir_minutes(1), expire);
}

static void begin(weir_context *context, struct user *user, const struct session_event *event)
{
    struct live_session session = {.session_id = event->session_id,
                                   .created_at = event->timestamp,
                                   .accessed_at = event->timestamp,
                                   .has_ip = event->has_ip,
                                   .ip = event->ip,
                                   .has_user_agent = event->has_user_agent,
                                   .user_agent = event->user_agent};
    sort_in(user, session);
    set_deadline(context, &session, user->id);
    keep(context, user);
    tell(context, user, 1, NULL, event->timestamp);
    if (user->count > PLATFORM_SESSIONS_MAX)
        end(context, user, 0, SESSION_END_LIMIT, event->timestamp);
}

static void use(weir_context *context, struct user *user, size_t i, const struct session_event *event)
{
    struct live_session session = take_out(user, i);
    if (event->timestamp > session.accessed_at)
        session.accessed_at = event->timestamp;
    if (event->type == SESSION_EVENT_KIND_CREATED && event->timestamp < session.created_at)
        session.created_at = event->timestamp;
    sort_in(user, session);
    keep(context, user);
}

static void process(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct session_event *event = session_event_value(record);
    if (weir_get(self->ended, &event->session_id)) {
        weir_drop(context, "ended_session");
        return;
    }
    struct user user = load(context, event->user_id);
    size_t i = find(&user, event->session_id);
    bool is_end = event->type == SESSION_EVENT_KIND_ENDED;
    if (i == user.count && !is_end)
        begin(context, &user, event);
    else if (i == user.count)
        weir_drop(context, "unknown_session");
    else if (is_end)
        end(context, &user, i, SESSION_END_ENDED, event->timestamp);
    else
        use(context, &user, i, event);
}

const struct weir_processor session_processor = {.self_size = sizeof(struct self), .open = open, .process = process};
