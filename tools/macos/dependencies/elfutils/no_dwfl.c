/* What libdw's reader of build ids asks of libdwfl, which is not built: to move
   addresses in a module of a Dwfl, of which there is none, and to keep the
   reason why there is no build id for whoever asks libdwfl. */
#include <config.h>
#include <stdlib.h>

#include "libdwflP.h"

Dwfl_Error internal_function __libdwfl_relocate_value(Dwfl_Module *mod,
                                                      Elf *elf,
                                                      size_t *shstrndx,
                                                      Elf32_Word shndx,
                                                      GElf_Addr *value) {
  abort();
}

void internal_function __libdwfl_seterrno(Dwfl_Error error) {}
