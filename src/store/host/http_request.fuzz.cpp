// SPDX-License-Identifier: Apache-2.0
// What a client's request asks of the store. One line each: "?name=value" is a parameter, "name:
// value" a header, and what follows an empty line the body.
#include "store/host/http_request.h"

#include "base/assert.h"
#include "base/text.h"
#include "tests/fuzz/input.h"

namespace lw::store::host {
namespace {

std::pair<std::string, std::string> cut_at(std::string_view line, std::string_view separator) {
  const auto at = std::min(line.find(separator), line.size());
  const auto behind = std::min(at + separator.size(), line.size());
  return {std::string(line.substr(0, at)), std::string(line.substr(behind))};
}

io::HttpRequest request_of(std::string_view text) {
  io::HttpRequest request;
  request.method = "POST";
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) break;
    if (line.front() == '?') {
      request.query.push_back(cut_at(line.substr(1), "="));
    } else {
      request.headers.push_back(cut_at(line, ": "));
    }
  }
  request.body = text;
  return request;
}

/// Settings that undo limits, reach files or change who one is never come through. (A reader's time
/// and bytes do; the engine bounds them.)
void check_settings(const QueryRequest& query, Role role) {
  for (const auto& [name, value] : query.settings) {
    LW_ASSERT(name != "readonly" && name != "format_schema" && name != "session_id");
    LW_ASSERT(!name.starts_with("s3_") && name.find('.') == std::string::npos);
    LW_ASSERT(role == Role::Writer ||
              (name != "max_threads" && name != "max_memory_usage" && name != "max_rows_to_read"));
  }
}

}  // namespace
}  // namespace lw::store::host

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  using namespace lw::store::host;
  fuzz::Input input(data, size);
  const Role role = input.flag() ? Role::Writer : Role::Reader;
  const io::HttpRequest request = request_of(input.text());
  const Credentials credentials = read_credentials(request);
  LW_ASSERT(credentials.user.size() + credentials.password.size() <= size);
  io::HttpRequest moved = request;
  const QueryRequest query = read_query_request(std::move(moved), role);
  LW_ASSERT(!query.query_id.empty() && !query.default_format.empty());
  LW_ASSERT(query.refused.code == 0 || !query.refused.error.empty());
  LW_ASSERT(query.text.size() <= size);
  check_settings(query, role);
  return 0;
}
