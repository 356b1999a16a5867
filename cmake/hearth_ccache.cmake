# Compile through ccache where it is installed. Precompiled headers need the two allowances to be cacheable.
find_program(HEARTH_CCACHE ccache)
mark_as_advanced(HEARTH_CCACHE)
if(HEARTH_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${HEARTH_CCACHE})
endif()
