# Suites that need the structs of samples.avsc.
foreach(suite json_test avro_test codec_test generator_test resolve_test)
  if(TARGET ${suite})
    weir_schemas(${suite} FILES unit/samples.avsc)
  endif()
endforeach()
