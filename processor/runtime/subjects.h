/* subjects.h: the schemas of what an app writes, under their subjects of a Schema Registry. */
#ifndef WEIR_RUNTIME_SUBJECTS_H
#define WEIR_RUNTIME_SUBJECTS_H
#include "registry/registry.h"
#include "runtime/layout.h"

/* Learns the number of the schema of every topic that is written in Confluent's frame, and registers it under "<topic>-value" if need
 * be (TopicNameStrategy of Confluent's serializers). False: as registry_register, with the topic; or WEIR_INVALID, something in the
 * topology does not go together with a registry. */
bool subjects_register(struct layout *, struct weir_error *);
#endif
