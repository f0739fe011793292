// The block of JSON that an HTML file's script reads (view/html/data.js):
//
//   {"title":S, "facts":[[S,S],...], "short":S, "line":S,
//    "rate_hz":N, "duration_us":N, "idle":B, "threads":B, "by_state":B,
//    "times_end_us":N or null,
//    "hues":[[meaning,[r,g,b],[r,g,b]],...],
//    "files":[S,...], "modules":[S,...],
//    "labels":[[text,hue,tint,inlined,file,module],...],
//    "nodes":COLUMN, "states":[[label,activity],...], "processes":[label,...],
//    "samples":COLUMN, "lanes":[[label,process,tid,green,COLUMN],...],
//    "hubs":[[process,tid,COLUMN],...], "turn_limit_us":N,
//    "turns":[[process,tid,begin_us,end_us,S],...]}
//
// Every sample is in `samples`; what is known of when it was seen is in a lane.
// What there may be millions of is in columns: rows of non-negative integers,
// each in base 64 (RFC 4648's digits), five bits a digit, the lowest first; a
// digit of 32 or more has another one behind it. A row of
//
//   nodes    distance to its prefix's row (0: it has none); label
//   samples  node; lane; state; 1 if idle, 2 if it waits, 4 if a green
//   thread's;
//            samples
//   a lane   microseconds since the last span's end, and of this span; row of
//            `samples`; samples
//   a hub    microseconds, iterations, timers fired and switches since the row
//            before; green threads ready, timers pending
#ifndef HUBSPY_VIEW_HTML_DATA_H_
#define HUBSPY_VIEW_HTML_DATA_H_

#include <string>

#include "model/profile.h"
#include "view/html.h"

namespace hubspy {

// Fit to stand in a <script>: it holds no "<".
std::string HtmlData(const Profile& profile, const HtmlOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_HTML_DATA_H_
