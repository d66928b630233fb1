# avro-c is the oracle.
if(TARGET avro_test)
  target_link_libraries(avro_test PRIVATE PkgConfig::AVRO)
endif()
