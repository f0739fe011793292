// A variable of which each green thread has its own.
//
//   green::Local<std::string> user;
//   green::SpawnN([&] {
//     *user = "foo";
//     Serve();  // sees "foo" in user, whatever other green threads set
//   });
//
// A thread's own code counts as one of its green threads. A value is made when
// it is first asked for, and destroyed when its green thread ends, on that
// one's stack; or, of a thread's own code, with the hub.
//
// The surprising part: a value lives as long as its green thread, though the
// Local goes before. And a hub's callback, which is no green thread, has none:
// to ask there is std::logic_error.
#ifndef GREEN_LOCAL_H_
#define GREEN_LOCAL_H_

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace green {
namespace internal {

// Tells the values of different Locals apart.
class LocalKey {
 public:
  LocalKey();
  LocalKey(const LocalKey&) = delete;
  LocalKey& operator=(const LocalKey&) = delete;

  // The calling green thread's; nullptr when it has none.
  void* Find() const;
  // Replaces the one it has.
  void Set(std::shared_ptr<void> value) const;

 private:
  const uint64_t number_;  // never reused in a process
};

}  // namespace internal

template <typename T>
class Local {
 public:
  // Values begin as T().
  Local() requires std::default_initializable<T>
      : make_([] { return std::make_shared<T>(); }) {}

  // Values begin as what `factory()` returns, which is called by the green
  // thread that asks, and may wait.
  template <std::invocable Factory>
  explicit Local(Factory factory)
      : make_([factory = std::move(factory)]() mutable {
          return std::make_shared<T>(factory());
        }) {}

  // The calling green thread's.
  T& operator*() { return Get(); }
  T* operator->() { return &Get(); }
  T& Get() {
    if (void* const value = key_.Find()) return *static_cast<T*>(value);
    std::shared_ptr<T> made = make_();
    T& value = *made;
    key_.Set(std::move(made));
    return value;
  }

  // Destroys the calling green thread's, until it is asked for again.
  void Clear() { key_.Set(nullptr); }

 private:
  internal::LocalKey key_;
  std::function<std::shared_ptr<T>()> make_;
};

}  // namespace green

#endif  // GREEN_LOCAL_H_
