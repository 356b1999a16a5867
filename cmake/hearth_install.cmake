# find_package(hearth) gives hearth::hearth and hearth::testing, and hearth::monitor where prometheus-cpp is installed.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hearth)

install(TARGETS hearth hearth_testing EXPORT hearth_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hearth DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT hearth_targets NAMESPACE hearth:: DESTINATION ${package_dir})
# A set of its own: what it needs must not be missed by those who do not want it.
if(HEARTH_BUILD_MONITOR)
    install(TARGETS hearth_monitor EXPORT hearth_monitor_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT hearth_monitor_targets NAMESPACE hearth:: DESTINATION ${package_dir})
    install(FILES ${PROJECT_SOURCE_DIR}/cmake/hearth_prometheus.cmake DESTINATION ${package_dir})
endif()
if(HEARTH_BUILD_TOOLS)
    install(TARGETS hearth_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hearth)

configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/hearth-config.cmake.in ${PROJECT_BINARY_DIR}/generated/hearth-config.cmake
    INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor release may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/hearth-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/hearth-config.cmake
              ${PROJECT_BINARY_DIR}/generated/hearth-config-version.cmake
        DESTINATION ${package_dir})
