# Targets that need the structs of samples.avsc.
foreach(target json_fuzz avro_fuzz codec_fuzz resolve_fuzz)
  if(TARGET ${target})
    weir_schemas(${target} FILES unit/samples.avsc)
  endif()
endforeach()
