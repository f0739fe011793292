# Builds for Linux on aarch64, with Debian's cross compiler and the arm64
# packages that tools/aarch64_root unpacks. Nothing of this machine's own
# libraries is seen.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

get_filename_component(aarch64_root "${CMAKE_CURRENT_LIST_DIR}/../../build/aarch64-root" REALPATH)
if(NOT EXISTS ${aarch64_root}/.made-by)
  message(FATAL_ERROR "There is no ${aarch64_root} to build against: run tools/aarch64_root")
endif()

# With it, CMake finds the binutils of the same name.
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT ${aarch64_root})
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR}
    ${aarch64_root}/usr/lib/aarch64-linux-gnu/pkgconfig:${aarch64_root}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${aarch64_root})
set(HUBSPY_LLVM_ROOT ${aarch64_root}/usr/lib/llvm-19 CACHE PATH
    "Where LLVM 19's libunwind is (Debian: libunwind-19-dev)")

# What cannot run under it runs in tools/aarch64_vm. Signing return addresses as
# the architecture says takes an emulator long; any other way is as good.
set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-aarch64;-cpu;max,pauth-impdef=on;-L;${aarch64_root})
