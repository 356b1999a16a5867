# What Hearth stands on; docs/dependencies.md says why, and which packages bring it.
# CONFIG: Boost brings its own package files since 1.70; CMake's old FindBoost knows nothing of url.
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS url json)
find_package(OpenSSL 3.0 REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(fmt REQUIRED)
if(HEARTH_BUILD_TOOLS)
    find_package(CLI11 REQUIRED)
endif()

set(HEARTH_TESTS_ENABLED OFF)
if(NOT PROJECT_IS_TOP_LEVEL AND HEARTH_BUILD_TESTS STREQUAL AUTO)
    # Someone else's build: our tests are not their business.
elseif(HEARTH_BUILD_TESTS STREQUAL AUTO)
    find_package(GTest QUIET)
    set(HEARTH_TESTS_ENABLED ${GTest_FOUND})
elseif(HEARTH_BUILD_TESTS)
    find_package(GTest REQUIRED)
    set(HEARTH_TESTS_ENABLED ON)
endif()

if(HEARTH_BUILD_BENCH)
    find_package(benchmark REQUIRED)
endif()
