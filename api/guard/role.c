/* role.c: see role.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard/role.h"

#include "base/bytes.h"

#define SET(right) (1U << (right))
#define READING (SET(RIGHT_PUBLIC) | SET(RIGHT_DESCRIBE) | SET(RIGHT_READ))

static const struct {
    const char *name;
    unsigned rights;
} roles[ROLE_COUNT] = {
    [ROLE_READER] = {"reader", READING},
    [ROLE_ANALYST] = {"analyst", READING | SET(RIGHT_QUERY)},
    [ROLE_PRODUCER] = {"producer", SET(RIGHT_PUBLIC) | SET(RIGHT_DESCRIBE) | SET(RIGHT_PRODUCE)},
    [ROLE_OPERATOR] = {"operator", READING | SET(RIGHT_QUERY) | SET(RIGHT_OPERATE)},
    [ROLE_ADMIN] = {"admin",
                    READING | SET(RIGHT_QUERY) | SET(RIGHT_OPERATE) | SET(RIGHT_PRODUCE) | SET(RIGHT_ADMINISTER)},
    [ROLE_PEER] = {"peer", SET(RIGHT_PUBLIC) | SET(RIGHT_ASSIST)},
};

bool role_has(enum role role, enum right right)
{
    return (roles[role].rights & SET(right)) != 0;
}

const char *role_name(enum role role)
{
    return roles[role].name;
}

bool role_of_name(weir_bytes name, enum role *out)
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (bytes_equal(name, bytes_of_text(roles[role].name))) {
            *out = role;
            return true;
        }
    }
    return false;
}
