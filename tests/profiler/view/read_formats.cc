#include "profiler/view/read_formats.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "nlohmann/json.hpp"
#include "protozero/pbf_reader.hpp"

namespace hubspy {
namespace {

using nlohmann::json;

std::string Bare(std::string name) {
  const std::string mark = " [inlined]";
  if (name.size() > mark.size() &&
      name.compare(name.size() - mark.size(), mark.size(), mark) == 0) {
    name.resize(name.size() - mark.size());
  }
  if (name.size() > 4 && name.compare(name.size() - 4, 4, "_[i]") == 0) {
    name.resize(name.size() - 4);
  }
  return name.substr(0, name.rfind(" ("));
}

std::string Between(const std::string& text, const std::string& begin,
                    const std::string& end, size_t from) {
  const size_t at = text.find(begin, from) + begin.size();
  return text.substr(at, text.find(end, at) - at);
}

std::string Gunzip(const std::string& file) {
  std::string bytes(1 << 20, '\0');
  z_stream stream = {};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
  stream.avail_in = static_cast<uInt>(file.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END;
  bytes.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return bytes;
}

}  // namespace

void AddStack(Totals& totals, const std::vector<std::string>& names,
              int64_t count) {
  std::set<std::string> distinct;
  for (const std::string& name : names) distinct.insert(Bare(name));
  for (const std::string& name : distinct) totals[name].total += count;
  totals[Bare(names.back())].own += count;
}

Totals ReadRaw(const std::string& text) {
  Totals totals;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t space = line.rfind(' ');
    std::vector<std::string> names;
    std::istringstream stack(line.substr(0, space));
    for (std::string name; std::getline(stack, name, ';');) {
      names.push_back(name);
    }
    AddStack(totals, names, std::stoll(line.substr(space)));
  }
  return totals;
}

Totals ReadFlamegraph(const std::string& svg) {
  // Names are written as XML; those that need it are the same in each.
  Totals totals;
  std::vector<std::string> path;
  size_t at = svg.find("<g data-x=");
  for (; at != std::string::npos; at = svg.find("<g data-x=", at + 1)) {
    const int64_t width = std::stoll(Between(svg, "data-w=\"", "\"", at));
    const size_t depth = std::stoul(Between(svg, "data-y=\"", "\"", at));
    std::string name = Between(svg, "<title>", "</title>", at);
    name = Bare(name.substr(0, name.rfind(" (")));
    path.resize(depth);
    if (depth > 1) totals[path.back()].own -= width;
    const std::set<std::string> outer(path.begin(), path.end());
    path.push_back(name);
    if (depth == 0) continue;
    totals[name].own += width;
    if (!outer.contains(name)) totals[name].total += width;
  }
  return totals;
}

Totals ReadSpeedscope(const std::string& text, double rate_hz) {
  Totals totals;
  const json file = json::parse(text);
  for (const json& profile : file["profiles"]) {
    for (size_t i = 0; i < profile["samples"].size(); ++i) {
      std::vector<std::string> names;
      for (const json& frame : profile["samples"][i]) {
        names.push_back(file["shared"]["frames"][frame.get<size_t>()]["name"]);
      }
      if (names.empty()) continue;
      const double seconds = profile["weights"][i];
      AddStack(totals, names, std::llround(seconds * rate_hz));
    }
  }
  return totals;
}

Totals ReadChromeTrace(const std::string& text) {
  struct Open {
    std::string name;
    double end = 0;
  };
  Totals totals;
  std::map<std::pair<int64_t, int64_t>, std::vector<Open>> threads;
  const json file = json::parse(text);
  for (const json& event : file["traceEvents"]) {
    if (event["ph"] != "X") continue;
    std::vector<Open>& open = threads[{event["pid"], event["tid"]}];
    const double begin = event["ts"];
    while (!open.empty() && open.back().end < begin + 0.0005) open.pop_back();
    const std::string name = Bare(event["name"]);
    bool recursive = false;
    for (const Open& outer : open) recursive |= outer.name == name;
    totals[name].own += event["args"]["own"].get<int64_t>();
    if (!recursive) {
      totals[name].total += event["args"]["samples"].get<int64_t>();
    }
    open.push_back({name, begin + event["dur"].get<double>()});
  }
  return totals;
}

Totals ReadFirefox(const std::string& text) {
  Totals totals;
  const json file = json::parse(text);
  const json& shared = file["shared"];
  for (const json& thread : file["threads"]) {
    const json& samples = thread["samples"];
    for (size_t i = 0; i < samples["length"]; ++i) {
      std::vector<std::string> names;
      for (json stack = samples["stack"][i]; !stack.is_null();
           stack = shared["stackTable"]["prefix"][stack.get<size_t>()]) {
        const size_t frame = shared["stackTable"]["frame"][stack.get<size_t>()];
        const size_t function = shared["frameTable"]["func"][frame];
        const size_t name = shared["funcTable"]["name"][function];
        names.insert(names.begin(), shared["stringArray"][name]);
      }
      if (!names.empty()) AddStack(totals, names, samples["weight"][i]);
    }
  }
  return totals;
}

namespace {

json DataOfHtml(const std::string& html) {
  const std::string begin = "<script id=\"data\" type=\"application/json\">";
  return json::parse(Between(html, begin, "</script>", 0));
}

// Base 64, five bits a digit, the lowest first; from 32 on another follows.
std::vector<int64_t> HtmlColumn(const std::string& text) {
  const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<int64_t> numbers;
  int64_t number = 0;
  int shift = 0;
  for (const char c : text) {
    const auto digit = static_cast<int64_t>(digits.find(c));
    number |= (digit & 31) << shift;
    shift += 5;
    if (digit >= 32) continue;
    numbers.push_back(number);
    number = shift = 0;
  }
  return numbers;
}

}  // namespace

Totals ReadHtml(const std::string& html) {
  Totals totals;
  const json data = DataOfHtml(html);
  const std::vector<int64_t> nodes = HtmlColumn(data["nodes"]);
  const std::vector<int64_t> samples = HtmlColumn(data["samples"]);
  const auto text = [&](size_t label) -> std::string {
    return data["labels"][label][0];
  };
  for (size_t i = 0; i < samples.size(); i += 5) {
    const int64_t flags = samples[i + 3];
    if ((flags & 1) != 0 && !data["idle"]) continue;
    std::vector<std::string> names;
    for (int64_t node = samples[i], up = 1; up != 0; node -= up) {
      up = nodes[node * 2];
      names.insert(names.begin(), text(nodes[node * 2 + 1]));
    }
    if ((flags & 4) != 0) {
      names.insert(names.begin(), text(data["states"][samples[i + 2]][0]));
    }
    AddStack(totals, names, samples[i + 4]);
  }
  return totals;
}

int64_t TimedSamplesOfHtml(const std::string& html) {
  int64_t samples = 0;
  const json data = DataOfHtml(html);
  for (const json& lane : data["lanes"]) {
    const std::vector<int64_t> spans = HtmlColumn(lane[4]);
    for (size_t i = 3; i < spans.size(); i += 4) samples += spans[i];
  }
  return samples;
}

PprofFile ReadPprof(const std::string& packed) {
  PprofFile file;
  const std::string bytes = Gunzip(packed);
  std::vector<std::string> strings;
  std::map<uint64_t, std::string> functions;
  std::map<uint64_t, std::vector<uint64_t>> locations;
  // Strings come last: first those, then functions, then all that names them.
  protozero::pbf_reader table(bytes);
  while (table.next(6)) strings.push_back(table.get_string());
  protozero::pbf_reader named(bytes);
  while (named.next()) {
    const auto tag = named.tag();
    if (tag != 3 && tag != 4 && tag != 5) {
      named.skip();
      continue;
    }
    protozero::pbf_reader message = named.get_message();
    uint64_t id = 0;
    std::string filename;
    while (message.next()) {
      if (message.tag() == 1) {
        id = message.get_uint64();
      } else if (tag == 5 && message.tag() == 2) {
        functions[id] = strings.at(message.get_uint64());
      } else if (tag == 4 && message.tag() == 4) {
        protozero::pbf_reader line = message.get_message();
        while (line.next(1)) locations[id].push_back(line.get_uint64());
        file.most_lines = std::max(file.most_lines, locations[id].size());
      } else if (tag == 3 && message.tag() == 5) {
        filename = strings.at(message.get_uint64());
      } else if (tag == 3 && message.tag() == 6) {
        file.build_ids[filename] = strings.at(message.get_uint64());
      } else {
        message.skip();
      }
    }
  }
  protozero::pbf_reader profile(bytes);
  while (profile.next()) {
    if (profile.tag() == 13) {
      file.comments.push_back(strings.at(profile.get_uint64()));
      continue;
    }
    if (profile.tag() != 2) {
      profile.skip();
      continue;
    }
    protozero::pbf_reader sample = profile.get_message();
    std::vector<std::string> names;
    std::vector<int64_t> values;
    while (sample.next()) {
      if (sample.tag() == 1) {
        for (const uint64_t id : sample.get_packed_uint64()) {
          for (const uint64_t function : locations.at(id)) {
            names.insert(names.begin(), functions.at(function));
          }
        }
      } else if (sample.tag() == 2) {
        const auto range = sample.get_packed_int64();
        values.assign(range.begin(), range.end());
      } else {
        protozero::pbf_reader label = sample.get_message();
        std::string text;
        while (label.next()) {
          const int64_t value = label.get_int64();
          if (label.tag() == 1) text = strings.at(value) + ": ";
          if (label.tag() == 2) text += strings.at(value);
          if (label.tag() == 3) text += std::to_string(value);
        }
        file.labels[text] += values.at(0);
      }
    }
    AddStack(file.totals, names, values.at(0));
    file.nanoseconds += values.at(1);
  }
  return file;
}

}  // namespace hubspy
