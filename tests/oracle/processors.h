/* processors.h: the processors of generated topologies, which keep stores of their own or choose where records go.
 * java/ has the same, each in a file of its own: Tally, Recall, Remember, Shelve, Diary, Survey, Route, Pile, Consult. */
#ifndef WEIR_TESTS_ORACLE_PROCESSORS_H
#define WEIR_TESTS_ORACLE_PROCESSORS_H
#include "weir.h"

/* Counts records of a key, forwards every second count; a punctuation forwards all counts and forgets those above two.
 * Its .user is a struct tally. */
struct tally {
    const char *store;
    int64_t every_ms; /* 0: no punctuations */
    enum weir_clock clock;
};
extern const struct weir_processor processor_tally;

/* Forwards each value together with the one before it of the same key, and says in a header how long the two are. Its
 * .user is the name of its store. */
extern const struct weir_processor processor_recall;

/* A mapper of tables: values together with the ones before them of the same key; its .user is the name of its store. */
weir_mapper processor_remember;

/* Keeps the latest value of each key and window, and forwards it together with those of this window and the one before.
 * Its .user is a struct shelf. */
struct shelf {
    const char *store;
    int64_t size_ms; /* of a window */
};
extern const struct weir_processor processor_shelve;
/* The same with sessions, all of that length; without the one before. */
extern const struct weir_processor processor_diary;

/* Keeps the latest value of each key, and forwards a part of all. Its .user is the name of its store. */
extern const struct weir_processor processor_survey;

/* Forwards to one of its children, chosen by the value, and every fifth to all. Its .user is a struct route. */
struct route {
    const char *children[2];
};
extern const struct weir_processor processor_route;

/* Of a global store: every value of a key stands behind those before it, until there is none. Its .user is the store's name. */
extern const struct weir_processor processor_pile;
/* Forwards each value with what the global store has of the record's value as a key; .user: the store's name. */
extern const struct weir_processor processor_consult;
#endif
