target_compile_definitions(old_state_test PRIVATE OLD_STATE="${CMAKE_CURRENT_SOURCE_DIR}/unit/old_state")
