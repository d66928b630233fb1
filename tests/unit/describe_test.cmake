target_link_libraries(describe_test PRIVATE PkgConfig::JANSSON)
