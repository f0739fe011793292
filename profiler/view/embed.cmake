# Writes a C++ source that holds a text file as a string constant.
#
#   cmake -DINPUT=a.js -DOUTPUT=a.cc -DNAME=kScript -P embed.cmake
#
# The text is cut into pieces, because ISO C++ promises no literal longer than
# 65536 characters; adjacent ones are one string.
file(READ "${INPUT}" text)
string(FIND "${text}" "]]>" cdata_end)
string(FIND "${text}" ")embed\"" literal_end)
if(NOT cdata_end EQUAL -1 OR NOT literal_end EQUAL -1)
  message(FATAL_ERROR "${INPUT} must not contain \"]]>\" or \")embed\\\"\"")
endif()
set(literals "")
string(LENGTH "${text}" left)
set(begin 0)
while(begin LESS left)
  string(SUBSTRING "${text}" ${begin} 16000 piece)
  string(LENGTH "${piece}" length)
  string(APPEND literals "\nR\"embed(${piece})embed\"")
  math(EXPR begin "${begin} + ${length}")
endwhile()
get_filename_component(source "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "// Made of ${source} by embed.cmake.
#include \"view/embedded.h\"

namespace hubspy {
const absl::string_view ${NAME} =${literals};
}  // namespace hubspy
")
