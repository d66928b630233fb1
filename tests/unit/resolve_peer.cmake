# Schema resolution beside Apache Avro's own (python3-avro).
if(NOT WEIR_FUZZ AND NOT WEIR_SANITIZE MATCHES "thread")
  weir_test_program(resolve_peer ${CMAKE_CURRENT_LIST_DIR}/resolve_peer.c)
  weir_schemas(resolve_peer FILES unit/samples.avsc)
  add_test(NAME resolve_peer COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/resolve_peer.py $<TARGET_FILE:resolve_peer>)
  set_tests_properties(resolve_peer PROPERTIES SKIP_RETURN_CODE 77)
endif()
