#include "cli/choose_function.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "symbolize/short_name.h"
#include "view/text.h"

namespace hubspy {
namespace {

// More would not help.
constexpr size_t kMaxListed = 8;
constexpr size_t kMaxNameColumns = 60;

// "Foo::Bar(int, char) const" -> "Foo::Bar", as c++filt and gdb write it; not
// "(anonymous namespace)::" or "operator()", which end in or hold parentheses
// of their own.
absl::string_view WithoutParameters(absl::string_view name) {
  absl::string_view rest = name;
  absl::ConsumeSuffix(&rest, " const");
  if (!absl::EndsWith(rest, ")")) return name;
  int depth = 0;
  for (size_t i = rest.size(); i-- > 0;) {
    if (rest[i] == ')') ++depth;
    if (rest[i] != '(' || --depth > 0) continue;
    const absl::string_view before = rest.substr(0, i);
    return before.empty() || absl::EndsWith(before, "operator") ||
                   absl::EndsWith(before, "::")
               ? name
               : before;
  }
  return name;
}

std::string Plain(absl::string_view name) {
  return absl::StrReplaceAll(ShortName(WithoutParameters(name)), {{"<…>", ""}});
}

std::string List(const std::vector<SeenFunction>& functions) {
  std::vector<std::string> names;
  for (const SeenFunction& function : functions) {
    if (names.size() == kMaxListed) {
      names.push_back(
          absl::StrCat("and ", functions.size() - kMaxListed, " more"));
      break;
    }
    names.push_back(Truncate(CleanText(function.name), kMaxNameColumns));
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

absl::StatusOr<std::string> ChooseFunction(absl::string_view wanted,
                                           std::vector<SeenFunction> seen) {
  std::sort(seen.begin(), seen.end(),
            [](const SeenFunction& a, const SeenFunction& b) {
              return std::tie(b.samples, a.name) < std::tie(a.samples, b.name);
            });
  const std::string plain = Plain(wanted);
  const std::function<bool(const std::string&)> kRules[] = {
      [&](const std::string& name) { return name == wanted; },
      [&](const std::string& name) { return Plain(name) == plain; },
      [&](const std::string& name) {
        return absl::EndsWith(Plain(name), absl::StrCat("::", plain));
      },
      [&](const std::string& name) { return absl::StrContains(name, wanted); }};
  for (const auto& fits : kRules) {
    std::vector<SeenFunction> fitting;
    for (const SeenFunction& function : seen) {
      if (fits(function.name)) fitting.push_back(function);
    }
    if (fitting.size() == 1) return fitting[0].name;
    if (fitting.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", CleanText(wanted), "\" may be any of these: ", List(fitting),
          ": give more of the name"));
    }
  }
  return absl::NotFoundError(
      absl::StrCat("no sample was in a function \"", CleanText(wanted), "\"",
                   seen.empty() ? "" : "; they were in ", List(seen)));
}

}  // namespace hubspy
