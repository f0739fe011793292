// One of what has become the same in a profile.
#ifndef HUBSPY_MODEL_MERGED_H_
#define HUBSPY_MODEL_MERGED_H_

#include "model/profile.h"

namespace hubspy {

// Frames that are equal in all but their address are one, and so are samples
// that are equal in all but their count; in their order. What nothing counts is
// left out: samples without a count, frames that are in no sample.
Profile Merged(const Profile& profile);

}  // namespace hubspy

#endif  // HUBSPY_MODEL_MERGED_H_
