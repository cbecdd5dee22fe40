// SPDX-License-Identifier: Apache-2.0
// The Location of a redirect is whatever the server that is checked says, and certificates name
// URLs too.
#include "io/http_target.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace {

using namespace lw;

/// What comes out is safe to connect to and to put on a request line, and means the same again.
void check(const Result<io::HttpTarget>& target) {
  if (!target) {
    LW_ASSERT(!target.error().message.empty());
    return;
  }
  LW_ASSERT(!target->host.empty() && target->port != 0);
  LW_ASSERT(target->path.starts_with('/'));
  LW_ASSERT(target->host.find_first_of(std::string("\r\n \t/@#\0", 8)) == std::string::npos);
  LW_ASSERT(target->path.find_first_of(std::string("\r\n\0", 3)) == std::string::npos);
  const auto again = io::parse_http_url(io::to_url(*target));
  // libcurl unescapes once, and reads "3" as 0.0.0.3 but "%33" as a name: with such a host the
  // second reading is another, or none.
  const bool is_plain = target->host.find_first_of("abcdefghijklmnopqrstuvwxyz:") == 0 &&
                        target->host.find('%') == std::string::npos;
  LW_ASSERT(!is_plain || (again && *again == *target));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::Input(data, size).text());
  check(io::parse_http_url(text));
  const io::HttpTarget from{true, "a.example", 8443, "/b/c?d"};
  check(io::resolve_location(from, text));
  check(io::resolve_location({false, "2001:db8::1", 80, "/"}, text));
  return 0;
}
