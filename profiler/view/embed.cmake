# Writes a C++ source that holds text files, one behind the other, as a string
# constant, and another constant with its SHA-256, as Content-Security-Policy
# wants it (in base 64).
#
#   cmake "-DINPUTS=a.js;b.js" -DOUTPUT=a.cc -DNAME=kScript -P embed.cmake
#
# The text is cut into pieces, because ISO C++ promises no literal longer than
# 65536 characters; adjacent ones are one string.
set(text "")
foreach(input IN LISTS INPUTS)
  file(READ "${input}" one)
  foreach(ending "]]>" ")embed\"" "</script" "</style" "<!--")
    string(FIND "${one}" "${ending}" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${input} must not contain ${ending}")
    endif()
  endforeach()
  string(APPEND text "${one}")
endforeach()

# Three bytes, six hexadecimal digits, are four of base 64; the last of the 32
# bytes have one less.
set(digits "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
string(SHA256 hex "${text}")
string(APPEND hex "00")
set(hash "")
foreach(at RANGE 0 60 6)
  string(SUBSTRING "${hex}" ${at} 6 three)
  foreach(shift 18 12 6 0)
    math(EXPR digit "0x${three} >> ${shift} & 63")
    string(SUBSTRING "${digits}" ${digit} 1 digit)
    string(APPEND hash "${digit}")
  endforeach()
endforeach()
string(SUBSTRING "${hash}" 0 43 hash)

set(literals "")
string(LENGTH "${text}" left)
set(begin 0)
while(begin LESS left)
  string(SUBSTRING "${text}" ${begin} 16000 piece)
  string(LENGTH "${piece}" length)
  string(APPEND literals "\nR\"embed(${piece})embed\"")
  math(EXPR begin "${begin} + ${length}")
endwhile()
set(sources "")
foreach(input IN LISTS INPUTS)
  get_filename_component(source "${input}" NAME)
  string(APPEND sources " ${source}")
endforeach()
file(WRITE "${OUTPUT}" "// Made by embed.cmake of${sources}.
#include \"view/embedded.h\"

namespace hubspy {
const absl::string_view ${NAME} =${literals};
const absl::string_view ${NAME}Hash = \"${hash}=\";
}  // namespace hubspy
")
