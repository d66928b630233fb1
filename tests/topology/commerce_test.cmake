target_link_libraries(commerce_test PRIVATE weir_topologies weir_static)
find_program(PYTHON python3)
if(PYTHON AND TARGET weir)
  # The command itself, and the shop against an independent recomputation; both without a broker beside them.
  set(scripts ${CMAKE_CURRENT_SOURCE_DIR}/topology)
  add_test(NAME command_test COMMAND ${PYTHON} -B ${scripts}/command_test.py $<TARGET_FILE:weir> $<TARGET_FILE:example_count>)
  set_tests_properties(command_test PROPERTIES RUN_SERIAL TRUE) # it measures
  add_test(NAME systems_test COMMAND ${PYTHON} -B ${scripts}/systems_test.py $<TARGET_FILE:weir>)
  add_test(NAME recompute_commerce_self_test COMMAND ${PYTHON} -B ${scripts}/recompute_commerce.py --self-test)
endif()
