#include "view/pattern.h"

#include <re2/re2.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "view/frame_label.h"
#include "view/text.h"

namespace hubspy {
namespace {

re2::StringPiece Piece(absl::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Parse(absl::string_view text) {
  re2::RE2::Options options;
  options.set_log_errors(false);  // on standard error
  Pattern pattern;
  pattern.text_ = std::string(text);
  pattern.compiled_ = std::make_shared<re2::RE2>(Piece(text), options);
  if (!pattern.compiled_->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", CleanText(text), "\" is no regular expression: ",
                     CleanText(pattern.compiled_->error())));
  }
  return pattern;
}

bool Pattern::FoundIn(absl::string_view text) const {
  return re2::RE2::PartialMatch(Piece(text), *compiled_);
}

bool Pattern::MatchesWhole(absl::string_view text) const {
  return re2::RE2::FullMatch(Piece(text), *compiled_);
}

bool Pattern::FoundIn(const SymbolFrame& frame) const {
  return FoundIn(frame.function) || FoundIn(FrameLabel(frame)) ||
         FoundIn(frame.file) || FoundIn(frame.module);
}

absl::StatusOr<NamePattern> NamePattern::Parse(absl::string_view text) {
  absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
  if (!pattern.ok()) return pattern.status();
  return NamePattern(*std::move(pattern));
}

bool NamePattern::Matches(uint64_t id, absl::string_view name) const {
  uint64_t asked = 0;
  if (absl::SimpleAtoi(text(), &asked) && asked == id) return true;
  return name == text() || pattern_.MatchesWhole(name);
}

}  // namespace hubspy
