// A hub, as other OS threads see it.
//
//   green::Event<int> answer;
//   std::thread worker([&, hub = green::Hub::Current().Remote()] {
//     const int value = Compute();
//     hub.Post([&, value] { answer.Send(value); });
//   });
//   answer.Wait();
//
// Everything else of a hub and of its green threads belongs to the hub's own
// thread. A RemoteHub may be copied, kept and used by any thread for as long as
// it likes; when the hub is gone, it says so.
//
// The surprising part: what is posted is a callback of the loop, which must not
// wait. What waits is spawned. And in a forked child, the parent's hubs are
// gone.
#ifndef GREEN_REMOTE_HUB_H_
#define GREEN_REMOTE_HUB_H_

#include <functional>
#include <memory>
#include <utility>

#include "green/task.h"

namespace green {

class Hub;

namespace internal {
class Inbox;
}

class RemoteHub {
 public:
  // Of no hub.
  RemoteHub() = default;

  // Has the hub call `function` in its loop, soon, wherever this is called. In
  // the order in which one thread posts. An exception it throws is reported on
  // standard error. Whether it will be called: false when the hub is gone. When
  // the hub goes before its turn has come, it is destroyed uncalled.
  bool Post(std::function<void()> function) const;

  // The same, but calls function(args...) in a green thread of that hub.
  template <typename F, typename... Args>
  [[gnu::always_inline]] bool Spawn(F&& function, Args&&... args) const {
    return Start(internal::MakeTask(std::forward<F>(function),
                                    std::forward<Args>(args)...));
  }

 private:
  friend class Hub;

  explicit RemoteHub(std::shared_ptr<internal::Inbox> inbox)
      : inbox_(std::move(inbox)) {}

  [[gnu::noinline]] bool Start(
      internal::TaskPointer<internal::Task> task) const;

  std::shared_ptr<internal::Inbox> inbox_;
};

}  // namespace green

#endif  // GREEN_REMOTE_HUB_H_
