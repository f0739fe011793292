# How a room, a test and a private copy of LLVM libunwind are built.
#
#   hubspy_room(view SOURCES flat.cc flat.h DEPS hubspy::model absl::strings)
#     makes the static library hubspy_view, alias hubspy::view. Includes are
#     written from profiler/ ("view/flat.h"). What differs from one machine to
#     another is in SOURCES as name_${CMAKE_SYSTEM_PROCESSOR}.cc; a header that does is
#     in profiler/machine/, which mirrors the rooms for each machine.
#   hubspy_test(flat_test LABEL unit SOURCES flat_test.cc DEPS hubspy::view)
#     makes a GoogleTest program and registers each of its tests with ctest;
#     the target unit_tests builds all that are labelled unit.
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
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(hubspy_${name} STATIC ${ROOM_SOURCES})
  add_library(hubspy::${name} ALIAS hubspy_${name})
  target_include_directories(hubspy_${name} PUBLIC ${PROJECT_SOURCE_DIR}/profiler
                             ${PROJECT_SOURCE_DIR}/profiler/machine/${CMAKE_SYSTEM_PROCESSOR}
                             ${PROJECT_SOURCE_DIR}/profiler/machine/${CMAKE_SYSTEM_PROCESSOR}/${CMAKE_SYSTEM_NAME})
  target_compile_options(hubspy_${name} PRIVATE ${HUBSPY_WARNINGS})
  hubspy_join_sources(hubspy_${name})
  target_link_libraries(hubspy_${name} PUBLIC ${ROOM_DEPS} PRIVATE ${ROOM_PRIVATE_DEPS})
endfunction()

function(hubspy_test name)
  cmake_parse_arguments(TEST "" "LABEL" "SOURCES;DEPS;ENVIRONMENT" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_compile_options(${name} PRIVATE ${HUBSPY_WARNINGS})
  hubspy_join_sources(${name})
  if(HUBSPY_SANITIZE)
    # What is checked is the rooms; optimizing GoogleTest's macros with checks
    # in them is half of a sanitizer's build.
    target_compile_options(${name} PRIVATE -O0)
  elseif(HUBSPY_JOIN_SOURCES)
    # As nobody will debug it. Still optimized: without frame pointers.
    target_compile_options(${name} PRIVATE -O1 -g1)
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${TEST_DEPS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${TEST_LABEL} TIMEOUT 300 ENVIRONMENT "${TEST_ENVIRONMENT}")
  if(TEST_LABEL STREQUAL "unit")
    add_dependencies(unit_tests ${name})
  endif()
endfunction()
