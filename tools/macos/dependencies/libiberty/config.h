/* What libiberty's configure would find out on macOS, as far as what we build
   of it asks. */
#define HAVE_ALLOCA_H 1
#define HAVE_LIMITS_H 1
#define HAVE_STDINT_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRING_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
