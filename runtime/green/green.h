// Everything of green: green threads on a hub, in the style of eventlet.
//
//   void Echo(const std::string& name) {
//     for (;;) {
//       std::cout << name << std::endl;
//       green::Sleep(absl::Seconds(2));
//     }
//   }
//   int main() {
//     green::GreenPool pool(2);
//     pool.Spawn(Echo, "foo");
//     pool.Spawn(Echo, "bar");
//     pool.WaitAll();
//   }
//
// Every name means what it means in eventlet.
//
// The surprising part: green threads never run at the same time as another of
// their OS thread, so data that they share needs no lock between two waits.
#ifndef GREEN_GREEN_H_
#define GREEN_GREEN_H_

#include "green/address.h"
#include "green/clock.h"
#include "green/debug.h"
#include "green/event.h"
#include "green/green_map.h"
#include "green/green_pile.h"
#include "green/green_pool.h"
#include "green/green_thread.h"
#include "green/histogram.h"
#include "green/hub.h"
#include "green/local.h"
#include "green/mutex.h"
#include "green/offload.h"
#include "green/poller.h"
#include "green/queue.h"
#include "green/remote_hub.h"
#include "green/resource_pool.h"
#include "green/semaphore.h"
#include "green/serve.h"
#include "green/socket.h"
#include "green/timebase.h"
#include "green/timeout.h"
#include "green/wait_fd.h"

#endif  // GREEN_GREEN_H_
