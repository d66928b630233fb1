target_compile_definitions(config_test PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
