// Profile -> one HTML file to look around in: a timeline on which one chooses a
// span, a flame graph and a table of functions with their callers and callees,
// by thread and by state. No network, no other file.
//
// It holds all samples, idle ones and each thread's: what the options say is
// only what it shows first. Names are data of an unknown program: they are in a
// block of JSON (view/html_data.h), which the page's script makes text of,
// never markup; and the page runs no script but its own, by its hash.
#ifndef HUBSPY_VIEW_HTML_H_
#define HUBSPY_VIEW_HTML_H_

#include <string>

#include "model/profile.h"

namespace hubspy {

struct HtmlOptions {
  bool include_idle = false;
  bool threads = false;   // an outermost frame per thread
  bool by_state = false;  // and one of what it was doing
  std::string title = "hubspy";
};

std::string RenderHtml(const Profile& profile, const HtmlOptions& options);

}  // namespace hubspy

#endif  // HUBSPY_VIEW_HTML_H_
