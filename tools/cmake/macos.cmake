# Builds for macOS on another system, with zig's clang: see tools/build, which
# makes the compilers and libraries that are named here, and the presets
# aarch64-macos and x86_64-macos.
set(HUBSPY_MACOS_TARGET "" CACHE STRING "aarch64-macos or x86_64-macos")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HUBSPY_MACOS_TARGET)
if(NOT HUBSPY_MACOS_TARGET MATCHES "^(aarch64|x86_64)-macos$")
  message(FATAL_ERROR "HUBSPY_MACOS_TARGET is '${HUBSPY_MACOS_TARGET}'")
endif()

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
# zig brings its own headers and libraries of the system.
set(CMAKE_OSX_SYSROOT "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "")

get_filename_component(tools ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
get_filename_component(root ${tools} DIRECTORY)
set(dependencies ${root}/build/${HUBSPY_MACOS_TARGET}-dependencies)

set(CMAKE_C_COMPILER ${dependencies}/bin/cc)
set(CMAKE_CXX_COMPILER ${dependencies}/bin/c++)
set(CMAKE_ASM_COMPILER ${dependencies}/bin/cc)
set(CMAKE_AR ${dependencies}/bin/ar)
set(CMAKE_RANLIB ${dependencies}/bin/ranlib)
# What begins the command that links a program which is to be signed as a debugger.
set(HUBSPY_LINK_SIGNED "${tools}/macos/link_signed ${dependencies}/bin/zig ${HUBSPY_MACOS_TARGET}")

set(CMAKE_FIND_ROOT_PATH ${dependencies})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${dependencies}/lib/pkgconfig)
