/* java_set.h: the order in which java.util.HashSet shows its strings, as Kafka Streams' descriptions do. */
#ifndef WEIR_GRAPH_JAVA_SET_H
#define WEIR_GRAPH_JAVA_SET_H
#include <stddef.h>

enum java_set {
    JAVA_SET_GROWN, /* strings were added one by one */
    JAVA_SET_COPY,  /* made of another collection, which may give it twice the buckets */
};

/* Sorts names, all different, that came into the set in this order. Names are ASCII. */
void java_set_sort(const char **names, size_t count, enum java_set);
#endif
