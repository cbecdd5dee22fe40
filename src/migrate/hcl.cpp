// SPDX-License-Identifier: Apache-2.0
#include "migrate/hcl.h"

#include <fmt/core.h>

#include "base/text.h"

namespace lw::migrate {
namespace {

constexpr std::size_t kCommentBytesMax = 400;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

}  // namespace

std::string hcl_text(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const bool opens_template =
        (c == '$' || c == '%') && i + 1 < valid.size() && valid[i + 1] == '{';
    if (opens_template) {
      out += std::string(2, c);
    } else if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string hcl_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  quoted.reserve(texts.size());
  for (const std::string& text : texts) quoted.push_back(hcl_text(text));
  return "[" + join(quoted, ", ") + "]";
}

std::string hcl_identifier(std::string_view text) {
  std::string out;
  for (const char c : text) out += is_word(c) ? c : '_';
  const bool starts_well =
      !out.empty() && out.front() != '-' && (out.front() < '0' || out.front() > '9');
  return starts_well ? out : "_" + out;
}

void HclWriter::open(std::string_view header) {
  line(std::string(header) + " {");
  ++depth_;
}

void HclWriter::close() {
  --depth_;
  line("}");
}

void HclWriter::argument(std::string_view name, std::string_view value) {
  line(fmt::format("{} = {}", name, value));
}

void HclWriter::text(std::string_view name, std::string_view value) {
  if (!value.empty()) argument(name, hcl_text(value));
}

void HclWriter::texts(std::string_view name, const std::vector<std::string>& values) {
  if (!values.empty()) argument(name, hcl_list(values));
}

void HclWriter::comment(std::string_view text) { line("# " + printable(text, kCommentBytesMax)); }

void HclWriter::line(std::string_view text) {
  result_ += std::string(2 * depth_, ' ');
  result_ += text;
  result_ += '\n';
}

}  // namespace lw::migrate
