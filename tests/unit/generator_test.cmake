# The generator is run as a program; what it writes is compiled.
if(TARGET generator_test)
  add_dependencies(generator_test weir-schema)
  target_compile_definitions(generator_test PRIVATE GENERATOR="$<TARGET_FILE:weir-schema>" COMPILER="${CMAKE_C_COMPILER}"
                             INCLUDE="${CMAKE_SOURCE_DIR}/include" COMMERCE="${CMAKE_SOURCE_DIR}/schemas/commerce")
endif()
