# The REST door on fake apps: for tests/http/run, tests/browser/run and for looking at the dashboard alone. It takes objects
# and not the library, because the fake defines what the runtime defines.
if(NOT WEIR_FUZZ)
  add_executable(weir_fake_server ${CMAKE_CURRENT_SOURCE_DIR}/http/fake_server.c ${CMAKE_CURRENT_SOURCE_DIR}/http/fake_app.c
                 $<TARGET_OBJECTS:weir_http> $<TARGET_OBJECTS:weir_calls> $<TARGET_OBJECTS:weir_guard> $<TARGET_OBJECTS:weir_sql>
                 $<TARGET_OBJECTS:weir_schemas> $<TARGET_OBJECTS:weir_base>)
  target_include_directories(weir_fake_server PRIVATE ${CMAKE_SOURCE_DIR}/include ${CMAKE_BINARY_DIR}/rooms/base
                             ${CMAKE_CURRENT_SOURCE_DIR}/http)
  target_link_libraries(weir_fake_server PRIVATE weir_flags PkgConfig::MHD PkgConfig::ZLIB PkgConfig::GNUTLS PkgConfig::SQLITE PkgConfig::CURL Threads::Threads m)
  find_program(PYTHON3 python3)
  if(PYTHON3)
    add_test(NAME http COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/http/run)
    set_tests_properties(http PROPERTIES RUN_SERIAL TRUE ENVIRONMENT "WEIR_FAKE_SERVER=$<TARGET_FILE:weir_fake_server>") # it measures
  endif()
endif()
