# hearth::prometheus_core: prometheus-cpp's core library, which needs nothing else. Its own package file also wants what its
# other parts need (curl, zlib, civetweb), so that it cannot be found where these are not installed for development.
if(NOT TARGET hearth::prometheus_core)
    find_path(HEARTH_PROMETHEUS_INCLUDE prometheus/text_serializer.h)
    find_library(HEARTH_PROMETHEUS_LIBRARY prometheus-cpp-core)
    mark_as_advanced(HEARTH_PROMETHEUS_INCLUDE HEARTH_PROMETHEUS_LIBRARY)
    if(HEARTH_PROMETHEUS_INCLUDE AND HEARTH_PROMETHEUS_LIBRARY)
        add_library(hearth::prometheus_core UNKNOWN IMPORTED)
        set_target_properties(
            hearth::prometheus_core PROPERTIES IMPORTED_LOCATION ${HEARTH_PROMETHEUS_LIBRARY}
                                               INTERFACE_INCLUDE_DIRECTORIES ${HEARTH_PROMETHEUS_INCLUDE})
    endif()
endif()
