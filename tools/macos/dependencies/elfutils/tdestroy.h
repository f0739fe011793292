/* The GNU C library's tdestroy, for the trees of macOS's tsearch. */
#pragma once

#define _SEARCH_PRIVATE
#include <search.h>

static inline void tdestroy(void *root, void (*free_key)(void *)) {
  struct node *const node = root;
  if (node == NULL) return;
  tdestroy(node->llink, free_key);
  tdestroy(node->rlink, free_key);
  free_key(node->key);
  free(node);
}
