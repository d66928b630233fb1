target_compile_definitions(kafka_test PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
