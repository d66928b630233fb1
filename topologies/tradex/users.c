/* users.c: who is registered. An email is registered once, whatever its later commands say; the id of a user is the place
 * of the command, so that a command that is processed again gives the same id.
 * SPDX-License-Identifier: Apache-2.0 */
#include "auth_command.h"
#include "pieces.h"
#include "record/record.h"
#include "user_registered.h"

void registration_of(weir_context *context, const struct weir_record *record)
{
    const struct auth_command *command = record->value ? auth_command_value(record) : NULL;
    struct weir_metadata place = weir_record_metadata(context);
    if (!command) {
        weir_drop(context, "null_value");
        return;
    }
    if (command->command != AUTH_COMMAND_KIND_REGISTER_USER)
        return; /* a login changes no view */
    if (command->data.email.size == 0) {
        weir_fail(context, "data.email: is empty");
        return;
    }
    struct user_registered *user = user_registered_new(context);
    user->user_id = record_text(context, "user-%d-%lld", (int)place.partition, (long long)place.offset);
    user->email = command->data.email;
    user->role = command->data.has_role ? command->data.role : USER_ROLE_buyer;
    user->created_at = record->timestamp_ms;
    record_forward(context, record, user->email, user);
}

const void *email_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &user_registered_value(record)->email;
}

/* ---- once per email ---- */

struct self {
    weir_store *emails;
};

static void open(weir_context *context)
{
    struct self *self = weir_self(context);
    self->emails = weir_store_named(context, "tradex-emails");
}

static void register_once(weir_context *context, const struct weir_record *record)
{
    struct self *self = weir_self(context);
    const struct user_registered *user = user_registered_value(record);
    if (weir_get(self->emails, record->key)) {
        weir_drop(context, "duplicate");
        return;
    }
    weir_put(self->emails, record->key, &user->user_id);
    record_forward(context, record, user->user_id, user);
}

const struct weir_processor registration_processor = {
    .self_size = sizeof(struct self), .open = open, .process = register_once};

/* ---- user.registered ---- */

bool is_user_event(weir_context *context, const struct weir_record *record)
{
    if (!record->value)
        weir_drop(context, "null_value");
    return record->value != NULL;
}

const void *user_id_of(weir_context *context, const struct weir_record *record)
{
    (void)context;
    return &user_registered_value(record)->user_id;
}

const void *role_of(weir_context *context, const struct weir_record *record)
{
    weir_bytes *role = weir_alloc(context, sizeof *role);
    *role = record_text(context, "%s", user_role_type.symbols[user_registered_value(record)->role]);
    return role;
}

int64_t user_registered_time(const struct weir_record *record, int64_t partition_time_ms)
{
    (void)partition_time_ms;
    return record->value ? user_registered_value(record)->created_at : record->timestamp_ms;
}
