#include "view/html.h"

#include "absl/strings/str_cat.h"
#include "view/embedded.h"
#include "view/html_data.h"
#include "view/text.h"

namespace hubspy {

std::string RenderHtml(const Profile& profile, const HtmlOptions& options) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; script-src 'sha256-",
      kHtmlScriptHash, "'; style-src 'sha256-", kHtmlStyleHash,
      "'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      XmlText(options.title), "</title>\n<style>", kHtmlStyle,
      "</style>\n</head>\n", kHtmlBody,
      "<script id=\"data\" type=\"application/json\">\n",
      HtmlData(profile, options), "</script>\n<script>", kHtmlScript,
      "</script>\n</body>\n</html>\n");
}

}  // namespace hubspy
