// SPDX-License-Identifier: Apache-2.0
#include "server/remote_write/request.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <string_view>

namespace lw::server::remote_write {
namespace {

// Protocol Buffers, "Encoding": a field is its number and wire type, then its value.
enum class Wire : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2 };

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void append_tag(std::string& out, int field, Wire wire) {
  append_varint(out, static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}

void append_bytes(std::string& out, int field, std::string_view bytes) {
  append_tag(out, field, Wire::Bytes);
  append_varint(out, bytes.size());
  out += bytes;
}

void append_double(std::string& out, int field, double value) {
  append_tag(out, field, Wire::Fixed64);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits & 0xff);
}

std::string label_message(std::string_view name, std::string_view value) {
  std::string message;
  append_bytes(message, 1, name);
  append_bytes(message, 2, value);
  return message;
}

std::string sample_message(const Sample& sample) {
  constexpr std::int64_t kUsInMs = 1000;
  std::string message;
  append_double(message, 1, sample.value);
  append_tag(message, 2, Wire::Varint);
  append_varint(message, static_cast<std::uint64_t>(to_unix_us(sample.at) / kUsInMs));
  return message;
}

std::string series_message(const Sample& sample, const Labels& more) {
  std::map<std::string_view, std::string_view> sorted{{"__name__", sample.name}};
  for (const Labels* const labels : {&sample.labels, &more}) {
    for (const auto& [name, value] : *labels) {
      if (!value.empty()) sorted.try_emplace(name, value);
    }
  }
  std::string message;
  for (const auto& [name, value] : sorted) append_bytes(message, 1, label_message(name, value));
  append_bytes(message, 2, sample_message(sample));
  return message;
}

}  // namespace

std::string encode_write_request(const std::vector<Sample>& samples, const Labels& more) {
  std::string request;
  for (const Sample& sample : samples) append_bytes(request, 1, series_message(sample, more));
  return request;
}

}  // namespace lw::server::remote_write
