#include "symbolize/short_name.h"

#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace hubspy {
namespace {

constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";  // U+2026

bool IsIdentifier(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// How many bytes at the front of `rest` are an operator's name with angle
// brackets in it, longest first ([lex.operators] of the C++ standard).
size_t OperatorSize(absl::string_view rest) {
  constexpr absl::string_view kWord = "operator";
  constexpr std::array<absl::string_view, 12> kSigns = {
      "<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">", ""};
  if (!absl::StartsWith(rest, kWord)) return 0;
  for (const absl::string_view sign : kSigns) {
    if (absl::StartsWith(rest.substr(kWord.size()), sign)) {
      return sign.empty() ? 0 : kWord.size() + sign.size();
    }
  }
  return 0;
}

class Shortener {
 public:
  explicit Shortener(absl::string_view name) : name_(name) {}

  std::string Run() {
    while (at_ < name_.size()) {
      if (const size_t size = OperatorAt(); size > 0) {
        Take(size);
        // "operator<< <int>": the demangler's blank keeps the two apart.
        if (absl::StartsWith(name_.substr(at_), " <")) Take(1);
        if (absl::StartsWith(name_.substr(at_), "<")) HideArguments();
      } else if (!Step(name_[at_])) {
        return std::string(name_);
      }
    }
    return open_.empty() ? short_ : std::string(name_);
  }

 private:
  // How an open bracket is closed, and whether what it holds is left out.
  struct Bracket {
    char close = 0;
    bool hides = false;
  };

  size_t OperatorAt() const {
    if (at_ > 0 && IsIdentifier(name_[at_ - 1])) return 0;
    return OperatorSize(name_.substr(at_));
  }

  // False when the brackets do not pair up.
  bool Step(char c) {
    switch (c) {
      case '(':
        return Push(')');
      case '[':
        return Push(']');
      case '{':
        return Push('}');
      case '<':
        if (OpensArguments()) {
          HideArguments();
        } else if (OpensName()) {
          Push('>');
        } else {
          Take(1);
        }
        return true;
      case '>':
        // An arrow, or a comparison in an argument's expression.
        if (open_.empty() || open_.back().close != '>' ||
            (at_ > 0 && name_[at_ - 1] == '-')) {
          return TakeSign();
        }
        return Pop(c);
      case ')':
      case ']':
      case '}':
        return Pop(c);
      default:
        Take(1);
        return true;
    }
  }

  bool TakeSign() {
    const bool sign = !open_.empty() || (at_ > 0 && name_[at_ - 1] == '-');
    Take(1);
    return sign;
  }

  bool OpensArguments() const {
    if (absl::StartsWith(name_.substr(at_), "<lambda(")) return false;
    if (at_ == 0) return false;
    const char before = name_[at_ - 1];
    // "operator()<int>", but "Foo<((1)<(2))>".
    return IsIdentifier(before) || before == '}' ||
           (before == ')' && open_.empty()) ||
           absl::EndsWith(name_.substr(0, at_), "::");
  }
  // Where a name may begin.
  bool OpensName() const {
    return at_ == 0 || absl::string_view(" (<,&*[:").find(name_[at_ - 1]) !=
                           absl::string_view::npos;
  }

  void HideArguments() {
    Take(1);
    if (Shown()) short_.append(kEllipsis.data(), kEllipsis.size());
    open_.push_back({'>', true});
    hidden_ += 1;
  }
  bool Push(char close) {
    Take(1);
    open_.push_back({close, false});
    return true;
  }
  bool Pop(char close) {
    if (open_.empty() || open_.back().close != close) return false;
    hidden_ -= open_.back().hides ? 1 : 0;
    open_.pop_back();
    Take(1);
    return true;
  }

  bool Shown() const { return hidden_ == 0; }
  void Take(size_t size) {
    if (Shown()) short_.append(name_.data() + at_, size);
    at_ += size;
  }

  absl::string_view name_;
  size_t at_ = 0;
  std::string short_;
  std::vector<Bracket> open_;
  int hidden_ = 0;  // how many of open_ hide what they hold
};

}  // namespace

std::string ShortName(absl::string_view name) { return Shortener(name).Run(); }

}  // namespace hubspy
