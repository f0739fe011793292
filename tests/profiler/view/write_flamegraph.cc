// Writes the SVG that flamegraph_browser_test.py opens: a stack of a green
// program, and names that would break out of the document if they could.
#include <iostream>

#include "profiler/view/profiles.h"
#include "view/flamegraph.h"

namespace hubspy {
namespace {

Profile HostileProfile() {
  const SymbolFrame main{.function = "main", .file = "/src/seed.cc", .line = 9};
  const SymbolFrame run{
      .function = "green::Hub::Run", .file = "green/hub.cc", .line = 80};
  const SymbolFrame fire{
      .function = "green::Hub::FireTimers", .file = "green/hub.cc", .line = 61};
  const SymbolFrame parse{.function = "Parser::ParseRequest",
                          .file = "http/parser.cc",
                          .line = 214};
  const SymbolFrame skip{
      .function = "Parser::SkipSpace", .file = "http/parser.cc", .line = 33};
  const SymbolFrame copy{.function = "memcpy",
                         .module = "/usr/lib/x86_64-linux-gnu/libc.so.6"};
  const SymbolFrame wait{.function = "epoll_wait",
                         .module = "/usr/lib/x86_64-linux-gnu/libc.so.6"};
  const SymbolFrame lost{.function = "libssl.so.3+0x2f41c",
                         .module = "/usr/lib/libssl.so.3"};
  const SymbolFrame script{.function =
                               "</title><script>document.pwned=1</script>"};
  const SymbolFrame cdata{.function = "]]></script><script>document.pwned=2//"};
  const SymbolFrame quotes{.function = "a\"b' onload='document.pwned=3' &lt;"};
  const SymbolFrame bytes{.function =
                              "ill\xFF"
                              "formed\x01\x1B[31m"};
  const SymbolFrame wide{.function = "\xE8\xA7\xA3\xE6\x9E\x90::run"};
  return ProfileBuilder()
      .Add({main, run, wait}, {.idle = true, .count = 40})
      .Add({main, run, fire, parse, skip}, {.count = 10})
      .Add({main, run, fire, parse, parse, copy}, {.count = 10})
      .Add({main, run, fire, lost}, {.count = 10})
      .Add({main, run, fire}, {.count = 10})
      .Add({main, script}, {.count = 4})
      .Add({main, cdata}, {.count = 4})
      .Add({main, quotes}, {.count = 4})
      .Add({main, bytes}, {.count = 4})
      .Add({main, wide}, {.count = 4})
      .Build();
}

}  // namespace
}  // namespace hubspy

int main() {
  std::cout << hubspy::RenderFlamegraph(
      hubspy::HostileProfile(),
      {.include_idle = true, .title = "seed <b>&amp;</b> \"program\""});
  return 0;
}
