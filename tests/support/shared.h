// A value that a test and the children it forks afterwards share: what a child
// counts, its parent can read, even while the child is stopped or stuck.
//
//   Shared<std::atomic<int>> turns;
//   Child child = Child::Fork([&](ChildPipes&) { ++*turns; return 0; });
#ifndef HUBSPY_TESTS_SUPPORT_SHARED_H_
#define HUBSPY_TESTS_SUPPORT_SHARED_H_

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace hubspy {

template <typename T>
class Shared {
 public:
  Shared() {
    void* const memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    value_ = new (memory) T();
  }
  ~Shared() { munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }

 private:
  T* value_;
};

}  // namespace hubspy

#endif  // HUBSPY_TESTS_SUPPORT_SHARED_H_
