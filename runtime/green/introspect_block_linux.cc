#include "green/introspect_tables.h"

// Filled at compile time, so it is right from the first instruction on, however
// early a hub is made and in whichever order a program's parts are initialized.
extern "C" {
[[gnu::visibility("hidden"),
  gnu::used]] constinit green::abi::Block green_introspection_block =
    green::internal::CompleteBlock();
}

// The note by which an observer finds the block. The distance from the
// description to the block is fixed when linking, so nothing has to be
// relocated and the note can lie in a read-only segment. It is written here,
// and not in an assembly file, so that whoever links the block links the note.
asm(R"(
        .pushsection .note.green, "a", @note
        .balign 4
        .long   2f - 1f                 /* size of the owner */
        .long   4f - 3f                 /* size of the description */
        .long   1                       /* green::abi::kNoteType */
1:      .asciz  "green"
2:      .balign 4
3:      .quad   green_introspection_block - .
4:      .balign 4
        .popsection
)");
static_assert(green::abi::kNoteType == 1);

namespace green::internal {

abi::Block& IntrospectionBlock() { return green_introspection_block; }

}  // namespace green::internal
