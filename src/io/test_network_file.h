// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"

/// For tests only: writes files in the MaxMind DB format 2.0, as its specification has it: a binary
/// search tree over the bits of addresses, 16 zero bytes, the data, a marker, the metadata.
namespace lw::io {

class NetworkFile {
 public:
  struct Fields {
    std::uint32_t system = 0;  ///< autonomous_system_number, unless it is 0
    std::vector<std::pair<std::string, std::string>> texts;
  };

  /// `record_bits`: 24, 28 or 32. IPv4 addresses are under ::/96 in a file of version 6.
  explicit NetworkFile(unsigned ip_version = 6, unsigned record_bits = 28)
      : ip_version_(ip_version), record_bits_(record_bits) {}

  void add(const std::string& address_text, unsigned prefix_bits, const Fields& fields) {
    const IpAddress address = *parse_ip_address(address_text);
    std::vector<bool> path;
    if (ip_version_ == 6 && !address.is_v6) path.assign(96, false);
    for (unsigned i = 0; i < prefix_bits; ++i) {
      path.push_back(((address.bytes.at(i / 8) >> (7 - i % 8)) & 1) != 0);
    }
    const auto offset = static_cast<std::uint32_t>(data_.size());
    data_ += map_of(fields);
    set_leaf(path, offset);
  }

  [[nodiscard]] std::string bytes() const {
    std::string out;
    for (const auto& node : nodes_) put_node(out, node);
    return out + std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com" + metadata();
  }

 private:
  enum class Kind { Empty, Node, Data };
  struct Record {
    Kind kind = Kind::Empty;
    std::uint32_t value = 0;  ///< number of a node, or offset of data
  };
  using Node = std::array<Record, 2>;
  // The format's numbers of types.
  static constexpr unsigned kText = 2, kUint16 = 5, kUint32 = 6, kMap = 7, kUint64 = 9, kArray = 11;

  void set_leaf(const std::vector<bool>& path, std::uint32_t offset) {
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      if (nodes_[at][path[i]].kind != Kind::Node) {
        nodes_[at][path[i]] = {Kind::Node, static_cast<std::uint32_t>(nodes_.size())};
        nodes_.emplace_back();
      }
      at = nodes_[at][path[i]].value;
    }
    nodes_[at][path.back()] = {Kind::Data, offset};
  }

  [[nodiscard]] std::uint32_t value_of(const Record& record) const {
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    if (record.kind == Kind::Empty) return count;
    return record.kind == Kind::Node ? record.value : count + 16 + record.value;
  }

  void put_node(std::string& out, const Node& node) const {
    const std::uint32_t left = value_of(node[0]);
    const std::uint32_t right = value_of(node[1]);
    const unsigned whole_bytes = record_bits_ / 8;
    put(out, left, whole_bytes);
    if (record_bits_ == 28) put(out, ((left >> 24) << 4) | (right >> 24), 1);
    put(out, right, whole_bytes);
  }

  static void put(std::string& out, std::uint64_t value, unsigned bytes) {
    while (bytes-- > 0) out += static_cast<char>((value >> (8 * bytes)) & 0xff);
  }

  /// The control byte: type and size; types above 7 and sizes above 28 take one byte more.
  static std::string head(unsigned type, std::size_t size) {
    const unsigned short_size = size < 29 ? static_cast<unsigned>(size) : 29;
    std::string out;
    put(out, (type < 8 ? type << 5 : 0) | short_size, 1);
    if (type >= 8) put(out, type - 7, 1);
    if (short_size == 29) put(out, size - 29, 1);
    return out;
  }
  static std::string text(const std::string& value) { return head(kText, value.size()) + value; }
  static std::string number(unsigned type, std::uint64_t value, unsigned bytes) {
    std::string out = head(type, bytes);
    put(out, value, bytes);
    return out;
  }

  static std::string map_of(const Fields& fields) {
    std::string out = head(kMap, fields.texts.size() + (fields.system != 0 ? 1 : 0));
    if (fields.system != 0) {
      out += text("autonomous_system_number") + number(kUint32, fields.system, 4);
    }
    for (const auto& [name, value] : fields.texts) out += text(name) + text(value);
    return out;
  }

  [[nodiscard]] std::string metadata() const {
    return head(kMap, 9) + text("binary_format_major_version") + number(kUint16, 2, 2) +
           text("binary_format_minor_version") + number(kUint16, 0, 2) + text("build_epoch") +
           number(kUint64, 1'700'000'000, 8) + text("database_type") + text("Test") +
           text("description") + head(kMap, 0) + text("ip_version") +
           number(kUint16, ip_version_, 2) + text("languages") + head(kArray, 0) +
           text("node_count") + number(kUint32, nodes_.size(), 4) + text("record_size") +
           number(kUint16, record_bits_, 2);
  }

  unsigned ip_version_;
  unsigned record_bits_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::string data_;
};

}  // namespace lw::io
