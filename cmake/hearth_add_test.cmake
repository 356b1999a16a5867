include(GoogleTest)

# hearth_add_test(name SOURCES a.cpp b.cpp... [LIBS hearth_testing...] [LABELS slow...] [TIMEOUT seconds] [NO_PCH])
#
# Makes the GoogleTest executable test_<name>, linked with gtest_main and hearth, with src/ on its include path, and
# registers each of its cases with ctest as <name>.<suite>.<case>. A case may take 120 s unless TIMEOUT says otherwise.
# Labels with a meaning: `slow` and `no_tsan` are left out of the thread sanitizer's run, `no_asan` of the address sanitizer's.
# Folders that mirror pure code compile without the precompiled header; NO_PCH asks for that elsewhere.
function(hearth_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_PCH" "TIMEOUT" "SOURCES;LIBS;LABELS")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "hearth_add_test(${name}): SOURCES is needed; not understood: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
    if(arg_NO_PCH OR folder MATCHES "^(values|pool|policy|http1|sim)$")
        set(HEARTH_PCH OFF)
        set(flavour)
    else()
        set(flavour UNOPTIMISED)
    endif()

    set(target test_${name})
    add_executable(${target} ${arg_SOURCES})
    hearth_configure_target(${target} ${flavour})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${target} PRIVATE ${arg_LIBS} hearth GTest::gtest_main GTest::gtest)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

    set(properties TIMEOUT ${arg_TIMEOUT})
    if(arg_LABELS)
        list(APPEND properties LABELS "${arg_LABELS}")
    endif()
    # Cases are listed when ctest runs, not when the executable is linked: the build stays parallel and a crash at start-up
    # is a failed test.
    gtest_discover_tests(
        ${target}
        TEST_PREFIX "${name}."
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES ${properties})
endfunction()
