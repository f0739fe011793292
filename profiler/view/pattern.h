// What users give to choose by name.
//
//   absl::StatusOr<Pattern> focus = Pattern::Parse("Handle|Render");
//   focus->FoundIn("shop::Handle (shop.cc:88)")            // true
//   absl::StatusOr<NamePattern> hub = NamePattern::Parse("hub");
//   hub->Matches(4711, "hub")                              // true
//   hub->Matches(4712, "hub 2")                            // false
//
// Regular expressions are RE2's: no text makes one take long. They tell capital
// letters from small ones, unless they begin with (?i).
#ifndef HUBSPY_VIEW_PATTERN_H_
#define HUBSPY_VIEW_PATTERN_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/profile.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace hubspy {

// A regular expression.
class Pattern {
 public:
  // InvalidArgument, with one line that says what is wrong with it.
  static absl::StatusOr<Pattern> Parse(absl::string_view text);

  // Anywhere in it, as pprof and grep search.
  bool FoundIn(absl::string_view text) const;
  bool MatchesWhole(absl::string_view text) const;
  // In what a view calls the frame, "Handle (shop.cc:88)", in its function's
  // name, or in the path of its source file or module.
  bool FoundIn(const SymbolFrame& frame) const;
  const std::string& text() const { return text_; }

 private:
  Pattern() = default;
  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
};

// Threads, or green threads: by id, by name, or by a regular expression that
// the whole name matches.
class NamePattern {
 public:
  // Errors as Pattern's.
  static absl::StatusOr<NamePattern> Parse(absl::string_view text);

  bool Matches(uint64_t id, absl::string_view name) const;
  const std::string& text() const { return pattern_.text(); }

 private:
  explicit NamePattern(Pattern pattern) : pattern_(std::move(pattern)) {}
  Pattern pattern_;
};

}  // namespace hubspy

#endif  // HUBSPY_VIEW_PATTERN_H_
