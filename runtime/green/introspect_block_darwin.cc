#include <string_view>

#include "green/introspect_tables.h"

// Filled at compile time, so it is right from the first instruction on, however
// early a hub is made and in whichever order a program's parts are initialized.
extern "C" {
[[gnu::visibility("hidden"),
  gnu::used]] constinit green::abi::Block green_introspection_block =
    green::internal::CompleteBlock();
}

// Where an observer finds the block: dyld has put its address here before the
// program's first instruction. In this file, so that whoever links the block
// links it.
[[gnu::used, gnu::section("__DATA,__green")]] static constinit const void* const
    green_introspection_section = &green_introspection_block;
static_assert(std::string_view(green::abi::kSection) == "__DATA,__green");

namespace green::internal {

abi::Block& IntrospectionBlock() { return green_introspection_block; }

}  // namespace green::internal
