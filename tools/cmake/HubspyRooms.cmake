# How a room, a test and a private copy of LLVM libunwind are built.
#
#   hubspy_room(view SOURCES flat.cc flat.h DEPS hubspy::model absl::strings)
#     makes the static library hubspy_view, alias hubspy::view. Includes are
#     written from profiler/ ("view/flat.h"). ONCE: it works once a command, not
#     once a sample. What differs from one machine to
#     another is in SOURCES as name_${CMAKE_SYSTEM_PROCESSOR}.cc; a header that does is
#     in profiler/machine/, which mirrors the rooms for each machine.
#   hubspy_test(flat_test LABEL unit SOURCES flat_test.cc DEPS hubspy::view)
#     makes a GoogleTest program and registers each of its tests with ctest.
#     LABEL: unit; unit_threads, which is unit, and of what several threads run, so
#     that the thread sanitizer can find something (the target threads_tests builds
#     these); live; or extra, which only tools/test --all runs. ALONE FILTER: no
#     test beside those of its tests, which tell who gets how much of the CPUs.
#   hubspy_private_libunwind(TARGET object RENAME symbol=symbol ...)
#     makes an object that holds LLVM libunwind with nothing but unw_* visible.

find_package(absl REQUIRED)
find_package(PkgConfig REQUIRED)

set(HUBSPY_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    -Wno-unused-parameter -Wno-missing-field-initializers)
if(HUBSPY_WERROR)
  list(APPEND HUBSPY_WARNINGS -Werror)
endif()

# gcc cannot follow a std::optional or a variant through inlining and calls
# its unset half "maybe uninitialized" (GCC bug 80635).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND HUBSPY_WARNINGS -Wno-maybe-uninitialized)
endif()

if(HUBSPY_SANITIZE)
  add_compile_options(-fsanitize=${HUBSPY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HUBSPY_SANITIZE})
endif()

# For who builds everything once. Most of the time is the headers', which many
# sources at a time read once. That each source includes what it needs is seen
# where they are compiled one by one.
function(hubspy_join_sources target)
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${HUBSPY_JOIN_SOURCES} UNITY_BUILD_BATCH_SIZE 16)
endfunction()

function(hubspy_room name)
  cmake_parse_arguments(ROOM "ONCE" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(hubspy_${name} STATIC ${ROOM_SOURCES})
  add_library(hubspy::${name} ALIAS hubspy_${name})
  target_include_directories(hubspy_${name} PUBLIC ${PROJECT_SOURCE_DIR}/profiler
                             ${PROJECT_SOURCE_DIR}/profiler/machine/${CMAKE_SYSTEM_PROCESSOR}
                             ${PROJECT_SOURCE_DIR}/profiler/machine/${CMAKE_SYSTEM_PROCESSOR}/${CMAKE_SYSTEM_NAME})
  target_compile_options(hubspy_${name} PRIVATE ${HUBSPY_WARNINGS})
  hubspy_join_sources(hubspy_${name})
  if(HUBSPY_SANITIZE AND ROOM_ONCE)
    # To optimize the checks takes longer than it saves.
    target_compile_options(hubspy_${name} PRIVATE -O0)
  elseif(HUBSPY_JOIN_SOURCES AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(hubspy_${name} PRIVATE -g1)
  endif()
  target_link_libraries(hubspy_${name} PUBLIC ${ROOM_DEPS} PRIVATE ${ROOM_PRIVATE_DEPS})
endfunction()

function(hubspy_test_flags name)
  target_compile_options(${name} PRIVATE ${HUBSPY_WARNINGS})
  if(HUBSPY_SANITIZE)
    # What is checked is the rooms; optimizing GoogleTest's macros with checks
    # in them is half of a sanitizer's build.
    target_compile_options(${name} PRIVATE -O0)
  elseif(HUBSPY_JOIN_SOURCES)
    # As nobody will debug it. Still optimized: without frame pointers.
    target_compile_options(${name} PRIVATE -O1 -g1)
  endif()
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest_main)
endfunction()

function(hubspy_test name)
  cmake_parse_arguments(TEST "" "LABEL;ALONE" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  hubspy_test_flags(${name})
  hubspy_join_sources(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${TEST_DEPS})
  if(HUBSPY_JOIN_SOURCES)
    target_precompile_headers(${name} REUSE_FROM test_headers)
  endif()
  if(HUBSPY_SANITIZE AND TEST_LABEL MATCHES "^unit")
    # A sanitizer takes longer to begin and to end than most tests do.
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${TEST_LABEL} TIMEOUT 600)
  else()
    set(discover DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${TEST_LABEL} TIMEOUT 300)
    if(TEST_ALONE)
      gtest_discover_tests(${name} TEST_FILTER ${TEST_ALONE} ${discover} RUN_SERIAL ON)
      gtest_discover_tests(${name} TEST_FILTER -${TEST_ALONE} ${discover})
    else()
      gtest_discover_tests(${name} ${discover})
    endif()
  endif()
  if(TEST_LABEL STREQUAL "unit_threads")
    add_dependencies(threads_tests ${name})
  endif()
endfunction()

# Reads once what every test includes, for the programs of hubspy_test: where all
# of them are built at once, and by nobody who works on them.
function(hubspy_test_headers)
  if(NOT HUBSPY_JOIN_SOURCES)
    return()
  endif()
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc "")
  add_executable(test_headers ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc)
  hubspy_test_flags(test_headers)
  target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>
    <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_format.h>
    <absl/strings/str_join.h> <absl/strings/str_split.h>)
endfunction()
