# How Hearth's own targets are compiled.

# Sanitizers reach everything, so that no object file is blind to what another does.
if(HEARTH_SANITIZE)
    add_compile_options(-fsanitize=${HEARTH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${HEARTH_SANITIZE})
    if(HEARTH_SANITIZE MATCHES undefined AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # Its prologues before coroutines are what clang++ 14 cannot assemble ("difference across sections").
        add_compile_options(-fno-sanitize=function)
    endif()
endif()

# The same flags on every target: the precompiled header can only be shared when they match. UNOPTIMISED is for tests that
# wait for sockets anyway, and for what runs once: it halves the time that compiling takes. Its precompiled header has
# GoogleTest.
function(hearth_configure_target target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "UNOPTIMISED" "" "")
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_compile_definitions(
        ${target}
        PRIVATE HEARTH_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED BOOST_ALLOW_DEPRECATED_HEADERS)
    target_compile_options(
        ${target}
        PRIVATE -Wall
                -Wextra
                -Wpedantic
                -Wshadow
                -Wconversion
                -Wsign-conversion
                -Wnon-virtual-dtor
                -Woverloaded-virtual
                # Three that g++ gets wrong once it optimises: coroutine frames' operator new and delete, the empty state of
                # std::optional, and "literal" + temporary string. clang++ and the sanitizers look for the real thing.
                "$<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete;-Wno-maybe-uninitialized;-Wno-restrict>"
                # Collects garbage at 512 MiB, not at 128: a tenth of the time that compiling takes.
                $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=524288>
                $<$<BOOL:${HEARTH_WERROR}>:-Werror>)
    set(flavour)
    if(arg_UNOPTIMISED)
        set(flavour UNOPTIMISED)
        target_compile_options(${target} PRIVATE -O0)
    endif()
    if(HEARTH_PCH)
        hearth_make_pch(hearth_pch${flavour} ${flavour})
        target_precompile_headers(${target} REUSE_FROM hearth_pch${flavour})
    endif()
endfunction()

# One precompiled header, compiled once for each flavour of flags, for everything that includes Asio.
function(hearth_make_pch name)
    if(TARGET ${name})
        return()
    endif()
    set(source ${PROJECT_BINARY_DIR}/generated/pch.cpp)
    if(NOT EXISTS ${source})
        file(WRITE ${source} "// Exists so that the precompiled header has a target.\n")
    endif()
    add_library(${name} OBJECT ${source})
    set(HEARTH_PCH OFF)
    hearth_configure_target(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE Boost::headers OpenSSL::SSL Threads::Threads)
    # By name, not by path: so that ccache serves one clone what another has compiled.
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake)
    target_precompile_headers(${name} PRIVATE <pch.hpp>)
    if(UNOPTIMISED IN_LIST ARGN)
        target_link_libraries(${name} PRIVATE GTest::gtest)
        target_precompile_headers(${name} PRIVATE <gtest/gtest.h>)
    endif()
endfunction()

# Where HEARTH_UNITY asks for it, compiles sources of `target` several at a time. The other presets compile each alone, so that
# none comes to need what another includes.
function(hearth_unite target)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ${HEARTH_UNITY} UNITY_BUILD_BATCH_SIZE 6)
    # g++ takes what a unity source includes for a header, whose unnamed namespaces it warns of.
    if(HEARTH_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
endfunction()

# hearth_add_folders(root folder...): adds those that have a CMakeLists.txt.
function(hearth_add_folders root)
    foreach(folder IN LISTS ARGN)
        if(EXISTS ${PROJECT_SOURCE_DIR}/${root}/${folder}/CMakeLists.txt)
            add_subdirectory(${PROJECT_SOURCE_DIR}/${root}/${folder})
        endif()
    endforeach()
endfunction()

# A target whose folders are still empty gets an empty source, so that the rest can be configured.
function(hearth_need_sources target)
    get_target_property(sources ${target} SOURCES)
    if(sources)
        return()
    endif()
    get_target_property(type ${target} TYPE)
    set(text "// Nothing here yet.\n")
    if(type STREQUAL EXECUTABLE)
        string(APPEND text "int main() {}\n")
    endif()
    file(WRITE ${PROJECT_BINARY_DIR}/generated/${target}_empty.cpp ${text})
    target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated/${target}_empty.cpp)
endfunction()

# The pure folders and the value types are compiled without the precompiled header: it would let them use what they
# must not include, and they are fast to compile without it.
function(hearth_keep_pure_sources_off_the_pch target)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "/src/(values|pool|policy|http1)/")
    set_source_files_properties(
        ${sources} TARGET_DIRECTORY ${target} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
