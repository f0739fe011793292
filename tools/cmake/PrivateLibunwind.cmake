# A private copy of LLVM libunwind, made at build time.
#
#   include(PrivateLibunwind)
#   hubspy_private_libunwind(TARGET hubspy_unwind
#     RENAME dl_iterate_phdr=hubspy_dl_iterate_phdr ...
#     [PREFIX green_ API unw_step ... CALLED_BY source.cc])
#
# compiles into TARGET one object that holds all of LLVM libunwind with nothing
# but unw_* visible, and lets TARGET's sources include its libunwind.h. RENAME
# redirects what the copy calls (old=new) to functions of TARGET. With PREFIX
# only the functions listed in API are visible, under names that begin with it:
# for a library whose users may link a libunwind of their own. The one source that
# calls them writes the names as they are in libunwind.h.
#
# Why a copy: the archive, linked plainly, also defines _Unwind_*, and then half
# of every C++ exception is thrown by libgcc and the other half by LLVM: abort.

set(HUBSPY_LLVM_ROOT /usr/lib/llvm-19 CACHE PATH
    "Where LLVM 19's libunwind is (Debian: libunwind-19-dev)")

function(hubspy_private_libunwind)
  cmake_parse_arguments(COPY "" "TARGET;PREFIX;CALLED_BY" "RENAME;API" ${ARGN})

  find_path(HUBSPY_LIBUNWIND_INCLUDE_DIR libunwind.h
    PATHS ${HUBSPY_LLVM_ROOT}/include NO_DEFAULT_PATH REQUIRED)
  find_library(HUBSPY_LIBUNWIND_ARCHIVE libunwind.a
    PATHS ${HUBSPY_LLVM_ROOT}/lib NO_DEFAULT_PATH REQUIRED)

  set(redirections "")
  foreach(pair IN LISTS COPY_RENAME)
    list(APPEND redirections --redefine-sym ${pair})
  endforeach()
  set(visible "--keep-global-symbol=unw_*" "--keep-global-symbol=__unw_*")
  if(COPY_PREFIX)
    set(visible "")
    foreach(function IN LISTS COPY_API)
      list(APPEND redirections --redefine-sym ${function}=${COPY_PREFIX}${function})
      list(APPEND visible --keep-global-symbol=${COPY_PREFIX}${function})
      set_property(SOURCE ${COPY_CALLED_BY} APPEND PROPERTY
        COMPILE_DEFINITIONS ${function}=${COPY_PREFIX}${function})
    endforeach()
  endif()

  set(merged ${CMAKE_CURRENT_BINARY_DIR}/${COPY_TARGET}_libunwind_merged.o)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${COPY_TARGET}_libunwind.o)
  add_custom_command(
    OUTPUT ${object}
    BYPRODUCTS ${merged}
    COMMAND ${CMAKE_LINKER} -r --whole-archive ${HUBSPY_LIBUNWIND_ARCHIVE} -o ${merged}
    # One after the other: GNU's looks for new names among the visible ones,
    # LLVM's for old ones.
    COMMAND ${CMAKE_OBJCOPY} ${redirections} ${merged}
    COMMAND ${CMAKE_OBJCOPY} --wildcard ${visible} ${merged} ${object}
    DEPENDS ${HUBSPY_LIBUNWIND_ARCHIVE}
    COMMENT "Making ${COPY_TARGET}'s private copy of LLVM libunwind"
    VERBATIM)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_sources(${COPY_TARGET} PRIVATE ${object})
  target_include_directories(${COPY_TARGET} SYSTEM PRIVATE ${HUBSPY_LIBUNWIND_INCLUDE_DIR})
endfunction()
