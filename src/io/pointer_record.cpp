// SPDX-License-Identifier: Apache-2.0
#include "io/pointer_record.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/text.h"
#include "io/name_files.h"

namespace lw::io {
namespace {

constexpr std::size_t kHeaderBytes = 12;

/// Reads a message from front to back; after the first fault everything is a fault.
class MessageReader {
 public:
  explicit MessageReader(std::span<const unsigned char> message) : message_(message) {}

  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] std::size_t position() const { return at_; }

  void expect(bool holds) { is_good_ = is_good_ && holds; }
  std::uint32_t number(std::size_t bytes) {
    std::uint32_t value = 0;
    if (!has(bytes)) return value;
    while (bytes-- > 0) value = (value << 8) | message_[at_++];
    return value;
  }
  void skip(std::size_t bytes) {
    if (has(bytes)) at_ += bytes;
  }
  /// A name with its labels elsewhere in the message, perhaps (RFC 1035 §4.1.4). c-ares takes care
  /// of loops, and writes odd bytes as "\ddd".
  std::string name() {
    if (!has(1)) return {};
    char* text = nullptr;
    long bytes = 0;
    const int status = ares_expand_name(message_.data() + at_, message_.data(),
                                        static_cast<int>(message_.size()), &text, &bytes);
    const std::unique_ptr<char, decltype(&ares_free_string)> owned(
        status == ARES_SUCCESS ? text : nullptr, &ares_free_string);
    expect(owned && bytes > 0);
    if (!is_good_) return {};
    skip(static_cast<std::size_t>(bytes));
    return owned.get();
  }

 private:
  bool has(std::size_t bytes) {
    expect(bytes <= message_.size() - at_);
    return is_good_;
  }

  std::span<const unsigned char> message_;
  std::size_t at_ = 0;
  bool is_good_ = true;
};

struct Record {
  std::string owner;
  std::uint32_t type = 0;
  Seconds ttl{0};
  std::string target;  ///< of CNAME and PTR
};

Record read_record(MessageReader& reader) {
  Record record;
  record.owner = reader.name();
  record.type = reader.number(2);
  const bool is_internet = reader.number(2) == ns_c_in;
  // RFC 2181 §8: with the highest bit set it counts as 0.
  const std::uint32_t ttl = reader.number(4);
  record.ttl = Seconds(ttl > INT32_MAX ? 0 : ttl);
  const std::size_t bytes = reader.number(2);
  const std::size_t begin = reader.position();
  const bool has_name = record.type == ns_t_cname || record.type == ns_t_ptr;
  if (!is_internet || !has_name) {
    record.type = 0;
    reader.skip(bytes);
    return record;
  }
  record.target = reader.name();
  reader.expect(reader.position() - begin == bytes);
  return record;
}

}  // namespace

std::string pointer_name_of(const IpAddress& address) {
  std::string name;
  for (std::size_t i = address.size(); i-- > 0;) {
    const unsigned byte = address.bytes.at(i);
    name +=
        address.is_v6 ? fmt::format("{:x}.{:x}.", byte & 0xf, byte >> 4) : fmt::format("{}.", byte);
  }
  return name + (address.is_v6 ? "ip6.arpa" : "in-addr.arpa");
}

std::optional<PointerRecord> parse_pointer_answer(std::span<const unsigned char> message) {
  if (message.size() < kHeaderBytes) return std::nullopt;
  MessageReader reader(message);
  reader.skip(4);
  const std::uint32_t questions = reader.number(2);
  const std::uint32_t answers = reader.number(2);
  reader.skip(4);
  if (questions != 1) return std::nullopt;
  std::string wanted = reader.name();
  reader.skip(4);
  PointerRecord found;
  std::optional<Seconds> alias_ttl;
  for (std::uint32_t i = 0; i < answers && reader.is_good(); ++i) {
    Record record = read_record(reader);
    if (!reader.is_good() || !equals_ignoring_case(record.owner, wanted)) continue;
    if (record.type == ns_t_cname) {
      wanted = std::move(record.target);
      alias_ttl = std::min(alias_ttl.value_or(record.ttl), record.ttl);
    } else if (record.type == ns_t_ptr && is_host_name(record.target)) {
      if (!found.name.empty() && found.name <= record.target) continue;
      found.name = std::move(record.target);
      found.ttl = std::min(alias_ttl.value_or(record.ttl), record.ttl);
    }
  }
  if (!reader.is_good()) return std::nullopt;
  return found;
}

}  // namespace lw::io
