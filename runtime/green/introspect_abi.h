// What a green process publishes about its hubs, byte by byte: the one contract
// between the runtime and an observer in another process.
//
// An observer finds the block without symbols: an ELF note (owner "green", type
// kNoteType, in section .note.green, which strip keeps) whose description is a
// little-endian int64: the block's address minus the description's own. On
// macOS it is a section (kSection), which holds the block's address. From the
// block it walks hubs, their slabs and the green threads in them.
//
// The surprising part: nobody may rely on the layout of the records. Their
// field tables in the block say where each field lies and how wide it is; a
// reader takes what it knows, by number, and does without what is not there.
// So an old observer reads a newer runtime, and the reverse. Numbers of fields
// are never reused. Only Block itself has a fixed layout, which changes with
// kVersion.
//
// Publishing is plain stores by the hub's own thread. Whoever reads while that
// thread runs may see a record half written; `clock_sequence` (odd while the
// clock fields are being written) and reading twice tell.
//
// Records are never unmapped while the process lives; a free one has id or
// thread id 0. All integers are in the machine's byte order, addresses are
// 8 bytes wide.
#ifndef GREEN_INTROSPECT_ABI_H_
#define GREEN_INTROSPECT_ABI_H_

#include <cstdint>

namespace green::abi {

inline constexpr char kNoteOwner[] = "green";
inline constexpr uint32_t kNoteType = 1;
inline constexpr char kSection[] = "__DATA,__green";
inline constexpr char kMagic[8] = {'G', 'R', 'E', 'E', 'N', 'H', 'U', 'B'};
inline constexpr uint32_t kVersion = 1;

// One field of a record: `field` is one of the enums below, the rest is bytes.
struct FieldInfo {
  uint16_t field;
  uint16_t offset;
  uint16_t size;
  uint16_t reserved;
};

// A signed time that means "none": no deadline, poll without a limit.
inline constexpr int64_t kNoTime = INT64_MAX;

enum HubField : uint16_t {
  kHubNext = 1,        // address of the next hub record; 0 ends the list
  kHubThreadId = 2,    // OS thread id in its own namespace; 0: record is free
  kHubProcessId = 3,   // differs from the reader's target in a forked child
  kHubState = 4,       // HubState
  kHubIterations = 5,  // turns of the loop
  kHubClockSequence = 6,  // odd while fields 7 to 16 are being written
  kHubTimebaseNumer = 7,  // nanoseconds per tick, numerator
  kHubTimebaseDenom = 8,
  kHubFirstTicks = 9,    // the hub's first reading of its clock ...
  kHubFirstNowNs = 10,   // ... what the clock made of it ...
  kHubFirstRealNs = 11,  // ... and CLOCK_MONOTONIC next to it; on macOS
                         // CLOCK_UPTIME_RAW, here and below
  kHubLastTicks = 12,    // the same of its latest reading
  kHubLastNowNs = 13,
  kHubLastRealNs = 14,
  kHubPollEnteredRealNs = 15,  // CLOCK_MONOTONIC when it began to poll
  kHubPollUntilNs = 16,        // hub clock; kNoTime: until an event
  kHubReady = 17,              // green threads ready to run
  kHubTimers = 18,             // timers that are pending
  kHubNextDeadlineNs = 19,     // hub clock; kNoTime: no timer
  kHubTimersFired = 20,
  kHubSwitches = 21,
  kHubCurrent = 22,     // address of the running green thread's record; 0: none
  kHubRunSavedSp = 23,  // where Hub::Run's context is saved while a green
                        // thread runs on its own stack; 0: it is not
  kHubFirstSlab = 24,   // address of the first Slab
  kHubOwnCode = 25,     // address of a green thread's record, in no slab and
                        // with id 0: the thread's own code, which may wait, too
  kHubRemoteGiven = 26,  // not 0: there may be a RemoteHub, by which other OS
                         // threads have this hub do something
  kHubStateWords = 27,   // not 0: see kGreenWaitsOn
};

enum class HubState : uint32_t {
  kRunning = 1,  // green code (the thread's own, or a green thread's)
  kFiringTimers = 2,
  kPolling = 3,
  kStopped = 4,
};

enum GreenField : uint16_t {
  kGreenId = 1,          // from 1, never reused in a process; 0: record is free
  kGreenName = 2,        // bytes, NUL padded
  kGreenEntry = 3,       // address of the code it began in
  kGreenState = 4,       // GreenState
  kGreenWaitsFor = 5,    // WaitReason
  kGreenDeadlineNs = 6,  // hub clock; kNoTime: none
  kGreenFd = 7,          // -1: none
  kGreenSwitches = 8,    // how often it was switched to
  kGreenCreatedNs = 9,   // hub clock
  kGreenLastSwitchedNs = 10,  // hub clock, of the turn it last ran in
  kGreenStackBegin = 11,      // lowest usable address
  kGreenStackEnd = 12,
  kGreenSavedSp = 13,    // where its context is saved while it does not run;
                         // 0: it runs, or has not begun
  kGreenParent = 14,     // id of the green thread that spawned it; 0: none
  kGreenWaitsOn = 15,    // what it waits for, by WaitReason; 0: not known
  kGreenSpawnSite = 16,  // where its spawner's call of Spawn returns to
};

enum class GreenState : uint32_t {
  kReady = 1,
  kRunning = 2,
  kWaiting = 3,
  kFinished = 4,
};

// kGreenWaitsOn is the address of the object, the same for all who wait for the
// same, where nothing else is said; 0 when it is gone. Where kHubStateWords is
// not 0, an int64 lies at the address of one with a state word: whoever waits
// for it has a reason to only while that is not above 0, and is no longer one
// that waits when it rises.
enum class WaitReason : uint32_t {
  kNone = 0,
  kTimer = 1,
  kFd = 2,     // see kGreenFd; kGreenWaitsOn is 1 to read it, 2 to write it
  kJoin = 3,   // another green thread's end; kGreenWaitsOn is its id
  kPool = 4,   // a free place in a pool, the next of a pile's or map's results,
               // or the end of all its work
  kEvent = 5,  // state word: 1 when something was sent
  kSemaphore = 6,  // state word: how many can be acquired; or of one with a
                   // limit, for whoever waits to release, released
  kMutex = 7,  // a uint64 lies there: the id of the green thread that holds it;
               // 0: the thread's own code
  kCondition = 8,
  kQueue = 9,      // an item of a queue, room in it, or the end of its work;
                   // state word: how many items, how much room, or 1 less how
                   // much work is left
  kResource = 10,  // an item of a resource pool; state word: how many are free
  kOffload = 11,   // a call on another OS thread
};

// A saved context lies on its stack at the address of a ...SavedSp field. Its
// table names registers by DWARF number: on x86_64 those of the System V ABI
// AMD64, figure 3.36, where 16 is the return address; on aarch64 those of DWARF
// for the Arm 64-bit Architecture, 4.1, where 32 is the pc, and x30 is not
// known. context_size is what sp moves by when it is resumed.

// Green threads' records lie in slabs, each read with one call.
struct Slab {
  uint64_t next;   // address of the next Slab; 0 ends the list
  uint32_t count;  // records that follow, free ones included
  uint32_t reserved;
  // uint8_t records[count * Block::green_size];
};

struct Block {
  char magic[8];  // written last
  uint32_t version;
  uint32_t size;       // of this struct
  uint64_t first_hub;  // address of the first hub record; 0: none yet
  uint32_t hub_size;
  uint32_t hub_field_count;
  uint32_t green_size;
  uint32_t green_field_count;
  uint32_t context_size;
  uint32_t context_field_count;
  FieldInfo hub_fields[48];
  FieldInfo green_fields[32];
  FieldInfo context_fields[24];
};

}  // namespace green::abi

#endif  // GREEN_INTROSPECT_ABI_H_
