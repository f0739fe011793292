/* What elfutils' configure would find out on macOS, as far as what we build of
   it asks. */
#define HAVE_ERR_H 1
#define HAVE_VISIBILITY 1
#define HAVE_FALLTHROUGH 1
#define HAVE_STDATOMIC_H 1
#define HAVE_DECL_POWEROF2 1
#define PACKAGE_NAME "elfutils"
#define SIZEOF_LONG 8

#include <stdlib.h>

#include "tdestroy.h"

/* Mach-O has no aliases of symbols: the deprecated names are left out. */
#undef PIC
#include "eu-config.h"
#undef strong_alias
#define strong_alias(name, aliasname)
