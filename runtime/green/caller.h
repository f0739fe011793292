// What the things that green threads wait for ask of the hub about the one that
// calls them.
#ifndef GREEN_CALLER_H_
#define GREEN_CALLER_H_

#include <cstdint>
#include <memory>

namespace green::internal {

class Inbox;
struct ControlBlock;

struct Caller {
  // The calling green thread, or what stands for the thread's own code. nullptr
  // in a hub's callback.
  static ControlBlock* Block();

  // Of the caller's hub.
  static std::shared_ptr<Inbox> InboxOfHub();

  // Whether the caller's hub goes away: then a wait would be its last.
  static bool HubCloses();

  // By the clock of the caller's hub.
  static int64_t NowNs();

  // Throws what a wait would throw before it waits.
  static void RequireWaitable();

  // Lets all others that are ready run first. What is thrown into the caller
  // meanwhile is thrown by its next wait. Only after RequireWaitable().
  static void YieldUninterrupted();
};

}  // namespace green::internal

#endif  // GREEN_CALLER_H_
